"""Corporate events of a run: dividends, splits, changes of ticker, delistings, each at its midnight."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.market_events import Delisting, Dividend, MarginInterestRate, Split, SymbolChangedEvent
from tradinglab.core.clock import DAY_NS, day_of, from_ns
from tradinglab.core.enums import DelistingType, SecurityType, SplitType, TickType
from tradinglab.engine.bar_stream import session_table

if TYPE_CHECKING:
    from tradinglab.algorithm.subscriptions import SubscriptionDataConfig
    from tradinglab.core.market_hours import SecurityExchangeHours
    from tradinglab.core.symbol import Symbol
    from tradinglab.data.source import DataSource


class EventSchedule:
    """The corporate events of the subscribed securities, by instant."""

    def __init__(self, source: DataSource) -> None:
        self._source = source
        self._by_time: dict[int, list[BaseData]] = {}
        self._known: set[Symbol] = set()

    def times(self) -> Iterable[int]:
        """Return the instants at which there are events."""
        return self._by_time.keys()

    def at(self, utc_ns: int) -> list[BaseData]:
        """Return the events at an instant."""
        return self._by_time.get(utc_ns, [])

    def forget(self, symbol: Symbol) -> None:
        """Drop the events of a security that is no longer subscribed to."""
        self._known.discard(symbol)
        for utc_ns in list(self._by_time):
            kept = [event for event in self._by_time[utc_ns] if event.symbol != symbol]
            if kept:
                self._by_time[utc_ns] = kept
            else:
                del self._by_time[utc_ns]

    def delisting_ns(self, symbol: Symbol, hours: SecurityExchangeHours) -> int | None:
        """Return the midnight after the last day that a security trades, ``None`` if it still does."""
        if symbol.security_type != SecurityType.EQUITY:
            return None
        map_file = self._source.map_file(symbol)
        if map_file is None:
            return None
        return hours.time_zone.utc_ns((map_file.delisting_day + 1) * DAY_NS)

    def add(self, config: SubscriptionDataConfig, hours: SecurityExchangeHours, start_ns: int, end_ns: int) -> None:
        """Take up the events of a security between two instants, once for all its subscriptions."""
        symbol = config.symbol
        if symbol in self._known or config.is_internal_feed or config.tick_type != TickType.TRADE:
            return
        self._known.add(symbol)
        if symbol.security_type == SecurityType.CRYPTO_FUTURE:
            self._add_funding(symbol, hours, start_ns, end_ns)
        if symbol.security_type != SecurityType.EQUITY:
            return
        zone = hours.time_zone
        first, last = day_of(zone.local_ns(start_ns)), day_of(zone.local_ns(end_ns))
        days: list[int] = session_table(hours, first, last)[0].tolist()
        self._add_payments(symbol, hours, days)
        self._add_changes(symbol, hours, days)

    def _put(self, hours: SecurityExchangeHours, day: int, event: BaseData) -> None:
        instant = hours.time_zone.utc_ns(day * DAY_NS)
        self._by_time.setdefault(instant, []).append(event)

    def _add_funding(self, symbol: Symbol, hours: SecurityExchangeHours, start_ns: int, end_ns: int) -> None:
        for utc_ns, rate in self._source.margin_interest_rates(symbol):
            if start_ns <= utc_ns <= end_ns:
                event = MarginInterestRate(symbol, hours.time_zone.datetime(utc_ns), rate)
                self._by_time.setdefault(utc_ns, []).append(event)

    def _add_payments(self, symbol: Symbol, hours: SecurityExchangeHours, days: list[int]) -> None:
        factors = self._source.factors(symbol)
        if factors is None:
            return
        for dividend in factors.dividends(days):
            event = Dividend(symbol, _date(dividend.day), dividend.distribution, dividend.reference_price)
            self._put(hours, dividend.day, event)
        for split in factors.splits(days):
            warning = Split(
                symbol, _date(split.warning_day), split.reference_price, split.split_factor, SplitType.WARNING
            )
            self._put(hours, split.warning_day, warning)
            if split.day is not None:
                occurred = Split(
                    symbol, _date(split.day), split.reference_price, split.split_factor, SplitType.SPLIT_OCCURRED
                )
                self._put(hours, split.day, occurred)

    def _add_changes(self, symbol: Symbol, hours: SecurityExchangeHours, days: list[int]) -> None:
        map_file = self._source.map_file(symbol)
        if map_file is None or not days:
            return
        for change in map_file.changes(days, map_file.ticker_on(days[0]) or symbol.value):
            self._put(hours, change.day, SymbolChangedEvent(symbol, _date(change.day), change.old, change.new))
        last = map_file.delisting_day
        due = bisect_left(days, last)
        if due < len(days):
            self._put(hours, days[due], Delisting(symbol, _date(last), 0, DelistingType.WARNING))
        if days[-1] > last:
            self._put(hours, last + 1, Delisting(symbol, _date(last + 1), 0, DelistingType.DELISTED))


def _date(day: int) -> datetime:
    return from_ns(day * DAY_NS)
