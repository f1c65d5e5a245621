"""Asking a sampler that thinks for a while what is tried next, while nobody waits for it.

The Bayesian one learns from all trials each time. Where a database takes one writer at a time, nobody could write
meanwhile, if that were done within the transaction that starts the trials. So it is asked before: by one process at a
time, whose answer counts if no trial was started since.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from tradinglab.optimize import History, SamplerName
from tradinglab.optimize.samplers import Asked
from tradinglab.server.optimizations.models import Optimization
from tradinglab.server.optimizations.recording import next_number
from tradinglab.server.optimizations.requests import request_of
from tradinglab.server.optimizations.selectors import counts_of
from tradinglab.server.optimizations.trials import tried_list
from tradinglab.server.runs.models import FINAL_STATES

#: After so long another may think: who began to has died, or is so slow that its answer is not waited for.
_PATIENCE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """What is to be tried after so many trials."""

    after: int
    asked: Asked


def thinks(optimization: Optimization) -> bool:
    """Whether what is tried next is asked for before the transaction that starts it."""
    return optimization.sampler == SamplerName.BAYESIAN


def optimization_think(run_id: UUID) -> Thought | None:
    """Return what is to be tried next; ``None`` if there is no room for more, or somebody else is about it."""
    going_on = Optimization.objects.filter(pk=run_id, sampler=SamplerName.BAYESIAN, run__cancel_requested_at=None)
    optimization = going_on.exclude(run__state__in=FINAL_STATES).select_related("version", "run").first()
    if optimization is None or counts_of(optimization=optimization).going_on >= optimization.most_parallel:
        return None
    now = timezone.now()
    free = Optimization.objects.filter(Q(thinking_until=None) | Q(thinking_until__lt=now), pk=run_id)
    if not free.update(thinking_until=now + _PATIENCE):
        return None
    # Who thought before may have started trials since they were counted.
    counts, first = counts_of(optimization=optimization), next_number(optimization)
    tried = [each for each in tried_list(optimization=optimization) if each.number < first]
    room = max(optimization.most_parallel - counts.going_on, 0)
    asked = request_of(optimization).sampler.ask(History(first, lambda: tried), room)
    return Thought(after=first, asked=asked)


def thought_end(run_id: UUID) -> None:
    """Let others think, as trials were started, or never will be."""
    Optimization.objects.filter(pk=run_id).update(thinking_until=None)
