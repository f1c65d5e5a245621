"""Fees of Coinbase, as they were at the time of the order."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from tradinglab.algorithm.models.fees.base import FeeModel, OrderFeeParameters, fee_of
from tradinglab.algorithm.models.fees.crypto import is_maker
from tradinglab.algorithm.orders import OrderFee
from tradinglab.core.clock import to_ns
from tradinglab.core.decimals import ZERO, Number, to_decimal
from tradinglab.core.enums import OrderDirection

_STABLE_PAIRS = frozenset(
    {
        "DAIUSDC", "DAIUSD", "GYENUSD", "PAXUSD", "PAXUSDT", "MUSDUSD", "USDCEUR", "USDCGBP", "USDTEUR", "USDTGBP",
        "USDTUSD", "USDTUSDC", "USTEUR", "USTUSD", "USTUSDT", "WBTCBTC",
    }
)  # fmt: skip
# Until when a pair of maker and taker fees held.
_EARLIER = (
    (to_ns(datetime(2019, 3, 23, 1, 30)), (ZERO, Decimal("0.003"))),
    (to_ns(datetime(2019, 10, 8, 0, 30)), (Decimal("0.0015"), Decimal("0.0025"))),
)
_STABLE_CHANGE_NS = to_ns(datetime(2022, 6, 1))
_STABLE_TAKER_BEFORE = Decimal("0.001")
_ALWAYS_NS = (1 << 63) - 1


class CoinbaseFeeModel(FeeModel):
    """Maker and taker fees, paid in the quote currency.

    Parameters
    ----------
    maker_fee, taker_fee
        Fractions of the value since October 2019; by default those of level Advanced 1.
    """

    MAKER_ADVANCED_1: ClassVar[Decimal] = Decimal("0.006")
    TAKER_ADVANCED_1: ClassVar[Decimal] = Decimal("0.008")
    MAKER_STABLE_PAIRS: ClassVar[Decimal] = ZERO
    TAKER_STABLE_PARIS: ClassVar[Decimal] = Decimal("0.00001")

    def __init__(self, maker_fee: Number = MAKER_ADVANCED_1, taker_fee: Number = TAKER_ADVANCED_1) -> None:
        self._fees = to_decimal(maker_fee), to_decimal(taker_fee)

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee."""
        order, security = parameters.order, parameters.security
        periods = self.lab_periods(security.symbol.value)
        maker, taker = next(fees for until_ns, fees in periods if order.time_ns < until_ns)
        price = security.exact_ask_price if order.direction == OrderDirection.BUY else security.exact_bid_price
        price *= security.symbol_properties.exact_contract_multiplier
        fee = price * order.exact_absolute_quantity * (maker if is_maker(order) else taker)
        return fee_of(fee, security.quote_currency.symbol)

    def lab_periods(self, ticker: str) -> tuple[tuple[int, tuple[Decimal, Decimal]], ...]:
        """Return until when maker and taker fees of a pair hold, UTC nanoseconds, and the fees; the earliest first."""
        if ticker in _STABLE_PAIRS:
            now = self.MAKER_STABLE_PAIRS, self.TAKER_STABLE_PARIS
            return (_STABLE_CHANGE_NS, (ZERO, _STABLE_TAKER_BEFORE)), (_ALWAYS_NS, now)
        return *_EARLIER, (_ALWAYS_NS, self._fees)


class GDAXFeeModel(CoinbaseFeeModel):
    """Old name of the fees of Coinbase."""
