"""How much may be bought: margin as a fraction of a position's value."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from tradinglab.algorithm.margin_terms import MarginTerms
from tradinglab.algorithm.models.buying_power.amounts import (
    BuyingPower,
    InitialMargin,
    MaintenanceMargin,
    ReservedBuyingPowerForPosition,
    exact,
)
from tradinglab.algorithm.models.buying_power.parameters import (
    BuyingPowerParameters,
    GetMaximumOrderQuantityForDeltaBuyingPowerParameters,
    GetMaximumOrderQuantityForTargetBuyingPowerParameters,
    GetMaximumOrderQuantityResult,
    HasSufficientBuyingPowerForOrderParameters,
    HasSufficientBuyingPowerForOrderResult,
    InitialMarginParameters,
    InitialMarginRequiredForOrderParameters,
    MaintenanceMarginParameters,
    ReservedBuyingPowerForPositionParameters,
)
from tradinglab.algorithm.models.buying_power.queries import initial_margin, initial_margins, maintenance_margin
from tradinglab.algorithm.models.buying_power.sizing import amount_to_order, quantity_for_target
from tradinglab.algorithm.models.order_costs import exact_fee_in_account_currency
from tradinglab.core.decimals import ONE, ZERO, Number, to_decimal
from tradinglab.core.dual import Dual
from tradinglab.core.enums import OrderDirection

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import OrderTicket
    from tradinglab.algorithm.securities.portfolio import SecurityPortfolioManager
    from tradinglab.algorithm.securities.security import Security


class BuyingPowerModel(Dual):
    """Margin as a fraction of value: ``1 / leverage``, for opening and for keeping a position alike.

    Parameters
    ----------
    *requirements
        ``(leverage, required_free_buying_power_percent = 0)``, or ``(initial_margin_requirement,
        maintenance_margin_requirement, required_free_buying_power_percent)``, all fractions. Without any,
        leverage is 1.
    """

    NULL: ClassVar[BuyingPowerModel]
    Null: ClassVar[BuyingPowerModel]

    # On the class, because a strategy's model need not call our constructor.
    _initial: Decimal = ONE
    _maintenance: Decimal = ONE
    _required_free: Decimal = ZERO

    def __init__(self, *requirements: Number, **named: Number) -> None:
        given = [to_decimal(value) for value in (*requirements, *named.values())]
        if len(given) == 3:
            self._initial, self._maintenance, self._required_free = given
        elif given:
            self._initial = self._maintenance = ONE / _at_least_one(given[0])
            self._required_free = given[1] if len(given) > 1 else ZERO
        for fraction in (self._initial, self._maintenance, self._required_free):
            if not 0 <= fraction <= 1:
                raise ValueError(f"Margin requirements are fractions between 0 and 1; one was {fraction}.")

    @property
    def required_free_buying_power_percent(self) -> float:
        """Fraction of the portfolio's value that must stay free."""
        return float(self._required_free)

    @required_free_buying_power_percent.setter
    def required_free_buying_power_percent(self, value: Number) -> None:
        self._required_free = to_decimal(value)
        MarginTerms.changes += 1

    def get_leverage(self, security: Security) -> float:
        """Return how many times one's own money may be held."""
        return float(self.exact_leverage(security))

    def exact_leverage(self, security: Security) -> Decimal:
        """Return how many times one's own money may be held, as a decimal."""
        return ONE / self._initial

    def set_leverage(self, security: Security, leverage: Number) -> None:
        """Set how many times one's own money may be held.

        Raises
        ------
        ValueError
            If it is less than 1.
        """
        self._initial = self._maintenance = ONE / _at_least_one(to_decimal(leverage))
        MarginTerms.changes += 1

    def get_initial_margin_requirement(self, parameters: InitialMarginParameters) -> InitialMargin:
        """Return the margin that opening a position takes, with the sign of its quantity."""
        security = parameters.security
        return InitialMargin(
            security.quote_currency.exact_conversion_rate
            * security.symbol_properties.exact_contract_multiplier
            * security.exact_price
            * parameters.exact_quantity
            * self._initial
        )

    def get_maintenance_margin(self, parameters: MaintenanceMarginParameters) -> MaintenanceMargin:
        """Return the margin that keeping a position takes."""
        return MaintenanceMargin(abs(parameters.exact_holdings_value) * self._maintenance)

    def get_initial_margin_required_for_order(
        self, parameters: InitialMarginRequiredForOrderParameters
    ) -> InitialMargin:
        """Return the margin and the fee that an order takes."""
        security, order = parameters.security, parameters.order
        fees = exact_fee_in_account_currency(parameters.currency_converter, security, order)
        margin = initial_margin(self, security, order.exact_quantity)
        return InitialMargin(margin + (fees if margin > 0 else -fees if margin < 0 else ZERO))

    def get_margin_remaining(
        self, portfolio: SecurityPortfolioManager, security: Security, direction: OrderDirection
    ) -> Decimal:
        """Return the margin that an order may use: against the position, its own margin comes back twice."""
        total = portfolio.exact_total_portfolio_value
        result = portfolio.exact_margin_remaining(total) + self._freed_margin(security, direction)
        return max(ZERO, result - total * self._required_free)

    def _freed_margin(self, security: Security, direction: OrderDirection) -> Decimal:
        """Return what closing the position, and opening it on the other side, leaves to the order."""
        held = security.holdings
        closing = OrderDirection.SELL if held.is_long else OrderDirection.BUY if held.is_short else None
        if direction != closing:
            return ZERO
        return maintenance_margin(self, security) + initial_margin(self, security, abs(held.exact_quantity))

    def has_sufficient_buying_power_for_order(
        self, parameters: HasSufficientBuyingPowerForOrderParameters
    ) -> HasSufficientBuyingPowerForOrderResult:
        """Return whether an order can be paid for; one that only reduces the position always can."""
        order = parameters.order
        quantity = order.exact_quantity
        if not quantity:
            return parameters.sufficient()
        ticket = parameters.portfolio.transactions.get_order_ticket(order.id)
        if ticket is None:
            return parameters.insufficient(f"Null order ticket for id: {order.id}")
        held = parameters.security.holdings.exact_quantity
        if held * quantity < 0 and abs(held) >= abs(quantity):
            return parameters.sufficient()
        return self._compare(parameters, ticket)

    def _compare(
        self, parameters: HasSufficientBuyingPowerForOrderParameters, ticket: OrderTicket
    ) -> HasSufficientBuyingPowerForOrderResult:
        portfolio, security, order = parameters.portfolio, parameters.security, parameters.order
        free = exact(self.get_margin_remaining(portfolio, security, order.direction))
        required = exact(
            self.get_initial_margin_required_for_order(
                InitialMarginRequiredForOrderParameters(portfolio.cash_book, security, order)
            )
        )
        size = abs(order.exact_quantity)
        unfilled = (size - abs(ticket.exact_quantity_filled)) / size
        remaining = unfilled * required
        if abs(remaining) > free:
            return parameters.insufficient(
                f"Id: {order.id}, Initial Margin: {remaining.normalize():f}, Free Margin: {free.normalize():f}"
            )
        return parameters.sufficient()

    def get_maximum_order_quantity_for_target_buying_power(
        self, parameters: GetMaximumOrderQuantityForTargetBuyingPowerParameters
    ) -> GetMaximumOrderQuantityResult:
        """Return the order after which the position's margin is at most a fraction of the portfolio's value."""
        return quantity_for_target(self, parameters, self._required_free)

    def get_amount_to_order(
        self, security: Security, target_margin: Number, margin_for_one_unit: Number
    ) -> tuple[float, float]:
        """Return the order that brings the margin just under a target, and the margin after it."""
        target, unit = to_decimal(target_margin), to_decimal(margin_for_one_unit)
        quantity, margin = amount_to_order(security, target, unit, initial_margins(self, security))
        return float(quantity), float(margin)

    def get_maximum_order_quantity_for_delta_buying_power(
        self, parameters: GetMaximumOrderQuantityForDeltaBuyingPowerParameters
    ) -> GetMaximumOrderQuantityResult:
        """Return the order that changes the position's margin by an amount."""
        security, portfolio = parameters.security, parameters.portfolio
        reserved = exact(
            security.buying_power_model.get_reserved_buying_power_for_position(
                ReservedBuyingPowerForPositionParameters(security)
            )
        )
        wanted = (reserved if security.holdings.is_long else -reserved) + parameters.exact_delta_buying_power
        total = portfolio.exact_total_portfolio_value
        return self.get_maximum_order_quantity_for_target_buying_power(
            GetMaximumOrderQuantityForTargetBuyingPowerParameters(
                portfolio,
                security,
                wanted / total if total else ZERO,
                parameters.exact_minimum_order_margin_portfolio_percentage,
                parameters.silence_non_error_reasons,
            )
        )

    def get_reserved_buying_power_for_position(
        self, parameters: ReservedBuyingPowerForPositionParameters
    ) -> ReservedBuyingPowerForPosition:
        """Return the margin that the present position binds."""
        return parameters.result_in_account_currency(maintenance_margin(self, parameters.security))

    def get_buying_power(self, parameters: BuyingPowerParameters) -> BuyingPower:
        """Return the margin that an order may use."""
        remaining = self.get_margin_remaining(parameters.portfolio, parameters.security, parameters.direction)
        return parameters.result_in_account_currency(exact(remaining))


def _at_least_one(leverage: Decimal) -> Decimal:
    if leverage < 1:
        raise ValueError(f"Leverage must be at least 1; it was {leverage}.")
    return leverage


class NullBuyingPowerModel(BuyingPowerModel):
    """Everything can be bought, nothing binds margin."""

    def get_maintenance_margin(self, parameters: MaintenanceMarginParameters) -> MaintenanceMargin:
        """Return 0."""
        return MaintenanceMargin.ZERO

    def has_sufficient_buying_power_for_order(
        self, parameters: HasSufficientBuyingPowerForOrderParameters
    ) -> HasSufficientBuyingPowerForOrderResult:
        """Return that it can be paid for."""
        return parameters.sufficient()


BuyingPowerModel.NULL = BuyingPowerModel.Null = NullBuyingPowerModel()
