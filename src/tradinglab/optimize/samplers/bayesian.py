"""Bayesian search by optuna's tree-structured Parzen estimator."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tradinglab.core.values import dataclass
from tradinglab.optimize.errors import SearchError
from tradinglab.optimize.objective import Direction, Objective
from tradinglab.optimize.samplers.base import Asked, Combination
from tradinglab.optimize.samplers.random_search import lots
from tradinglab.optimize.space import Axis, Space, number_text
from tradinglab.optimize.tried import History, Tried, TriedState

if TYPE_CHECKING:
    from optuna import Study

_Distributions: TypeAlias = "Mapping[str, Any]"
#: So many trials are drawn by lot before there is something to be learned from.
STARTING: Final = 10
#: So often another suggestion is asked for in place of one that was tried, or breaks a constraint.
_MOST_ATTEMPTS: Final = 10
_SEEDS: Final = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class BayesianSampler:
    """What is tried next is drawn from where good outcomes were dense and bad ones were not.

    The study is made anew from the trials so far, in memory, each time somebody asks; what each number is drawn with
    follows from the seed and the number. A trial without its figure is told as failed; one out of bounds as such.
    """

    space: Space
    objective: Objective
    seed: int
    most_trials: int

    @property
    def total(self) -> int:
        """How many there will be: fewer than may be, if there are no more combinations."""
        drawn = lots(self.space, self.seed)
        return self.most_trials if drawn.at(self.most_trials - 1) else drawn.count

    @property
    def most(self) -> int:
        """The same: it is known before."""
        return self.total

    def ask(self, history: History, most: int) -> Asked:
        """Return the next ones; each knows of those before it that they are being tried."""
        room = self.most_trials - history.count
        taken = {self._key(each.parameters) for each in history.trials}
        has_learned = self._has_learned(history)
        study: Study | None = None
        found: list[Combination] = []
        for number in range(history.count, history.count + max(min(most, room), 0)):
            suggested = None
            if has_learned:
                study = self._study(history) if study is None else study
                suggested = self._suggested(study, number, taken)
            combination = suggested or self._drawn(taken)
            if combination is None:
                return Asked(combinations=found, is_over=True)
            if study is not None and suggested is None:
                study.add_trial(self._told(Tried(number=number, parameters=combination, state=TriedState.PENDING)))
            taken.add(self._key(combination))
            found.append(combination)
        return Asked(combinations=found, is_over=len(found) >= room)

    def _has_learned(self, history: History) -> bool:
        return sum(self.objective.scores(each.figures) is not None for each in history.trials) >= STARTING

    def _drawn(self, taken: set[tuple[str, ...]]) -> Combination | None:
        """Return the first lot that was not tried."""
        drawn, number = lots(self.space, self.seed), 0
        while (found := drawn.at(number)) is not None:
            if self._key(found) not in taken:
                return found
            number += 1
        return None

    def _key(self, combination: Combination) -> tuple[str, ...]:
        return tuple(combination[axis.name] for axis in self.space.axes)

    # The study.

    def _study(self, history: History) -> Study:
        optuna = _optuna()
        directions = ["maximize" if each == Direction.MAX else "minimize" for each in self.objective.directions]
        study: Study = optuna.create_study(directions=directions)
        study.add_trials([self._told(each) for each in history.trials])
        return study

    def _told(self, tried: Tried) -> Any:
        from optuna.trial import TrialState, create_trial

        scores = self.objective.scores(tried.figures) if tried.state == TriedState.COMPLETED else None
        state = TrialState.FAIL if scores is None else TrialState.COMPLETE
        if tried.state == TriedState.PENDING:
            state = TrialState.RUNNING
        broken = sum(not each.holds(tried.figures) for each in self.objective.bounds)
        return create_trial(
            state=state,
            values=scores,
            params={axis.name: _place(axis, tried.parameters[axis.name]) for axis in self.space.axes},
            distributions=dict(self._distributions),
            constraints={"bounds": float(broken)} if scores is not None and self.objective.bounds else None,
        )

    def _suggested(self, study: Study, number: int, taken: set[tuple[str, ...]]) -> Combination | None:
        """Return what the study suggests that was not tried and keeps to the constraints, if it does so in time."""
        from optuna.samplers import TPESampler
        from optuna.trial import TrialState

        for attempt in range(_MOST_ATTEMPTS):
            study.sampler = TPESampler(
                seed=_seed(self.seed, number, attempt), multivariate=True, constant_liar=True, n_startup_trials=0
            )
            asked = study.ask(dict(self._distributions))
            combination = {axis.name: _value(axis, asked.params[axis.name]) for axis in self.space.axes}
            if self._key(combination) not in taken and self.space.allows(combination):
                return combination
            study.tell(asked, state=TrialState.FAIL)
        return None

    @property
    def _distributions(self) -> _Distributions:
        return {axis.name: _distribution(axis) for axis in self.space.axes}


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise SearchError(
            "A Bayesian search needs optuna; install it with: pip install 'tradinglab[research]'"
        ) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


@lru_cache(maxsize=256)
def _has_order(axis: Axis) -> bool:
    """Say whether values that are near in the list are near in meaning: rising or falling numbers."""
    numbers = axis.numbers
    if numbers is None:
        return False
    return all(one < other for one, other in pairwise(numbers)) or all(one > other for one, other in pairwise(numbers))


@lru_cache(maxsize=256)
def _distribution(axis: Axis) -> Any:
    """Return what a parameter is to optuna: a number, a place among ordered values, or one of several."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if axis.is_continuous:
        assert axis.low is not None
        assert axis.high is not None
        return FloatDistribution(float(axis.low), float(axis.high), log=axis.is_log)
    return IntDistribution(0, len(axis.values) - 1) if _has_order(axis) else CategoricalDistribution(axis.values)


def _place(axis: Axis, text: str) -> float | int | str:
    if axis.is_continuous:
        assert axis.low is not None
        assert axis.high is not None
        return min(max(float(text), float(axis.low)), float(axis.high))
    return axis.values.index(text) if _has_order(axis) else text


def _value(axis: Axis, place: float | int | str) -> str:
    if axis.is_continuous:
        return number_text(float(place))
    return axis.values[int(place)] if _has_order(axis) else str(place)


def _seed(seed: int, number: int, attempt: int) -> int:
    """Return what a suggestion is drawn with: neighbours in any of the three have nothing in common."""
    told = hashlib.sha256(f"{seed}:{number}:{attempt}".encode()).digest()
    return random.Random(told).randrange(_SEEDS)
