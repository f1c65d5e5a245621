"""The size of an order that brings a position's margin to a target, fee included."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.models.buying_power.parameters import (
    GetMaximumOrderQuantityForTargetBuyingPowerParameters,
    GetMaximumOrderQuantityResult,
)
from tradinglab.algorithm.models.buying_power.queries import initial_margins, is_worth_ordering
from tradinglab.algorithm.models.order_costs import exact_market_fee_in_account_currency
from tradinglab.core.decimals import ONE, ZERO

if TYPE_CHECKING:
    from tradinglab.algorithm.models.buying_power.model import BuyingPowerModel
    from tradinglab.algorithm.securities.portfolio import SecurityPortfolioManager
    from tradinglab.algorithm.securities.security import Security


class SizingError(ValueError):
    """No order size meets the target: the margin or fee model gives figures that do not settle."""


def zero_price_message(security: Security) -> str:
    """Say that a security has no price yet."""
    return (
        f"{security.symbol}: The security does not have an accurate price as it has not yet received a bar of data. "
        "Before placing a trade (or using set_holdings) warm up the algorithm with set_warm_up, or check with "
        "slice.contains_key(symbol) that there is a price."
    )


def quantity_for_target(
    model: BuyingPowerModel,
    parameters: GetMaximumOrderQuantityForTargetBuyingPowerParameters,
    required_free: Decimal,
) -> GetMaximumOrderQuantityResult:
    """Return the order after which the position's margin is at most a fraction of the portfolio's value.

    The fee is taken from the portfolio's value first; so the size is found anew until it fits.

    Raises
    ------
    SizingError
        If the size does not settle.
    """
    quantity, reason, is_error = sized(
        model,
        parameters.portfolio,
        parameters.security,
        parameters.exact_target_buying_power,
        parameters.exact_minimum_order_margin_portfolio_percentage,
        required_free,
    )
    is_told = is_error or not parameters.silence_non_error_reasons
    return GetMaximumOrderQuantityResult(quantity, reason if is_told else None, is_error)


def sized(
    model: BuyingPowerModel,
    portfolio: SecurityPortfolioManager,
    security: Security,
    share: Decimal,
    minimum: Decimal,
    required_free: Decimal,
) -> tuple[Decimal, str | None, bool]:
    """Return what ``quantity_for_target`` does, as a tuple: the size, why it is zero, and whether that is an error."""
    total = portfolio.exact_total_portfolio_value
    kept_free = total * required_free
    target = share * (total - kept_free)
    held = security.holdings.exact_quantity
    if not target:
        return -held, None, False
    margin_of = initial_margins(model, security)
    used, unit = margin_of(held), margin_of(ONE)
    if not unit:
        return ZERO, zero_price_message(security), True
    if minimum and not is_worth_ordering(portfolio, minimum, abs(target - used)):
        _note_small_order()
        return ZERO, f"The target order margin {abs(target - used)} is less than the minimum {total * minimum}.", False
    last = ZERO
    while True:
        quantity, margin = amount_to_order(security, target, unit, margin_of)
        if not quantity:
            reason = (
                f"The order quantity is less than the lot size of {security.symbol_properties.exact_lot_size} and has "
                f"been rounded to zero. Target order margin {target - used}."
            )
            return ZERO, reason, False
        fees = exact_market_fee_in_account_currency(portfolio.cash_book, security, quantity)
        target = (total - fees - kept_free) * share
        if quantity == last:
            raise SizingError(
                f"No order size for {security.symbol} meets the target margin {target}: the size stays {quantity} with "
                f"an order fee of {fees}. Check the fee model and the target, {share} of {total}."
            )
        last = quantity
        if abs(margin) <= abs(target):
            return quantity, None, False


def _note_small_order() -> None:
    from tradinglab.algorithm.portfolio_target import PortfolioTarget

    if PortfolioTarget.minimum_order_margin_percentage_warning_sent is None:
        PortfolioTarget.minimum_order_margin_percentage_warning_sent = False


def amount_to_order(
    security: Security, target: Decimal, unit: Decimal, margin_of: Callable[[Decimal], Decimal]
) -> tuple[Decimal, Decimal]:
    """Return the order that brings the margin just under *target*, and the margin after it.

    ``unit`` is the margin of one unit, ``margin_of`` that of any quantity.

    Raises
    ------
    SizingError
        If a smaller order leads to more margin.
    """
    lot = security.symbol_properties.exact_lot_size
    held = security.holdings.exact_quantity
    short = target < 0
    quantity = round_to_lot(target / unit - held, lot, up=short)
    margin = margin_of(quantity + held)
    excess = margin - target
    while excess < 0 if short else excess > 0:
        quantity += lot if short else -lot
        margin = margin_of(quantity + held)
        new_excess = margin - target
        if abs(new_excess) > abs(excess) and (new_excess < 0) == (excess < 0):
            raise SizingError(
                f"The margin of {security.symbol} grows as the order gets smaller: target {target}, margin {margin}, "
                f"margin of one unit {unit}."
            )
        excess = new_excess
    return quantity, margin


def round_to_lot(quantity: Decimal, lot: Decimal, *, up: bool) -> Decimal:
    """Round to a whole number of lots: up, or down."""
    lots = (quantity / lot).to_integral_value(rounding=ROUND_CEILING if up else ROUND_FLOOR)
    return lots * lot
