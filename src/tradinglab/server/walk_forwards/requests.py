"""What is asked for when a walk-forward is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from tradinglab.core.enums import SecurityType
from tradinglab.core.market import Market
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.optimize.walk_forward import WalkForwardPlan, Window, WindowError, windows_check, windows_of
from tradinglab.server.backtests.covered_days import days_covered, source_series
from tradinglab.server.errors import InputError
from tradinglab.server.optimizations.fitting import days_with_rules
from tradinglab.server.optimizations.models import Optimization
from tradinglab.server.optimizations.requests import OptimizationRequest, request_of
from tradinglab.server.strategies.running import rules_tickers
from tradinglab.server.walk_forwards.models import WalkForward

MOST_WINDOWS: Final = 200


class Calendar(StrEnum):
    """Which days are trading days."""

    US_EQUITY = "us_equity"
    EVERY_DAY = "every_day"


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkForwardRequest:
    """What is to be walked through.

    Attributes
    ----------
    search
        What each window is asked; its start and end are those of the whole. Where windows follow a plan and one of the
        two is left out, rules have their own; else the data begin and end it.
    plan, windows
        How the windows follow each other, or all of them by their dates.
    """

    search: OptimizationRequest
    plan: WalkForwardPlan | None = None
    windows: Sequence[Window] = ()
    calendar: Calendar = Calendar.US_EQUITY

    def days(self) -> list[date]:
        """Return the trading days from start to end of which the source has data.

        Of rules their securities count; of code, where it has shares and other things, the calendar of the stock
        exchanges goes by the shares.

        Raises
        ------
        InputError
            If the end is before the start.
        """
        start, end = self._span()
        spans = _spans(self.search.data, self.calendar, rules_tickers(self.search.version.files))
        parts = [(max(first, start or first), min(last, end or last)) for first, last in spans]
        return [day for first, last in parts for day in traded_between(first, last, self.calendar)]

    def _span(self) -> tuple[date | None, date | None]:
        """Return the first and the last day that may be walked through, as far as anything but the data says so."""
        start, end = self.search.start, self.search.end
        return days_with_rules({} if self.plan is None else self.search.version.files, start, end)

    def all_windows(self) -> list[Window]:
        """Return the windows.

        Raises
        ------
        InputError
            If they reach beyond the data, or there are too many.
        """
        days = self.days()
        field = "windows" if self.plan is None else "train_days"
        try:
            found = list(self.windows) if self.plan is None else windows_of(days, self.plan)
            windows_check(found, days)
        except WindowError as problem:
            given = len(self.windows) if self.plan is None else self.plan.train
            raise InputError(field, given, str(problem)) from None
        if len(found) > MOST_WINDOWS:
            text = f"These are {len(found):,} windows, and at most {MOST_WINDOWS} are walked through; use longer tests."
            raise InputError("windows" if self.plan is None else "test_days", len(found), text)
        return found

    def fingerprint(self, windows: Sequence[Window]) -> str:
        """Return a hash by which the same request is known again."""
        told = json.dumps([self.search.fingerprint(), [each.as_json() for each in windows], str(self.calendar)])
        return hashlib.sha256(told.encode()).hexdigest()


def traded_between(first: date, last: date, calendar: Calendar) -> list[date]:
    """Return the trading days from one day to another, both included."""
    hours = MarketHoursDatabase.default().get_exchange_hours(Market.USA, None, SecurityType.EQUITY)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    if calendar == Calendar.EVERY_DAY:
        return days
    return [day for day in days if hours.is_date_open(datetime(day.year, day.month, day.day))]


def _spans(data: str, calendar: Calendar, tickers: Collection[str]) -> list[tuple[date, date]]:
    """Return the stretches of days, in order and apart from each other, of which a source has data."""
    series = source_series(data=data)
    if not series:
        raise InputError("data", data, "There are no bars in that source.")
    if of_rules := [each for each in series if each.ticker.upper() in tickers]:
        series = of_rules
    elif calendar == Calendar.US_EQUITY:
        series = [each for each in series if each.security_type == SecurityType.EQUITY] or series
    return days_covered(series)


def search_columns(walk: WalkForward) -> Optimization:
    """Return what all windows' searches have in common, as an optimization that is not stored."""
    columns: dict[str, Any] = {"method": "", **walk.search}
    return Optimization(
        run=walk.run,
        version=walk.version,
        parameters=walk.parameters,
        cash=walk.cash,
        data=walk.data,
        most_parallel=walk.most_parallel,
        **columns,
    )


def search_of(walk: WalkForward, number: int) -> OptimizationRequest:
    """Return what a window's search is asked; lots fall differently in each."""
    window = Window.of_json(walk.windows[number])
    found = request_of(search_columns(walk))
    plan = replace(found.plan, seed=found.plan.seed + number)
    return replace(found, plan=plan, start=window.train_first, end=window.train_last)
