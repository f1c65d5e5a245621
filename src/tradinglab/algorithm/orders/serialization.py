"""Orders as JSON, and the hash over all orders of a run.

The text follows LEAN's to the byte: members in its order, decimals with their scale, so that an MD5
over it can be compared. See LEAN's ``Extensions.GetHash``.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from decimal import Decimal
from functools import lru_cache
from json.encoder import encode_basestring
from typing import TYPE_CHECKING

from tradinglab.algorithm.orders.order_types import (
    LimitIfTouchedOrder,
    LimitOrder,
    StopLimitOrder,
    StopMarketOrder,
)
from tradinglab.algorithm.orders.text import iso_text
from tradinglab.algorithm.orders.time_in_force import (
    GoodTilCanceledTimeInForce,
    GoodTilDateTimeInForce,
    TimeInForce,
)
from tradinglab.algorithm.orders.venue import Exchange
from tradinglab.algorithm.orders.written import WrittenOrder
from tradinglab.core.clock import to_ns
from tradinglab.core.decimals import smart_round
from tradinglab.core.system_decimal import decimal_text

if TYPE_CHECKING:
    from tradinglab.algorithm.orders.combo import GroupOrderManager
    from tradinglab.algorithm.orders.order import Order
    from tradinglab.algorithm.orders.properties import OrderProperties
    from tradinglab.algorithm.orders.submission import OrderSubmissionData
    from tradinglab.core.symbol import Symbol

_ROUNDED_TYPES = (LimitOrder, StopLimitOrder, StopMarketOrder, LimitIfTouchedOrder)
_ROUNDED_FIELDS = ("exact_limit_price", "exact_stop_price", "exact_trigger_price", "exact_trailing_amount")


def number_json(value: Decimal) -> str:
    """Return a decimal as .NET writes it to JSON: with its scale, and ``.0`` behind a whole number."""
    text = decimal_text(value)
    return text if "." in text else text + ".0"


def _text_json(value: str | None) -> str:
    return "null" if value is None else encode_basestring(value)


def _object_json(members: Iterable[tuple[str, str]]) -> str:
    return "{" + ",".join(f'"{name}":{value}' for name, value in members) + "}"


def _value_json(value: object) -> str:
    """Return the value of an order property as JSON."""
    if value is None or isinstance(value, str):
        return _text_json(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, TimeInForce):
        return _time_in_force_json(value)
    if isinstance(value, Exchange):
        types = "[" + ",".join(str(int(each)) for each in value.security_types) + "]"
        named = [("Code", value.code), ("Name", value.name), ("Market", value.market)]
        return _object_json([*((name, _text_json(text)) for name, text in named), ("SecurityTypes", types)])
    if isinstance(value, dict):
        return _object_json((str(key), _value_json(each)) for key, each in value.items())
    return order_json(value) if hasattr(value, "json_fields") else _text_json(str(value))  # type: ignore[arg-type]


def _time_in_force_json(value: TimeInForce) -> str:
    if isinstance(value, GoodTilCanceledTimeInForce):
        return "{}"
    members = [("$type", f'"QuantConnect.Orders.TimeInForces.{value.type_name}"')]
    if isinstance(value, GoodTilDateTimeInForce):
        members.append(("Expiry", f'"{iso_text(to_ns(value.expiry), "")}"'))
    return _object_json(members)


@lru_cache(maxsize=256)
def _plain_symbol_json(ticker: str, identifier: str) -> str:
    value = _text_json(ticker)
    return _object_json((("value", value), ("id", _text_json(identifier)), ("permtick", value)))


def _symbol_json(symbol: Symbol) -> str:
    if symbol.underlying is None:
        return _plain_symbol_json(symbol.value, str(symbol.id))
    value = _text_json(symbol.value)
    members = [("value", value), ("id", _text_json(str(symbol.id))), ("permtick", value)]
    if symbol.has_underlying and symbol.underlying is not None:
        members.append(("underlying", _symbol_json(symbol.underlying)))
    return _object_json(members)


def _properties_json(properties: OrderProperties) -> str:
    return _object_json((name, _value_json(value)) for name, value in properties.json_members())


def _submission_json(data: OrderSubmissionData | None) -> str:
    if data is None:
        return "null"
    return _object_json(
        (
            ("bidPrice", number_json(data.exact_bid_price)),
            ("askPrice", number_json(data.exact_ask_price)),
            ("lastPrice", number_json(data.exact_last_price)),
        )
    )


def _group_json(group: GroupOrderManager) -> str:
    return _object_json(
        (
            ("id", str(group.id)),
            ("quantity", number_json(group.exact_quantity)),
            ("count", str(group.count)),
            ("limitPrice", number_json(group.exact_limit_price)),
            ("orderIds", "[" + ",".join(map(str, sorted(group.order_ids))) + "]"),
            ("direction", str(int(group.direction))),
        )
    )


def _own_members(order: Order) -> Iterable[tuple[str, str]]:
    """Yield the members that the classes of an order add to those of every order."""
    seen = set()
    for cls in type(order).__mro__:
        for field in vars(cls).get("json_fields", ()):
            if field in seen:
                continue
            seen.add(field)
            head, *words = field.split("_")
            name = head + "".join(word.title() for word in words)
            if field == "type":
                yield name, str(int(order.type))
            elif field in ("stop_triggered", "trigger_touched", "trailing_as_percentage"):
                yield name, "true" if getattr(order, field) else "false"
            else:
                value: Decimal = getattr(order, f"exact_{field}")
                yield name, number_json(value)


def _common_members(order: Order) -> Iterable[tuple[str, str]]:
    yield "id", str(order.id)
    yield "contingentId", str(order.contingent_id)
    yield "brokerId", "[" + ",".join(_text_json(each) for each in order.broker_id) + "]"
    yield "symbol", _symbol_json(order.symbol)
    yield "price", number_json(order.exact_price)
    yield "priceCurrency", _text_json(order.price_currency)
    created = f'"{iso_text(order.time_ns)}"'
    yield "time", created
    yield "createdTime", created
    for name, utc_ns in (
        ("lastFillTime", order.last_fill_time_ns),
        ("lastUpdateTime", order.last_update_time_ns),
        ("canceledTime", order.canceled_time_ns),
    ):
        if utc_ns is not None:
            yield name, f'"{iso_text(utc_ns)}"'
    if order.group_order_manager is None:
        yield "quantity", number_json(order.exact_quantity)
    yield "status", str(int(order.status))
    if order.tag is not None:
        yield "tag", _text_json(order.tag)
    yield "properties", _properties_json(order.properties)
    yield "securityType", str(int(order.security_type))
    yield "direction", str(int(order.direction))
    yield "value", number_json(order.exact_value)
    yield "orderSubmissionData", _submission_json(order.order_submission_data)
    yield "isMarketable", "true" if order.is_marketable else "false"
    if order.group_order_manager is not None:
        yield "groupOrderManager", _group_json(order.group_order_manager)
    yield "priceAdjustmentMode", str(int(order.price_adjustment_mode))


def order_json(order: Order | WrittenOrder) -> str:
    """Return an order as JSON without white space."""
    if isinstance(order, WrittenOrder):
        return order.json
    return _object_json([*_own_members(order), *_common_members(order)])


def _rounded(order: Order) -> Order:
    """Return an order with the prices that are hashed; whether it is marketable follows from them, as in LEAN."""
    twin = copy(order)
    twin.exact_price = smart_round(order.exact_price)
    if isinstance(order, _ROUNDED_TYPES):
        for field in _ROUNDED_FIELDS:
            if hasattr(order, field):
                setattr(twin, field, smart_round(getattr(order, field)))
    return twin


def hashed_order_json(order: Order | WrittenOrder) -> str:
    """Return the JSON of an order that the hash over all orders is made from."""
    return order.hashed_json if isinstance(order, WrittenOrder) else order_json(_rounded(order))


def order_list_hash(orders: Iterable[Order | WrittenOrder]) -> str:
    """Return LEAN's hash over the orders of a run: the MD5 of their JSON, by number."""
    text = ",".join(hashed_order_json(order) for order in sorted(orders, key=lambda order: order.id))
    # Python's own, where it has one: OpenSSL, which `hashlib` loads, takes longer to start than this whole hash.
    try:
        from _md5 import md5  # type: ignore[import-not-found]
    except ImportError:
        from hashlib import md5
    digest: str = md5(text.encode(), usedforsecurity=False).hexdigest()
    return digest
