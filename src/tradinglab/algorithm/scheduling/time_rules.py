"""The time rules that an algorithm offers as ``self.time_rules``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta

from tradinglab.algorithm.scheduling.rules import END_OF_TIME, ONE_DAY, InstantRule, RuleMaker, as_zone
from tradinglab.core.clock import HOUR_NS, Zone, span_ns, to_ns
from tradinglab.core.symbol import Symbol

_TICK = timedelta(microseconds=1)
_DAY_NS = 24 * HOUR_NS

TimeOfDay = timedelta | time | int


class TimeRules(RuleMaker):
    """Makes time rules. Minutes around open and close may be fractions."""

    @property
    def now(self) -> InstantRule:
        """At the present time."""
        return InstantRule("Now", lambda dates: (self._now_ns() for _ in dates))

    @property
    def midnight(self) -> InstantRule:
        """At 00:00 in the algorithm's time zone."""
        return InstantRule("Midnight", lambda dates: map(self._utc, dates))

    @property
    def noon(self) -> InstantRule:
        """Twelve hours after midnight in the algorithm's time zone."""
        return InstantRule("Noon", lambda dates: (self._utc(day) + 12 * HOUR_NS for day in dates))

    def at(self, when: TimeOfDay, *rest: int | Zone | str) -> InstantRule:
        """At a time of day: ``at(9, 45)``, ``at(9, 45, 30, zone)``, ``at(timedelta(hours=9), zone)``."""
        numbers = [part for part in rest if isinstance(part, int)]
        zones = [as_zone(part) for part in rest if not isinstance(part, int)]
        span = timedelta(**dict(zip(("hours", "minutes", "seconds"), (when, *numbers), strict=False)))\
            if isinstance(when, int) else _span(when)  # fmt: skip
        zone = zones[0] if zones else self._zone
        offset = span_ns(span)
        return InstantRule(
            _two_digits(span / timedelta(hours=1)),
            lambda dates: (zone.utc_ns(to_ns(day) + offset) for day in dates),
        )

    def every(self, interval: timedelta) -> InstantRule:
        """At midnight and then every *interval* until the day is over."""
        if interval <= timedelta(0):
            raise ValueError(f"The interval of a time rule must be longer than nothing; it was {interval}.")
        step = span_ns(interval)

        def instants(dates: Iterable[datetime]) -> Iterator[int]:
            for day in dates:
                start = to_ns(day)
                yield from map(self._zone.utc_ns, range(start, start + _DAY_NS, step))

        return InstantRule(f"Every {_two_digits(interval / timedelta(minutes=1))} min", instants)

    def before_market_open(
        self, symbol: Symbol | str | float | None = None, minutes_before_open: float = 0,
        extended_market_open: bool = False,
    ) -> InstantRule:  # fmt: skip
        """Minutes before the first open of the day; without a symbol, of the market that opens first."""
        target, minutes, extended = _arguments(symbol, minutes_before_open, extended_market_open)
        return self._at_open(target, -minutes, extended)

    def after_market_open(
        self, symbol: Symbol | str | float | None = None, minutes_after_open: float = 0,
        extended_market_open: bool = False,
    ) -> InstantRule:  # fmt: skip
        """Minutes after the first open of the day; without a symbol, of the market that opens first."""
        return self._at_open(*_arguments(symbol, minutes_after_open, extended_market_open))

    def before_market_close(
        self, symbol: Symbol | str | float | None = None, minutes_before_close: float = 0,
        extended_market_close: bool = False,
    ) -> InstantRule:  # fmt: skip
        """Minutes before the last close of the day; without a symbol, of the market that closes last."""
        return self._at_close(*_arguments(symbol, minutes_before_close, extended_market_close))

    def after_market_close(
        self, symbol: Symbol | str | float | None = None, minutes_after_close: float = 0,
        extended_market_close: bool = False,
    ) -> InstantRule:  # fmt: skip
        """Minutes after the last close of the day; without a symbol, of the market that closes last."""
        target, minutes, extended = _arguments(symbol, minutes_after_close, extended_market_close)
        return self._at_close(target, -minutes, extended)

    def midnights(self, first: datetime) -> Iterator[int]:
        """Yield the instants of a midnight and all that follow it, to the end of LEAN's time."""
        for local_ns in range(to_ns(first), to_ns(END_OF_TIME) + 1, _DAY_NS):
            yield self._zone.utc_ns(local_ns)

    def _utc(self, local: datetime) -> int:
        return self._zone.utc_ns(to_ns(local))

    def _at_open(self, symbol: Symbol | str | None, minutes: float, extended: bool) -> InstantRule:
        after = timedelta(minutes=minutes)
        market = "ExtendedMarketOpen" if extended else "MarketOpen"
        target = None if symbol is None else self._symbol(symbol)
        name = _name(target, minutes, "after" if minutes > 0 else "before", market)
        only = None if target is None else self._hours(target)

        def instants(dates: Iterable[datetime]) -> Iterator[int]:
            markets = self._hours_of_all() if only is None else [only]
            for day in dates:
                found = []
                for hours in markets:
                    if hours.is_date_open(day, extended):
                        opening = hours.get_first_daily_market_open(day + ONE_DAY - _TICK, extended)
                        if opening.date() == day.date():
                            found.append(hours.time_zone.to_utc(opening + after))
                if found:
                    yield min(found)

        return InstantRule(name, instants)

    def _at_close(self, symbol: Symbol | str | None, minutes: float, extended: bool) -> InstantRule:
        before = timedelta(minutes=minutes)
        market = "ExtendedMarketClose" if extended else "MarketClose"
        target = None if symbol is None else self._symbol(symbol)
        name = _name(target, minutes, "before" if minutes > 0 else "after", market)
        only = None if target is None else self._hours(target)

        def instants(dates: Iterable[datetime]) -> Iterator[int]:
            markets = self._hours_of_all() if only is None else [only]
            for day in dates:
                found = [
                    hours.time_zone.to_utc(hours.get_last_daily_market_close(day, extended) - before)
                    for hours in markets
                    if hours.is_date_open(day, extended)
                ]
                if found:
                    yield max(found)

        return InstantRule(name, instants)


def _arguments(
    symbol: Symbol | str | float | None, minutes: float, extended: bool
) -> tuple[Symbol | str | None, float, bool]:
    """Read ``rule(30)`` as minutes without a symbol, ``rule(30, True)`` as extended hours, too."""
    if isinstance(symbol, (int, float)):
        return None, symbol, extended or minutes is True
    return symbol, minutes, extended


def _span(when: timedelta | time) -> timedelta:
    if isinstance(when, time):
        return timedelta(hours=when.hour, minutes=when.minute, seconds=when.second, microseconds=when.microsecond)
    return when


def _two_digits(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _name(symbol: Symbol | None, minutes: float, side: str, market: str) -> str:
    of_symbol = "" if symbol is None else f"{symbol}: "
    return f"{of_symbol}{_two_digits(abs(minutes))} min {side} {market}"
