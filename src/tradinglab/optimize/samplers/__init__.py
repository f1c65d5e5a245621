"""Samplers: what is tried next.

::

    grid      every combination
    random    combinations by lot, none twice
    euler     a grid, then ever finer ones around the best
    bayesian  where good outcomes are dense, by optuna

Another is a module with a class that keeps to :class:`Sampler`, a name in :class:`SamplerName` and a line in
:func:`sampler_of`; the contract test then tries it.
"""

from __future__ import annotations

from typing import Final

from tradinglab.core.values import dataclass
from tradinglab.optimize.counting import count
from tradinglab.optimize.errors import SearchError, SpaceError
from tradinglab.optimize.objective import Objective
from tradinglab.optimize.samplers.base import Asked, Combination, Sampler, SamplerName
from tradinglab.optimize.samplers.bayesian import BayesianSampler
from tradinglab.optimize.samplers.euler import EulerSampler, can_be_finer
from tradinglab.optimize.samplers.grid import GridSampler
from tradinglab.optimize.samplers.random_search import RandomSampler, lots
from tradinglab.optimize.space import Space

__all__ = ["Asked", "Combination", "Plan", "Sampler", "SamplerName", "plan_check", "sampler_of"]

#: More combinations of a grid than anybody waits for.
MOST_OF_GRID: Final = 1_000_000
_USUAL_TRIALS: Final = 100
#: A suggestion takes the longer the more trials there are; by then lots do as well.
MOST_OF_BAYESIAN: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a space is gone through.

    Attributes
    ----------
    most_trials
        How many trials there may be; ``None`` means all of a grid, of others what is usual.
    seed
        What lots are drawn from.
    """

    sampler: SamplerName = SamplerName.GRID
    most_trials: int | None = None
    seed: int = 0


def sampler_of(plan: Plan, space: Space, objective: Objective) -> Sampler:
    """Return what says what is tried next."""
    most = plan.most_trials
    if plan.sampler == SamplerName.GRID:
        return GridSampler(space=space)
    if plan.sampler == SamplerName.RANDOM:
        return RandomSampler(space=space, seed=plan.seed, most_trials=most or _USUAL_TRIALS)
    if plan.sampler == SamplerName.EULER:
        return EulerSampler(space=space, objective=objective, most_trials=most or MOST_OF_GRID)
    return BayesianSampler(space=space, objective=objective, seed=plan.seed, most_trials=most or _USUAL_TRIALS)


def plan_check(plan: Plan, space: Space, *, most_of_grid: int = MOST_OF_GRID) -> None:
    """Refuse a plan that a space cannot be gone through by.

    Raises
    ------
    SpaceError
        If no combination is left, or more than are tried; the message names the count.
    SearchError
        If the plan itself makes no sense.
    """
    if plan.most_trials is not None and plan.most_trials < 1:
        raise SearchError(f"At least one combination is tried; {plan.most_trials} were asked for.")
    finer = next((axis for axis in space.axes if axis.min_step is not None), None)
    if finer is not None and plan.sampler != SamplerName.EULER:
        text = "Only the Euler sampler refines a step: leave `min_step` out, or search by 'euler'."
        raise SpaceError(text, parameter=finer.name, part="min_step", value=finer.min_step)
    if plan.sampler in (SamplerName.GRID, SamplerName.EULER):
        _grid_check(plan, space, most_of_grid)
        return
    if plan.sampler == SamplerName.BAYESIAN and (plan.most_trials or 0) > MOST_OF_BAYESIAN:
        raise SearchError(f"A Bayesian search takes up to {MOST_OF_BAYESIAN:,} trials; for more, search at random.")
    if lots(space, plan.seed).at(0) is None:
        raise _nothing_left(space)


def _grid_check(plan: Plan, space: Space, most: int) -> None:
    counted = count(space)
    if counted == 0:
        raise _nothing_left(space)
    if counted > most:
        text = (
            f"At most {most:,} combinations are tried, and there are {counted:,}: use larger steps or fewer "
            "parameters, or search at random or by the Bayesian sampler."
        )
        raise SpaceError(text, value=counted)
    if plan.sampler == SamplerName.GRID and plan.most_trials is not None and plan.most_trials < counted:
        text = (
            f"A grid has all combinations, here {counted:,}; with at most {plan.most_trials:,} search at random or by "
            "the Bayesian sampler."
        )
        raise SpaceError(text, value=counted)
    if plan.sampler == SamplerName.EULER and not any(map(can_be_finer, space.axes)):
        text = "An Euler search refines steps: give a parameter a smallest step (`min_step`) below its step."
        raise SpaceError(text, parameter=space.axes[0].name, part="min_step", value="")


def _nothing_left(space: Space) -> SpaceError:
    text = "No combination keeps to the constraints; loosen them, or widen the ranges."
    return SpaceError(text, part="constraint", value=" and ".join(each.text for each in space.constraints))
