"""Universes that choose at times that are known before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from tradinglab.algorithm.runtime import AlgorithmError
from tradinglab.algorithm.universes.universe import UnchangedUniverse, Universe, chosen_symbols
from tradinglab.core.clock import DAY_NS, Zone, span_ns, to_ns, zone
from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.market import Market
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.symbol import Symbol

if TYPE_CHECKING:
    from tradinglab.algorithm.scheduling import IDateRule, ITimeRule
    from tradinglab.algorithm.settings import UniverseSettings
    from tradinglab.core.market_hours import SecurityExchangeHours

Selector = Callable[[datetime], Any]


class ScheduledUniverse(Universe):
    """Calls a function for its securities at the times of a date rule and a time rule.

    ``ScheduledUniverse([time_zone,] date_rule, time_rule, selector, [settings])``

    Parameters
    ----------
    time_zone
        In which the dates are counted; UTC by default. The times are those of the time rule.
    selector
        Takes the time (UTC) and returns symbols, or ``Universe.UNCHANGED``.
    settings
        What the securities get; those of the algorithm by default.
    """

    def __init__(self, *args: Any, settings: UniverseSettings | None = None, **named: Any) -> None:
        names: tuple[str, ...] = ("date_rule", "time_rule", "selector", "settings")
        if (args and not hasattr(args[0], "get_dates")) or "time_zone" in named:
            names = ("time_zone", *names)
        given: dict[str, Any] = dict(zip(names, args, strict=False)) | named
        if settings is not None:
            given["settings"] = settings
        missing = [name for name in ("date_rule", "time_rule", "selector") if given.get(name) is None]
        if missing or len(args) > len(names) or set(given) - {"time_zone", *names}:
            raise TypeError(f"{type(self).__name__} takes ([time_zone,] date_rule, time_rule, selector, [settings]).")
        self._dates: IDateRule = given["date_rule"]
        self._times: ITimeRule = given["time_rule"]
        self._selector = checked_selector(type(self).__name__, given["selector"])
        self._zone = _zone(given.get("time_zone") or "UTC")
        super().__init__(
            Symbol.create(_ticker(f"{self._dates.name}_{self._times.name}"), SecurityType.BASE, Market.USA),
            given.get("settings"),
        )

    @property
    def lab_resolution(self) -> Resolution:
        """Chooses after those of finer bars."""
        return Resolution.DAILY

    def select_symbols(self, utc_time: datetime) -> Iterable[Symbol] | UnchangedUniverse:
        """Return what the function returns."""
        return chosen_symbols("The selector of a ScheduledUniverse", self._selector(utc_time), Market.USA,
                              SecurityType.EQUITY)  # fmt: skip

    def lab_triggers(self, start_ns: int, end: datetime) -> Iterator[int]:
        """Return the instants of the rules."""
        first = self._zone.datetime(start_ns)
        last = self._zone.datetime(to_ns(end))
        for time in self._times.create_utc_event_times(self._dates.get_dates(first, last)):
            if (at_ns := to_ns(time)) > to_ns(end):
                return
            if at_ns >= start_ns:
                yield at_ns


class UserDefinedUniverse(Universe):
    """Calls a function for its securities at the start, and then after each interval in which their market opens.

    Parameters
    ----------
    selector
        Takes the time, in the market's time zone, and returns tickers, or ``Universe.UNCHANGED``.
    interval
        How long after its last choice it chooses again.
    """

    def __init__(
        self,
        symbol: Symbol,
        universe_settings: UniverseSettings | None,
        interval: timedelta,
        selector: Selector,
    ) -> None:
        super().__init__(symbol, universe_settings)
        if interval <= timedelta(0):
            raise AlgorithmError(f"The interval of a universe is longer than nothing; it was {interval}.")
        self._interval = interval
        self._selector = checked_selector(type(self).__name__, selector)

    @property
    def interval(self) -> timedelta:
        """How long after its last choice it chooses again."""
        return self._interval

    def select_symbols(self, utc_time: datetime) -> Iterable[Symbol] | UnchangedUniverse:
        """Return what the function returns, tickers as securities of the universe's market."""
        local = self._hours().time_zone.datetime(to_ns(utc_time))
        name = f"The selector of {self._symbol.value}"
        return chosen_symbols(name, self._selector(local), self.market, self.security_type)

    def lab_triggers(self, start_ns: int, end: datetime) -> Iterator[int]:
        """Return the instants: the first, and those after which the market opens before the next."""
        hours, step_ns = self._hours(), span_ns(self._interval)
        extended = self._settings is not None and self._settings.extended_market_hours
        local_ns, last_ns = hours.time_zone.local_ns(start_ns), hours.time_zone.local_ns(to_ns(end))
        yield start_ns
        while (local_ns := local_ns + step_ns) <= last_ns:
            if _opens_between(hours, local_ns, local_ns + step_ns, extended):
                yield hours.time_zone.utc_ns(local_ns)

    def _hours(self) -> SecurityExchangeHours:
        return MarketHoursDatabase.from_data_folder().get_exchange_hours(self.market, None, self.security_type)


class CustomUniverse(UserDefinedUniverse):
    """A universe of tickers; securities that are subscribed to stay so as they are."""

    lab_keeps_subscriptions: ClassVar[bool] = True


class ManualUniverse(Universe):
    """Securities that an author lists: they are in it from the start on."""

    lab_keeps_subscriptions: ClassVar[bool] = True

    def __init__(self, symbol: Symbol, universe_settings: UniverseSettings | None, symbols: Iterable[Symbol]) -> None:
        super().__init__(symbol, universe_settings)
        self._symbols = list(symbols)

    @property
    def lab_listed(self) -> Iterable[Symbol]:
        """All of them."""
        return self._symbols

    def select_symbols(self, utc_time: datetime) -> Iterable[Symbol]:
        """Return the securities that were listed."""
        return self._symbols

    def lab_triggers(self, start_ns: int, end: datetime) -> Iterator[int]:
        """Return the start."""
        yield start_ns


def checked_selector(what: str, selector: object) -> Selector:
    """Return a function of the author's.

    Raises
    ------
    AlgorithmError
        If it is none.
    """
    if not callable(selector):
        raise AlgorithmError(f"{what}: the selector is a function that returns symbols; it was {selector!r}.")
    return selector


def universe_symbol(name: str, security_type: SecurityType, market: str) -> Symbol:
    """Return what a universe is called."""
    return Symbol.create(_ticker(name), security_type, market)


def _ticker(name: str) -> str:
    return "".join("_" if each in "|, " else each for each in name)


def _zone(given: Any) -> Zone:
    return given if isinstance(given, Zone) else zone(str(given))


def _opens_between(hours: SecurityExchangeHours, first_ns: int, last_ns: int, extended: bool) -> bool:
    """Return whether a market is open at any moment between two local times."""
    for day in range(first_ns // DAY_NS, (last_ns - 1) // DAY_NS + 1):
        for opens, closes in hours.hours_of_day(day).spans_ns(extended):
            if day * DAY_NS + opens < last_ns and day * DAY_NS + closes > first_ns and opens < closes:
                return True
    return False
