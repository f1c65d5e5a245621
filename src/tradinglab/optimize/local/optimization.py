"""An optimization on this machine: trials side by side, each outcome noted before it counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tradinglab.core.values import dataclass
from tradinglab.optimize.local.journal import Journal
from tradinglab.optimize.local.keeping import keep_at_work
from tradinglab.optimize.local.trials import Done, Measure, RunTerms, Task
from tradinglab.optimize.local.workers import Workers
from tradinglab.optimize.objective import Objective
from tradinglab.optimize.samplers import Plan, SamplerName, plan_check, sampler_of
from tradinglab.optimize.space import Axis, Space
from tradinglab.optimize.tried import History, Tried, TriedState

#: Handing a trial over takes as long as some simulations.
_A_PIECE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is searched, how, and what for."""

    terms: RunTerms
    space: Space
    objective: Objective
    plan: Plan

    def check(self) -> None:
        """Refuse what cannot be searched.

        Raises
        ------
        SearchError
            Says what is wrong with it.
        """
        plan_check(self.plan, self.space)

    @property
    def piece(self) -> int:
        """How many trials a process is handed at once."""
        # Where what is tried next follows from what came of the last ones, one after the other.
        return _A_PIECE if self.terms.is_simulated and self.plan.sampler != SamplerName.BAYESIAN else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizationProgress:
    """How far an optimization is.

    Attributes
    ----------
    total
        How many trials there will be; ``None`` if that depends on what is found.
    """

    over: int
    failed: int
    total: int | None
    best: Tried | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizationResult:
    """What an optimization came to.

    Attributes
    ----------
    status
        ``completed``, or ``interrupted`` after Ctrl+C.
    run_here
        How many of the trials were run now; the others were in the journal.
    """

    status: str
    trials: tuple[Tried, ...]
    done: Mapping[int, Done]
    best: Tried | None
    run_here: int
    seconds: float


class Optimization:
    """The job of a search, as it goes on.

    Parameters
    ----------
    journal
        Opened; what is in it is not run again.
    """

    def __init__(self, search: Search, journal: Journal) -> None:
        self._search = search
        self._journal = journal
        self._sampler = sampler_of(search.plan, search.space, search.objective)
        self._tried: list[Tried] = journal.tried
        self._best: Tried | None = None
        self._over = self._failed = self._run_here = 0
        self._began = time.perf_counter()
        self._is_over = False
        #: Asked for before the last process ended, and not told.
        self._left = [each for each in self._tried if not each.is_over]
        for each in self._tried:
            if each.is_over:
                self._count(each)

    def run(
        self, measure: Measure, *, jobs: int, on_progress: Callable[[OptimizationProgress], None] | None = None
    ) -> OptimizationResult:
        """Run what is left, and return what came of all."""
        status = keep_at_work(
            Workers(terms=self._search.terms, measure=measure, count=jobs, piece=self._search.piece),
            self._journal,
            hand_out=self._hand_out,
            take=self._take,
            tell=lambda: None if on_progress is None else on_progress(self.progress),
        )
        return OptimizationResult(
            status=status,
            trials=tuple(each for each in self._tried if each.is_over),
            done=self._journal.told,
            best=self._best,
            run_here=self._run_here,
            seconds=time.perf_counter() - self._began,
        )

    @property
    def progress(self) -> OptimizationProgress:
        """How far it is."""
        return OptimizationProgress(
            over=self._over,
            failed=self._failed,
            total=self._sampler.total,
            best=self._best,
            seconds=time.perf_counter() - self._began,
        )

    def _hand_out(self, workers: Workers) -> None:
        """Give every free process a trial, if there is one."""
        score = None if self._best is None else self._best.score(self._search.objective)
        if self._search.objective.is_reached(score):
            return
        while workers.free and self._left:
            self._give(workers, self._left.pop(0))
        if workers.free and not self._is_over:
            asked = self._sampler.ask(History.of(self._tried), workers.free)
            self._is_over = asked.is_over
            for combination in asked.combinations:
                tried = Tried(number=len(self._tried), parameters=combination, state=TriedState.PENDING)
                self._tried.append(tried)
                self._journal.ask(tried.number, combination)
                self._give(workers, tried)

    def _give(self, workers: Workers, tried: Tried) -> None:
        workers.give(Task(number=tried.number, parameters=tried.parameters))

    def _take(self, done: Done) -> None:
        before = self._tried[done.number]
        tried = Tried(number=done.number, parameters=before.parameters, state=done.state, figures=done.figures)
        self._tried[done.number] = tried
        self._run_here += 1
        self._count(tried)

    def _count(self, tried: Tried) -> None:
        self._over += 1
        self._failed += tried.state == TriedState.FAILED
        objective = self._search.objective
        score = tried.score(objective)
        if score is None:
            return
        best = None if self._best is None else self._best.score(objective)
        assert best is None or self._best is not None
        is_first_of_equals = best == score and self._best is not None and tried.number < self._best.number
        if best is None or objective.is_better(score, best) or is_first_of_equals:
            self._best = tried


def search_document(search: Search) -> dict[str, Any]:
    """Return what is searched as JSON takes it, by which the same search is known again."""
    terms, objective, plan = search.terms, search.objective, search.plan
    return {
        **({"method": "simulation"} if terms.is_simulated else {}),
        "strategy": terms.strategy.name,
        "code": _code_hash(terms),
        "data": terms.data,
        "start": _text(terms.start),
        "end": _text(terms.end),
        "cash": _text(terms.cash),
        "parameters": dict(terms.parameters),
        "class": terms.class_name,
        "run_seed": terms.seed,
        "space": [_axis(axis) for axis in search.space.axes],
        "constraints": [each.text for each in search.space.constraints],
        "sampler": str(plan.sampler),
        "seed": plan.seed,
        "most_trials": plan.most_trials,
        "target": objective.figure,
        "direction": str(objective.direction),
        "target_value": objective.target,
        "bounds": [f"{each.figure} {each.operator} {each.value!r}" for each in objective.bounds],
        "penalties": {each.figure: each.weight for each in objective.penalties},
        "others": {each.figure: str(each.direction) for each in objective.others},
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _axis(axis: Axis) -> dict[str, Any]:
    found: dict[str, Any] = {"name": axis.name}
    if axis.low is None:
        return {**found, "values": list(axis.values)}
    for name, number in (("min", axis.low), ("max", axis.high), ("step", axis.step), ("min_step", axis.min_step)):
        if number is not None:
            found[name] = str(number)
    return {**found, "log": True} if axis.is_log else found


def _code_hash(terms: RunTerms) -> str:
    """Return a hash of the strategy's file and of those beside it that it imports."""
    import hashlib

    from tradinglab.sandbox.author_modules import author_files

    if terms.is_simulated:
        return hashlib.sha256(terms.strategy.read_bytes()).hexdigest()
    told = hashlib.sha256()
    files = author_files(terms.strategy, [terms.strategy.parent, *terms.import_paths])
    for path in sorted(files):
        told.update(f"{Path(path).name}\0{files[path]}\0".encode())
    return told.hexdigest()
