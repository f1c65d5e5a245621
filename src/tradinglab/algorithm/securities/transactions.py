"""The orders of an algorithm: sending, finding and cancelling them, and what closed positions earned."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, Protocol

from tradinglab.core.clock import from_ns
from tradinglab.core.decimals import ZERO, Number, to_decimal
from tradinglab.core.dual import Spelled
from tradinglab.core.symbol import Symbol

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import (
        CancelOrderRequest,
        Order,
        OrderProperties,
        OrderRequest,
        OrderTicket,
        SubmitOrderRequest,
        UpdateOrderRequest,
    )
    from tradinglab.algorithm.securities.security import Security
    from tradinglab.algorithm.securities.security_manager import SecurityManager

_MILLISECOND_NS = 1_000_000


class OrderProcessor(Protocol):
    """The part of the engine that carries orders out."""

    @property
    def orders_count(self) -> int:
        """How many orders there have been."""
        ...

    def process(self, request: OrderRequest) -> OrderTicket:
        """Carry out a request and return the ticket of its order."""
        ...

    def take_at_market(
        self, security: Security, quantity: Decimal, tag: str, properties: OrderProperties | None
    ) -> OrderTicket | None:
        """Carry out a market order in few steps; ``None``, and nothing done, if it needs more."""
        ...

    def take_at_open(
        self, security: Security, quantity: Decimal, tag: str, properties: OrderProperties | None
    ) -> OrderTicket | None:
        """Place an order for the next open in few steps; ``None``, and nothing done, if it needs more."""
        ...

    def get_order_by_id(self, order_id: int) -> Order | None:
        """Return an order."""
        ...

    def get_order_ticket(self, order_id: int) -> OrderTicket | None:
        """Return the ticket of an order."""
        ...

    def get_orders(self) -> list[Order]:
        """Return all orders."""
        ...

    def get_open_orders(self) -> list[Order]:
        """Return the orders that are still working."""
        ...

    def get_order_tickets(self) -> list[OrderTicket]:
        """Return the tickets of all orders."""
        ...

    def get_open_order_tickets(self) -> list[OrderTicket]:
        """Return the tickets of the orders that are still working."""
        ...

    def open_order_tickets_of(self, symbol: Symbol) -> list[OrderTicket]:
        """Return the tickets of a symbol's open orders."""
        ...


class WarmingUp(Protocol):
    """An algorithm, as far as orders ask it."""

    @property
    def is_warming_up(self) -> bool:
        """Whether it is still before its start."""
        ...


class ProjectedHoldings(Spelled):
    """What is held, and what open orders would add."""

    __slots__ = ("exact_holdings_quantity", "exact_open_orders_quantity")

    def __init__(self, holdings_quantity: Number, open_orders_quantity: Number) -> None:
        self.exact_holdings_quantity = to_decimal(holdings_quantity)
        self.exact_open_orders_quantity = to_decimal(open_orders_quantity)

    @property
    def holdings_quantity(self) -> float:
        """Units held."""
        return float(self.exact_holdings_quantity)

    @property
    def open_orders_quantity(self) -> float:
        """Units that open orders have still to fill."""
        return float(self.exact_open_orders_quantity)

    @property
    def exact_projected_quantity(self) -> Decimal:
        """``projected_quantity`` as a decimal."""
        return self.exact_holdings_quantity + self.exact_open_orders_quantity

    @property
    def projected_quantity(self) -> float:
        """Units that will be held once all open orders are filled."""
        return float(self.exact_projected_quantity)


class TransactionRecord(NamedTuple):
    """What a fill that reduced a position earned, in the account's currency."""

    profit_loss: Decimal
    is_win: bool


TicketFilter = Callable[["OrderTicket"], bool] | Symbol | str | None
OrderFilter = Callable[["Order"], bool] | Symbol | str | None


