"""The size of an order that brings a currency to a fraction of the portfolio's value, fee included."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.models.buying_power.parameters import (
    GetMaximumOrderQuantityForTargetBuyingPowerParameters,
    GetMaximumOrderQuantityResult,
)
from tradinglab.algorithm.models.buying_power.sizing import SizingError, zero_price_message
from tradinglab.algorithm.models.order_costs import exact_market_fee_in_account_currency
from tradinglab.core.decimals import ZERO

if TYPE_CHECKING:
    from tradinglab.algorithm.securities.portfolio import SecurityPortfolioManager
    from tradinglab.algorithm.securities.security import Security


def quantity_for_cash_target(
    parameters: GetMaximumOrderQuantityForTargetBuyingPowerParameters,
) -> GetMaximumOrderQuantityResult:
    """Return the order after which the base currency is worth a fraction of the portfolio's value."""
    portfolio, security = parameters.portfolio, parameters.security
    target = parameters.exact_target_buying_power * portfolio.exact_total_portfolio_value
    if target < 0:
        return GetMaximumOrderQuantityResult(ZERO, "The cash model does not require shorting: a target was negative.")
    base = getattr(security, "base_currency", None)
    if base is None:
        return GetMaximumOrderQuantityResult(ZERO, f"{security.symbol} is not a pair of currencies, which a cash "
                                                   "account needs.")  # fmt: skip
    if not target:
        return GetMaximumOrderQuantityResult(-base.exact_amount)
    held = portfolio.cash_book.exact_to_account_currency(base.exact_amount, base.symbol)
    is_buy = target > held
    price = security.exact_ask_price if is_buy else security.exact_bid_price
    price *= security.quote_currency.exact_conversion_rate * security.symbol_properties.exact_contract_multiplier
    if not price:
        return GetMaximumOrderQuantityResult(ZERO, _why_no_price(security))
    order_value = abs(target - held)
    quantity = _whole_lots(order_value / price, security)
    if not quantity:
        reason = None if parameters.silence_non_error_reasons else _too_small(security)
        return GetMaximumOrderQuantityResult(ZERO, reason, False)
    quantity = _fit_with_fee(portfolio, security, quantity, price, order_value)
    if quantity <= 0:
        return GetMaximumOrderQuantityResult(ZERO, _too_small(security))
    return GetMaximumOrderQuantityResult(quantity if is_buy else -quantity)


def _fit_with_fee(
    portfolio: SecurityPortfolioManager, security: Security, quantity: Decimal, price: Decimal, limit: Decimal
) -> Decimal:
    """Reduce an order until it and its fee cost no more than *limit*; 0 or less if that leaves nothing.

    Raises
    ------
    SizingError
        If the size does not settle.
    """
    lot = security.symbol_properties.exact_lot_size
    cost = last = ZERO
    while True:
        if cost > limit:
            surplus = (cost - limit) / (cost / quantity)
            quantity -= max(surplus, lot)
        quantity = _whole_lots(quantity, security)
        if quantity <= 0:
            return quantity
        if quantity == last:
            raise SizingError(
                f"No order size for {security.symbol} costs at most {limit} with its fee: {quantity} costs {cost}."
            )
        last = quantity
        fee = exact_market_fee_in_account_currency(portfolio.cash_book, security, quantity)
        cost = quantity * price + fee
        if cost <= limit:
            return quantity


def _whole_lots(quantity: Decimal, security: Security) -> Decimal:
    return quantity - quantity % security.symbol_properties.exact_lot_size


def _too_small(security: Security) -> str:
    lot = security.symbol_properties.exact_lot_size
    return f"The order quantity is less than the lot size of {lot} and has been rounded to zero."


def _why_no_price(security: Security) -> str:
    if not security.quote_currency.exact_conversion_rate:
        return (
            f"The internal cash feed required for converting {security.quote_currency.symbol} "
            "does not have any data yet (or the market may be closed)."
        )
    if not security.symbol_properties.exact_contract_multiplier:
        return f"The contract multiplier of {security.symbol} is 0; the symbol properties may be incomplete."
    return zero_price_message(security)
