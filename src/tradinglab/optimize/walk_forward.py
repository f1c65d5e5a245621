"""Walk-forward: parameters are chosen on one window of days and tried on the days after it, again and again."""

from __future__ import annotations

import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Final

import numpy as np

from tradinglab.analytics import annual_return, cumulative_return, max_drawdown, sharpe_ratio
from tradinglab.core.values import dataclass
from tradinglab.optimize.errors import SearchError
from tradinglab.optimize.space import Space

#: The figure by which the trained and the tested are compared.
GROWTH: Final = "compounding_annual_return"
_DAYS: Final = ("train_first", "train_last", "test_first", "test_last")


class WindowError(SearchError):
    """Windows that cannot be walked through."""

    code = "search_windows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Days to choose parameters on, and days to try them on; all four are included."""

    train_first: date
    train_last: date
    test_first: date
    test_last: date

    def as_json(self) -> dict[str, str]:
        """Return the days by their names, as ``YYYY-MM-DD``."""
        return {name: getattr(self, name).isoformat() for name in _DAYS}

    @classmethod
    def of_json(cls, told: Mapping[str, str]) -> Window:
        """Return the window that :meth:`as_json` has told of."""
        return cls(**{name: date.fromisoformat(told[name]) for name in _DAYS})


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkForwardPlan:
    """How windows follow each other, in trading days.

    Attributes
    ----------
    train, test
        How many days each window has to choose on, and to try on.
    is_anchored
        Whether all windows begin on the first day, and grow; otherwise they move on.
    purge
        How many days between choosing and trying are left out, so that nothing that is held or known at the end of the
        one reaches into the other.
    embargo
        How many days are left out after each test before the next one begins.
    """

    train: int
    test: int
    is_anchored: bool = False
    purge: int = 0
    embargo: int = 0

    def __post_init__(self) -> None:
        for name, least in (("train", 2), ("test", 2), ("purge", 0), ("embargo", 0)):
            value = getattr(self, name)
            if value < least:
                raise WindowError(f"{name}: at least {least} days; it was {value}.")


def windows_of(days: Sequence[date], plan: WalkForwardPlan) -> list[Window]:
    """Return the windows that fit into some trading days; a test that would not be whole is left out.

    Raises
    ------
    WindowError
        If not even one fits.
    """
    needed = plan.train + plan.purge + plan.test
    if needed > len(days):
        span = f"from {days[0]} to {days[-1]}" if days else "in the strategy's time"
        purge = f", {plan.purge} to leave out" if plan.purge else ""
        raise WindowError(
            f"A window takes {needed:,} trading days ({plan.train:,} to train{purge}, {plan.test:,} to test), and "
            f"there are {len(days):,} with data {span}: use shorter windows, or an earlier start."
        )
    found = []
    for test in range(plan.train + plan.purge, len(days) - plan.test + 1, plan.test + plan.embargo):
        last = test - plan.purge
        found.append(
            Window(
                train_first=days[0 if plan.is_anchored else last - plan.train],
                train_last=days[last - 1],
                test_first=days[test],
                test_last=days[test + plan.test - 1],
            )
        )
    return found


