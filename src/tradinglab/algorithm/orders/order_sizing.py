"""Quantities of orders: what is missing to a target, and what a volume or a value allows."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.core.decimals import ZERO, Number, to_decimal
from tradinglab.core.dual import Dual
from tradinglab.core.enums import SecurityType

if TYPE_CHECKING:
    from tradinglab.algorithm.portfolio_target import PortfolioTarget
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security

_ROUNDING_NOISE = Decimal(1_000_000)


class OrderSizing(Dual):
    """Sizes of orders, each in whole lots."""

    @staticmethod
    def get_order_size_for_percent_volume(
        security: Security, maximum_percent_current_volume: Number, desired_order_size: Number
    ) -> float:
        """Return the desired size, cut to a fraction of the current bar's volume."""
        largest = to_decimal(maximum_percent_current_volume) * security.exact_volume
        return float(_cut(security, largest, to_decimal(desired_order_size)))

    @staticmethod
    def get_order_size_for_maximum_value(
        security: Security, maximum_order_value_in_account_currency: Number, desired_order_size: Number
    ) -> float:
        """Return the desired size, cut to a value in the account's currency; 0 without a price."""
        rate = security.quote_currency.exact_conversion_rate
        price = security.exact_price * rate * security.symbol_properties.exact_contract_multiplier
        if not price:
            return 0.0
        largest = to_decimal(maximum_order_value_in_account_currency) / price
        return float(_cut(security, largest, to_decimal(desired_order_size)))

    @staticmethod
    def get_unordered_quantity(
        algorithm: QCAlgorithm,
        target: PortfolioTarget,
        security: Security | None = None,
        account_for_fees: bool = False,
    ) -> float:
        """Return what is missing to *target* when all open orders are filled."""
        if security is None:
            security = algorithm.securities[target.symbol]
        return float(unordered_quantity(algorithm, target, security, account_for_fees))

    @staticmethod
    def adjust_by_lot_size(security: Security, quantity: Number) -> float:
        """Return a quantity rounded toward zero to whole lots."""
        return float(adjust_by_lot_size(security, to_decimal(quantity)))


def unordered_quantity(
    algorithm: QCAlgorithm, target: PortfolioTarget, security: Security, account_for_fees: bool = False
) -> Decimal:
    """Return what is missing to *target* when all open orders are filled."""
    projected = algorithm.transactions.get_projected_holdings(security).exact_projected_quantity
    quantity = target.exact_quantity - projected
    if account_for_fees and security.symbol.security_type == SecurityType.CRYPTO and quantity > 0:
        quantity += _base_currency_fee(security, quantity)
    return adjust_by_lot_size(security, quantity)


def adjust_by_lot_size(security: Security, quantity: Decimal) -> Decimal:
    """Return a quantity rounded toward zero to whole lots; what misses a lot by noise is rounded up."""
    lot = security.symbol_properties.exact_lot_size
    size = abs(quantity)
    rest = size % lot
    if lot - rest < lot / _ROUNDING_NOISE:
        rest -= lot
    return (size - rest).copy_sign(quantity) if quantity else ZERO


def _cut(security: Security, largest: Decimal, desired: Decimal) -> Decimal:
    size = adjust_by_lot_size(security, min(largest, abs(desired)))
    return -size if desired < 0 else size


def _base_currency_fee(security: Security, quantity: Decimal) -> Decimal:
    """Return the part of a purchase that the fee takes from what is received."""
    from tradinglab.algorithm.models.order_costs import market_order_fees

    fee = market_order_fees(security, quantity)
    base = getattr(security, "base_currency", None)
    return fee.exact_amount if base is not None and base.symbol == fee.currency else ZERO
