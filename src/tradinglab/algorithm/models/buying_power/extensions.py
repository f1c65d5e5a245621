"""Short ways to ask a buying power model, under LEAN's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.models.buying_power.amounts import exact
from tradinglab.algorithm.models.buying_power.parameters import (
    BuyingPowerParameters,
    GetMaximumOrderQuantityForTargetBuyingPowerParameters,
    GetMaximumOrderQuantityResult,
    HasSufficientBuyingPowerForOrderParameters,
    HasSufficientBuyingPowerForOrderResult,
    ReservedBuyingPowerForPositionParameters,
)
from tradinglab.algorithm.models.buying_power.queries import (
    above_minimum_order_margin,
    initial_margin,
    maintenance_margin,
)
from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.dual import Dual

if TYPE_CHECKING:
    from tradinglab.algorithm.models.buying_power.model import BuyingPowerModel
    from tradinglab.algorithm.orders import Order
    from tradinglab.algorithm.securities.portfolio import SecurityPortfolioManager
    from tradinglab.algorithm.securities.security import Security
    from tradinglab.core.enums import OrderDirection


class BuyingPowerModelExtensions(Dual):
    """Questions to a buying power model without parameter objects."""

    @staticmethod
    def get_reserved_buying_power_for_position(model: BuyingPowerModel, security: Security) -> float:
        """Return the margin that a position binds."""
        parameters = ReservedBuyingPowerForPositionParameters(security)
        return float(exact(model.get_reserved_buying_power_for_position(parameters)))

    @staticmethod
    def has_sufficient_buying_power_for_order(
        model: BuyingPowerModel, portfolio: SecurityPortfolioManager, security: Security, order: Order
    ) -> HasSufficientBuyingPowerForOrderResult:
        """Return whether an order can be paid for."""
        parameters = HasSufficientBuyingPowerForOrderParameters(portfolio, security, order)
        return model.has_sufficient_buying_power_for_order(parameters)

    @staticmethod
    def get_maximum_order_quantity_for_target_buying_power(
        model: BuyingPowerModel,
        portfolio: SecurityPortfolioManager,
        security: Security,
        target: Number,
        minimum_order_margin_portfolio_percentage: Number,
    ) -> GetMaximumOrderQuantityResult:
        """Return the order after which the position's margin is a fraction of the portfolio's value."""
        return model.get_maximum_order_quantity_for_target_buying_power(
            GetMaximumOrderQuantityForTargetBuyingPowerParameters(
                portfolio, security, target, minimum_order_margin_portfolio_percentage
            )
        )

    @staticmethod
    def get_buying_power(
        model: BuyingPowerModel, portfolio: SecurityPortfolioManager, security: Security, direction: OrderDirection
    ) -> float:
        """Return the margin that an order may use."""
        return float(exact(model.get_buying_power(BuyingPowerParameters(portfolio, security, direction))))

    @staticmethod
    def get_maintenance_margin(model: BuyingPowerModel, security: Security) -> float:
        """Return the margin that the present position takes."""
        return float(maintenance_margin(model, security))

    @staticmethod
    def get_initial_margin_requirement(model: BuyingPowerModel, security: Security, quantity: Number) -> float:
        """Return the margin that opening a position takes."""
        return float(initial_margin(model, security, to_decimal(quantity)))

    @staticmethod
    def above_minimum_order_margin_portfolio_percentage(
        model: BuyingPowerModel,
        security: Security,
        quantity: Number,
        portfolio_manager: SecurityPortfolioManager,
        minimum_order_margin_portfolio_percentage: Number,
    ) -> bool:
        """Return whether an order is large enough to be worth it."""
        least = to_decimal(minimum_order_margin_portfolio_percentage)
        return above_minimum_order_margin(model, security, to_decimal(quantity), portfolio_manager, least)
