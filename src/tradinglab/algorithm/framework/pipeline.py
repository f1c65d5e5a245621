"""The models of an algorithm in their order: insights, targets, risk, orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.framework.alpha_models import ALPHA_METHODS, CompositeAlphaModel, NullAlphaModel
from tradinglab.algorithm.framework.execution_models import EXECUTION_METHODS, ImmediateExecutionModel
from tradinglab.algorithm.framework.members import checked_model, listed, member_of, model_name
from tradinglab.algorithm.framework.portfolio_models import PORTFOLIO_METHODS, NullPortfolioConstructionModel
from tradinglab.algorithm.framework.risk_models import (
    RISK_METHODS,
    CompositeRiskManagementModel,
    NullRiskManagementModel,
    overridden,
)
from tradinglab.algorithm.framework.universe_models import (
    UNIVERSE_METHODS,
    CompositeUniverseSelectionModel,
    NullUniverseSelectionModel,
)
from tradinglab.algorithm.insights.insight import flattened

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradinglab.algorithm.insights import Insight
    from tradinglab.algorithm.orders import OrderEvent
    from tradinglab.algorithm.portfolio_target import PortfolioTarget
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.security_changes import SecurityChanges
    from tradinglab.algorithm.slice import Slice


class Framework:
    """The models of an algorithm.

    Until others are set there are no insights, no targets and no limits of risk, and targets are ordered at once.
    """

    def __init__(self, algorithm: QCAlgorithm) -> None:
        self._algorithm = algorithm
        self.universe_selection: Any = NullUniverseSelectionModel()
        self.set_alpha(NullAlphaModel())
        self.set_portfolio_construction(NullPortfolioConstructionModel())
        self.set_execution(ImmediateExecutionModel())
        self.set_risk_management(NullRiskManagementModel())

    # Choosing.

    def set_alpha(self, model: object) -> None:
        """Let a model make the insights."""
        self.alpha = checked_model("set_alpha", model, ALPHA_METHODS)
        self._update = _member(model, "update")

    def add_alpha(self, model: object) -> None:
        """Let a model make insights beside those that there are."""
        if isinstance(self.alpha, NullAlphaModel):
            self.set_alpha(model)
        elif type(self.alpha) is CompositeAlphaModel:
            self.alpha.add_alpha(model)
        else:
            self.set_alpha(CompositeAlphaModel(self.alpha, model))

    def set_portfolio_construction(self, model: object) -> None:
        """Let a model make the targets."""
        self.portfolio_construction = checked_model("set_portfolio_construction", model, PORTFOLIO_METHODS)
        self._create_targets = _member(model, "create_targets")

    def set_execution(self, model: object) -> None:
        """Let a model send the orders."""
        self.execution = checked_model("set_execution", model, EXECUTION_METHODS)
        self._execute = _member(model, "execute")
        self._on_order_event = member_of(model, "on_order_event")

    def set_risk_management(self, model: object) -> None:
        """Let a model override targets."""
        self.risk_management = checked_model("set_risk_management", model, RISK_METHODS)
        self._manage_risk = _member(model, "manage_risk")

    def add_risk_management(self, model: object) -> None:
        """Let a model override targets after those that there are."""
        if isinstance(self.risk_management, NullRiskManagementModel):
            self.set_risk_management(model)
        elif type(self.risk_management) is CompositeRiskManagementModel:
            self.risk_management.add_risk_management(model)
        else:
            self.set_risk_management(CompositeRiskManagementModel(self.risk_management, model))

    def set_universe_selection(self, model: object) -> None:
        """Let a model choose the securities."""
        self.universe_selection = checked_model("set_universe_selection", model, UNIVERSE_METHODS)

    def add_universe_selection(self, model: object) -> None:
        """Let a model choose securities beside those that there are."""
        if isinstance(self.universe_selection, NullUniverseSelectionModel):
            self.set_universe_selection(model)
        elif type(self.universe_selection) is CompositeUniverseSelectionModel:
            self.universe_selection.add_universe_selection(model)
        else:
            self.set_universe_selection(CompositeUniverseSelectionModel(self.universe_selection, model))

    def finish_set_up(self) -> None:
        """After ``initialize``: make the universes, and let the settings of rebalancing hold."""
        for universe in listed(_member(self.universe_selection, "create_universes")(self._algorithm)):
            self._algorithm.add_universe(universe)
        settings = self._algorithm.settings
        for name in ("rebalance_on_security_changes", "rebalance_on_insight_changes"):
            wanted = getattr(settings, name.replace("rebalance_", "rebalance_portfolio_"))
            if wanted is not None and hasattr(self.portfolio_construction, name):
                setattr(self.portfolio_construction, name, wanted)
            elif wanted is not None:
                self._algorithm.debug(
                    "Warning: rebalance portfolio settings are set but not supported by the current "
                    f"portfolio construction model: {type(self.portfolio_construction).__name__}"
                )

    # Running.

    def on_securities_changed(self, changes: SecurityChanges) -> None:
        """Tell all models of securities that came or went."""
        for model in (self.alpha, self.portfolio_construction, self.execution, self.risk_management):
            _member(model, "on_securities_changed")(self._algorithm, changes)

    def on_data(self, data: Slice) -> None:
        """Take the step of new data: insights, targets, risk, orders."""
        algorithm = self._algorithm
        if algorithm.lab_insights is not None:
            algorithm.lab_insights.step(algorithm.utc_time)
        insights = flattened((listed(self._update(algorithm, data)),))
        if insights:
            insights = algorithm.insights.lab_take(insights, model_name(self.alpha))
        self.process(insights)

    def process(self, insights: list[Insight]) -> None:
        """Make targets of new insights, which may be none, let the risk model override them, and order."""
        algorithm = self._algorithm
        targets = listed(self._create_targets(algorithm, insights))
        self._note(targets)
        overrides = listed(self._manage_risk(algorithm, targets))
        self._note(overrides)
        self._execute(algorithm, overridden(overrides, targets))

    def on_order_event(self, event: OrderEvent) -> None:
        """Tell the execution model of an event of an order."""
        if self._on_order_event is not None:
            self._on_order_event(self._algorithm, event)

    def _note(self, targets: list[PortfolioTarget]) -> None:
        for target in targets:
            self._algorithm.securities[target.symbol].holdings.target = target


def _member(model: object, name: str) -> Callable[..., Any]:
    found = member_of(model, name)
    assert found is not None  # asked for when the model was set
    return found
