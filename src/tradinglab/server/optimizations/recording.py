"""Writing down trials: that one is tried, and what came of those that are simulated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max

from tradinglab.optimize import Objective
from tradinglab.server.honesty.ledger import Variant, variants_note
from tradinglab.server.honesty.models import Source
from tradinglab.server.optimizations.models import Optimization, Trial
from tradinglab.server.optimizations.selectors import SETTLED
from tradinglab.server.optimizations.storing import objective_of
from tradinglab.server.runs.models import RunState
from tradinglab.server.strategies.checking import rules_read_apart
from tradinglab.server.strategies.files import RULES

_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedTrial:
    """What came of a trial that was simulated: figures, or why there are none."""

    number: int
    figures: Mapping[str, float] = field(default_factory=dict)
    error: str = ""


def next_number(optimization: Optimization) -> int:
    """Return the number of the trial that is noted next."""
    last: int | None = Trial.objects.filter(optimization=optimization).aggregate(Max("number"))["number__max"]
    return 0 if last is None else last + 1


def trials_note(trials: Sequence[Trial]) -> None:
    """Store that combinations are tried: every trial of every search, whoever carries it out, comes by here."""
    Trial.objects.bulk_create(trials, batch_size=_AT_ONCE)


@transaction.atomic
def trials_record(*, run_id: UUID, done: Sequence[SimulatedTrial]) -> int:
    """Store what came of simulated trials of an optimization, each once; return how many that were.

    The row of the optimization is locked, so that what is best is the best of all.
    """
    optimization = Optimization.objects.select_for_update().get(pk=run_id)
    found = Trial.objects.filter(optimization=run_id, number__in=[each.number for each in done], outcome="")
    waiting = {each.number: each for each in found.exclude(is_settled=True)}
    new = [each for each in done if each.number in waiting]
    for each in new:
        trial = waiting[each.number]
        trial.outcome = RunState.FAILED if each.error else RunState.COMPLETED
        trial.figures, trial.error, trial.is_settled = dict(each.figures), each.error, True
    Trial.objects.bulk_update(waiting.values(), ["outcome", "figures", "error", "is_settled"], batch_size=_AT_ONCE)
    counted = Counter(SETTLED[each.outcome] for each in waiting.values())
    number, score = _best(optimization, new)
    Optimization.objects.filter(pk=run_id).update(
        best_number=number, best_score=score, **{column: F(column) + count for column, count in counted.items()}
    )
    _note_tried(run_id, [waiting[each.number] for each in new if not each.error])
    return len(new)


def _note_tried(run_id: UUID, trials: Sequence[Trial]) -> None:
    """Note the variants in the ledger, all in a few statements."""
    if not trials:
        return
    found = Optimization.objects.select_related("version", "run__owner", "run__parent").get(pk=run_id)
    first, last = found.start, found.end
    if first is None or last is None:
        rules = rules_read_apart(text=found.version.files[RULES]).get("rules") or {}
        first = first or (date.fromisoformat(rules["start"]) if rules else None)
        last = last or (date.fromisoformat(rules["end"]) if rules else None)
    variants = [
        Variant(
            content_hash=found.version.content_hash,
            parameters={**found.parameters, **each.parameters},
            data=found.data,
            first_day=first,
            last_day=last,
            sharpe_ratio=each.figures.get("sharpe_ratio"),
        )
        for each in trials
    ]
    source = Source.SEARCH if found.run.parent is None else Source.WALK_FORWARD
    variants_note(strategy_id=found.version.strategy_id, by=found.run.owner, source=source, variants=variants)


def _best(optimization: Optimization, done: Sequence[SimulatedTrial]) -> tuple[int | None, float | None]:
    """Return which trial is the best by now, of equals the first, and its score."""
    objective = objective_of(optimization)
    number, best = optimization.best_number, optimization.best_score
    for each in sorted(done, key=lambda trial: trial.number):
        score = _score(objective, each)
        if score is None:
            continue
        is_earlier = score == best and number is not None and each.number < number
        if best is None or objective.is_better(score, best) or is_earlier:
            number, best = each.number, score
    return number, best


def _score(objective: Objective, trial: SimulatedTrial) -> float | None:
    if trial.error or not objective.is_allowed(trial.figures):
        return None
    return objective.score(trial.figures)
