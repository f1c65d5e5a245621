"""Rules that say on which days and at what times an event happens.

A date rule gives dates (naive datetimes at midnight, as the calendar of the exchange or of the
algorithm counts them); a time rule turns each date into instants. Both are lazy: a schedule
reaches to the end of LEAN's time, but only what is about to happen is worked out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from tradinglab.core.clock import Zone, from_ns, to_ns
from tradinglab.core.clock import zone as zone_of
from tradinglab.core.dual import Dual
from tradinglab.core.enums import SecurityType
from tradinglab.core.market import Market
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_cache import SymbolCache

if TYPE_CHECKING:
    from tradinglab.algorithm.securities import SecurityManager, TimeKeeper
    from tradinglab.core.market_hours import SecurityExchangeHours
    from tradinglab.core.market_hours_database import MarketHoursDatabase

END_OF_TIME = datetime(2050, 12, 31)
ONE_DAY = timedelta(days=1)

DatesFunction = Callable[[datetime, datetime], Iterable[date]]
TimesFunction = Callable[[Iterable[datetime]], Iterable[datetime]]


class DateRule(Protocol):
    """Says on which days."""

    @property
    def name(self) -> str:
        """What the rule is called in the name of an event."""
        ...

    def get_dates(self, start: datetime, end: datetime) -> Iterable[datetime]:
        """Return the dates from *start* to *end*, both included, in order."""
        ...


class TimeRule(Protocol):
    """Says at what times of given days."""

    @property
    def name(self) -> str:
        """What the rule is called in the name of an event."""
        ...

    def create_utc_event_times(self, dates: Iterable[datetime]) -> Iterable[datetime]:
        """Return the instants, UTC, on the dates, in order."""
        ...


IDateRule = DateRule
ITimeRule = TimeRule


def midnight(day: date) -> datetime:
    """Return a date, or the date of a datetime, as its midnight."""
    return datetime(day.year, day.month, day.day)


class FuncDateRule(Dual):
    """A date rule made of a function of start and end."""

    def __init__(self, name: str, get_dates_function: DatesFunction) -> None:
        if not callable(get_dates_function):
            raise TypeError(f"A date rule takes a function of start and end; it was {get_dates_function!r}.")
        self._name = name
        self._dates = get_dates_function

    @property
    def name(self) -> str:
        """What the rule is called in the name of an event."""
        return self._name

    def get_dates(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Return the dates from *start* to *end*, in order."""
        for day in self._dates(start, end):
            yield day if isinstance(day, datetime) else midnight(day)


class FuncTimeRule(Dual):
    """A time rule made of a function from dates to instants (naive datetimes, UTC)."""

    def __init__(self, name: str, create_utc_event_times_function: TimesFunction) -> None:
        if not callable(create_utc_event_times_function):
            raise TypeError(f"A time rule takes a function of dates; it was {create_utc_event_times_function!r}.")
        self._name = name
        self._times = create_utc_event_times_function

    @property
    def name(self) -> str:
        """What the rule is called in the name of an event."""
        return self._name

    def create_utc_event_times(self, dates: Iterable[datetime]) -> Iterator[datetime]:
        """Return the instants on the dates, in order."""
        yield from self._times(dates)


class InstantRule(FuncTimeRule):
    """A time rule whose function gives instants in nanoseconds, as all of our own do."""

    def __init__(self, name: str, instants: Callable[[Iterable[datetime]], Iterable[int]]) -> None:
        super().__init__(name, lambda dates: map(from_ns, instants(dates)))
        self.instants = instants


