"""What a market says of a security: quote currency, lot size, smallest price step and the like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import ClassVar, Protocol, Self

from tradinglab.core.decimals import ONE, Number, to_decimal
from tradinglab.core.dual import Dual
from tradinglab.core.enums import SecurityType
from tradinglab.core.errors import SymbolPropertiesError
from tradinglab.core.security_database import SecurityDatabaseKey, database_symbol_key
from tradinglab.core.symbol import Symbol

_CENT = Decimal("0.01")


class SymbolProperties(Dual):
    """Properties of a security that hold on its market. Each number has an exact twin.

    Parameters
    ----------
    description
        The name in plain words; may be empty.
    quote_currency
        The currency of its prices.
    contract_multiplier
        What one unit of the price is worth, in the quote currency, for a quantity of one.
    minimum_price_variation
        The smallest step of the price.
    lot_size
        The smallest step of the quantity; must be positive.
    market_ticker
        The ticker that the market itself uses; empty if it is ours.
    minimum_order_size
        The smallest quantity or value of an order, if the market has such a rule.
    price_magnifier
        By how much quoted prices are too large, such as 100 where cents are quoted; positive.
    strike_multiplier
        By how much strikes must be multiplied to be prices; positive.

    Raises
    ------
    SymbolPropertiesError
        If a number is not positive that must be.
    """

    __slots__ = (
        "description",
        "exact_contract_multiplier",
        "exact_lot_size",
        "exact_minimum_order_size",
        "exact_minimum_price_variation",
        "exact_price_magnifier",
        "exact_strike_multiplier",
        "market_ticker",
        "quote_currency",
    )

    def __init__(
        self,
        description: str,
        quote_currency: str,
        contract_multiplier: Number,
        minimum_price_variation: Number,
        lot_size: Number,
        market_ticker: str,
        minimum_order_size: Number | None = None,
        price_magnifier: Number = ONE,
        strike_multiplier: Number = ONE,
    ) -> None:
        self.description = description
        self.quote_currency = quote_currency
        self.exact_contract_multiplier = to_decimal(contract_multiplier)
        self.exact_minimum_price_variation = to_decimal(minimum_price_variation)
        self.exact_lot_size = _positive("lot size", lot_size)
        self.market_ticker = market_ticker
        self.exact_minimum_order_size = None if minimum_order_size is None else to_decimal(minimum_order_size)
        self.exact_price_magnifier = _positive("price magnifier", price_magnifier)
        self.exact_strike_multiplier = _positive("strike multiplier", strike_multiplier)

    @classmethod
    def get_default(cls, quote_currency: str) -> SymbolProperties:
        """Return the properties of a security of which nothing is known: whole units, cents."""
        return cls("", quote_currency.upper(), ONE, _CENT, ONE, "")

    @property
    def contract_multiplier(self) -> float:
        """What one unit of the price is worth for a quantity of one."""
        return float(self.exact_contract_multiplier)

    @property
    def minimum_price_variation(self) -> float:
        """The smallest step of the price."""
        return float(self.exact_minimum_price_variation)

    @property
    def lot_size(self) -> float:
        """The smallest step of the quantity."""
        return float(self.exact_lot_size)

    @property
    def minimum_order_size(self) -> float | None:
        """The smallest quantity or value of an order, None if there is no such rule."""
        return None if self.exact_minimum_order_size is None else float(self.exact_minimum_order_size)

    @property
    def price_magnifier(self) -> float:
        """By how much quoted prices are too large."""
        return float(self.exact_price_magnifier)

    @property
    def strike_multiplier(self) -> float:
        """By how much strikes must be multiplied to be prices."""
        return float(self.exact_strike_multiplier)

    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in SymbolProperties.__slots__)

    def __eq__(self, other: object) -> bool:
        return self._values() == other._values() if isinstance(other, SymbolProperties) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        smallest = "" if self.exact_minimum_order_size is None else f",{self.exact_minimum_order_size}"
        return (
            f"{self.description},{self.quote_currency},{self.exact_contract_multiplier},"
            f"{self.exact_minimum_price_variation},{self.exact_lot_size},{self.market_ticker}{smallest}"
        )


class PropertiesSource(Protocol):
    """Where properties come from when they are first asked for."""

    def build(self, key: SecurityDatabaseKey) -> SymbolProperties | None:
        """Return the properties of exactly this key, None if there are none."""

    def keys(self, market: str) -> Iterator[SecurityDatabaseKey]:
        """Return the keys of a market, in the order of the source."""

    def market_of(self, symbol: str, security_type: SecurityType) -> str | None:
        """Return the first market that has a symbol of a type, None if none has."""


class SymbolPropertiesDatabase(Dual):
    """Symbol properties by market, symbol and security type.

    What is asked for first under its own symbol, then under ``[*]``, which stands for all symbols
    of a market.
    """

    _of_data_folder: ClassVar[SymbolPropertiesDatabase | None] = None

    def __init__(
        self,
        entries: Mapping[SecurityDatabaseKey, SymbolProperties] | None = None,
        source: PropertiesSource | None = None,
    ) -> None:
        self._entries: dict[SecurityDatabaseKey, SymbolProperties | None] = dict(entries or {})
        self._source = source

    # ---- making

    @classmethod
    def from_lean(cls, folder: str | Path) -> Self:
        """Return the database of a LEAN data folder.

        Raises
        ------
        SymbolPropertiesError
            If the folder has none, or it cannot be read.
        """
        from tradinglab.core.lean_symbol_properties import LeanSymbolProperties

        return cls(source=LeanSymbolProperties(Path(folder, "symbol-properties", "symbol-properties-database.csv")))

    @classmethod
    def default(cls) -> Self:
        """Return the database that is shipped, for US equities and for pairs of known currencies."""
        from tradinglab.core.default_symbol_properties import DefaultSymbolProperties

        return cls(source=DefaultSymbolProperties())

    @classmethod
    def from_data_folder(cls) -> SymbolPropertiesDatabase:
        """Return the database of the data in use, by default the shipped one."""
        if SymbolPropertiesDatabase._of_data_folder is None:
            SymbolPropertiesDatabase._of_data_folder = SymbolPropertiesDatabase.default()
        return SymbolPropertiesDatabase._of_data_folder

    @classmethod
    def use(cls, database: SymbolPropertiesDatabase | None) -> None:
        """Make a database the one that :meth:`from_data_folder` returns; None goes back to the shipped one."""
        SymbolPropertiesDatabase._of_data_folder = database

    # ---- asking

    def get_symbol_properties(
        self, market: str, symbol: Symbol | str | None, security_type: SecurityType, default_quote_currency: str
    ) -> SymbolProperties:
        """Return the properties that hold for a security; where there are none, a default in the given currency."""
        key = SecurityDatabaseKey(market, database_symbol_key(symbol), security_type)
        found = self._exact(key)
        if found is None and isinstance(symbol, Symbol) and symbol.security_type is SecurityType.FUTURE_OPTION:
            future = database_symbol_key(symbol.underlying)
            found = self._exact(SecurityDatabaseKey(market, future, SecurityType.FUTURE))
        found = found or self._exact(key.create_common_key())
        return found or SymbolProperties.get_default(default_quote_currency)

    def contains_key(self, market: str, symbol: Symbol | str | None, security_type: SecurityType) -> bool:
        """Whether there are properties of exactly this market, symbol and type."""
        return self._exact(SecurityDatabaseKey(market, database_symbol_key(symbol), security_type)) is not None

    def try_get_market(self, symbol: str, security_type: SecurityType) -> str | None:
        """Return the first market that has a symbol of a type, None if none has."""
        return None if self._source is None else self._source.market_of(symbol, security_type)

    def get_symbol_properties_list(
        self, market: str, security_type: SecurityType | None = None
    ) -> Iterator[tuple[SecurityDatabaseKey, SymbolProperties]]:
        """Yield keys and properties of a market, of one type if given."""
        known = {} if self._source is None else dict.fromkeys(self._source.keys(market))
        own = {key: None for key in self._entries if key.market.lower() == market.lower()}
        for key in known | own:
            found = self._exact(key) if security_type in (None, key.security_type) else None
            if found is not None:
                yield key, found

    # ---- changing

    def set_entry(
        self, market: str, symbol: str | None, security_type: SecurityType, properties: SymbolProperties
    ) -> bool:
        """Let properties hold for a symbol, or for all of a market (None)."""
        self._entries[SecurityDatabaseKey(market, symbol, security_type)] = properties
        return True

    def _exact(self, key: SecurityDatabaseKey) -> SymbolProperties | None:
        if key not in self._entries:
            self._entries[key] = self._source.build(key) if self._source is not None else None
        return self._entries[key]


def _positive(what: str, value: Number) -> Decimal:
    found = to_decimal(value)
    if found <= 0:
        raise SymbolPropertiesError(f"The {what} of a security must be positive; it was {found}.")
    return found
