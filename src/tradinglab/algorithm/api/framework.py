"""The models of the algorithm framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.api.core import AlgorithmCore

if TYPE_CHECKING:
    from tradinglab.algorithm.framework.pipeline import Framework


class FrameworkMethods(AlgorithmCore):
    """Choosing what makes insights, targets and orders.

    A model is one of ours, one derived from it, or any object with the same methods.
    """

    @property
    def alpha(self) -> Any:
        """The model that makes insights."""
        return self.lab_models().alpha

    @alpha.setter
    def alpha(self, model: object) -> None:
        self.set_alpha(model)

    @property
    def portfolio_construction(self) -> Any:
        """The model that makes targets of insights."""
        return self.lab_models().portfolio_construction

    @portfolio_construction.setter
    def portfolio_construction(self, model: object) -> None:
        self.set_portfolio_construction(model)

    @property
    def execution(self) -> Any:
        """The model that sends orders for targets."""
        return self.lab_models().execution

    @execution.setter
    def execution(self, model: object) -> None:
        self.set_execution(model)

    @property
    def risk_management(self) -> Any:
        """The model that overrides targets."""
        return self.lab_models().risk_management

    @risk_management.setter
    def risk_management(self, model: object) -> None:
        self.set_risk_management(model)

    @property
    def universe_selection(self) -> Any:
        """The model that chooses securities."""
        return self.lab_models().universe_selection

    @universe_selection.setter
    def universe_selection(self, model: object) -> None:
        self.set_universe_selection(model)

    def set_alpha(self, alpha: Any) -> None:
        """Let a model make the insights."""
        self.lab_models().set_alpha(alpha)

    def add_alpha(self, alpha: Any) -> None:
        """Let a model make insights beside those that there are."""
        self.lab_models().add_alpha(alpha)

    def set_portfolio_construction(self, portfolio_construction: Any) -> None:
        """Let a model make targets of the insights."""
        self.lab_models().set_portfolio_construction(portfolio_construction)

    def set_execution(self, execution: Any) -> None:
        """Let a model send the orders that lead to targets."""
        self.lab_models().set_execution(execution)

    def set_risk_management(self, risk_management: Any) -> None:
        """Let a model override targets."""
        self.lab_models().set_risk_management(risk_management)

    def add_risk_management(self, risk_management: Any) -> None:
        """Let a model override targets after those that there are."""
        self.lab_models().add_risk_management(risk_management)

    def set_universe_selection(self, universe_selection: Any) -> None:
        """Let a model choose the securities."""
        self.lab_require_unlocked("set_universe_selection")
        self.lab_models().set_universe_selection(universe_selection)

    def add_universe_selection(self, universe_selection: Any) -> None:
        """Let a model choose securities beside those that there are."""
        self.lab_require_unlocked("add_universe_selection")
        self.lab_models().add_universe_selection(universe_selection)

    def lab_models(self) -> Framework:
        """Return the models of the algorithm; from then on the engine asks them at each step."""
        if self.lab_framework is None:
            from tradinglab.algorithm.framework.pipeline import Framework

            self.lab_framework = Framework(self)  # type: ignore[arg-type]
            self.lab_runtime.wake()
        return self.lab_framework
