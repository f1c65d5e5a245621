"""The date rules that an algorithm offers as ``self.date_rules``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from tradinglab.algorithm.scheduling.rules import ONE_DAY, FuncDateRule, RuleMaker, days_between, midnight
from tradinglab.core.enums import DayOfWeek
from tradinglab.core.symbol import Symbol

if TYPE_CHECKING:
    from tradinglab.core.market_hours import SecurityExchangeHours

SymbolOrOffset = Symbol | str | int | None

_PERIODS = {"Month": (1, 30), "Quarter": (3, 92), "Year": (12, 365)}
"""Months that a period spans, and the largest offset in days."""


class DateRules(RuleMaker):
    """Makes date rules.

    A rule that takes a symbol looks for trading days of its exchange; the offset counts trading
    days from the beginning (or back from the end) of the week, month, quarter or year. Without a
    symbol every day of the calendar counts.
    """

    def on(self, *when: int | date | Iterable[date]) -> FuncDateRule:
        """On given dates: ``on(2024, 3, 28)``, or one or more dates."""
        dates = _dates(when)
        name = ",".join(day.strftime("%m/%d/%Y") for day in dates)
        return FuncDateRule(name, lambda start, end: [day for day in dates if start <= day <= end])

    @property
    def today(self) -> FuncDateRule:
        """Today only."""
        return FuncDateRule("TodayOnly", lambda start, end: [self._today()])

    @property
    def tomorrow(self) -> FuncDateRule:
        """Tomorrow only."""
        return FuncDateRule("TomorrowOnly", lambda start, end: [self._today() + ONE_DAY])

    def every(self, *days: DayOfWeek | Iterable[DayOfWeek]) -> FuncDateRule:
        """On given days of the week."""
        wanted: list[DayOfWeek] = []
        for day in days:
            wanted.extend(day if isinstance(day, Iterable) else [DayOfWeek(day)])
        chosen = {int(day) for day in wanted}
        return FuncDateRule(
            ",".join(str(day) for day in wanted),
            lambda start, end: (day for day in days_between(start, end) if day_of_week(day) in chosen),
        )

    def every_day(self, symbol: Symbol | str | None = None, extended_market_hours: bool = False) -> FuncDateRule:
        """Every day, or every trading day of a symbol."""
        if symbol is None:
            return FuncDateRule("EveryDay", days_between)
        target = self._symbol(symbol)
        hours = self._hours(target)
        return FuncDateRule(
            f"{target.value}: EveryDay",
            lambda start, end: (
                day for day in days_between(start, end) if hours.is_date_open(day, extended_market_hours)
            ),
        )

    def year_start(
        self, symbol: SymbolOrOffset = None, days_offset: int = 0, extended_market_hours: bool = True
    ) -> FuncDateRule:
        """On the first day of each year, or *days_offset* days after it."""
        return self._periodic("YearStart", symbol, days_offset, extended_market_hours)

    def year_end(
        self, symbol: SymbolOrOffset = None, days_offset: int = 0, extended_market_hours: bool = True
    ) -> FuncDateRule:
        """On the last day of each year, or *days_offset* days before it."""
        return self._periodic("YearEnd", symbol, days_offset, extended_market_hours)

    def quarter_start(
        self, symbol: SymbolOrOffset = None, days_offset: int = 0, extended_market_hours: bool = True
    ) -> FuncDateRule:
        """On the first day of each quarter, or *days_offset* days after it."""
        return self._periodic("QuarterStart", symbol, days_offset, extended_market_hours)

    def quarter_end(
        self, symbol: SymbolOrOffset = None, days_offset: int = 0, extended_market_hours: bool = True
    ) -> FuncDateRule:
        """On the last day of each quarter, or *days_offset* days before it."""
        return self._periodic("QuarterEnd", symbol, days_offset, extended_market_hours)

    def month_start(
        self, symbol: SymbolOrOffset = None, days_offset: int = 0, extended_market_hours: bool = True
    ) -> FuncDateRule:
        """On the first day of each month, or *days_offset* days after it."""
        return self._periodic("MonthStart", symbol, days_offset, extended_market_hours)

    def month_end(
        self, symbol: SymbolOrOffset = None, days_offset: int = 0, extended_market_hours: bool = True
    ) -> FuncDateRule:
        """On the last day of each month, or *days_offset* days before it."""
        return self._periodic("MonthEnd", symbol, days_offset, extended_market_hours)

    def week_start(
        self, symbol: SymbolOrOffset = None, days_offset: int = 0, extended_market_hours: bool = True
    ) -> FuncDateRule:
        """On the first day of each week (Monday without a symbol), or *days_offset* days after it."""
        return self._weekly("WeekStart", symbol, days_offset, extended_market_hours)

    def week_end(
        self, symbol: SymbolOrOffset = None, days_offset: int = 0, extended_market_hours: bool = True
    ) -> FuncDateRule:
        """On the last day of each week (Friday without a symbol), or *days_offset* days before it."""
        return self._weekly("WeekEnd", symbol, days_offset, extended_market_hours)

    def _target(self, symbol: SymbolOrOffset, offset: int) -> tuple[Symbol | None, int]:
        """Read ``rule(3)`` as an offset and ``rule("SPY", 3)`` as symbol and offset."""
        if symbol is None or isinstance(symbol, int):
            return None, symbol or offset
        return self._symbol(symbol), offset

    def _periodic(self, kind: str, symbol: SymbolOrOffset, days_offset: int, extended: bool) -> FuncDateRule:
        target, offset = self._target(symbol, days_offset)
        forward = kind.endswith("Start")
        months, most = _PERIODS[kind.removesuffix("Start").removesuffix("End")]
        _check_offset(kind, offset, most)
        hours = None if target is None else self._hours(target)

        def dates(start: datetime, end: datetime) -> Iterator[datetime]:
            for first, last in _stretches(start, end, months):
                base, bound = (first, last) if forward else (last, first)
                if months == 12 and not _same_or_between_months(base, start, end):
                    continue  # LEAN looks for a year's base from the month of the start to that of the end only
                day = _scheduled_day(hours, base, offset, forward, extended, bound)
                if start <= day <= end:
                    yield day

        return FuncDateRule(_name(target, kind, offset, forward), dates)

    def _weekly(self, kind: str, symbol: SymbolOrOffset, days_offset: int, extended: bool) -> FuncDateRule:
        target, offset = self._target(symbol, days_offset)
        forward = kind.endswith("Start")
        if target is None:
            _check_offset(kind, offset, 6)
            hours, base_day, reach = None, 1 if forward else 5, 6
        else:
            hours = self._hours(target)
            trading = [day for day in range(7) if not hours.market_hours[DayOfWeek(day)].is_closed_all_day]
            _check_offset(kind, offset, len(trading) - 1)
            base_day, reach = trading[0 if forward else -1], trading[-1] - trading[0]

        def dates(start: datetime, end: datetime) -> Iterator[datetime]:
            first = midnight(start) - timedelta(days=start.weekday())
            last = midnight(end) + timedelta(days=6 - end.weekday())
            for day in days_between(first, last):
                if day_of_week(day) == base_day:
                    bound = day + timedelta(days=reach if forward else -reach)
                    found = _scheduled_day(hours, day, offset, forward, extended, bound)
                    if start <= found <= end:
                        yield found

        return FuncDateRule(_name(target, kind, offset, forward), dates)


def day_of_week(day: date) -> int:
    """Return the day of the week as .NET counts: Sunday is 0."""
    return (day.weekday() + 1) % 7


def _dates(when: Iterable[int | date | Iterable[date]]) -> list[datetime]:
    numbers: list[int] = []
    dates: list[datetime] = []
    for item in when:
        if isinstance(item, int):
            numbers.append(item)
        elif isinstance(item, date):
            dates.append(midnight(item))
        else:
            dates.extend(midnight(day) for day in item)
    return [datetime(*numbers), *dates] if numbers else dates  # type: ignore[arg-type]


def _check_offset(kind: str, offset: int, most: int) -> None:
    if not 0 <= offset <= most:
        raise ValueError(f"The offset of a {kind} rule is 0 to {most} days; it was {offset}.")


def _name(symbol: Symbol | None, kind: str, offset: int, forward: bool) -> str:
    sign = f"{'+' if forward else '-'}{offset}" if offset else ""
    return f"{kind}{sign}" if symbol is None else f"{symbol.value}: {kind}{sign}"


def _scheduled_day(
    hours: SecurityExchangeHours | None, base: datetime, offset: int, forward: bool, extended: bool, bound: datetime
) -> datetime:
    """Return the trading day that is *offset* trading days from *base*, but not beyond *bound*."""
    if hours is None:
        day = base + timedelta(days=offset if forward else -offset)
        return min(day, bound) if forward else max(day, bound)
    step = hours.get_next_trading_day if forward else hours.get_previous_trading_day
    day = base if hours.is_date_open(base, extended) else step(base)
    for _ in range(offset):
        day = step(day)
    if day > bound if forward else day < bound:
        back = hours.get_previous_trading_day if forward else hours.get_next_trading_day
        day = bound if hours.is_date_open(bound, extended) else back(bound)
    return midnight(day)


def _stretches(start: datetime, end: datetime, months: int) -> Iterator[tuple[datetime, datetime]]:
    """Return first and last day of every month, quarter or year from that of start to that of end."""
    from calendar import monthrange

    index = start.year * 12 + start.month - 1
    index -= index % months
    while index <= end.year * 12 + end.month - 1:
        year, month = divmod(index, 12)
        last_year, last_month = divmod(index + months - 1, 12)
        last_day = monthrange(last_year, last_month + 1)[1]
        yield datetime(year, month + 1, 1), datetime(last_year, last_month + 1, last_day)
        index += months


def _same_or_between_months(day: datetime, start: datetime, end: datetime) -> bool:
    return (start.year, start.month) <= (day.year, day.month) <= (end.year, end.month)