def windows_check(windows: Sequence[Window], days: Sequence[date]) -> None:
    """Refuse windows that were given by dates and cannot be walked through.

    Raises
    ------
    WindowError
        If one is reversed, reaches beyond the days that there are or lies between them, or tests what another one has
        tested.
    """
    if not windows:
        raise WindowError("There is no window; name at least one.")
    if not days:
        raise WindowError("There are no trading days with data in the strategy's time; use other days, or other data.")
    for number, each in enumerate(windows, 1):
        dates = (each.train_first, each.train_last, each.test_first, each.test_last)
        if not each.train_first < each.train_last < each.test_first < each.test_last:
            told = ", ".join(map(str, dates))
            raise WindowError(f"Window {number}: its four dates follow each other; they were {told}.")
        if each.train_first < days[0] or each.test_last > days[-1]:
            raise WindowError(
                f"Window {number} goes from {each.train_first} to {each.test_last}, and there are data from {days[0]} "
                f"to {days[-1]}: move it, or use other data."
            )
        for first, last in ((each.train_first, each.train_last), (each.test_first, each.test_last)):
            if bisect_left(days, first) == bisect_right(days, last):
                raise WindowError(f"Window {number}: no trading day from {first} to {last}; choose other days.")
    for number, (one, other) in enumerate(pairwise(windows), 2):
        if other.test_first <= one.test_last:
            raise WindowError(
                f"Window {number} tests from {other.test_first}, and the one before it until {one.test_last}: let it "
                "begin later."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What came of one window.

    Attributes
    ----------
    parameters
        Those that were best on the days to train; ``None`` if no trial had a score.
    train_score, test_score
        Of the best, on the days to train, and of the same parameters on the days to test.
    train_growth, test_growth
        The annual return on both, as fractions.
    days, equity
        Of the test, day by day; *start_equity* is what it began with.
    error
        Why there is no test.
    """

    window: Window
    trials: int
    parameters: Mapping[str, str] | None = None
    train_score: float | None = None
    test_score: float | None = None
    train_growth: float | None = None
    test_growth: float | None = None
    start_equity: float = 0.0
    days: Sequence[date] = ()
    equity: Sequence[float] = ()
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How a parameter changes from window to window.

    Attributes
    ----------
    changes
        In how many windows it is another than in the one before.
    mean_move
        How far it moves on average, as a fraction of its range; ``None`` if it is no number, or has no range.
    """

    values: tuple[str, ...]
    changes: int
    mean_move: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkForwardResult:
    """What came of all windows.

    Attributes
    ----------
    days, equity
        The tests, one after the other: each goes on with the money that the one before left.
    efficiency
        The mean annual return of the tests over that of the training; ``None`` if the latter is not above zero.
    kept
        In what share of the tests there was a profit.
    """

    steps: tuple[Step, ...]
    days: tuple[date, ...]
    equity: tuple[float, ...]
    total_return: float
    annual_return: float | None
    sharpe_ratio: float | None
    drawdown: float
    efficiency: float | None
    kept: float
    drift: Mapping[str, Drift]


def walk_forward_result(
    steps: Sequence[Step], space: Space, *, traded: Collection[date], cash: float, days_per_year: float
) -> WalkForwardResult | None:
    """Return what came of all windows; ``None`` if none was tested on a day that is *traded*.

    The growth of a day is that of its test, whose first day counts from what the test began with: between two tests
    nothing is held. Only days that are *traded* count.
    """
    tested = [each for each in steps if each.days]
    if not tested:
        return None
    days: list[date] = []
    growth: list[float] = []
    for each in tested:
        before = each.start_equity
        for day, value in zip(each.days, each.equity, strict=True):
            if day in traded and each.window.test_first <= day <= each.window.test_last:
                days.append(day)
                growth.append(value / before - 1)
                before = value
    if not days:
        return None
    equity = cash * np.cumprod(1 + np.array(growth))
    train_growths = [each.train_growth for each in tested if each.train_growth is not None]
    test_growths = [each.test_growth for each in tested if each.test_growth is not None]
    train_mean = statistics.fmean(train_growths) if train_growths else 0.0
    return WalkForwardResult(
        steps=tuple(steps),
        days=tuple(days),
        equity=tuple(float(value) for value in equity),
        total_return=float(cumulative_return(growth)),
        annual_return=_finite(float(annual_return(growth, days_per_year))),
        sharpe_ratio=_finite(float(sharpe_ratio(growth, periods_per_year=days_per_year))),
        drawdown=abs(float(max_drawdown(growth))),
        efficiency=statistics.fmean(test_growths) / train_mean if test_growths and train_mean > 0 else None,
        kept=sum(each.equity[-1] > each.start_equity for each in tested) / len(tested),
        drift={axis.name: _drift(axis.name, steps, space) for axis in space.axes},
    )


def _finite(number: float) -> float | None:
    return number if np.isfinite(number) else None


def _drift(name: str, steps: Sequence[Step], space: Space) -> Drift:
    values = tuple(each.parameters[name] for each in steps if each.parameters is not None)
    pairs = list(pairwise(values))
    axis = next(each for each in space.axes if each.name == name)
    numbers = axis.numbers if axis.values else None
    reach = max(numbers) - min(numbers) if numbers else 0.0
    if axis.low is not None and axis.high is not None:
        reach = float(axis.high - axis.low)
    moves = [abs(float(other) - float(one)) for one, other in pairs] if reach > 0 else []
    return Drift(
        values=values,
        changes=sum(one != other for one, other in pairs),
        mean_move=statistics.fmean(moves) / reach if moves else None,
    )
