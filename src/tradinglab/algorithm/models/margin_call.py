"""What happens when positions need more margin than there is."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from tradinglab.algorithm.models.buying_power import (
    GetMaximumOrderQuantityForDeltaBuyingPowerParameters,
    reserved_margin,
)
from tradinglab.core.decimals import ZERO, Number, to_decimal
from tradinglab.core.dual import Dual
from tradinglab.core.enums import OrderType

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import OrderProperties, OrderTicket, SubmitOrderRequest
    from tradinglab.algorithm.securities.portfolio import SecurityPortfolioManager
    from tradinglab.algorithm.securities.positions import PositionGroup
    from tradinglab.algorithm.securities.security import Security

_WARNING_SHARE = Decimal("0.05")


class MarginCallOrdersParameters(Dual):
    """A group of positions, and how much more margin is used than there is."""

    __slots__ = ("exact_total_portfolio_value", "exact_total_used_margin", "position_group")

    def __init__(self, position_group: PositionGroup, total_portfolio_value: Number, total_used_margin: Number) -> None:
        self.position_group = position_group
        self.exact_total_portfolio_value = to_decimal(total_portfolio_value)
        self.exact_total_used_margin = to_decimal(total_used_margin)

    @property
    def total_portfolio_value(self) -> float:
        """What the portfolio is worth."""
        return float(self.exact_total_portfolio_value)

    @property
    def total_used_margin(self) -> float:
        """The margin that its positions bind."""
        return float(self.exact_total_used_margin)


class MarginCallModel(Dual):
    """Base of the models; itself it never calls."""

    NULL: ClassVar[MarginCallModel]
    Null: ClassVar[MarginCallModel]

    def get_margin_call_orders(self, issue_margin_call_warning: bool = False) -> tuple[list[SubmitOrderRequest], bool]:
        """Return the orders that bring margin back into bounds, and whether to warn the strategy."""
        return [], False

    def execute_margin_call(self, generated_margin_call_orders: Iterable[SubmitOrderRequest]) -> list[OrderTicket]:
        """Send those orders as far as they are needed and return their tickets."""
        return []


MarginCallModel.NULL = MarginCallModel.Null = MarginCallModel()


class DefaultMarginCallModel(MarginCallModel):
    """Warns at 5 % of margin left; beyond a buffer sells enough of each position, the worst losers first.

    Parameters
    ----------
    portfolio
        The account.
    default_order_properties
        Properties of the orders.
    margin_buffer
        Fraction of the portfolio's value by which margin may exceed it.
    """

    def __init__(
        self,
        portfolio: SecurityPortfolioManager,
        default_order_properties: OrderProperties | None = None,
        margin_buffer: Number = Decimal("0.10"),
    ) -> None:
        self.portfolio = portfolio
        self.default_order_properties = default_order_properties
        self._buffer = to_decimal(margin_buffer)

    def get_margin_call_orders(self, issue_margin_call_warning: bool = False) -> tuple[list[SubmitOrderRequest], bool]:
        """Return the orders that bring margin back into bounds, and whether to warn the strategy."""
        portfolio = self.portfolio
        used = portfolio.exact_total_margin_used
        if used <= 0:
            return [], False
        total = portfolio.exact_total_portfolio_value
        remaining = portfolio.exact_margin_remaining(total)
        if remaining > 0:
            return [], remaining <= total * _WARNING_SHARE
        orders: list[SubmitOrderRequest] = []
        if used > total * (1 + self._buffer):
            for group in portfolio.positions.groups:
                orders += self.generate_margin_call_orders(MarginCallOrdersParameters(group, total, used))
        return orders, bool(orders)

    def generate_margin_call_orders(self, parameters: MarginCallOrdersParameters) -> list[SubmitOrderRequest]:
        """Return the orders that reduce one group of positions."""
        security = parameters.position_group.security
        total, used = parameters.exact_total_portfolio_value, parameters.exact_total_used_margin
        order = self._order(security, total, used)
        return [] if order is None else [order]

    def _order(self, security: Security, total: Decimal, used: Decimal) -> SubmitOrderRequest | None:
        """Return the order that reduces one position by as much of the excess as it binds."""
        if not security.quote_currency.exact_conversion_rate:
            return None
        bound = reserved_margin(security)
        change = bound - max(ZERO, bound - (used - total))
        held = security.holdings.exact_quantity
        parameters = GetMaximumOrderQuantityForDeltaBuyingPowerParameters(
            self.portfolio, security, -change if held > 0 else change, ZERO
        )
        result = security.buying_power_model.get_maximum_order_quantity_for_delta_buying_power(parameters)
        quantity = abs(result.exact_quantity)
        if not quantity:
            return None
        return self._request(security, -quantity if held > 0 else quantity)

    def _request(self, security: Security, quantity: Decimal) -> SubmitOrderRequest:
        from tradinglab.algorithm.orders import SubmitOrderRequest

        properties = self.default_order_properties
        return SubmitOrderRequest(
            OrderType.MARKET,
            security.type,
            security.symbol,
            quantity,
            ZERO,
            ZERO,
            time=security.utc_ns,
            tag="Margin Call",
            properties=None if properties is None else properties.clone(),
        )

    def execute_margin_call(self, generated_margin_call_orders: Iterable[SubmitOrderRequest]) -> list[OrderTicket]:
        """Send those orders, the worst losers first, until margin suffices; return their tickets."""
        portfolio = self.portfolio
        tickets: list[OrderTicket] = []
        losers_first = sorted(
            generated_margin_call_orders, key=lambda request: portfolio[request.symbol].exact_unrealized_profit
        )
        for request in losers_first:
            if portfolio.exact_margin_remaining() >= 0:
                break
            tickets.append(portfolio.transactions.add_order(request))
        return tickets