class SecurityTransactionManager(Spelled):
    """Sends orders to the engine and finds them again."""

    def __init__(self, algorithm: WarmingUp | None, securities: SecurityManager) -> None:
        self._algorithm = algorithm
        self._securities = securities
        self._processor: OrderProcessor | None = None
        self._order_id = 0
        self._group_id = 0
        self.records: dict[int, TransactionRecord] = {}
        self.market_order_fill_timeout = timedelta()

    @property
    def utc_ns(self) -> int:
        """The present instant."""
        return self._securities.utc_ns

    @property
    def utc_time(self) -> datetime:
        """The present time, UTC."""
        return self._securities.utc_time

    def set_order_processor(self, processor: OrderProcessor) -> None:
        """Say which part of the engine carries orders out."""
        self._processor = processor

    @property
    def _engine(self) -> OrderProcessor:
        if self._processor is None:
            raise RuntimeError("Orders cannot be handled: the algorithm is not run by an engine.")
        return self._processor

    @property
    def minimum_order_size(self) -> float:
        """Not used any more: see ``settings.minimum_order_margin_portfolio_percentage``."""
        return 0.0

    @property
    def minimum_order_quantity(self) -> int:
        """Not used any more: see ``settings.minimum_order_margin_portfolio_percentage``."""
        return 0

    # Sending

    def process_request(self, request: OrderRequest) -> OrderTicket:
        """Carry out a request.

        Raises
        ------
        RuntimeError
            If the algorithm is still warming up.
        """
        if self._algorithm is not None and self._algorithm.is_warming_up:
            raise RuntimeError("This operation is not allowed in initialize or during warm up: orders need live data.")
        return self._engine.process(request)

    def take_at_market(
        self, security: Security, quantity: Decimal, tag: str, properties: OrderProperties | None
    ) -> OrderTicket | None:
        """Carry out a market order in few steps; ``None``, and nothing done, if it needs a request."""
        return self._engine.take_at_market(security, quantity, tag, properties)

    def take_at_open(
        self, security: Security, quantity: Decimal, tag: str, properties: OrderProperties | None
    ) -> OrderTicket | None:
        """Place an order for the next open in few steps; ``None``, and nothing done, if it needs a request."""
        return self._engine.take_at_open(security, quantity, tag, properties)

    def add_order(self, request: SubmitOrderRequest) -> OrderTicket:
        """Send a new order."""
        self.set_order_id(request)
        return self.process_request(request)

    def set_order_id(self, request: SubmitOrderRequest) -> None:
        """Give a request the next order number, unless it has one."""
        if request.order_id < 1:
            request.set_order_id(self.get_increment_order_id())

    def update_order(self, request: UpdateOrderRequest) -> OrderTicket:
        """Send a change of an order."""
        return self.process_request(request)

    def lab_skip_order_ids(self, count: int) -> None:
        """Do not give out the first numbers: orders of another process have them."""
        self._order_id += count

    def cancel_order(self, order_id: int, order_tag: str | None = None) -> OrderTicket:
        """Cancel an order."""
        return self.process_request(self._cancel_request(order_id, order_tag or ""))

    remove_order = cancel_order

    def cancel_open_orders(self, symbol: Symbol | str | None = None, tag: str | None = None) -> list[OrderTicket]:
        """Cancel all working orders, or those of one security, and return their tickets.

        Raises
        ------
        RuntimeError
            If the algorithm is still warming up.
        """
        if self._algorithm is not None and self._algorithm.is_warming_up:
            raise RuntimeError("This operation is not allowed in initialize or during warm up: cancel_open_orders.")
        if symbol is None:
            tag = f"Canceled by CancelOpenOrders() at {self.utc_time:%Y-%m-%dT%H:%M:%S.%f}0Z" if tag is None else tag
        tickets = self.get_open_order_tickets(symbol)
        for ticket in tickets:
            ticket.cancel(tag)
        return tickets

    def _cancel_request(self, order_id: int, tag: str) -> CancelOrderRequest:
        from tradinglab.algorithm.orders import CancelOrderRequest

        return CancelOrderRequest(self.utc_ns, order_id, tag)

    # Finding

    @property
    def last_order_id(self) -> int:
        """The number of the last order."""
        return self._order_id

    @property
    def orders_count(self) -> int:
        """How many orders there have been."""
        return self._processor.orders_count if self._processor is not None else 0

    def get_increment_order_id(self) -> int:
        """Return the number of the next order."""
        self._order_id += 1
        return self._order_id

    def get_increment_group_order_manager_id(self) -> int:
        """Return the number of the next group of combo orders."""
        self._group_id += 1
        return self._group_id

    def get_order_by_id(self, order_id: int) -> Order | None:
        """Return an order by its number."""
        return self._engine.get_order_by_id(order_id)

    def get_orders_by_brokerage_id(self, brokerage_id: str | int) -> list[Order]:
        """Return the orders that a brokerage knows by a number."""
        return [order for order in self._engine.get_orders() if str(brokerage_id) in order.broker_id]

    def get_order_ticket(self, order_id: int) -> OrderTicket | None:
        """Return the ticket of an order by its number."""
        return None if self._processor is None else self._processor.get_order_ticket(order_id)

    def get_orders(self, filter: OrderFilter = None) -> list[Order]:
        """Return the orders that pass a filter: a function, or a symbol."""
        return self._chosen(self._processor.get_orders() if self._processor is not None else [], filter)

    def get_open_orders(self, filter: OrderFilter = None) -> list[Order]:
        """Return the working orders that pass a filter: a function, or a symbol."""
        return self._chosen(self._processor.get_open_orders() if self._processor is not None else [], filter)

    def get_order_tickets(self, filter: TicketFilter = None) -> list[OrderTicket]:
        """Return the tickets that pass a filter: a function, or a symbol."""
        return self._chosen(self._processor.get_order_tickets() if self._processor is not None else [], filter)

    def get_open_order_tickets(self, filter: TicketFilter = None) -> list[OrderTicket]:
        """Return the tickets of working orders that pass a filter: a function, or a symbol."""
        if self._processor is None:
            return []
        if isinstance(filter, Symbol):
            return self._processor.open_order_tickets_of(filter)
        return self._chosen(self._processor.get_open_order_tickets(), filter)

    def exact_open_orders_remaining_quantity(self, filter: TicketFilter = None) -> Decimal:
        """Return ``get_open_orders_remaining_quantity`` as a decimal."""
        tickets = self.get_open_order_tickets(filter)
        return sum([ticket.exact_quantity_remaining for ticket in tickets], ZERO) if tickets else ZERO

    def get_open_orders_remaining_quantity(self, filter: TicketFilter = None) -> float:
        """Return the units that working orders have still to fill."""
        return float(self.exact_open_orders_remaining_quantity(filter))

    def get_projected_holdings(self, security: Security) -> ProjectedHoldings:
        """Return what is held of a security, and what its open orders would add."""
        remaining = self.exact_open_orders_remaining_quantity(security.symbol)
        return ProjectedHoldings(security.holdings.exact_quantity, remaining)

    def wait_for_order(self, order_id: int) -> bool:
        """Return whether an order is closed; in a backtest there is nothing to wait for."""
        from tradinglab.algorithm.orders import is_closed

        ticket = self.get_order_ticket(order_id)
        return ticket is not None and is_closed(ticket.status)

    def _chosen(self, found: list, choice: object) -> list:  # type: ignore[type-arg]
        if choice is None:
            return list(found)
        if callable(choice) and not isinstance(choice, Symbol):
            return [item for item in found if choice(item)]
        symbol = self._securities.find_symbol(choice) or choice
        return [item for item in found if item.symbol == symbol]

    # What closed positions earned

    def add_transaction_record(self, time_ns: int, transaction_profit_loss: Number, is_win: bool) -> None:
        """Record what closing (part of) a position earned; records of one instant are a millisecond apart."""
        while time_ns in self.records:
            time_ns += _MILLISECOND_NS
        self.records[time_ns] = TransactionRecord(to_decimal(transaction_profit_loss), is_win)

    def _profits(self, wanted: bool | None) -> dict[datetime, float]:
        return {
            from_ns(time_ns): float(record.profit_loss)
            for time_ns, record in self.records.items()
            if wanted is None or record.is_win is wanted
        }

    @property
    def transaction_record(self) -> dict[datetime, float]:
        """What each closing fill earned, by its time (UTC)."""
        return self._profits(None)

    @property
    def winning_transactions(self) -> dict[datetime, float]:
        """The closing fills that earned."""
        return self._profits(True)

    @property
    def losing_transactions(self) -> dict[datetime, float]:
        """The closing fills that lost."""
        return self._profits(False)

    @property
    def win_count(self) -> int:
        """How many closing fills earned."""
        return sum(record.is_win for record in self.records.values())

    @property
    def loss_count(self) -> int:
        """How many closing fills lost."""
        return sum(not record.is_win for record in self.records.values())

    def set_live_mode(self, is_live_mode: bool) -> None:
        """Set how long a market order is waited for: not at all in a backtest."""
        self.market_order_fill_timeout = timedelta(seconds=5) if is_live_mode else timedelta()
