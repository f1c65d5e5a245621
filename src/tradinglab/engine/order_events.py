"""What happens to orders: every event is booked, then told to the author."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tradinglab.algorithm.api.callbacks import author_overrides
from tradinglab.algorithm.orders import ModifiedFillQuantityOrderFee, Order, OrderEvent, OrderFee, OrderTicket
from tradinglab.algorithm.securities.security_types import PairSecurity
from tradinglab.core.decimals import ZERO
from tradinglab.core.enums import OrderRequestStatus, OrderStatus, OrderType, SecurityType
from tradinglab.engine.order_book import CLOSED, OrderBook
from tradinglab.engine.paperwork import EventLog, UnwrittenTicket

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security

FILLS = frozenset((OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED))
_FINAL = frozenset((OrderStatus.FILLED, OrderStatus.CANCELED))
_WORKING = frozenset((OrderStatus.SUBMITTED, OrderStatus.UPDATE_SUBMITTED))
# Read without asking the enumerations, which also look for other spellings.
_NONE, _CANCELED, _INVALID = OrderStatus.NONE, OrderStatus.CANCELED, OrderStatus.INVALID
_CRYPTO = SecurityType.CRYPTO
_SUBMITTED, _FILLED = OrderStatus.SUBMITTED, OrderStatus.FILLED
_PROCESSED = OrderRequestStatus.PROCESSED

#: The prices of an order that its events carry.
_EVENT_PRICES = {
    OrderType.LIMIT: ("limit_price",),
    OrderType.COMBO_LEG_LIMIT: ("limit_price",),
    OrderType.STOP_MARKET: ("stop_price",),
    OrderType.STOP_LIMIT: ("limit_price", "stop_price"),
    OrderType.TRAILING_STOP: ("stop_price", "trailing_amount"),
    OrderType.LIMIT_IF_TOUCHED: ("limit_price", "trigger_price"),
}


class OrderEvents:
    """Books events in one order: the order, the portfolio, the trade builder, the ticket, the author."""

    def __init__(self, algorithm: QCAlgorithm, book: OrderBook, on_event: Callable[[OrderEvent], None]) -> None:
        self._algorithm = algorithm
        self._book = book
        self._on_event = on_event
        #: Whether the author wants to know of events.
        self.is_heard = author_overrides(algorithm, "on_order_event") is not None
        self._counts: dict[int, int] = {}
        self.log = EventLog()
        self.rejections: dict[str, int] = {}

    def count_from(self, order_id: int, count: int) -> None:
        """Let the events of an order be numbered on from those that another process has told of."""
        self._counts[order_id] = count

    def tell(self, order: Order, message: str = "") -> None:
        """Make an event of an order's status, and book it."""
        self.handle([OrderEvent(order, self._algorithm.lab_utc_ns, OrderFee.ZERO, message)])

    def invalidate(self, legs: list[Order], message: str) -> None:
        """Mark orders as invalid and say so."""
        for leg in legs:
            if leg.status not in CLOSED:
                leg.status = OrderStatus.INVALID
            self.tell(leg, message)

    def handle(self, events: list[OrderEvent]) -> None:
        """Take events of orders: book fills, then tell the author."""
        algorithm, book = self._algorithm, self._book
        fills = []
        for event in events:
            order, ticket = book.orders[event.order_id], book.tickets[event.order_id]
            if event.status in CLOSED:
                book.open.pop(event.order_id, None)
            event.ticket = ticket
            self._apply(event, order, ticket)
            if event.status in FILLS:
                self._take_fee_from_quantity(event, order, algorithm.securities[event.symbol])
                fills.append(event)
        if fills:
            algorithm.portfolio.process_fills(fills)
        for event in events:
            if event.status in FILLS:
                self._build_trade(event, algorithm.securities[event.symbol])
            event.ticket.add_order_event(event)  # type: ignore[union-attr]  # given above
        for event in events:
            if event.status != _NONE:
                self.log.append(event)
                self._on_event(event)

    def tell_submitted(self, order: Order, ticket: OrderTicket, utc_ns: int) -> None:
        """Book that the brokerage has a new single order, and tell the author: as ``handle`` does, in fewer steps."""
        event = OrderEvent.of(order, utc_ns, _SUBMITTED)
        order.status = _SUBMITTED
        event.ticket = ticket
        event.id = self._counts[order._id] = 1
        ticket._order_events.append(event)
        self.log.append(event)
        if self.is_heard:
            self._on_event(event)

    def note_submitted(self, order: Order, ticket: OrderTicket) -> None:
        """Book that the brokerage has a new single order of which no author wants to hear."""
        if type(ticket) is not UnwrittenTicket:
            self.tell_submitted(order, ticket, order.time_ns)
            ticket._submit_request._status = _PROCESSED
            return
        order.status = _SUBMITTED
        self._counts[order._id] = 1
        self.log.append(ticket)

    def tell_filled(self, event: OrderEvent, order: Order, ticket: OrderTicket, security: Security) -> None:
        """Book the fill of a whole single order, and tell the author: as ``handle`` does, in fewer steps."""
        self._book.open.pop(order._id, None)
        event.id = self._counts[order._id] = self._counts[order._id] + 1
        self._take_fill(event, order, ticket, security)
        if type(ticket) is UnwrittenTicket:
            ticket.note_fill(event)
        else:
            ticket.add_order_event(event)
        self.log.append(event)
        self._on_event(event)

    def note_filled(self, event: OrderEvent, order: Order, ticket: OrderTicket, security: Security) -> None:
        """Book an order that was submitted and filled at once, and that no author wants to hear of.

        What ``tell_submitted`` and ``tell_filled`` would write down of it is left to the ticket.
        """
        event.id = self._counts[order._id] = 2
        order._price = event._exact_fill_price
        self._take_fill(event, order, ticket, security)
        self.log.append(ticket)
        self.log.append(event)
        self._on_event(event)

    def _take_fill(self, event: OrderEvent, order: Order, ticket: OrderTicket, security: Security) -> None:
        """Book the fill of a whole single order in order, portfolio and trades."""
        event.ticket = ticket
        order.status = _FILLED
        order.last_fill_time_ns = event.utc_ns
        if security.is_swapped:
            self._take_fee_from_quantity(event, order, security)
        portfolio = self._algorithm.portfolio
        security.portfolio_model.process_fill(portfolio, security, event)
        portfolio.invalidate_total_portfolio_value()
        self._build_trade(event, security)

    def _apply(self, event: OrderEvent, order: Order, ticket: OrderTicket) -> None:
        status = event.status
        if status != _INVALID or order.status not in _FINAL:
            order.status = status
        event.id = self._counts[event.order_id] = self._counts.get(event.order_id, 0) + 1
        if status in FILLS:
            order.last_fill_time_ns = event.utc_ns
        elif status == _CANCELED:
            order.canceled_time_ns = event.utc_ns
        elif ticket._update_requests and status in _WORKING:
            order.last_update_time_ns = event.utc_ns
        elif status == _INVALID:
            reason = event.message or "invalid"
            self.rejections[reason] = self.rejections.get(reason, 0) + 1
        event._exact_quantity = order._quantity
        for name in _EVENT_PRICES.get(order.order_type, ()):
            setattr(event, name, getattr(order, f"exact_{name}"))

    def _take_fee_from_quantity(self, event: OrderEvent, order: Order, security: Security) -> None:
        """A fee in the base currency of a crypto pair that is bought comes off the quantity."""
        if order._quantity <= ZERO or security.type != _CRYPTO or not isinstance(security, PairSecurity):
            return
        fee = event.order_fee._value
        if fee._currency != security.base_currency.symbol:
            return
        if fee.exact_amount == 0:
            return
        event.fill_quantity = event.exact_fill_quantity - fee.exact_amount
        event.order_fee = ModifiedFillQuantityOrderFee(
            fee, security.quote_currency.symbol, security.symbol_properties.exact_contract_multiplier
        )
        self._algorithm.lab_once(
            "base-fee",
            "When buying currency pairs, using Cash account types, fees in base currency will be deducted from the "
            "filled quantity so virtual positions reflect actual holdings.",
        )

    def _build_trade(self, event: OrderEvent, security: Security) -> None:
        algorithm = self._algorithm
        cost, book = event.order_fee._value, algorithm.portfolio.cash_book
        fee = cost._amount
        if cost._currency != book._account_currency:
            fee = book.exact_to_account_currency(fee, str(cost._currency))
        algorithm.trade_builder.process_fill(
            event,
            security.quote_currency._conversion.exact_conversion_rate,
            fee,
            security.symbol_properties.exact_contract_multiplier,
        )
