"""Settling trials: each is looked at once when it has its outcome, however many others there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from django.db.models import F
from django.db.models.functions import Coalesce

from tradinglab.server.optimizations.models import Optimization, Trial
from tradinglab.server.optimizations.selectors import SETTLED, Outcome
from tradinglab.server.runs.models import FINAL_STATES, RunState

#: One that took too long counts as one that failed.
_COLUMNS: Final[Mapping[str, str]] = {**SETTLED, RunState.TIMED_OUT: SETTLED[RunState.FAILED]}


def trials_settle(*, optimization: Optimization, best: Outcome | None) -> None:
    """Add the trials that are over, but for the best so far, to the numbers of their optimization.

    Called in the transaction that holds the optimization's run, so that no trial is added by two.
    """
    state = Coalesce("backtest__run__state", "batch__state")
    over = Trial.objects.filter(optimization=optimization, is_settled=False).annotate(state=state)
    over = over.filter(state__in=FINAL_STATES)
    if best is not None:
        over = over.exclude(number=best.number)
    found = dict(over.order_by().values_list("pk", "state"))
    if not found:
        return
    Trial.objects.filter(pk__in=found).update(is_settled=True)
    added = Counter(_COLUMNS[state] for state in found.values())
    Optimization.objects.filter(pk=optimization.pk).update(
        **{column: F(column) + number for column, number in added.items()}
    )