class CompositeTimeRule(Dual):
    """The instants of several time rules, each once."""

    def __init__(self, *rules: TimeRule | Iterable[TimeRule]) -> None:
        self._rules: list[TimeRule] = []
        for rule in rules:
            if isinstance(rule, Iterable):
                self._rules.extend(rule)
            else:
                self._rules.append(rule)

    @property
    def rules(self) -> list[TimeRule]:
        """The rules that are joined."""
        return self._rules

    @property
    def name(self) -> str:
        """The names of the rules."""
        return ",".join(rule.name for rule in self._rules)

    def create_utc_event_times(self, dates: Iterable[datetime]) -> Iterator[datetime]:
        """Return the instants on the dates, in order."""
        for day in dates:
            yield from sorted({time for rule in self._rules for time in rule.create_utc_event_times([day])})


def instants_of(rule: TimeRule, dates: Iterable[datetime]) -> Iterable[int]:
    """Return the instants of a time rule in nanoseconds UTC."""
    if isinstance(rule, InstantRule):
        return rule.instants(dates)
    return map(to_ns, rule.create_utc_event_times(dates))


class RuleMaker(Dual):
    """What the makers of date rules and of time rules share: time zone, securities, market hours."""

    def __init__(
        self,
        securities: SecurityManager,
        time_zone: Zone,
        market_hours: MarketHoursDatabase,
        time_keeper: TimeKeeper | None = None,
        warn: Callable[[str], object] | None = None,
    ) -> None:
        self._securities = securities
        self._zone = time_zone
        self._market_hours = market_hours
        self._time_keeper = time_keeper
        self._warn = warn

    def set_default_time_zone(self, time_zone: Zone | str) -> None:
        """Read times of day in *time_zone* from now on."""
        self._zone = as_zone(time_zone)

    def use_clock(self, time_keeper: TimeKeeper) -> None:
        """Take the present from *time_keeper*."""
        self._time_keeper = time_keeper

    def _now_ns(self) -> int:
        if self._time_keeper is None:
            raise RuntimeError("These rules have no clock: make them through an algorithm's schedule.")
        return self._time_keeper.utc_ns

    def _today(self) -> datetime:
        return midnight(self._zone.datetime(self._now_ns()))

    def _symbol(self, symbol: Symbol | str) -> Symbol:
        """Return the symbol of a ticker; of an unknown one that of a US equity, as LEAN does."""
        if not isinstance(symbol, str):
            given: Any = symbol
            meant: Symbol = given if isinstance(given, Symbol) else given.symbol  # a security stands for its symbol
            return meant
        found: Symbol | None = SymbolCache.try_get_symbol(symbol)
        if found is None:
            if self._warn is not None:
                self._warn(f"Warning: no security with the ticker {symbol} was added; a US equity is meant.")
                self._warn = None
            found = Symbol.create(symbol, SecurityType.EQUITY, Market.USA)
            SymbolCache.set(symbol, found)
        return found

    def hours_of(self, symbol: Symbol | str) -> SecurityExchangeHours:
        """Return the market hours of a symbol, whether it was added or not."""
        return self._hours(self._symbol(symbol))

    def _hours(self, symbol: Symbol) -> SecurityExchangeHours:
        security = self._securities.get(symbol)
        if security is not None:
            return security.exchange.hours
        return self._market_hours.get_exchange_hours(symbol.id.market, symbol, symbol.security_type)

    def _hours_of_all(self) -> list[SecurityExchangeHours]:
        """Return the hours of US equities and of every other market that closes, each once."""
        found = [self._market_hours.get_exchange_hours(Market.USA, "SPY", SecurityType.EQUITY)]
        for security in self._securities.values():
            if security.type == SecurityType.EQUITY and security.symbol.id.market == Market.USA:
                continue
            hours = security.exchange.hours
            if not hours.is_market_always_open and not any(hours is other for other in found):
                found.append(hours)
        return found


def as_zone(value: Zone | str) -> Zone:
    """Return a time zone from itself or its IANA name."""
    return value if isinstance(value, Zone) else zone_of(str(value))


def days_between(start: datetime, end: datetime) -> Iterator[datetime]:
    """Return every date from *start* to *end*, both included."""
    day, last = midnight(start), midnight(end)
    while day <= last:
        yield day
        day += ONE_DAY
