"""Who may refuse an order that is well formed: the account, and the brokerage model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.orders import (
    Order,
    OrderRequest,
    OrderResponse,
    UpdateOrderRequest,
    insufficient_buying_power_text,
)
from tradinglab.core.enums import OrderResponseErrorCode as Code

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.engine.order_book import OrderBook
    from tradinglab.engine.order_events import OrderEvents


class OrderPermission:
    """Asks the account for margin; keeps the warnings that are given once."""

    def __init__(self, algorithm: QCAlgorithm, book: OrderBook, events: OrderEvents) -> None:
        self._algorithm = algorithm
        self._book = book
        self._events = events
        self._warned: set[str] = set()

    def refusal_for_margin(self, request: OrderRequest, legs: list[Order]) -> OrderResponse | None:
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
            self._events.tell(order, text)
            return OrderResponse.error(request, Code.BROKERAGE_FAILED_TO_UPDATE_ORDER, text)
        text = self.insufficient_text(legs, result.reason)
        algorithm.error(text)
        self._events.invalidate(legs, text)
        return OrderResponse.error(request, Code.INSUFFICIENT_BUYING_POWER, text)

    def insufficient_text(self, legs: list[Order], reason: str) -> str:
        """Return the message for orders that the account cannot carry."""
        values = {leg: leg.get_exact_value(security) for leg, security in self._book.securities_of(legs).items()}
        return insufficient_buying_power_text(values, reason)

    def warn_once(self, key: str, message: str) -> None:
        """Write a warning as an error, the first time only."""
        if key not in self._warned:
            self._warned.add(key)
            self._algorithm.error(message)
            self._algorithm.lab_keep_warning(message)


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
