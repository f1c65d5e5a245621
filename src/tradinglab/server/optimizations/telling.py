"""What is told of an optimization: how far it is, what is best, and why nothing came of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone

from tradinglab.server.optimizations.models import Optimization, Trial
from tradinglab.server.optimizations.selectors import Counts, Outcome
from tradinglab.server.runs.events import event_store
from tradinglab.server.runs.models import Run

_TOLD_EVERY: Final = timedelta(milliseconds=250)


def told_of(*, optimization: Optimization, counts: Counts, best: Outcome | None) -> dict[str, Any]:
    """Return what an event says of the trials."""
    return {
        "completed": counts.completed,
        "failed": counts.failed,
        "cancelled": counts.cancelled,
        "total": optimization.total,
        "best": None
        if best is None
        else {
            "trial": best.number,
            "backtest": None if best.backtest is None else str(best.backtest),
            "parameters": best.parameters,
            "value": best.value,
        },
    }


def progress_tell(*, run: Run, optimization: Optimization, counts: Counts, best: Outcome | None) -> None:
    """Say how far it is, if it is any further, a few times a second at most."""
    now = timezone.now()
    fraction = min(counts.over / optimization.total, 1.0)
    is_soon = run.heartbeat_at is not None and now - run.heartbeat_at < _TOLD_EVERY
    if fraction <= run.progress or is_soon:
        return
    Run.objects.filter(pk=run.pk).update(progress=fraction, heartbeat_at=now)
    told = told_of(optimization=optimization, counts=counts, best=best)
    event_store(run_id=run.pk, kind="progress", data={"fraction": fraction, "date": "", **told})


def no_trial_completed(*, optimization: Optimization, counts: Counts) -> dict[str, str]:
    """Return the error of an optimization of which nothing came."""
    trials = Trial.objects.filter(optimization=optimization).select_related("backtest__run", "batch")
    text = _first_error(trials)
    why = f" The first ended so: {text}" if text else ""
    return {"code": "no_trial_completed", "message": f"None of the {counts.over} trials completed.{why}"}


def _first_error(trials: QuerySet[Trial]) -> str:
    """Return how the first trial ended that failed; empty if none says so."""
    first = trials.exclude(error="").first()
    if first is not None:
        return first.error
    first = trials.filter(backtest=None).exclude(batch__error={}).first()
    if first is not None and first.batch is not None:
        return str(first.batch.error.get("message", ""))
    first = trials.exclude(backtest=None).exclude(backtest__run__error={}).first()
    return "" if first is None or first.backtest is None else str(first.backtest.run.error.get("message", ""))
