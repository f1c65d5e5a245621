"""Searching for parameters: what is tried, and what of it is best.

Nothing here runs a strategy but :mod:`tradinglab.optimize.local`: a caller asks for combinations, runs them where it
likes, and has the outcomes judged.
"""

from tradinglab.optimize.constraints import Constraint, constraint_of
from tradinglab.optimize.errors import ConstraintError, SearchError, SpaceError
from tradinglab.optimize.objective import Bound, Direction, Goal, Objective, Operator, Penalty
from tradinglab.optimize.pareto import pareto_front, pareto_ranks
from tradinglab.optimize.samplers import Plan, Sampler, SamplerName, plan_check, sampler_of
from tradinglab.optimize.space import Axis, Space, axis_of_range, axis_of_span
from tradinglab.optimize.tried import History, Tried, TriedState, best_of

__all__ = [
    "Axis",
    "Bound",
    "Direction",
    "Goal",
    "History",
    "Objective",
    "Operator",
    "Penalty",
    "Plan",
    "Constraint",
    "ConstraintError",
    "Sampler",
    "SamplerName",
    "SearchError",
    "Space",
    "SpaceError",
    "Tried",
    "TriedState",
    "axis_of_range",
    "axis_of_span",
    "best_of",
    "pareto_front",
    "pareto_ranks",
    "plan_check",
    "constraint_of",
    "sampler_of",
]
