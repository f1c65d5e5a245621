"""From order requests to orders: checks, rounding, bookkeeping and events.

In a backtest a request is carried out at once, on the caller's stack, and a market order in open
hours is filled before the call returns. Every event goes the same way: the order, the portfolio,
the trade builder, the ticket, and then the author's ``on_order_event``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.orders import (
    CancelOrderRequest,
    ModifiedFillQuantityOrderFee,
    Order,
    OrderEvent,
    OrderFee,
    OrderRequest,
    OrderResponse,
    OrderSubmissionData,
    OrderTicket,
    SubmitOrderRequest,
    UpdateOrderRequest,
    group_orders,
)
from tradinglab.core.decimals import ZERO
from tradinglab.core.enums import (
    DataNormalizationMode,
    OrderDirection,
    OrderRequestStatus,
    OrderStatus,
    OrderType,
    SecurityType,
)
from tradinglab.core.enums import OrderResponseErrorCode as Code
from tradinglab.engine.order_prices import round_order_prices, round_quantity

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.core.symbol import Symbol
    from tradinglab.engine.brokerage import BacktestingBrokerage
    from tradinglab.engine.phases import Attention

CLOSED = frozenset((OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.INVALID))
FILLS = frozenset((OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED))

#: The prices of an order that its events carry.
_EVENT_PRICES = {
    OrderType.LIMIT: ("limit_price",),
    OrderType.COMBO_LEG_LIMIT: ("limit_price",),
    OrderType.STOP_MARKET: ("stop_price",),
    OrderType.STOP_LIMIT: ("limit_price", "stop_price"),
    OrderType.TRAILING_STOP: ("stop_price", "trailing_amount"),
    OrderType.LIMIT_IF_TOUCHED: ("limit_price", "trigger_price"),
}


class TransactionHandler:
    """Holds the orders of a run and carries out what is asked of them."""

    def __init__(self, algorithm: QCAlgorithm, brokerage: BacktestingBrokerage, attention: Attention,
                 on_event: Callable[[OrderEvent], None]) -> None:  # fmt: skip
        self._algorithm = algorithm
        self._attention = attention
        self._brokerage = brokerage
        self._on_event = on_event
        self._queue: deque[OrderRequest] = deque()
        self._warned: set[str] = set()
        self._status_before_cancel: dict[int, OrderStatus] = {}
        self._event_counts: dict[int, int] = {}
        self.orders: dict[int, Order] = {}
        self.tickets: dict[int, OrderTicket] = {}
        self.open: dict[int, Order] = {}
        self.events: list[OrderEvent] = []
        self.total_orders = 0
        self.rejections: dict[str, int] = {}
        brokerage.bind(self)

    # What the transaction manager asks.

    @property
    def orders_count(self) -> int:
        """How many orders were sent."""
        return self.total_orders

    def process(self, request: OrderRequest) -> OrderTicket:
        """Carry out a request and return the order's ticket."""
        self._attention.raised = True
        if isinstance(request, SubmitOrderRequest):
            return self._add(request)
        if isinstance(request, UpdateOrderRequest):
            return self._update(request)
        if isinstance(request, CancelOrderRequest):
            return self._cancel(request)
        raise TypeError(f"unknown order request {request!r}")

    def get_order_ticket(self, order_id: int) -> OrderTicket | None:
        """Return the ticket of an order."""
        return self.tickets.get(order_id)

    def get_order_by_id(self, order_id: int) -> Order | None:
        """Return a copy of an order."""
        order = self.orders.get(order_id)
        return None if order is None else order.clone()

    def get_orders(self, wanted: Callable[[Order], bool] | None = None) -> list[Order]:
        """Return copies of the orders, or of those that are wanted."""
        return [order.clone() for order in self.orders.values() if wanted is None or wanted(order)]

    def get_open_orders(self, wanted: Callable[[Order], bool] | None = None) -> list[Order]:
        """Return copies of the open orders, or of those that are wanted."""
        return [order.clone() for order in self.open.values() if wanted is None or wanted(order)]

    def get_order_tickets(self, wanted: Callable[[OrderTicket], bool] | None = None) -> list[OrderTicket]:
        """Return the tickets, or those that are wanted."""
        return [ticket for ticket in self.tickets.values() if wanted is None or wanted(ticket)]

    def get_open_order_tickets(self, wanted: Callable[[OrderTicket], bool] | None = None) -> list[OrderTicket]:
        """Return the tickets of open orders, or of those that are wanted."""
        return [t for i in list(self.open) if (t := self.tickets[i]) and (wanted is None or wanted(t))]

    # Once or twice in every time step.

    def process_synchronous_events(self) -> None:
        """Carry out what waits, then let the brokerage look for fills."""
        self._drain()
        self._brokerage.scan()

    def _drain(self) -> None:
        while self._queue:
            self._handle(self._queue.popleft())

    def _handle(self, request: OrderRequest) -> None:
        if isinstance(request, SubmitOrderRequest):
            response = self._submit(request)
        elif isinstance(request, UpdateOrderRequest):
            response = self._apply_update(request)
        else:
            response = self._apply_cancel(request)  # type: ignore[arg-type]
        request.set_response(response, OrderRequestStatus.PROCESSED)

    # Submitting.

    def _add(self, request: SubmitOrderRequest) -> OrderTicket:
        algorithm = self._algorithm
        response = OrderResponse.warming_up(request) if algorithm.is_warming_up else OrderResponse.success(request)
        if request.exact_quantity < 0 and not algorithm.shortable(request.symbol, request.exact_quantity):
            response = OrderResponse.error(request, Code.EXCEEDS_SHORTABLE_QUANTITY, self._shortable_text(request))
        request.set_response(response)
        ticket = OrderTicket(algorithm.transactions, request)
        security = algorithm.securities[request.symbol]
        order = Order.create_order(request)
        self.total_orders += 1
        self.tickets[ticket.order_id] = ticket
        if response.is_success:
            order.order_submission_data = OrderSubmissionData(
                security.exact_bid_price, security.exact_ask_price, security.exact_close
            )
            self.open[order.id] = order
            self._queue.append(request)
            self._drain()
            self._brokerage.scan()
            return ticket
        reason = "Algorithm warming up." if response.error_code == Code.ALGORITHM_WARMING_UP else response.error_message
        order.price_currency = security.symbol_properties.quote_currency
        order.status = OrderStatus.INVALID
        order.tag = reason
        ticket.set_order(order)
        self.orders[order.id] = order
        self._emit(OrderEvent(order, algorithm.lab_utc_ns, OrderFee.ZERO, reason))
        return ticket

    def _shortable_text(self, request: SubmitOrderRequest) -> str:
        available = self._algorithm.shortable_quantity(request.symbol)
        return (
            f"Order exceeds shortable quantity {available} for Symbol {request.symbol} requested "
            f"{request.exact_quantity})"
        )

    def _submit(self, request: SubmitOrderRequest) -> OrderResponse:
        order = self.open.get(request.order_id)
        if order is None or order.id in self.orders:
            return OrderResponse.error(request, Code.ORDER_ALREADY_EXISTS, f"Order {request.order_id} already exists.")
        self.orders[order.id] = order
        security = self._algorithm.securities[order.symbol]
        order.price_currency = security.symbol_properties.quote_currency
        if not order.tag:
            order.tag = order.get_default_tag()
        order.exact_quantity = round_quantity(order.exact_quantity, security, self._warn)
        legs = group_orders(order, self.orders.get)
        round_order_prices(order, self._securities(legs or [order]), legs is not None, self._warn)
        order.price_adjustment_mode = self._adjustment(order.symbol)
        self.tickets[order.id].set_order(order)
        if legs is None:
            return OrderResponse.success(request)
        return self._place(request, legs)

    def _place(self, request: SubmitOrderRequest, legs: list[Order]) -> OrderResponse:
        if any(leg.exact_quantity == 0 for leg in legs):
            return self._refuse(OrderResponse.zero_quantity(request), legs)
        securities = self._securities(legs)
        if len(securities) < len(legs):
            return self._refuse(OrderResponse.missing_security(request), legs)
        result = self._buying_power(request, legs)
        if isinstance(result, OrderResponse):
            return result
        for leg, security in securities.items():
            allowed, message = can_submit(self._algorithm.brokerage_model, security, leg)
            if not allowed:
                ids = ",".join(str(each.id) for each in legs)
                text = f"BrokerageModel declared unable to submit order: [{ids}] {message or ''}".rstrip()
                return self._refuse(
                    OrderResponse.error(request, Code.BROKERAGE_MODEL_REFUSED_TO_SUBMIT_ORDER, text), legs
                )
        for leg in legs:
            self._brokerage.place(leg)
        return OrderResponse.success(request)

    def _refuse(self, response: OrderResponse, legs: list[Order]) -> OrderResponse:
        self._algorithm.error(response.error_message)
        self.invalidate(legs, response.error_message)
        return response

    def invalidate(self, legs: list[Order], message: str) -> None:
        """Mark orders as invalid and say so."""
        for leg in legs:
            if leg.status not in CLOSED:
                leg.status = OrderStatus.INVALID
            self._emit(OrderEvent(leg, self._algorithm.lab_utc_ns, OrderFee.ZERO, message))

    def _buying_power(self, request: OrderRequest, legs: list[Order]) -> OrderResponse | None:
        """Return ``None`` if the account can carry the orders, else the refusal."""
        algorithm = self._algorithm
        result = algorithm.portfolio.has_sufficient_buying_power_for_order(legs)
        if result.is_sufficient:
            return None
        if isinstance(request, UpdateOrderRequest):
            order = legs[0]
            text = (
                f"Brokerage failed to update order with id: {order.id}, Symbol: {order.symbol.value}, Insufficient "
                f"buying power to complete order, Reason: {result.reason}."
            )
            algorithm.error(text)
            self._emit(OrderEvent(order, algorithm.lab_utc_ns, OrderFee.ZERO, text))
            return OrderResponse.error(request, Code.BROKERAGE_FAILED_TO_UPDATE_ORDER, text)
        text = self.insufficient_text(legs, result.reason)
        algorithm.error(text)
        self.invalidate(legs, text)
        return OrderResponse.error(request, Code.INSUFFICIENT_BUYING_POWER, text)

    def insufficient_text(self, legs: list[Order], reason: str) -> str:
        """Return the message for orders that the account cannot carry."""
        from tradinglab.algorithm.orders import insufficient_buying_power_text

        values = {leg: leg.get_exact_value(security) for leg, security in self._securities(legs).items()}
        return insufficient_buying_power_text(values, reason)

    def _securities(self, legs: list[Order]) -> dict[Order, Security]:
        found = {}
        for leg in legs:
            security = self._algorithm.securities.get(leg.symbol)
            if security is not None:
                found[leg] = security
        return found

    def _adjustment(self, symbol: Symbol) -> DataNormalizationMode:
        """Return how the prices of a symbol's first subscription are adjusted."""
        service = self._algorithm.subscription_manager.subscription_data_config_service
        configs = service.get_subscription_data_configs(symbol, include_internal_configs=True)
        return configs[0].data_normalization_mode if configs else DataNormalizationMode.RAW

    def _warn(self, key: str, message: str) -> None:
        if key not in self._warned:
            self._warned.add(key)
            self._algorithm.error(message)

    # Updating and cancelling.

    def _update(self, request: UpdateOrderRequest) -> OrderTicket:
        ticket = self.tickets.get(request.order_id)
        order = self.orders.get(request.order_id)
        if ticket is None or order is None:
            return OrderTicket.invalid_update_order_id(self._algorithm.transactions, request)
        ticket.add_update_request(request)
        refusal = self._update_refusal(request, order, ticket)
        if refusal is not None:
            request.set_response(refusal)
            return ticket
        request.set_response(OrderResponse.success(request), OrderRequestStatus.PROCESSING)
        self._queue.append(request)
        return ticket

    def _update_refusal(self, request: UpdateOrderRequest, order: Order, ticket: OrderTicket) -> OrderResponse | None:
        if order.status == OrderStatus.NEW:
            return OrderResponse.invalid_new_status(request, order)
        if order.status in CLOSED and not request.is_allowed_for_closed_order():
            return OrderResponse.invalid_status(request, order)
        if request.exact_quantity is not None and request.exact_quantity == 0:
            return OrderResponse.zero_quantity(request)
        if self._algorithm.is_warming_up:
            return OrderResponse.warming_up(request)
        quantity = order.exact_quantity if request.exact_quantity is None else request.exact_quantity
        if quantity < 0 and not self._algorithm.shortable(order.symbol, quantity, order.id):
            text = (
                f"Order exceeds shortable quantity {self._algorithm.shortable_quantity(order.symbol)} for Symbol "
                f"{order.symbol} requested {ticket.exact_quantity})"
            )
            return OrderResponse.error(request, Code.EXCEEDS_SHORTABLE_QUANTITY, text)
        return None

    def _apply_update(self, request: UpdateOrderRequest) -> OrderResponse:
        algorithm = self._algorithm
        order = self.orders[request.order_id]
        if order.status == OrderStatus.NEW:
            return OrderResponse.invalid_new_status(request, order)
        closed = order.status in CLOSED
        if closed and not request.is_allowed_for_closed_order():
            return OrderResponse.invalid_status(request, order)
        security = algorithm.securities[order.symbol]
        order.exact_quantity = round_quantity(order.exact_quantity, security, self._warn)
        allowed, message = can_update(algorithm.brokerage_model, security, order, request)
        if not allowed:
            text = f"OrderID: {order.id} {message or 'BrokerageModel declared unable to update order'}"
            algorithm.error(text)
            self._emit(
                OrderEvent(order, algorithm.lab_utc_ns, OrderFee.ZERO, "BrokerageModel declared unable to update order")
            )
            return OrderResponse.error(request, Code.BROKERAGE_MODEL_REFUSED_TO_UPDATE_ORDER, text)
        if order.group_order_manager is None:
            changed = order.clone()
            changed.apply_update_order_request(request)
            refusal = self._buying_power(request, [changed])
            if refusal is not None:
                return refusal
        order.apply_update_order_request(request)
        legs = group_orders(order, self.orders.get)
        round_order_prices(order, self._securities(legs or [order]), legs is not None, self._warn)
        self.tickets[order.id].set_order(order)
        if not closed and not self._brokerage.update(order):
            text = f"Brokerage failed to update order with id {order.id}"
            algorithm.error(text)
            self._emit(OrderEvent(order, algorithm.lab_utc_ns, OrderFee.ZERO, "Brokerage failed to update order"))
            return OrderResponse.error(request, Code.BROKERAGE_FAILED_TO_UPDATE_ORDER, text)
        return OrderResponse.success(request)

    def _cancel(self, request: CancelOrderRequest) -> OrderTicket:
        ticket = self.tickets.get(request.order_id)
        order = self.orders.get(request.order_id)
        if ticket is None or order is None:
            return OrderTicket.invalid_cancel_order_id(self._algorithm.transactions, request)
        if not ticket.try_set_cancel_request(request):
            request.set_response(
                OrderResponse.error(request, Code.REQUEST_CANCELED, "Cancellation is already in progress.")
            )
            return ticket
        if request.tag is not None:
            order.tag = request.tag
        if order.status == OrderStatus.NEW:
            request.set_response(OrderResponse.invalid_new_status(request, order))
        elif order.status in CLOSED:
            request.set_response(OrderResponse.invalid_status(request, order))
        elif self._algorithm.is_warming_up:
            request.set_response(OrderResponse.warming_up(request))
        else:
            self._status_before_cancel[order.id] = order.status
            order.status = OrderStatus.CANCEL_PENDING
            self._emit(OrderEvent(order, self._algorithm.lab_utc_ns, OrderFee.ZERO))
            request.set_response(OrderResponse.success(request), OrderRequestStatus.PROCESSING)
            self._queue.append(request)
        return ticket

    def _apply_cancel(self, request: CancelOrderRequest) -> OrderResponse:
        order = self.orders[request.order_id]
        if order.status in CLOSED:
            return OrderResponse.invalid_status(request, order)
        self.tickets[order.id].set_order(order)
        if not self._brokerage.cancel(order):
            text = f"Brokerage failed to cancel order with id {order.id}"
            self._algorithm.error(text)
            order.status = self._status_before_cancel.pop(order.id, order.status)
            return OrderResponse.error(request, Code.BROKERAGE_FAILED_TO_CANCEL_ORDER, text)
        if request.tag is not None:
            order.tag = request.tag
        return OrderResponse.success(request)

    # Events.

    def _emit(self, event: OrderEvent) -> None:
        self.handle_events([event])

    def handle_events(self, events: list[OrderEvent]) -> None:
        """Take events of orders: book fills, then tell the author."""
        algorithm = self._algorithm
        fills = []
        for event in events:
            order = self.orders[event.order_id]
            if event.status in CLOSED:
                self.open.pop(order.id, None)
            event.ticket = self.tickets[order.id]
            self._apply_event(event, order)
            if event.status in FILLS:
                self._fee_from_quantity(event, order)
                fills.append(event)
        if fills:
            algorithm.portfolio.process_fills(fills)
        for event in events:
            if event.status in FILLS:
                self._build_trade(event)
            event.ticket.add_order_event(event)
        for event in events:
            if event.status != OrderStatus.NONE:
                self.events.append(event)
                self._on_event(event)

    def _apply_event(self, event: OrderEvent, order: Order) -> None:
        status = event.status
        if order.status not in (OrderStatus.FILLED, OrderStatus.CANCELED) or status != OrderStatus.INVALID:
            order.status = status
        event.id = self._event_counts[order.id] = self._event_counts.get(order.id, 0) + 1
        if status == OrderStatus.CANCELED:
            order.canceled_time_ns = event.utc_ns
        elif status in FILLS:
            order.last_fill_time_ns = event.utc_ns
        elif status in (OrderStatus.UPDATE_SUBMITTED, OrderStatus.SUBMITTED) and event.ticket.update_requests:
            order.last_update_time_ns = event.utc_ns
        if status == OrderStatus.INVALID:
            reason = event.message or "invalid"
            self.rejections[reason] = self.rejections.get(reason, 0) + 1
        event.quantity = order.exact_quantity
        for name in _EVENT_PRICES.get(order.type, ()):
            setattr(event, name, getattr(order, f"exact_{name}"))

    def _fee_from_quantity(self, event: OrderEvent, order: Order) -> None:
        """A fee in the base currency of a crypto pair that is bought comes off the quantity."""
        if event.symbol.security_type != SecurityType.CRYPTO or order.direction != OrderDirection.BUY:
            return
        security = self._algorithm.securities[event.symbol]
        fee = event.order_fee.value
        if fee.currency != security.base_currency.symbol or fee.exact_amount == 0:
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

    def _build_trade(self, event: OrderEvent) -> None:
        algorithm = self._algorithm
        security = algorithm.securities[event.symbol]
        fee = algorithm.portfolio.cash_book.convert_to_account_currency(event.order_fee.value)
        algorithm.trade_builder.process_fill(
            event,
            security.quote_currency.exact_conversion_rate,
            fee.exact_amount,
            security.symbol_properties.exact_contract_multiplier,
        )

    def add_open_order(self, order: Order) -> OrderTicket:
        """Take an order that the engine itself made (a delisting), which no request stands for."""
        algorithm = self._algorithm
        if order.status in (OrderStatus.NEW, OrderStatus.NONE):
            order.status = OrderStatus.SUBMITTED
        order.id = algorithm.transactions.get_increment_order_id()
        order.price_adjustment_mode = self._adjustment(order.symbol)
        ticket = OrderTicket.from_order(algorithm.transactions, order)
        self.open[order.id] = order
        self.orders[order.id] = order
        self.tickets[order.id] = ticket
        self.total_orders += 1
        return ticket

    def liquidate_delisted(self, security: Security) -> OrderTicket | None:
        """Close what is held of a delisted security at its last price, free of fees."""
        from tradinglab.algorithm.orders import MarketOrder

        quantity: Decimal = -security.holdings.exact_quantity
        if quantity == ZERO:
            return None
        tag = "Liquidate from delisting"
        utc_ns = self._algorithm.lab_utc_ns
        order = MarketOrder(security.symbol, quantity, utc_ns, tag)
        ticket = self.add_open_order(order)
        event = OrderEvent(order, utc_ns, OrderFee.ZERO, tag)
        event.fill_price = security.exact_price
        event.status = OrderStatus.FILLED
        event.fill_quantity = order.exact_quantity
        self.handle_events([event])
        return ticket


def can_submit(model: object, security: Security, order: Order) -> tuple[bool, object]:
    """Ask a brokerage model whether it takes an order; a plain bool from an author's model will do."""
    return _answer(model.can_submit_order(security, order, None))  # type: ignore[attr-defined]


def can_update(model: object, security: Security, order: Order, request: UpdateOrderRequest) -> tuple[bool, object]:
    """Ask a brokerage model whether it takes an update."""
    return _answer(model.can_update_order(security, order, request, None))  # type: ignore[attr-defined]


def _answer(answer: object) -> tuple[bool, object]:
    if isinstance(answer, tuple):
        return bool(answer[0]), answer[1] if len(answer) > 1 else None
    return bool(answer), None
