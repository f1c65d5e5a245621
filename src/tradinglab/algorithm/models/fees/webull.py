"""Fees of Webull: index options cost the exchange's fee and the broker's, all else is free."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from tradinglab.algorithm.models.fees.base import USD, FeeModel, OrderFeeParameters, fee_of
from tradinglab.algorithm.orders import OrderFee
from tradinglab.core.enums import OrderType, SecurityType

_COMBOS = frozenset({OrderType.COMBO_MARKET, OrderType.COMBO_LIMIT, OrderType.COMBO_LEG_LIMIT})
_Steps = tuple[tuple[Decimal, Decimal], ...]


def _steps(*steps: tuple[str, str]) -> _Steps:
    return tuple((Decimal(limit), Decimal(fee)) for limit, fee in steps)


# Fee of a contract by the price below which it holds.
_BELOW: dict[str, _Steps] = {
    "SPX": _steps(("1", "0.57"), ("Infinity", "0.66")),
    "SPXW": _steps(("1", "0.50"), ("Infinity", "0.59")),
    "DJX": _steps(("Infinity", "0.18")),
}
_VIX = _steps(("0.10", "0.10"), ("0.99", "0.25"), ("1.99", "0.40"), ("Infinity", "0.45"))
_NDX_SINGLE = _steps(("25", "0.50"), ("Infinity", "0.75"))
_NDX_COMBO = _steps(("25", "0.65"), ("Infinity", "0.90"))


class WebullFeeModel(FeeModel):
    """Fees of Webull."""

    _contract_fee: ClassVar[Decimal] = Decimal("0.50")

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee."""
        order, security = parameters.order, parameters.security
        if security.type != SecurityType.INDEX_OPTION:
            return OrderFee.ZERO
        underlying = security.symbol.underlying
        ticker = "" if underlying is None else underlying.value.upper()
        quantity = order.exact_absolute_quantity
        exchange = _exchange_fee(ticker, security.exact_price, quantity, order.type in _COMBOS)
        return fee_of(quantity * (exchange + self._contract_fee), USD)


def _exchange_fee(ticker: str, price: Decimal, quantity: Decimal, is_combo: bool) -> Decimal:
    if ticker in ("VIX", "VIXW"):
        return next(fee for limit, fee in _VIX if price <= limit)
    if ticker == "XSP":
        return Decimal("0.00") if quantity < 10 else Decimal("0.07")
    if ticker in ("NDX", "NDXP"):
        steps = _NDX_COMBO if is_combo else _NDX_SINGLE
    else:
        steps = _BELOW.get(ticker, _steps(("Infinity", "0")))
    return next(fee for limit, fee in steps if price < limit)
