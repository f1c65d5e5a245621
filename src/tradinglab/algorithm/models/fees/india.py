"""Fees of brokers in India: brokerage, taxes, charges and stamps, each rounded to paise."""

from __future__ import annotations

from decimal import Decimal

from tradinglab.algorithm.models.fees.base import FeeModel, OrderFeeParameters, fee_of
from tradinglab.algorithm.orders import OrderFee
from tradinglab.core.decimals import ZERO, round_half_even


class IndiaFeeModel(FeeModel):
    """Base of the brokers in India; a broker names its rates, as fractions of the order's value."""

    brokerage_multiplier: Decimal = ZERO
    max_brokerage: Decimal = ZERO
    securities_transaction_tax_total_multiplier: Decimal = ZERO
    exchange_transaction_charge_multiplier: Decimal = ZERO
    state_tax_multiplier: Decimal = ZERO
    sebi_charges_multiplier: Decimal = ZERO
    stamp_charges_multiplier: Decimal = ZERO
    is_stamp_charges_from_order_value: bool = False

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the sum of brokerage and taxes; the transaction tax falls on sales, stamps on purchases."""
        signed = parameters.order.get_exact_value(parameters.security)
        value = abs(signed)
        brokerage = value * self.brokerage_multiplier
        brokerage = self.max_brokerage if brokerage > self.max_brokerage else _paise(brokerage)
        turnover = _paise(value)
        charge = _paise(turnover * self.exchange_transaction_charge_multiplier)
        tax = stamps = ZERO
        if signed < 0:
            tax = _paise(value * self.securities_transaction_tax_total_multiplier)
        else:
            stamped = value if self.is_stamp_charges_from_order_value else turnover
            stamps = _paise(stamped * self.stamp_charges_multiplier)
        state_tax = _paise(self.state_tax_multiplier * (brokerage + charge))
        sebi = _paise(turnover * self.sebi_charges_multiplier)
        return fee_of(_paise(brokerage + tax + charge + stamps + state_tax + sebi), "INR")


class SamcoFeeModel(IndiaFeeModel):
    """Fees of Samco."""

    brokerage_multiplier = Decimal("0.0002")
    max_brokerage = Decimal(20)
    securities_transaction_tax_total_multiplier = Decimal("0.00025")
    exchange_transaction_charge_multiplier = Decimal("0.0000345")
    state_tax_multiplier = Decimal("0.18")
    sebi_charges_multiplier = Decimal("0.000001")
    stamp_charges_multiplier = Decimal("0.00003")


class ZerodhaFeeModel(SamcoFeeModel):
    """Fees of Zerodha."""

    brokerage_multiplier = Decimal("0.0003")
    is_stamp_charges_from_order_value = True


def _paise(amount: Decimal) -> Decimal:
    return round_half_even(amount, 2)
