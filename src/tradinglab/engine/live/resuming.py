"""Taking up the orders that were open when a run was cut off.

LEAN asks the brokerage for open orders when a live algorithm starts again, and has tickets of them before the first
data comes. Here the account's own record takes the brokerage's place: an order keeps its number, its time and its
fills so far, and nobody is told that it was submitted once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from tradinglab.algorithm.orders import (
    GroupOrderManager,
    Order,
    OrderEvent,
    OrderFee,
    OrderProperties,
    OrderResponse,
    OrderSubmissionData,
    OrderTicket,
    SubmitOrderRequest,
    TimeInForce,
)
from tradinglab.core.clock import SECOND_NS, to_ns
from tradinglab.core.enums import DataNormalizationMode, OrderRequestStatus, OrderStatus, OrderType
from tradinglab.core.errors import TradingLabError
from tradinglab.engine.live.account import security_of

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.engine.parts import RunParts

#: What an order's record has that its request does not: name in JSON, name of the attribute.
_STATES: Final = (("stopTriggered", "stop_triggered"), ("triggerTouched", "trigger_touched"))
_STATUSES: Final = {str(each).lower(): each for each in OrderStatus}
_Orders = Mapping[str, Any]


def resume_orders(parts: RunParts, documents: Iterable[_Orders]) -> list[Order]:
    """Put open orders into the book, and return them for the brokerage; each as its record and its events tell it.

    An order that cannot be read is told of in the log: the others go on.
    """
    groups: dict[int, GroupOrderManager] = {}
    found: list[Order] = []
    for document in sorted(documents, key=lambda each: int(each["id"])):
        try:
            ticket = _ticket(parts.algorithm, document, groups)
            order = _order(ticket, document)
            count = _take_events(order, ticket, document)
        except (TradingLabError, KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as problem:
            parts.algorithm.error(f"Order {document['id']} was open, and cannot be taken up again: {problem!r}")
            continue
        parts.transactions.resume(order, ticket, count)
        found.append(order)
    return found


def _ticket(algorithm: QCAlgorithm, document: _Orders, groups: dict[int, GroupOrderManager]) -> OrderTicket:
    symbol = security_of(algorithm, document["symbol"]["id"], document["symbol"]["value"]).symbol
    properties = OrderProperties()
    properties.time_in_force = _time_in_force(document.get("properties") or {})
    request = SubmitOrderRequest(
        OrderType(document["type"]),
        symbol.security_type,
        symbol,
        _decimal(document["quantity"]),
        _decimal(document.get("stopPrice", 0)),
        # The limit of a combo is its group's.
        _decimal(document.get("limitPrice", (document.get("groupOrderManager") or {}).get("limitPrice", 0))),
        time=_instant_ns(document["createdTime"]),
        tag=document.get("tag"),
        properties=properties,
        trigger_price=_decimal(document.get("triggerPrice", 0)),
        trailing_amount=_decimal(document.get("trailingAmount", 0)),
        trailing_as_percentage=bool(document.get("trailingAsPercentage")),
        group_order_manager=_group(document.get("groupOrderManager"), groups),
    )
    request.set_order_id(int(document["id"]))
    request.set_response(OrderResponse.success(request), OrderRequestStatus.PROCESSED)
    return OrderTicket(algorithm.transactions, request)


def _order(ticket: OrderTicket, document: _Orders) -> Order:
    order = Order.create_order(ticket.submit_request)
    order.status = OrderStatus(document["status"])
    order.exact_price = _decimal(document["price"])
    order.price_currency = str(document["priceCurrency"])
    order.broker_id = [str(each) for each in document["brokerId"]]
    order.contingent_id = int(document["contingentId"])
    order.price_adjustment_mode = DataNormalizationMode(document["priceAdjustmentMode"])
    if (prices := document.get("orderSubmissionData")) is not None:
        order.order_submission_data = OrderSubmissionData(
            *(_decimal(prices[name]) for name in ("bidPrice", "askPrice", "lastPrice"))
        )
    for name, attribute in (("lastFillTime", "last_fill_time_ns"), ("lastUpdateTime", "last_update_time_ns")):
        if document.get(name):
            setattr(order, attribute, _instant_ns(document[name]))
    for name, attribute in _STATES:
        if name in document:
            setattr(order, attribute, bool(document[name]))
    ticket.set_order(order)
    return order


def _take_events(order: Order, ticket: OrderTicket, document: _Orders) -> int:
    """Give a ticket what happened to its order before; return the number of the last event."""
    count = 0
    price = order.exact_price
    for told in document["events"]:
        event = OrderEvent(order, round(float(told["time"]) * SECOND_NS), OrderFee.ZERO, told.get("message", ""))
        event.status = _STATUSES[str(told["status"]).lower()]
        event.fill_price, event.fill_quantity = _decimal(told["fillPrice"]), _decimal(told["fillQuantity"])
        event.id = count = int(told["orderEventId"])
        event.ticket = ticket
        ticket.add_order_event(event)
    order.exact_price = price
    return count


def _time_in_force(properties: Mapping[str, Any]) -> TimeInForce:
    """Return how long an order works; one of an author's own making is good until it is cancelled."""
    told = properties.get("timeInForce") or {}
    kind = str(told.get("$type", "")).rpartition(".")[2]
    if kind == "DayTimeInForce":
        return TimeInForce.DAY
    if kind == "GoodTilDateTimeInForce":
        return TimeInForce.good_til_date(datetime.fromisoformat(told["Expiry"]).replace(tzinfo=None))
    return TimeInForce.GOOD_TIL_CANCELED


def _group(told: Mapping[str, Any] | None, groups: dict[int, GroupOrderManager]) -> GroupOrderManager | None:
    """Return what the legs of a combo share: one object for all of them."""
    if told is None:
        return None
    number = int(told["id"])
    if number not in groups:
        groups[number] = made = GroupOrderManager(
            number, int(told["count"]), _decimal(told["quantity"]), _decimal(told["limitPrice"])
        )
        made.order_ids.update(int(each) for each in told["orderIds"])
    return groups[number]


def _decimal(value: Any) -> Decimal:
    """Return a number as it was written: JSON's floats have the shortest digits that mean them."""
    return Decimal(str(value))


def _instant_ns(text: str) -> int:
    return to_ns(datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None))
