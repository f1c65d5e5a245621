"""Orders at the market and for the open that need no deliberation, carried out in few steps.

Most orders of most strategies are alike: at the market, at the end of a bar of the security's only stream, with
models that are all ours and money enough. What the general path finds out for such an order is known beforehand,
so it is not asked again. Request, ticket, order and events are the same as those of the general path, in the same
order, and an author's fee model is asked as often; a test holds the two equal. Whatever is not known to be plain
is left to the general path, at the beginning or halfway.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.api.callbacks import author_overrides
from tradinglab.algorithm.models.fees import OrderFeeParameters
from tradinglab.algorithm.models.fills.equity_prices import no_quote_text
from tradinglab.algorithm.orders import (
    MarketOnOpenOrder,
    MarketOrder,
    Order,
    OrderEvent,
    OrderFee,
    OrderProperties,
    OrderRequest,
    OrderResponse,
    OrderSubmissionData,
    OrderTicket,
    SubmitOrderRequest,
)
from tradinglab.algorithm.orders.order import order_without_prices
from tradinglab.algorithm.orders.time_in_force import GoodTilCanceledTimeInForce
from tradinglab.core.clock import HOUR_NS
from tradinglab.core.decimals import ZERO, strip_zeros
from tradinglab.core.enums import OrderRequestStatus, OrderStatus
from tradinglab.engine.budget import Budget, carries_fee
from tradinglab.engine.lanes import Lane, Lanes
from tradinglab.engine.order_permission import can_submit
from tradinglab.engine.paperwork import unwritten, written_request

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.core.market_hours import SecurityExchangeHours
    from tradinglab.engine.brokerage import BacktestingBrokerage
    from tradinglab.engine.order_book import OrderBook
    from tradinglab.engine.order_events import OrderEvents
    from tradinglab.engine.order_submission import OrderSubmission

# Read without asking the enumerations, which also look for other spellings.
_PROCESSED, _ERROR = OrderRequestStatus.PROCESSED, OrderRequestStatus.ERROR
_NEW, _SUBMITTED, _FILLED = OrderStatus.NEW, OrderStatus.SUBMITTED, OrderStatus.FILLED
_WORKING = (OrderStatus.SUBMITTED, OrderStatus.UPDATE_SUBMITTED)


class Express:
    """Takes orders at the market and for the open, of securities with plain models."""

    def __init__(
        self,
        algorithm: QCAlgorithm,
        book: OrderBook,
        events: OrderEvents,
        submission: OrderSubmission,
        brokerage: BacktestingBrokerage,
        queue: Collection[OrderRequest],
    ) -> None:
        self._algorithm = algorithm
        self._book = book
        self._events = events
        self._submission = submission
        self._brokerage = brokerage
        self._queue = queue
        self._lane = Lanes(algorithm).lane
        self._budget = Budget(algorithm)
        # Orders of many securities wait for the same open.
        self._session: tuple[object, ...] = ()
        self._has_opened = False
        self._warns_of_margin = author_overrides(algorithm, "on_margin_call_warning") is not None
        #: Whether the last fill left nothing behind that the engine must look after.
        self.is_harmless = False

    def take(
        self, security: Security, quantity: Decimal, tag: str, properties: OrderProperties | None
    ) -> OrderTicket | None:
        """Carry a market order out as far as it is plain; ``None``, and nothing done, if it is not.

        An order that was placed and not filled rests with the brokerage.
        """
        lane = self._lane(security)
        if lane is None or not lane.takes_market_orders:
            return None
        utc_ns = self._algorithm.time_keeper.utc_ns
        row = lane.at = lane.row()
        if row < 0 or lane.ends_ns[row] != utc_ns or not (lane.is_always_open or security.exchange.exchange_open):
            return None
        if self._brokerage.pending and not self._brokerage.is_asleep():
            return None
        self.is_harmless = False
        price = lane.columns.exact("close", row)
        order = self._order(MarketOrder, security, lane, price, quantity, tag, properties)
        if order is None:
            return None
        message = no_quote_text(security, security.exchange.local_time, "TradeBar") if lane.is_equity else ""
        if not self._events.is_heard:
            ticket = self._trade(security, lane, order, quantity, price, message)
            if ticket is not None:
                return ticket
        request = written_request(order, quantity, tag)
        ticket = self._enter(request, order)
        count = len(self._book.orders)
        self._submit(security, lane, request, order)
        # An author may have sent, changed or cancelled orders when told of this one.
        if order.status == _SUBMITTED and not self._queue and len(self._book.orders) == count:
            self._fill(security, lane, order, price, message)
        return ticket

    def take_at_open(
        self, security: Security, quantity: Decimal, tag: str, properties: OrderProperties | None
    ) -> OrderTicket | None:
        """Place an order for the next open if it is plain; ``None``, and nothing done, if it is not."""
        lane = self._lane(security)
        if lane is None or lane.is_always_open or security.exchange.exchange_open:
            return None
        row = lane.at = lane.row()
        if row < 0:
            return None
        price = lane.columns.exact("close", row)
        order = self._order(MarketOnOpenOrder, security, lane, price, quantity, tag, properties)
        if order is None:
            return None
        if not self._events.is_heard:
            return self._hold(security, lane, order, quantity)
        request = written_request(order, quantity, tag)
        ticket = self._enter(request, order)
        self._submit(security, lane, request, order)
        return ticket

    def fill_at_open(self, order: Order) -> bool:
        """Fill an order for the open with the bar of this step, if both are plain; return whether it was filled."""
        security = self._algorithm.securities.get(order.symbol)
        if security is None:
            return False
        lane = self._lane(security)
        if (
            lane is None
            or not lane.is_equity
            or order.status not in _WORKING
            or not _is_until_cancelled(order.properties)
        ):
            return False
        row = lane.at = lane.row()
        is_after = row >= 0 and lane.ends_ns[row] == self._algorithm.time_keeper.utc_ns
        if not is_after or lane.starts_ns[row] < order.time_ns or not lane.columns.view("open")[row] > 0:
            return False
        session = (security.exchange.hours, order.time_ns, lane.starts_ns[row], lane.ends_ns[row])
        if session != self._session:
            self._session, self._has_opened = session, _has_opened(*session)
        if not self._has_opened:
            return False
        if not self._algorithm.brokerage_model.can_execute_order(security, order):
            return False
        return self._fill(security, lane, order, lane.columns.exact("open", row), "")

    # The order's life.

    def _order(
        self,
        kind: type[Order],
        security: Security,
        lane: Lane,
        price: Decimal,
        quantity: Decimal,
        tag: str,
        properties: OrderProperties | None,
    ) -> Order | None:
        """Make the numbered order, sent at a price; ``None``, and nothing done, if it is not plain."""
        algorithm = self._algorithm
        if not quantity or quantity % lane.lot or not lane.closes[lane.at] > 0:
            return None
        if algorithm.lab_is_warming_up or not security.is_tradable:
            return None
        book = self._book
        if book.total_orders > algorithm.lab_maximum_orders:
            return None
        if lane.base is not None and not lane.base.exact_conversion_rate:
            return None
        if properties is None:
            properties = algorithm.default_order_properties.clone()
        if not _is_until_cancelled(properties):
            return None
        order = order_without_prices(kind, security.symbol, quantity, algorithm.time_keeper.utc_ns, tag, properties)
        number = order._id = algorithm.transactions.get_increment_order_id()
        order.status = _NEW
        order.order_submission_data = OrderSubmissionData(price, price, price)
        order.price_currency = lane.currency
        order.price_adjustment_mode = lane.config.data_normalization_mode
        book.total_orders += 1
        book.orders[number] = order
        return order

    def _enter(self, request: SubmitOrderRequest, order: Order) -> OrderTicket:
        """Make the ticket of an open order."""
        request._response, request._status = OrderResponse.success(request), _ERROR
        ticket = self._book.tickets[order._id] = OrderTicket(self._algorithm.transactions, request)
        ticket._order = order
        self._book.open[order._id] = order
        return ticket

    def _submit(self, security: Security, lane: Lane, request: SubmitOrderRequest, order: Order) -> None:
        """Bring an order to the brokerage."""
        if not self._can_place(security, lane, order, self._budget.spare(security, lane, order)):
            request.set_response(self._submission.place(request, [order]), _PROCESSED)
            return
        order.broker_id.append(str(order._id))
        self._brokerage.hold(order)
        self._events.tell_submitted(order, self._book.tickets[order._id], request.time_ns)
        request._status = _PROCESSED

    def _hold(self, security: Security, lane: Lane, order: Order, quantity: Decimal) -> OrderTicket:
        """Bring an order to the brokerage of which the author does not want to hear."""
        book, number = self._book, order._id
        ticket = book.tickets[number] = unwritten((quantity, order, None, self._algorithm.transactions))
        book.open[number] = order
        if self._can_place(security, lane, order, self._budget.spare(security, lane, order)):
            order.broker_id.append(str(number))
            self._brokerage.hold(order)
            self._events.note_submitted(order, ticket)
        else:
            request = ticket.submit_request
            request.set_response(self._submission.place(request, [order]), _PROCESSED)
        return ticket

    def _trade(
        self, security: Security, lane: Lane, order: Order, quantity: Decimal, price: Decimal, message: str
    ) -> OrderTicket | None:
        """Fill a market order of which the author does not want to hear; ``None``, and nothing booked, if not plain.

        The same questions as in two steps, without looking in between at what nobody can have changed.
        """
        spare = self._budget.spare(security, lane, order)
        is_placed = self._can_place(security, lane, order, spare)
        order.status = _SUBMITTED
        fee = self._fee(security, order, spare) if is_placed else None
        if fee is None:
            order.status = _NEW
            return None
        event = _filled(order, order.time_ns, fee, price, message)
        order.broker_id.append(str(order._id))
        ticket = self._book.tickets[order._id] = unwritten((quantity, order, event, self._algorithm.transactions))
        if self._brokerage.pending:
            self._brokerage.wake()
        is_current = self._budget.is_of(order.time_ns)
        self._events.note_filled(event, order, ticket, security)
        self._after_fill(security, lane, order, event, is_current)
        return ticket

    def _can_place(self, security: Security, lane: Lane, order: Order, spare: float | None) -> bool:
        """Return whether brokerage and account are sure to take an order; the general path asks anew if not."""
        if not carries_fee(spare, security, order):
            return False
        if not lane.has_rules:
            return True
        model = self._algorithm.brokerage_model
        return can_submit(model, security, order)[0] and bool(model.can_execute_order(security, order))

    def _fill(self, security: Security, lane: Lane, order: Order, price: Decimal, message: str) -> bool:
        """Fill an order whole; return whether that was plain."""
        fee = self._fee(security, order, self._budget.spare(security, lane, order))
        if fee is None:
            return False
        event = _filled(order, self._algorithm.time_keeper.utc_ns, fee, price, message)
        self._brokerage.release(order)
        is_current = self._budget.is_of(event.utc_ns)
        self._events.tell_filled(event, order, self._book.tickets[order._id], security)
        self._after_fill(security, lane, order, event, is_current)
        return True

    def _fee(self, security: Security, order: Order, spare: float | None) -> OrderFee | None:
        """Return the fee of an order that the account can carry when it is filled; ``None`` if that is not plain."""
        try:
            if not carries_fee(spare, security, order):
                return None
            return security.fee_model.get_order_fee(OrderFeeParameters(security, order))
        except Exception:  # the general path asks the author's model again, and reports what it raises
            return None

    def _after_fill(self, security: Security, lane: Lane, order: Order, event: OrderEvent, is_current: bool) -> None:
        """Take a fill off the budget if that is current, and see what it left behind."""
        if is_current:
            self._budget.spend(lane, event)
        self.is_harmless = (
            lane.is_harmless
            and not self._warns_of_margin
            and not self._brokerage.pending
            and security._holdings._quantity >= ZERO
            and security.quote_currency._amount >= ZERO
        )


def _filled(order: Order, utc_ns: int, fee: OrderFee, price: Decimal, message: str) -> OrderEvent:
    """Return the event that an order was filled whole."""
    event = OrderEvent.of(order, utc_ns, _FILLED)
    event.order_fee = fee
    event.message = message
    event._exact_fill_price = strip_zeros(price)
    event._exact_fill_quantity = order._quantity
    return event


def _has_opened(hours: SecurityExchangeHours, sent_ns: int, start_ns: int, end_ns: int) -> bool:
    """Return whether the first session after an instant at which the market was closed has opened with a bar."""
    zone = hours.time_zone
    start_ns, end_ns = zone.local_ns(start_ns), zone.local_ns(end_ns)
    if hours.is_open_ns(zone.local_ns(sent_ns), False):
        return False
    if end_ns - start_ns < HOUR_NS and not hours.is_open_ns(start_ns, False):
        return False
    return hours.is_open_during_ns(start_ns, end_ns, False)


def _is_until_cancelled(properties: OrderProperties) -> bool:
    given = properties.given("time_in_force")
    return given is None or type(given) is GoodTilCanceledTimeInForce
