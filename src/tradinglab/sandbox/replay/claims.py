"""Stand-ins for an author's own models, which cannot be asked outside: they say what the run says, within bounds.

A fill is taken as claimed if it comes when the security had a bar, and is not better than the best price of that bar;
a fee, if it is not negative. What was taken so is noted with the result.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.models.fees import FeeModel
from tradinglab.algorithm.models.fills import Fill, FillModel
from tradinglab.algorithm.orders import CashAmount, OrderEvent, OrderFee
from tradinglab.core.clock import from_ns, to_ns
from tradinglab.core.decimals import ZERO
from tradinglab.core.enums import OrderStatus
from tradinglab.core.values import dataclass
from tradinglab.engine.verification import Finding, FindingCode

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import BaseData
    from tradinglab.algorithm.models.fees import OrderFeeParameters
    from tradinglab.algorithm.models.fills import FillModelParameters
    from tradinglab.algorithm.orders import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedFill:
    """A fill, as the run tells of it."""

    order_id: int
    utc_ns: int
    status: OrderStatus
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_currency: str
    message: str


class Claims:
    """The fills that a run claims, each to be used once, and what was wrong with them."""

    def __init__(self, fills: Iterable[ClaimedFill]) -> None:
        self._waiting: dict[int, deque[ClaimedFill]] = {}
        self._fees: dict[int, ClaimedFill] = {}
        self.findings: list[Finding] = []
        #: Whether a fee model was the author's own: what closing a position would cost is then only the run's word.
        self.has_own_fees = False
        self.notes: dict[str, None] = {}
        for fill in fills:
            self._waiting.setdefault(fill.order_id, deque()).append(fill)
            if fill.fee or fill.order_id not in self._fees:
                self._fees[fill.order_id] = fill

    def note(self, text: str) -> None:
        """Note once what was taken as claimed."""
        self.notes[text] = None

    def next_fill(self, order: Order, utc_ns: int) -> ClaimedFill | None:
        """Return the next fill of an order that was claimed for an instant."""
        waiting = self._waiting.get(order.id)
        if not waiting or waiting[0].utc_ns != utc_ns:
            return None
        return waiting.popleft()

    def fee(self, order: Order) -> OrderFee:
        """Return the fee that was claimed for an order, if there can be such a fee."""
        claimed = self._fees.get(order.id)
        if claimed is None:
            return OrderFee.ZERO
        if claimed.fee < 0:
            self._refuse(order, FindingCode.FEES, claimed, f"a fee of {claimed.fee}", "no negative fee")
            return OrderFee.ZERO
        return OrderFee(CashAmount(claimed.fee, claimed.fee_currency))

    def refuse_price(self, order: Order, claimed: ClaimedFill, best: str) -> None:
        """Note a fill at a price that no bar gives."""
        self._refuse(order, FindingCode.FILL_PRICE, claimed, str(claimed.price), best)

    def refuse_quantity(self, order: Order, claimed: ClaimedFill, left: Decimal) -> None:
        """Note a fill of more than the order is for."""
        self._refuse(order, FindingCode.FILL_QUANTITY, claimed, str(claimed.quantity), f"at most {left}")

    def _refuse(self, order: Order, code: FindingCode, claimed: ClaimedFill, said: str, given: str) -> None:
        what = {
            FindingCode.FEES: "pays",
            FindingCode.FILL_PRICE: "is filled by a model of the author's own at",
            FindingCode.FILL_QUANTITY: "is filled by a model of the author's own with",
        }[code]
        self.findings.append(
            Finding(
                code=code,
                text=f"Order {order.id} for {order.symbol.value} {what} {said}; at "
                f"{from_ns(claimed.utc_ns):%Y-%m-%d %H:%M:%S} UTC there can be {given}.",
                order_id=order.id,
                symbol=order.symbol.value,
                time_ns=claimed.utc_ns,
                claimed=said,
                expected=given,
            )
        )


class ClaimedFillModel(FillModel):
    """Fills orders as claimed, where the bars allow it."""

    def __init__(self, claims: Claims) -> None:
        self._claims = claims
        self._claimed: dict[int, Decimal] = {}

    def fill(self, parameters: FillModelParameters) -> Fill:
        """Return what was claimed for this instant for the order, or for the orders of its combo."""
        return Fill([self._event(order, parameters) for order, _ in parameters.legs()])

    def _event(self, order: Order, parameters: FillModelParameters) -> OrderEvent:
        security = parameters.securities_for_orders[order]
        utc_ns = security.exchange.hours.time_zone.utc_ns(to_ns(security.local_time))
        event = OrderEvent(order, utc_ns, OrderFee.ZERO)
        event.status = order.status
        claimed = self._claims.next_fill(order, utc_ns)
        if claimed is None:
            return event
        left = order.exact_quantity - self._claimed.get(order.id, ZERO)
        if abs(claimed.quantity) > abs(left) or claimed.quantity * left < 0:
            self._claims.refuse_quantity(order, claimed, left)
            return event
        best = _best_price(security.get_last_data(), is_buy=order.exact_quantity > 0)
        is_buy = order.exact_quantity > 0
        if best is None or (claimed.price < best if is_buy else claimed.price > best):
            text = "no price" if best is None else f"no price {'below' if is_buy else 'above'} {best}"
            self._claims.refuse_price(order, claimed, text)
            return event
        self._claimed[order.id] = self._claimed.get(order.id, ZERO) + claimed.quantity
        event.status = claimed.status
        event.fill_price, event.fill_quantity = claimed.price, claimed.quantity
        event.message = claimed.message
        if claimed.fee > 0:
            event.order_fee = OrderFee(CashAmount(claimed.fee, claimed.fee_currency))
        return event


def _best_price(bar: BaseData | None, *, is_buy: bool) -> Decimal | None:
    """Return the best price of a bar for a side: the lowest for a buy, the highest for a sale."""
    if bar is None:
        return None
    if isinstance(bar, QuoteBar):
        side = bar.bid if is_buy else bar.ask
        if side is not None:
            return side.exact_low if is_buy else side.exact_high
    if isinstance(bar, (TradeBar, QuoteBar)):
        return bar.exact_low if is_buy else bar.exact_high
    return bar.exact_value


class ClaimedFeeModel(FeeModel):
    """Charges what was claimed."""

    def __init__(self, claims: Claims) -> None:
        self._claims = claims

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee that was claimed for the order."""
        return self._claims.fee(parameters.order)
