"""A walk-forward on this machine: the searches of all windows side by side, and each test as soon as it can be."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from tradinglab.core.values import dataclass, field
from tradinglab.optimize.local.journal import Journal
from tradinglab.optimize.local.keeping import keep_at_work
from tradinglab.optimize.local.optimization import Search, search_document
from tradinglab.optimize.local.trials import Done, Measure, Task
from tradinglab.optimize.local.workers import Workers
from tradinglab.optimize.samplers import Combination, Sampler, sampler_of
from tradinglab.optimize.tried import History, Tried, TriedState, best_of
from tradinglab.optimize.walk_forward import GROWTH, Step, Window

_START: Final = "start_equity"


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkProgress:
    """How far a walk-forward is."""

    over: int
    failed: int
    tested: int
    windows: int
    seconds: float


@dataclass(slots=True, kw_only=True)
class _Course:
    """One window: its search, and its test."""

    number: int
    window: Window
    sampler: Sampler
    tried: list[Tried] = field(default_factory=list)
    #: The numbers of the trials among all windows', by their places in the search; they rise.
    numbers: list[int] = field(default_factory=list)
    is_over: bool = False
    is_tested: bool = False
    best: Tried | None = None
    test: Done | None = None

    @property
    def is_searched(self) -> bool:
        """Whether all trials have their outcomes, and no other is to come."""
        return self.is_over and all(each.is_over for each in self.tried)


class Walk:
    """One walk-forward as it goes on.

    Parameters
    ----------
    journal
        Opened; what is in it is not run again.
    """

    def __init__(self, search: Search, windows: Sequence[Window], journal: Journal) -> None:
        self._search = search
        self._journal = journal
        self._courses = [
            _Course(number=number, window=window, sampler=_sampler(search, number))
            for number, window in enumerate(windows)
        ]
        self._left: list[Task] = []
        self._count = 0
        #: Of the trials that windows are searched with.
        self._over = self._failed = 0
        self._began = time.perf_counter()
        for number in sorted(journal.asked):
            self._recall(number)

    def run(
        self, measure: Measure, *, jobs: int, on_progress: Callable[[WalkProgress], None] | None = None
    ) -> tuple[str, list[Step]]:
        """Run what is left; return ``completed``, or ``interrupted`` after Ctrl+C, and what came of each window."""
        status = keep_at_work(
            Workers(terms=self._search.terms, measure=measure, count=jobs, piece=self._search.piece),
            self._journal,
            hand_out=self._hand_out,
            take=self._take,
            tell=lambda: None if on_progress is None else on_progress(self.progress),
        )
        return status, [self._step(course) for course in self._courses]

    @property
    def progress(self) -> WalkProgress:
        """How far it is."""
        return WalkProgress(
            over=self._over,
            failed=self._failed,
            tested=sum(course.test is not None for course in self._courses),
            windows=len(self._courses),
            seconds=time.perf_counter() - self._began,
        )

    # What comes next.

    def _hand_out(self, workers: Workers) -> None:
        while workers.free and self._left:
            workers.give(self._left.pop(0))
        for course in self._courses:
            if not workers.free:
                return
            if not course.is_over:
                self._search_on(course, workers)
            if workers.free and not course.is_tested and course.is_searched:
                self._test(course, workers)

    def _search_on(self, course: _Course, workers: Workers) -> None:
        asked = course.sampler.ask(History.of(course.tried), workers.free)
        course.is_over = asked.is_over
        for combination in asked.combinations:
            number = self._note(combination, f"{course.number}:train")
            self._add_trial(course, number, combination)
            workers.give(_train_task(number, course, combination))

    def _test(self, course: _Course, workers: Workers) -> None:
        """Run the best on the days to test, if there is a best."""
        course.is_tested = True
        course.best = best_of(course.tried, self._search.objective)
        if course.best is not None:
            number = self._note(course.best.parameters, f"{course.number}:test")
            workers.give(_test_task(number, course, course.best.parameters))

    def _note(self, combination: Combination, part: str) -> int:
        number = self._count
        self._count += 1
        self._journal.ask(number, combination, part)
        return number

    # What came.

    def _recall(self, number: int) -> None:
        """Take up what the journal has of a number."""
        self._count = number + 1
        place, _, kind = self._journal.parts[number].partition(":")
        course, combination = self._courses[int(place)], self._journal.asked[number]
        is_test = kind == "test"
        if is_test:
            course.is_over = course.is_tested = True
            course.best = best_of(course.tried, self._search.objective)
        else:
            self._add_trial(course, number, combination)
        done = self._journal.told.get(number)
        if done is not None:
            self._take(done)
        else:
            self._left.append((_test_task if is_test else _train_task)(number, course, combination))

    def _add_trial(self, course: _Course, number: int, combination: Combination) -> None:
        course.tried.append(Tried(number=len(course.tried), parameters=combination, state=TriedState.PENDING))
        course.numbers.append(number)

    def _take(self, done: Done) -> None:
        place, _, kind = self._journal.parts[done.number].partition(":")
        course = self._courses[int(place)]
        if kind == "test":
            course.test = done
            return
        self._over += 1
        self._failed += done.state == TriedState.FAILED
        at = bisect_left(course.numbers, done.number)
        before = course.tried[at]
        course.tried[at] = Tried(number=at, parameters=before.parameters, state=done.state, figures=done.figures)

    def _step(self, course: _Course) -> Step:
        objective, best, test = self._search.objective, course.best, course.test
        trials = sum(each.is_over for each in course.tried)
        if best is None:
            error = "No trial has the target's figure and keeps within the bounds." if course.is_tested else ""
            return Step(window=course.window, trials=trials, error=error)
        step = Step(
            window=course.window,
            trials=trials,
            parameters=best.parameters,
            train_score=best.score(objective),
            train_growth=best.figures.get(GROWTH),
            error="" if test is None else test.error,
        )
        if test is None or test.state != TriedState.COMPLETED or not test.days:
            return step
        return replace(
            step,
            test_score=objective.score(test.figures),
            test_growth=test.figures.get(GROWTH),
            start_equity=test.figures[_START],
            days=test.days,
            equity=test.equity,
        )


def _sampler(search: Search, number: int) -> Sampler:
    """Return a window's sampler: lots fall differently in each."""
    return sampler_of(replace(search.plan, seed=search.plan.seed + number), search.space, search.objective)


def _train_task(number: int, course: _Course, combination: Combination) -> Task:
    window = course.window
    return Task(number=number, parameters=combination, start=window.train_first, end=window.train_last)


def _test_task(number: int, course: _Course, combination: Combination) -> Task:
    window = course.window
    return Task(number=number, parameters=combination, start=window.test_first, end=window.test_last, wants_days=True)


def walk_document(search: Search, windows: Sequence[Window]) -> dict[str, Any]:
    """Return what is walked through as JSON takes it, by which the same is known again."""
    told = [list(window.as_json().values()) for window in windows]
    return {**search_document(search), "trials_of_each": search.plan.most_trials, "windows": told}
