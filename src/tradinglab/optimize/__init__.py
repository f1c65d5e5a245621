"""Searching for parameters: what is tried, and what of it is best.

Nothing here runs a strategy: a caller asks for combinations, runs them where it likes, and has the outcomes judged.
"""

from tradinglab.optimize.objective import Constraint, Direction, Objective, Operator
from tradinglab.optimize.space import Axis, Space, SpaceError, axis_of_range

__all__ = ["Axis", "Constraint", "Direction", "Objective", "Operator", "Space", "SpaceError", "axis_of_range"]
