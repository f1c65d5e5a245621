"""The quote that an order was submitted at."""

from __future__ import annotations

from decimal import Decimal

from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.dual import NetObject


class OrderSubmissionData(NetObject):
    """Bid, ask and last price when an order was submitted."""

    __slots__ = ("_ask_price", "_bid_price", "_last_price")

    def __init__(self, bid_price: Number, ask_price: Number, last_price: Number) -> None:
        self._bid_price = bid_price if type(bid_price) is Decimal else to_decimal(bid_price)
        self._ask_price = ask_price if type(ask_price) is Decimal else to_decimal(ask_price)
        self._last_price = last_price if type(last_price) is Decimal else to_decimal(last_price)

    @property
    def bid_price(self) -> float:
        """Price that others bid."""
        return float(self._bid_price)

    @property
    def exact_bid_price(self) -> Decimal:
        """``bid_price`` as a decimal."""
        return self._bid_price

    @property
    def ask_price(self) -> float:
        """Price that others ask."""
        return float(self._ask_price)

    @property
    def exact_ask_price(self) -> Decimal:
        """``ask_price`` as a decimal."""
        return self._ask_price

    @property
    def last_price(self) -> float:
        """Last price."""
        return float(self._last_price)

    @property
    def exact_last_price(self) -> Decimal:
        """``last_price`` as a decimal."""
        return self._last_price

    def clone(self) -> OrderSubmissionData:
        """Return a copy."""
        return OrderSubmissionData(self._bid_price, self._ask_price, self._last_price)
