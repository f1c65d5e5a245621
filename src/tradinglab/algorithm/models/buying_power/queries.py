"""Short ways to ask a security's buying power model."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from tradinglab.algorithm.models.buying_power.amounts import exact
from tradinglab.algorithm.models.buying_power.parameters import InitialMarginParameters, MaintenanceMarginParameters
from tradinglab.core.enums import OrderDirection

if TYPE_CHECKING:
    from tradinglab.algorithm.models.buying_power.model import BuyingPowerModel
    from tradinglab.algorithm.securities.portfolio import SecurityPortfolioManager
    from tradinglab.algorithm.securities.security import Security


@cache
def _ordinary_answers() -> tuple[object, object]:
    from tradinglab.algorithm.models.buying_power.model import BuyingPowerModel

    return BuyingPowerModel.get_initial_margin_requirement, BuyingPowerModel.get_maintenance_margin


def _has_ordinary_initial_margin(model: BuyingPowerModel) -> bool:
    return getattr(type(model), "get_initial_margin_requirement", None) is _ordinary_answers()[0]


def _has_ordinary_maintenance_margin(model: BuyingPowerModel) -> bool:
    return getattr(type(model), "get_maintenance_margin", None) is _ordinary_answers()[1]


def initial_margin(model: BuyingPowerModel, security: Security, quantity: Decimal) -> Decimal:
    """Return the margin that opening a position takes, with the sign of *quantity*."""
    return initial_margins(model, security)(quantity)


def initial_margins(model: BuyingPowerModel, security: Security) -> Callable[[Decimal], Decimal]:
    """Return how the margin that opening a position takes follows from its quantity, at the present price."""
    if not _has_ordinary_initial_margin(model):
        return lambda quantity: exact(model.get_initial_margin_requirement(InitialMarginParameters(security, quantity)))
    # What the ordinary model answers, without a question and an answer as objects.
    rate = security.quote_currency._conversion.exact_conversion_rate
    unit = rate * security.symbol_properties.exact_contract_multiplier * security.exact_price
    share = model._initial
    return lambda quantity: unit * quantity * share


def maintenance_margin(model: BuyingPowerModel, security: Security) -> Decimal:
    """Return the margin that the present position takes."""
    if _has_ordinary_maintenance_margin(model):
        return abs(security.holdings.exact_holdings_value) * model._maintenance
    return exact(model.get_maintenance_margin(MaintenanceMarginParameters.for_current_holdings(security)))


def reserved_margin(security: Security) -> Decimal:
    """Return the margin that a security's position binds at the present price."""
    held = security.holdings
    if _has_ordinary_maintenance_margin(security.buying_power_model):
        # The same without a question and an answer as objects.
        worth = held.exact_price * held.exact_quantity * security.symbol_properties.exact_contract_multiplier
        worth *= security.quote_currency.exact_conversion_rate
        return abs(worth) * security.buying_power_model._maintenance
    parameters = MaintenanceMarginParameters.for_quantity_at_current_price(security, held.exact_quantity)
    return exact(security.buying_power_model.get_maintenance_margin(parameters))


def buying_power_of(portfolio: SecurityPortfolioManager, security: Security, direction: OrderDirection) -> Decimal:
    """Return the margin that an order may use: against the position, its own margin comes back twice."""
    power = portfolio.exact_margin_remaining()
    held = security.holdings
    against = OrderDirection.BUY if held.is_short else OrderDirection.SELL
    if held.invested and direction == against:
        power += reserved_margin(security)
        power += abs(initial_margin(security.buying_power_model, security, held.exact_quantity))
    return power


def is_worth_ordering(portfolio: SecurityPortfolioManager, minimum_percentage: Decimal, margin: Decimal) -> bool:
    """Return whether an order's margin reaches the least fraction of the portfolio that is worth an order.

    When more margin is used than there is, any order is: it may reduce a position.
    """
    total = portfolio.exact_total_portfolio_value
    return total * minimum_percentage <= margin or portfolio.exact_margin_remaining(total) <= 0


def above_minimum_order_margin(
    model: BuyingPowerModel,
    security: Security,
    quantity: Decimal,
    portfolio: SecurityPortfolioManager,
    minimum_percentage: Decimal,
) -> bool:
    """Return whether an order of *quantity* is large enough to be worth it."""
    if not minimum_percentage:
        return True
    return is_worth_ordering(portfolio, minimum_percentage, abs(initial_margin(model, security, quantity)))
