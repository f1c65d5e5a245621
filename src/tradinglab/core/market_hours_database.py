"""Which hours hold for which security, from LEAN's database or from what is shipped with TradingLab."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Protocol, Self

from tradinglab.core.clock import Zone, zone
from tradinglab.core.dual import Dual
from tradinglab.core.enums import SecurityType
from tradinglab.core.errors import MarketHoursError
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.core.security_database import SecurityDatabaseKey, database_symbol_key
from tradinglab.core.security_identifier import SecurityIdentifier
from tradinglab.core.symbol import Symbol


class MarketHoursEntry(Dual):
    """Hours of an exchange, and the time zone in which its data are stamped."""

    __slots__ = ("data_time_zone", "exchange_hours")

    def __init__(self, data_time_zone: Zone, exchange_hours: SecurityExchangeHours) -> None:
        self.data_time_zone = data_time_zone
        self.exchange_hours = exchange_hours

    def __repr__(self) -> str:
        return f"MarketHoursEntry({self.data_time_zone}, {self.exchange_hours!r})"


class EntrySource(Protocol):
    """Where entries come from when they are first asked for."""

    def build(self, key: SecurityDatabaseKey) -> MarketHoursEntry | None:
        """Return the entry of exactly this key, None if there is none."""


class MarketHoursDatabase(Dual):
    """Market hours by market, symbol and security type.

    What is asked for first under its own symbol, then under ``[*]``, which stands for all symbols
    of a market. Entries are built when they are first asked for.
    """

    Entry = MarketHoursEntry
    _of_data_folder: ClassVar[MarketHoursDatabase | None] = None

    def __init__(
        self, entries: Mapping[SecurityDatabaseKey, MarketHoursEntry] | None = None, source: EntrySource | None = None
    ) -> None:
        self._entries: dict[SecurityDatabaseKey, MarketHoursEntry | None] = dict(entries or {})
        self._source = source

    # ---- making

    @classmethod
    def from_lean(cls, folder: str | Path) -> Self:
        """Return the database of a LEAN data folder.

        Raises
        ------
        MarketHoursError
            If the folder has none, or it cannot be read.
        """
        return cls.from_file(Path(folder, "market-hours", "market-hours-database.json"))

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Return the database of a file in LEAN's format.

        Raises
        ------
        MarketHoursError
            If it cannot be read.
        """
        from tradinglab.core.lean_market_hours import LeanMarketHours

        return cls(source=LeanMarketHours(Path(path)))

    @classmethod
    def default(cls) -> Self:
        """Return the database that is shipped: US equities, and weekly hours of forex, CFD and crypto markets."""
        from tradinglab.core.default_market_hours import DefaultMarketHours

        return cls(source=DefaultMarketHours())

    @classmethod
    def from_data_folder(cls) -> MarketHoursDatabase:
        """Return the database of the data in use, by default the shipped one."""
        if MarketHoursDatabase._of_data_folder is None:
            MarketHoursDatabase._of_data_folder = MarketHoursDatabase.default()
        return MarketHoursDatabase._of_data_folder

    @classmethod
    def use(cls, database: MarketHoursDatabase | None) -> None:
        """Make a database the one that :meth:`from_data_folder` returns; None goes back to the shipped one."""
        MarketHoursDatabase._of_data_folder = database

    # ---- asking

    def try_get_entry(
        self, market: str, symbol: Symbol | str | None, security_type: SecurityType
    ) -> MarketHoursEntry | None:
        """Return the entry that holds for a security, None if there is none."""
        key = SecurityDatabaseKey(market, database_symbol_key(symbol), security_type)
        found = self._exact(key) or self._exact(key.create_common_key())
        if found is None and key.future_key is not None:
            found = self.try_get_entry(market, key.future_key, SecurityType.FUTURE)
        if found is None and security_type is SecurityType.BASE:
            kind = SecurityIdentifier.try_get_custom_data_type(key.symbol)
            found = self._exact(SecurityDatabaseKey(market, f"TYPE.{kind}", security_type)) if kind else None
        return found

    def get_entry(self, market: str, symbol: Symbol | str | None, security_type: SecurityType) -> MarketHoursEntry:
        """Return the entry that holds for a security.

        Raises
        ------
        MarketHoursError
            If there is none.
        """
        found = self.try_get_entry(market, symbol, security_type)
        if found is None:
            key = SecurityDatabaseKey(market, database_symbol_key(symbol), security_type)
            raise MarketHoursError(
                f"There are no market hours for {key}. Look at the market ('{market}') and at what is traded; a "
                "strategy can give hours of its own with market_hours_database.set_entry."
            )
        return found

    def get_exchange_hours(
        self, market: str, symbol: Symbol | str | None, security_type: SecurityType
    ) -> SecurityExchangeHours:
        """Return the hours that hold for a security."""
        return self.get_entry(market, symbol, security_type).exchange_hours

    def get_data_time_zone(self, market: str, symbol: Symbol | str | None, security_type: SecurityType) -> Zone:
        """Return the time zone in which the data of a security are stamped."""
        return self.get_entry(market, symbol, security_type).data_time_zone

    def contains_key(self, market: str, symbol: Symbol | str | None, security_type: SecurityType) -> bool:
        """Whether there is an entry of exactly this market, symbol and type."""
        return self._exact(SecurityDatabaseKey(market, database_symbol_key(symbol), security_type)) is not None

    # ---- changing

    def set_entry(
        self,
        market: str,
        symbol: str | None,
        security_type: SecurityType,
        exchange_hours: SecurityExchangeHours,
        data_time_zone: Zone | str | None = None,
    ) -> MarketHoursEntry:
        """Let hours hold for a symbol, or for all of a market (None); data are by default in the exchange's zone."""
        if isinstance(data_time_zone, str):
            data_time_zone = zone(data_time_zone)
        entry = MarketHoursEntry(data_time_zone or exchange_hours.time_zone, exchange_hours)
        self._entries[SecurityDatabaseKey(market, symbol, security_type)] = entry
        return entry

    def set_entry_always_open(
        self, market: str, symbol: str | None, security_type: SecurityType, time_zone: Zone | str
    ) -> MarketHoursEntry:
        """Let a market be open at all times, in a time zone."""
        return self.set_entry(market, symbol, security_type, SecurityExchangeHours.always_open(time_zone))

    def _exact(self, key: SecurityDatabaseKey) -> MarketHoursEntry | None:
        if key not in self._entries:
            self._entries[key] = self._source.build(key) if self._source is not None else None
        return self._entries[key]
