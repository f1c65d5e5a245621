"""Optimizations: many backtests over combinations of parameters."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from tradinglab.core.values import dataclass, field
from tradinglab.quantconnect.models.base import Answered, Items, Map, Moment, Number, Whole
from tradinglab.quantconnect.models.projects import Parameters

#: The one strategy that QuantConnect's cloud has.
GRID = "QuantConnect.Optimizer.Strategies.GridSearchOptimizationStrategy"
SHARPE_RATIO = "TotalPerformance.PortfolioStatistics.SharpeRatio"


@dataclass(slots=True, frozen=True, kw_only=True)
class SearchRange:
    """From where to where a parameter is tried, and in which steps."""

    name: str
    min: float
    max: float
    step: float
    min_step: float | None = None

    def body(self) -> dict[str, object]:
        """Return it as the API wants it."""
        step = self.step if self.min_step is None else self.min_step
        return {"name": self.name, "min": self.min, "max": self.max, "step": self.step, "minStep": step}


@dataclass(slots=True, frozen=True, kw_only=True)
class Constraint:
    """What a combination has to fulfil: a statistic, an operator such as ``LessOrEqual``, a value."""

    target: str
    operator: str
    value: float

    def body(self) -> dict[str, object]:
        """Return it as the API wants it; its clients call the value by two names."""
        value = {"targetValue": self.value, "target-value": self.value}
        return {"target": self.target, "operator": self.operator, **value}


@dataclass(slots=True, frozen=True, kw_only=True)
class Search:
    """What is looked for, and how.

    Attributes
    ----------
    parameters
        What is tried.
    target, target_to, target_value
        The statistic that is to be ``"max"`` or ``"min"``; once it reaches the value, if one is given, it is enough.
    constraints
        What each combination has to fulfil.
    strategy
        How combinations are chosen.
    fixed
        Parameters that are the same in each combination.
    """

    parameters: tuple[SearchRange, ...]
    target: str = SHARPE_RATIO
    target_to: str = "max"
    target_value: float | None = None
    constraints: tuple[Constraint, ...] = ()
    strategy: str = GRID
    fixed: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, object]:
        """Return it as the API wants it."""
        return {
            "parameters": [
                *(each.body() for each in self.parameters),
                *({"name": name, "value": value} for name, value in self.fixed.items()),
            ],
            "target": self.target,
            "targetTo": self.target_to,
            "targetValue": self.target_value,
            "constraints": [each.body() for each in self.constraints],
            "strategy": self.strategy,
        }


class Estimate(Answered):
    """What an optimization would take."""

    estimate_id: str = ""
    #: Seconds.
    time: Number = None
    balance: Number = None


class OptimizationBacktest(Answered):
    """One combination of an optimization."""

    id: str
    name: str = ""
    progress: Number = None
    exit_code: Whole = None
    #: By LEAN's numbers of them, which are places in the list where the server answers one.
    statistics: Map[str, Number] = Field(default_factory=dict)
    parameter_set: Parameters = Field(default_factory=dict)
    start_date: Moment = None
    end_date: Moment = None
    equity: Items[object] = ()


class Optimization(Answered):
    """An optimization; its backtests are there only where one is read by itself."""

    optimization_id: str
    project_id: Whole = None
    name: str = ""
    status: str = ""
    node_type: str = ""
    parallel_nodes: Whole = None
    created: Moment = None
    criterion: Map[str, object] = Field(default_factory=dict)
    optimization_target: str = ""
    snapshot_id: str = ""
    psr: Number = None
    sharpe_ratio: Number = None
    trades: Whole = None
    runtime_statistics: Map[str, str] = Field(default_factory=dict)
    backtests: Map[str, OptimizationBacktest] = Field(default_factory=dict)

    @property
    def is_finished(self) -> bool:
        """Whether it is over or was aborted."""
        return self.status.lower() in ("completed", "aborted")
