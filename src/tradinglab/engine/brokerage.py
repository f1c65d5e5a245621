"""The brokerage of a backtest: it holds resting orders and fills them against each step's bars."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import TYPE_CHECKING

from tradinglab.algorithm.models.fees import OrderFeeParameters
from tradinglab.algorithm.models.fills import FillModelParameters
from tradinglab.algorithm.orders import Order, OrderEvent, OrderFee, group_orders
from tradinglab.core.enums import OrderStatus, OrderType

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.engine.resting import RestingOrders
    from tradinglab.engine.transactions import TransactionHandler

_AT_ONCE = frozenset((OrderType.MARKET, OrderType.COMBO_MARKET, OrderType.OPTION_EXERCISE))
_AT_OPEN = OrderType.MARKET_ON_OPEN
_CLOSED = frozenset((OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.INVALID))


class BacktestingBrokerage:
    """Resting orders by id, and the scan that fills them.

    A scan visits the orders by id. All but market orders wait for the step after the one they
    were sent in.
    """

    def __init__(self, algorithm: QCAlgorithm) -> None:
        self._algorithm = algorithm
        self._handler: TransactionHandler
        self.pending: dict[int, Order] = {}
        self.resting: RestingOrders | None = None
        self._needs_scan = False
        #: Orders that cannot be filled before the next step, and the instant at which they were sent.
        self._later: set[int] = set()
        self._later_ns = -1
        #: The instant at which all orders were found to wait for later.
        self._only_later_ns = -1

    def bind(self, handler: TransactionHandler) -> None:
        """Name the transaction handler that events go to."""
        self._handler = handler

    def place(self, order: Order) -> None:
        """Take an order."""
        self.pending[order.id] = order
        self._note_for_later(order)
        self.wake()
        self._acknowledge(order, OrderStatus.SUBMITTED)

    def hold(self, order: Order) -> None:
        """Take an order of which the author is told elsewhere."""
        self.pending[order._id] = order
        self._note_for_later(order)

    def resume(self, orders: Iterable[Order]) -> None:
        """Take orders that it was given in another process."""
        self.pending.update((order.id, order) for order in orders)
        self.wake()

    def release(self, order: Order) -> None:
        """Let go of an order that was filled elsewhere."""
        del self.pending[order._id]
        self.look_at_others()

    def look_at_others(self) -> None:
        """Look at the orders that are there once more: an order that was filled elsewhere has changed the cash."""
        if self.pending:
            self.wake()

    def _note_for_later(self, order: Order) -> None:
        if order.order_type in _AT_ONCE:
            self._only_later_ns = -1
            return
        if order.time_ns != self._later_ns:
            self._later.clear()
            self._later_ns = order.time_ns
            self._only_later_ns = -1
        self._later.add(order._id)

    def update(self, order: Order) -> bool:
        """Take a change of an order; return whether it was still there."""
        if order.id not in self.pending:
            return False
        self.wake()
        self._acknowledge(order, OrderStatus.UPDATE_SUBMITTED)
        return True

    def cancel(self, order: Order) -> bool:
        """Cancel an order and the others of its group; return whether all were still there."""
        legs = group_orders(order, self.pending.get)
        if legs is None:
            return False
        found = True
        self.wake()
        for leg in legs:
            found = self.pending.pop(leg.id, None) is not None and found
            self._acknowledge(leg, OrderStatus.CANCELED)
        return found

    def wake(self) -> None:
        """Look at the orders at the next scan: one has come, gone or changed, or a position has."""
        self._needs_scan = True
        if self.resting is not None:
            self.resting.wake()

    def is_asleep(self) -> bool:
        """Return whether a scan of the resting orders would be in vain now."""
        return self.resting is not None and self.resting.is_asleep()

    def sleep(self) -> int | None:
        """After a step, return the instant at which the orders must be looked at; ``None`` for the next step."""
        return None if self.resting is None else self.resting.sleep(self.pending.values())

    def _acknowledge(self, order: Order, status: OrderStatus) -> None:
        name = str(order.id)
        if name not in order.broker_id:
            order.broker_id.append(name)
        event = OrderEvent(order, self._algorithm.lab_utc_ns, OrderFee.ZERO)
        event.status = status
        self._handler.handle_events([event])

    def scan(self) -> None:
        """Try to fill each resting order."""
        if not self._needs_scan or self.is_asleep():
            return
        utc_ns = self._algorithm.lab_utc_ns
        if utc_ns == self._only_later_ns:
            return
        self._needs_scan = False
        chosen: Set[int] = self.pending.keys()
        if utc_ns == self._later_ns:
            chosen = chosen - self._later
            self._only_later_ns = -1 if chosen else self._later_ns
        for order_id in sorted(chosen):
            order = self.pending.get(order_id)
            if order is None:
                continue
            if order.status in _CLOSED:
                del self.pending[order_id]
            else:
                self._try_fill(order)
        self._needs_scan = bool(self.pending)

    def _try_fill(self, order: Order) -> None:
        algorithm = self._algorithm
        if order.time_ns == algorithm.lab_utc_ns and order.type not in _AT_ONCE:
            return
        if order.order_type is _AT_OPEN and self._handler.fill_at_open(order):
            return
        legs = group_orders(order, self.pending.get)
        if legs is None:
            return
        securities: dict[Order, Security] = {}
        for leg in legs:
            security = algorithm.securities.get(leg.symbol)
            if security is None:
                self._remove(legs, OrderStatus.INVALID, f"The security {leg.symbol} no longer exists.")
                return
            securities[leg] = security
        if not self._may_fill(legs, securities):
            return
        result = algorithm.portfolio.has_sufficient_buying_power_for_order(legs)
        if not result.is_sufficient:
            if order.status != OrderStatus.CANCEL_PENDING:
                message = self._handler.insufficient_text(legs, result.reason)
                self._remove(legs, OrderStatus.INVALID, message)
                algorithm.error(message)
            return
        fills = self._fills(order, securities)
        if fills:
            self._book(legs, fills)

    def _may_fill(self, legs: list[Order], securities: dict[Order, Security]) -> bool:
        for leg in legs:
            security = securities[leg]
            if leg.type == OrderType.MARKET_ON_OPEN:
                bar = security.get_last_data()
                if bar is None or security.exchange.hours.time_zone.datetime(leg.time_ns) >= bar.end_time:
                    return False
            if leg.time_in_force.is_order_expired(security, leg):
                self._remove(legs, OrderStatus.CANCELED, "The order has expired.")
                return False
            if not self._algorithm.brokerage_model.can_execute_order(security, leg):
                return False
        return True

    def _fills(self, order: Order, securities: dict[Order, Security]) -> list[OrderEvent]:
        algorithm = self._algorithm
        security = securities[order]
        try:
            parameters = FillModelParameters(
                security,
                order,
                algorithm.subscription_manager.subscription_data_config_service,
                algorithm.settings.stale_price_time_span,
                securities,
            )
            found = security.fill_model.fill(parameters)
            fills: list[OrderEvent] = [found] if isinstance(found, OrderEvent) else list(found)
            if not all(order.time_in_force.is_fill_valid(security, order, fill) for fill in fills):
                return []
            for fill in fills:
                if fill.status == OrderStatus.FILLED and fill.order_fee.value.exact_amount == 0:
                    leg = next(each for each in securities if each.id == fill.order_id)
                    fill.order_fee = securities[leg].fee_model.get_order_fee(OrderFeeParameters(securities[leg], leg))
        except Exception as problem:
            algorithm.error(
                f"Order Error: id: {order.id}, Transaction model failed to fill for order type: {order.type} with "
                f"error: {type(problem).__name__}: {problem}"
            )
            return []
        return fills

    def _book(self, legs: list[Order], fills: list[OrderEvent]) -> None:
        if self.resting is not None:
            self.resting.wake()
        events = []
        for leg in legs:
            for fill in fills:
                if fill.order_id == leg.id and (leg.status != fill.status or fill.exact_fill_quantity != 0):
                    leg.status = fill.status
                    events.append(fill)
        if all(fill.status in _CLOSED for fill in fills):
            for leg in legs:
                self.pending.pop(leg.id, None)
        if events:
            self._handler.handle_events(events)

    def _remove(self, legs: list[Order], status: OrderStatus, message: str) -> None:
        events = []
        for leg in legs:
            event = OrderEvent(leg, self._algorithm.lab_utc_ns, OrderFee.ZERO, message)
            event.status = status
            events.append(event)
            self.pending.pop(leg.id, None)
        self._handler.handle_events(events)
