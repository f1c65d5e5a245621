"""Reads about walk-forwards; what is another user's does not exist here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import F, QuerySet

from tradinglab.optimize.walk_forward import GROWTH, Step, WalkForwardResult, Window, walk_forward_result
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.results import table_collect, table_read
from tradinglab.server.errors import NotFoundError
from tradinglab.server.optimizations.storing import objective_of, space_of_stored
from tradinglab.server.runs.models import RunState
from tradinglab.server.walk_forwards.models import WalkForward, WalkForwardStep
from tradinglab.server.walk_forwards.requests import Calendar, search_columns, traded_between

_DAYS_PER_YEAR: Final[Mapping[str, int]] = {Calendar.US_EQUITY: 252, Calendar.EVERY_DAY: 365}
#: A day is closed by a sample at midnight where the strategy is: half a day before, it is that day everywhere.
_HALF_A_DAY: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStep:
    """A window, its search and its test, as far as there are any."""

    number: int
    window: Mapping[str, str]
    search: UUID | None = None
    search_state: str | None = None
    test: UUID | None = None
    test_state: str | None = None
    parameters: Mapping[str, str] | None = None
    train_score: float | None = None
    test_score: float | None = None
    train_growth: float | None = None
    test_growth: float | None = None
    test_return: float | None = None


def walk_forward_list(*, user: User) -> QuerySet[WalkForward]:
    """Return a user's walk-forwards, without those that are deleted."""
    found = WalkForward.objects.filter(run__owner=user, run__deleted_at=None)
    found = found.select_related("run", "version__strategy").prefetch_related("run__tag_rows").defer("version__files")
    return found.annotate(created_at=F("run__created_at"))


def walk_forward_get(*, user: User, run_id: UUID) -> WalkForward:
    """Return one of a user's walk-forwards."""
    found = walk_forward_list(user=user).filter(pk=run_id).first()
    if found is None:
        raise NotFoundError(f"There is no walk-forward {run_id}.")
    return found


def days_per_year(*, walk: WalkForward) -> int:
    """Return how many trading days a year has where a walk-forward trades."""
    return _DAYS_PER_YEAR[walk.calendar]


def steps_shown(*, walk: WalkForward) -> list[ShownStep]:
    """Return all windows, those that were not begun among them."""
    begun = {each.number: each for each in _steps(walk)}
    return [
        _shown(walk, number, window, begun[number]) if number in begun else ShownStep(number=number, window=window)
        for number, window in enumerate(walk.windows)
    ]


def _steps(walk: WalkForward) -> QuerySet[WalkForwardStep]:
    found = WalkForwardStep.objects.filter(walk_forward=walk).order_by("number")
    return found.select_related("optimization__run", "backtest__run")


def _shown(walk: WalkForward, number: int, window: Mapping[str, str], step: WalkForwardStep) -> ShownStep:
    test = step.backtest
    is_tested = test is not None and test.run.state == RunState.COMPLETED
    return ShownStep(
        number=number,
        window=window,
        search=step.optimization_id,
        search_state=step.optimization.run.state,
        test=None if test is None else test.pk,
        test_state=None if test is None else test.run.state,
        parameters=step.parameters,
        train_score=step.train_score,
        train_growth=step.train_growth,
        test_score=_score(walk, test) if is_tested else None,
        test_growth=getattr(test, GROWTH) if is_tested else None,
        test_return=None if not is_tested or test is None else test.net_profit,
    )


def _score(walk: WalkForward, test: Backtest | None) -> float | None:
    objective = objective_of(search_columns(walk))
    names = (objective.figure, *(each.figure for each in objective.penalties))
    found = {name: getattr(test, name) for name in names}
    return objective.score({name: float(value) for name, value in found.items() if value is not None})


def walk_forward_outcome(*, walk: WalkForward) -> WalkForwardResult | None:
    """Return what came of all windows that were tested so far; ``None`` if none was."""
    tests = {each.number: each.backtest for each in _steps(walk)}
    steps = [_step(shown, tests.get(shown.number)) for shown in steps_shown(walk=walk)]
    first = next((each.start_equity for each in steps if each.days), None)
    if first is None:
        return None
    windows = [each.window for each in steps]
    traded = traded_between(windows[0].test_first, windows[-1].test_last, Calendar(walk.calendar))
    space = space_of_stored(walk.search["space"], walk.search["space_constraints"])
    per_year = days_per_year(walk=walk)
    return walk_forward_result(steps, space, traded=set(traded), cash=first, days_per_year=per_year)


def _step(shown: ShownStep, test: Backtest | None) -> Step:
    window = Window.of_json(shown.window)
    step: dict[str, Any] = {"window": window, "trials": 0, "parameters": shown.parameters}
    step |= {"train_growth": shown.train_growth, "test_growth": shown.test_growth}
    if test is None or shown.test_state != RunState.COMPLETED or test.start_equity is None:
        return Step(**step)
    table = table_collect(table_read(test=test, name="days").select("time", "equity"))
    by_day: dict[date, float] = {
        (time - _HALF_A_DAY).date(): equity for time, equity in zip(table["time"], table["equity"], strict=True)
    }
    return Step(**step, start_equity=test.start_equity, days=tuple(by_day), equity=tuple(by_day.values()))
