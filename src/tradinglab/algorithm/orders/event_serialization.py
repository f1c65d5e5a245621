"""Order events as JSON, in the form of LEAN's file of order events."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tradinglab.algorithm.orders.fee import NULL_CURRENCY
from tradinglab.algorithm.orders.serialization import number_json
from tradinglab.core.clock import SECOND_NS

if TYPE_CHECKING:
    from tradinglab.algorithm.orders.order_event import OrderEvent
    from tradinglab.core.dual import DualEnum


def order_event_json(event: OrderEvent, algorithm_id: str) -> str:
    """Return an order event as JSON without white space; its time is in seconds since 1970."""
    symbol, fee = event.symbol, event.order_fee.value
    members = [
        ("id", _text(f"{algorithm_id}-{event.order_id}-{event.id}")),
        ("algorithmId", _text(algorithm_id)),
        ("orderId", str(event.order_id)),
        ("orderEventId", str(event.id)),
        ("symbol", _text(str(symbol.id))),
        ("symbolValue", _text(symbol.value)),
        ("symbolPermtick", _text(symbol.id.symbol)),
        ("time", repr(event.utc_ns / SECOND_NS)),
        ("status", _camel(event.status)),
    ]
    if fee.currency != NULL_CURRENCY:
        members += [("orderFeeAmount", number_json(fee.exact_amount)), ("orderFeeCurrency", _text(fee.currency))]
    members += [
        ("fillPrice", number_json(event.exact_fill_price)),
        ("fillPriceCurrency", _text(event.fill_price_currency)),
        ("fillQuantity", number_json(event.exact_fill_quantity)),
        ("direction", _camel(event.direction)),
    ]
    if event.message:
        members.append(("message", _text(event.message)))
    members += [("isAssignment", json.dumps(event.is_assignment)), ("quantity", number_json(event.exact_quantity))]
    for name, price in (("stopPrice", event.exact_stop_price), ("limitPrice", event.exact_limit_price)):
        if price is not None:
            members.append((name, number_json(price)))
    if event.is_in_the_money:
        members.append(("isInTheMoney", "true"))
    return "{" + ",".join(f'"{name}":{value}' for name, value in members) + "}"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _camel(value: DualEnum) -> str:
    name = str(value)
    return f'"{name[0].lower()}{name[1:]}"'
