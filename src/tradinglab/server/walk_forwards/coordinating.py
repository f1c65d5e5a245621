"""Moving a walk-forward on: search the next window, test what was best in the last, give it its outcome.

Any process may do so at any time: what is to be done next follows from the tables alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from tradinglab.optimize.walk_forward import GROWTH, Window
from tradinglab.server.backtests.services import backtest_create_part
from tradinglab.server.errors import TooManyQueuedError
from tradinglab.server.optimizations.selectors import best_of, figure_of_best
from tradinglab.server.optimizations.services import optimization_create_part
from tradinglab.server.runs.coordination import coordinated_finish
from tradinglab.server.runs.events import event_store
from tradinglab.server.runs.models import Run, RunState
from tradinglab.server.runs.services import run_parts_cancel
from tradinglab.server.walk_forwards.models import WalkForward, WalkForwardStep
from tradinglab.server.walk_forwards.requests import search_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """A walk-forward as it stands."""

    run: Run
    walk: WalkForward
    steps: list[WalkForwardStep]

    def window(self, number: int) -> Window:
        return Window.of_json(self.walk.windows[number])

    @property
    def is_going_on(self) -> bool:
        """Whether a search or a test of it has no outcome yet."""
        return any(not _is_searched(each) or _is_testing(each) for each in self.steps)

    @property
    def tested(self) -> int:
        """How many windows were tested."""
        return sum(each.backtest is not None and each.backtest.run.is_final for each in self.steps)


def _is_searched(step: WalkForwardStep) -> bool:
    return step.optimization.run.is_final


def _is_testing(step: WalkForwardStep) -> bool:
    return step.backtest is not None and not step.backtest.run.is_final


@transaction.atomic
def walk_forward_advance(run_id: UUID) -> None:
    """Do what is to be done next; nothing if somebody else is about it."""
    locked = Run.objects.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
    run = locked.filter(pk=run_id).first()
    if run is None or run.is_final:
        return
    walk = WalkForward.objects.select_related("version", "run").get(pk=run_id)
    found = WalkForwardStep.objects.filter(walk_forward=walk).order_by("number")
    steps = list(found.select_related("optimization__run", "backtest__run"))
    going = _Walk(run=run, walk=walk, steps=steps)
    if run.state == RunState.QUEUED:
        Run.objects.filter(pk=run_id).update(state=RunState.RUNNING, started_at=timezone.now())
        event_store(run_id=run_id, kind="started", data={"attempt": 1})
    if run.cancel_requested_at is not None:
        run_parts_cancel(run_id=run_id)
        if not going.is_going_on:
            coordinated_finish(run_id=run_id, state=RunState.CANCELLED, told=_told(going))
        return
    try:
        has_started = _start(going)
    except TooManyQueuedError:
        return  # it goes on when there is room
    _tell(going)
    if not has_started and not going.is_going_on:
        _finish(going)


def _start(going: _Walk) -> bool:
    """Start the tests that can be, and the search of the next window; say whether anything was started."""
    has_started = False
    for step in going.steps:
        if _is_searched(step) and step.backtest is None and step.parameters is None:
            has_started |= _test(going, step)
    is_searching = any(not _is_searched(each) for each in going.steps)
    number = len(going.steps)
    if is_searching or number == len(going.walk.windows):
        return has_started
    request = search_of(going.walk, number)
    made = optimization_create_part(owner=going.run.owner, request=request, parent=going.run)
    WalkForwardStep.objects.create(walk_forward=going.walk, number=number, optimization=made)
    return True


def _test(going: _Walk, step: WalkForwardStep) -> bool:
    """Backtest the best of a window's search on its days to test, if there is a best."""
    best = best_of(optimization=step.optimization)
    if best is None:
        return False
    window = going.window(step.number)
    request = search_of(going.walk, step.number).trial(best.parameters)
    request = replace(request, start=window.test_first, end=window.test_last)
    test = backtest_create_part(owner=going.run.owner, request=request, parent=going.run)
    growth = figure_of_best(best=best, optimization=step.optimization, figure=GROWTH)
    names = [axis["name"] for axis in going.walk.search["space"]]
    WalkForwardStep.objects.filter(pk=step.pk).update(
        backtest=test,
        parameters={name: best.parameters[name] for name in names},
        train_score=best.value,
        train_growth=growth,
    )
    return True


def _told(going: _Walk) -> dict[str, object]:
    return {"searched": sum(map(_is_searched, going.steps)), "tested": going.tested, "total": len(going.walk.windows)}


def _tell(going: _Walk) -> None:
    """Say how far it is, if it is any further."""
    total = len(going.walk.windows)
    searched = sum(1.0 if _is_searched(each) else each.optimization.run.progress for each in going.steps)
    fraction = min((9 * searched + going.tested) / (10 * total), 1.0)
    told = _told(going)
    if Run.objects.filter(pk=going.run.pk, progress__lt=fraction).update(progress=fraction):
        event_store(run_id=going.run.pk, kind="progress", data={"fraction": fraction, "date": "", **told})


def _finish(going: _Walk) -> None:
    is_any_tested = any(
        each.backtest is not None and each.backtest.run.state == RunState.COMPLETED for each in going.steps
    )
    if is_any_tested:
        Run.objects.filter(pk=going.run.pk).update(progress=1.0)
        coordinated_finish(run_id=going.run.pk, state=RunState.COMPLETED, told=_told(going))
        return
    ended = [each.optimization.run for each in going.steps]
    ended += [each.backtest.run for each in going.steps if each.backtest is not None]
    first = next((str(each.error["message"]) for each in ended if each.error.get("message")), "")
    why = f" The first that failed ended so: {first}" if first else ""
    text = f"None of the {len(going.steps)} windows was tested.{why}"
    error = {"code": "no_window_tested", "message": text}
    coordinated_finish(run_id=going.run.pk, state=RunState.FAILED, error=error, told=_told(going))
