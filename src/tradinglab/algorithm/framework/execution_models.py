"""Execution models: what sends the orders that lead to targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.framework.target_collection import PortfolioTargetCollection
from tradinglab.algorithm.models.buying_power import above_minimum_order_margin
from tradinglab.algorithm.orders.order_sizing import unordered_quantity
from tradinglab.algorithm.portfolio_target import PortfolioTarget
from tradinglab.core.dual import Derivable, second_spelling

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import OrderEvent
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.security_changes import SecurityChanges

#: What every execution model has.
EXECUTION_METHODS = ("execute", "on_securities_changed")


class ExecutionModel(Derivable):
    """Sends the orders that lead to targets. Derive from it and write ``execute``.

    Parameters
    ----------
    asynchronous
        Whether orders are sent without waiting for what becomes of them.
    """

    asynchronous = True
    Asynchronous = second_spelling("asynchronous")

    def __init__(self, asynchronous: bool = True) -> None:
        self.asynchronous = bool(asynchronous)

    def execute(self, algorithm: QCAlgorithm, targets: list[PortfolioTarget]) -> None:
        """Order what is missing to targets: those that are new at this step, which may be none."""
        raise NotImplementedError(f"{type(self).__name__} has to say how it orders: write execute.")

    def on_securities_changed(self, algorithm: QCAlgorithm, changes: SecurityChanges) -> None:
        """Take note of securities that were added or removed."""

    def on_order_event(self, algorithm: QCAlgorithm, order_event: OrderEvent) -> None:
        """Take note of an event of any order, before the algorithm does."""


class NullExecutionModel(ExecutionModel):
    """Sends no orders."""

    def execute(self, algorithm: QCAlgorithm, targets: list[PortfolioTarget]) -> None:
        """Do nothing."""


class WaitingExecutionModel(ExecutionModel):
    """Keeps targets until their positions are there, and looks at each step at those that are not."""

    TargetsCollection = second_spelling("targets_collection")

    def __init__(self, asynchronous: bool = True) -> None:
        super().__init__(asynchronous)
        self.targets_collection = PortfolioTargetCollection()

    def execute(self, algorithm: QCAlgorithm, targets: list[PortfolioTarget]) -> None:
        """Order what is missing to targets, the new ones and those that wait, if this is the time."""
        waiting = self.targets_collection
        waiting.add_range(targets)
        if waiting.is_empty:
            return
        for target in waiting.order_by_margin_impact(algorithm):
            self._approach(algorithm, target)
        waiting.clear_fulfilled(algorithm)

    def _approach(self, algorithm: QCAlgorithm, target: PortfolioTarget) -> None:
        """Order what this moment allows of a target."""
        raise NotImplementedError

    def _order(self, algorithm: QCAlgorithm, target: PortfolioTarget, quantity: Any) -> None:
        if quantity:
            algorithm.market_order(target.symbol, quantity, self.asynchronous, target.tag)


class ImmediateExecutionModel(WaitingExecutionModel):
    """Orders at the market, at once, whatever is missing and not too small to be worth it."""

    def _approach(self, algorithm: QCAlgorithm, target: PortfolioTarget) -> None:
        security = algorithm.securities[target.symbol]
        quantity = unordered_quantity(algorithm, target, security, account_for_fees=True)
        if not quantity:
            return
        least = algorithm.settings.exact("minimum_order_margin_portfolio_percentage")
        if above_minimum_order_margin(security.buying_power_model, security, quantity, algorithm.portfolio, least):
            self._order(algorithm, target, quantity)
        elif PortfolioTarget.minimum_order_margin_percentage_warning_sent is None:
            PortfolioTarget.minimum_order_margin_percentage_warning_sent = False
