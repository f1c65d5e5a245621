"""The orders and tickets of a run."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from tradinglab.algorithm.orders import Order, OrderTicket, SubmitOrderRequest
from tradinglab.core.enums import DataNormalizationMode, OrderStatus

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.core.symbol import Symbol

CLOSED = frozenset((OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.INVALID))


class OpenOrders(dict[int, Order]):
    """The orders that may still be filled, by their ids and by their symbols."""

    def __init__(self) -> None:
        super().__init__()
        self._by_symbol: dict[Symbol, dict[int, Order]] = {}

    def __setitem__(self, order_id: int, order: Order) -> None:
        super().__setitem__(order_id, order)
        self._by_symbol.setdefault(order.symbol, {})[order_id] = order

    def pop(self, order_id: int, default: None = None) -> Order | None:  # type: ignore[override]
        """Take an order out, if it is there."""
        order = super().pop(order_id, None)
        if order is not None:
            del self._by_symbol[order.symbol][order_id]
        return order

    def ids_of(self, symbol: Symbol) -> Collection[int]:
        """Return the ids of a symbol's orders, in the order in which they were sent."""
        return self._by_symbol.get(symbol, ())


class OrderBook:
    """Holds the orders of a run, and answers what the transaction manager asks about them."""

    def __init__(self, algorithm: QCAlgorithm) -> None:
        self._algorithm = algorithm
        self.orders: dict[int, Order] = {}
        self.tickets: dict[int, OrderTicket] = {}
        self.open = OpenOrders()
        self.total_orders = 0

    @property
    def orders_count(self) -> int:
        """How many orders were sent."""
        return self.total_orders

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
        tickets = [self.tickets[order_id] for order_id in self.open]
        return [ticket for ticket in tickets if wanted is None or wanted(ticket)]

    def open_order_tickets_of(self, symbol: Symbol) -> list[OrderTicket]:
        """Return the tickets of a symbol's open orders."""
        if not self.open:
            return []
        ids = self.open.ids_of(symbol)
        return [self.tickets[order_id] for order_id in ids] if ids else []

    # For the engine.

    def add_open_order(self, order: Order) -> OrderTicket:
        """Take an order that the engine itself made (a delisting), which no request stands for."""
        transactions = self._algorithm.transactions
        if order.status in (OrderStatus.NEW, OrderStatus.NONE):
            order.status = OrderStatus.SUBMITTED
        order.id = transactions.get_increment_order_id()
        order.price_adjustment_mode = self.price_adjustment(order.symbol)
        request = SubmitOrderRequest(
            order.type, order.security_type, order.symbol, order.exact_quantity, 0, 0, time=order.time_ns, tag=order.tag
        )
        request.set_order_id(order.id)
        ticket = OrderTicket(transactions, request)
        ticket.set_order(order)
        self.open[order.id] = order
        self.orders[order.id] = order
        self.tickets[order.id] = ticket
        self.total_orders += 1
        return ticket

    def add_resumed_order(self, order: Order, ticket: OrderTicket) -> None:
        """Take an open order that another process was given; it has its number."""
        self.open[order.id] = order
        self.orders[order.id] = order
        self.tickets[order.id] = ticket
        self.total_orders += 1

    def securities_of(self, orders: list[Order]) -> dict[Order, Security]:
        """Return the security of each order that has one."""
        found = {}
        for order in orders:
            security = self._algorithm.securities.get(order.symbol)
            if security is not None:
                found[order] = security
        return found

    def price_adjustment(self, symbol: Symbol) -> DataNormalizationMode:
        """Return how the prices of a symbol's first subscription are adjusted."""
        service = self._algorithm.subscription_manager.subscription_data_config_service
        configs = service.get_subscription_data_configs(symbol, include_internal_configs=True)
        return configs[0].data_normalization_mode if configs else DataNormalizationMode.RAW
