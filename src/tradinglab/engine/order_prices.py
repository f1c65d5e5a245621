"""Quantities and prices as a brokerage takes them: whole lots, whole ticks."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, cast

from tradinglab.algorithm.securities import GetMinimumPriceVariationParameters
from tradinglab.core.decimals import to_decimal
from tradinglab.core.enums import OrderType

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import Order, TrailingStopOrder
    from tradinglab.algorithm.securities import Security

Warn = Callable[[str, str], None]

#: The prices of each type of order that are rounded to the smallest variation.
_PRICES = {
    OrderType.LIMIT: ("limit_price",),
    OrderType.STOP_MARKET: ("stop_price",),
    OrderType.STOP_LIMIT: ("limit_price", "stop_price"),
    OrderType.TRAILING_STOP: ("stop_price",),
    OrderType.LIMIT_IF_TOUCHED: ("limit_price", "trigger_price"),
    OrderType.COMBO_LEG_LIMIT: ("limit_price",),
}


def round_quantity(quantity: Decimal, security: Security, warn: Warn) -> Decimal:
    """Round a quantity toward zero to whole lots."""
    lot = security.symbol_properties.exact_lot_size
    rest = quantity % lot
    if rest == 0:
        return quantity
    warn("lot", f"Warning: Due to brokerage limitations, orders will be rounded to the nearest lot size of {lot}")
    return quantity - rest


def round_price(price: Decimal, increment: Decimal) -> Decimal:
    """Round a price to whole increments, halves to even; an increment of 0 leaves it as it is."""
    if increment <= 0:
        return price
    return (price / increment).quantize(Decimal(1), rounding=ROUND_HALF_EVEN) * increment


def round_order_prices(order: Order, securities: dict[Order, Security], is_complete: bool, warn: Warn) -> None:
    """Round the prices of an order; of a combo the common limit, once all its legs are there."""
    if order.type == OrderType.COMBO_LIMIT:
        if is_complete and order.group_order_manager is not None:
            increments = [_increment(s, leg.exact_price) for leg, s in securities.items()]
            increment = min((i for i in increments if i > 0), default=Decimal(0))
            group = order.group_order_manager
            group.exact_limit_price = round_price(group.exact_limit_price, increment)
        return
    security = securities[order]
    names = _PRICES.get(order.type, ())
    if order.type == OrderType.TRAILING_STOP and not cast("TrailingStopOrder", order).trailing_as_percentage:
        names = (*names, "trailing_amount")
    for name in names:
        price = getattr(order, f"exact_{name}")
        rounded = round_price(price, _increment(security, price))
        if rounded != price:
            warn(
                "price",
                f"Warning: To meet brokerage precision requirements, order {name} was rounded to {rounded} "
                f"from {price}",
            )
            setattr(order, f"exact_{name}", rounded)


def _increment(security: Security, price: Decimal) -> Decimal:
    parameters = GetMinimumPriceVariationParameters(security, price)
    return to_decimal(security.price_variation_model.get_minimum_price_variation(parameters))
