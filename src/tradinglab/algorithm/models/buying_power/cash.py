"""The buying power of a cash account that trades pairs: what is in the cash book."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from tradinglab.algorithm.models.buying_power.amounts import BuyingPower, InitialMargin, ReservedBuyingPowerForPosition
from tradinglab.algorithm.models.buying_power.cash_sizing import quantity_for_cash_target
from tradinglab.algorithm.models.buying_power.model import BuyingPowerModel
from tradinglab.algorithm.models.buying_power.parameters import (
    BuyingPowerParameters,
    GetMaximumOrderQuantityForDeltaBuyingPowerParameters,
    GetMaximumOrderQuantityForTargetBuyingPowerParameters,
    GetMaximumOrderQuantityResult,
    HasSufficientBuyingPowerForOrderParameters,
    HasSufficientBuyingPowerForOrderResult,
    InitialMarginParameters,
    ReservedBuyingPowerForPositionParameters,
)
from tradinglab.algorithm.models.order_costs import order_fee
from tradinglab.core.decimals import ONE, ZERO, Number, to_decimal
from tradinglab.core.enums import OrderDirection, OrderType

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import Order
    from tradinglab.algorithm.securities.cash import Cash
    from tradinglab.algorithm.securities.portfolio import SecurityPortfolioManager
    from tradinglab.algorithm.securities.security import Security


@runtime_checkable
class HasBaseCurrency(Protocol):
    """A security that is one currency quoted in another."""

    base_currency: Cash


_PRICE_OF = {
    OrderType.LIMIT: "exact_limit_price",
    OrderType.STOP_MARKET: "exact_stop_price",
    OrderType.STOP_LIMIT: "exact_limit_price",
    OrderType.LIMIT_IF_TOUCHED: "exact_limit_price",
    OrderType.TRAILING_STOP: "exact_stop_price",
}


class CashBuyingPowerModel(BuyingPowerModel):
    """Buys with the quote currency at hand and sells the base currency at hand: no leverage, no shorts."""

    _maintenance = ZERO

    def __init__(self) -> None:
        super().__init__(1, 0, 0)

    def exact_leverage(self, security: Security) -> Decimal:
        """Return 1."""
        return ONE

    def set_leverage(self, security: Security, leverage: Number) -> None:
        """Refuse any leverage but 1.

        Raises
        ------
        ValueError
            If it is not 1.
        """
        if to_decimal(leverage) != 1:
            raise ValueError(f"A cash account has no leverage; {leverage} was set for {security.symbol}.")

    def get_initial_margin_requirement(self, parameters: InitialMarginParameters) -> InitialMargin:
        """Return what a quantity is worth."""
        security = parameters.security
        return InitialMargin(
            security.quote_currency.exact_conversion_rate
            * security.symbol_properties.exact_contract_multiplier
            * security.exact_price
            * parameters.exact_quantity
        )

    def has_sufficient_buying_power_for_order(
        self, parameters: HasSufficientBuyingPowerForOrderParameters
    ) -> HasSufficientBuyingPowerForOrderResult:
        """Return whether the currency that an order gives away is at hand and not promised to another order."""
        security, order = parameters.security, parameters.order
        if not isinstance(security, HasBaseCurrency):
            return parameters.insufficient(
                f"The '{security.symbol}' security is not supported by this cash model. "
                "Currently only pairs of currencies are."
            )
        reserved = _reserved_by_open_orders(parameters.portfolio, security, order)
        size = abs(order.exact_quantity)
        if order.direction == OrderDirection.SELL:
            at_hand = security.base_currency.exact_amount
            if size <= at_hand - reserved:
                return parameters.sufficient()
            return parameters.insufficient(
                f"The portfolio holds {at_hand} {security.base_currency.symbol} and {reserved} "
                f"of them are reserved for open orders; the sell order for {size} does not fit."
            )
        cost = size * order_price(security, order)
        at_hand = security.quote_currency.exact_amount
        most = self._most_to_pay(parameters, at_hand, reserved)
        if cost <= most:
            return parameters.sufficient()
        return parameters.insufficient(
            f"The portfolio holds {at_hand} {security.quote_currency.symbol} and {reserved} of them are reserved for "
            f"open orders; the buy order costs {cost} and at most {most} can be paid."
        )

    def _most_to_pay(
        self, parameters: HasSufficientBuyingPowerForOrderParameters, at_hand: Decimal, reserved: Decimal
    ) -> Decimal:
        """Return the most of the quote currency that a buy order may cost."""
        portfolio, security, order = parameters.portfolio, parameters.security, parameters.order
        book, quote = portfolio.cash_book, security.quote_currency.symbol
        if order.type == OrderType.MARKET:
            base = security.base_currency  # type: ignore[attr-defined]
            held = book.exact_convert(base.exact_amount, base.symbol, quote)
            value = book.exact_to_account_currency(at_hand - reserved + held, quote)
            total = portfolio.exact_total_portfolio_value
            sizing = GetMaximumOrderQuantityForTargetBuyingPowerParameters(
                portfolio, security, value / total if total else ZERO, ZERO
            )
            result = self.get_maximum_order_quantity_for_target_buying_power(sizing)
            return abs(result.exact_quantity * order_price(security, order))
        fee = ZERO
        if order.type == OrderType.LIMIT:
            cost = order_fee(security, order)
            fee = book.exact_convert(cost.exact_amount, str(cost.currency), quote)
        return at_hand - reserved - fee

    def get_maximum_order_quantity_for_delta_buying_power(
        self, parameters: GetMaximumOrderQuantityForDeltaBuyingPowerParameters
    ) -> GetMaximumOrderQuantityResult:
        """Refuse: a cash account has no margin to change."""
        raise NotImplementedError("A cash account has no margin, so no order changes it by an amount.")

    def get_maximum_order_quantity_for_target_buying_power(
        self, parameters: GetMaximumOrderQuantityForTargetBuyingPowerParameters
    ) -> GetMaximumOrderQuantityResult:
        """Return the order after which the base currency is worth a fraction of the portfolio's value."""
        return quantity_for_cash_target(parameters)

    def get_reserved_buying_power_for_position(
        self, parameters: ReservedBuyingPowerForPositionParameters
    ) -> ReservedBuyingPowerForPosition:
        """Return 0: what is bought is paid for."""
        return parameters.result_in_account_currency(ZERO)

    def get_buying_power(self, parameters: BuyingPowerParameters) -> BuyingPower:
        """Return how much of the base currency can be bought or sold."""
        security = parameters.security
        if not isinstance(security, HasBaseCurrency):
            return parameters.result_in_account_currency(ZERO)
        price = security.exact_price * security.symbol_properties.exact_contract_multiplier
        if not price:
            return parameters.result_in_account_currency(ZERO)
        base = security.base_currency
        if parameters.direction == OrderDirection.BUY:
            at_hand = parameters.portfolio.cash_book[security.quote_currency.symbol].exact_amount
            return parameters.result(at_hand / price, base.symbol)
        if parameters.direction == OrderDirection.SELL:
            return parameters.result(base.exact_amount, base.symbol)
        return parameters.result_in_account_currency(ZERO)


def order_price(security: Security, order: Order) -> Decimal:
    """Return the price that an order is expected to trade at; 0 if it is not known."""
    if order.type == OrderType.MARKET:
        return security.exact_price
    name = _PRICE_OF.get(order.type)
    return ZERO if name is None else getattr(order, name)


def _reserved_by_open_orders(portfolio: SecurityPortfolioManager, security: Security, order: Order) -> Decimal:
    """Return how much of the currency that *order* gives away is promised to other open orders."""
    if order.direction == OrderDirection.BUY:
        currency = security.quote_currency.symbol
    else:
        currency = security.base_currency.symbol  # type: ignore[attr-defined]
    reserved = ZERO
    for other in portfolio.transactions.get_open_orders():
        if other.id == order.id or other.type not in (OrderType.LIMIT, OrderType.STOP_MARKET):
            continue
        traded = portfolio.securities[other.symbol]
        if not isinstance(traded, HasBaseCurrency):
            continue
        size = abs(other.exact_quantity)
        if traded.base_currency.symbol == currency:
            reserved += size if other.direction == OrderDirection.SELL else ZERO
        elif traded.quote_currency.symbol == currency and other.direction == OrderDirection.BUY:
            reserved += size * order_price(security, other)
    return reserved
