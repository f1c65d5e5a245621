"""What one engine made of a version, from a run's result, and from a result file in LEAN's format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tradinglab.core.enums import OrderDirection, OrderStatus
from tradinglab.report.errors import ReportError
from tradinglab.report.parity import ParityOrder, ParitySide

if TYPE_CHECKING:
    from tradinglab.engine.result import BacktestResult


def side_of_result(result: BacktestResult, *, name: str) -> ParitySide:
    """Return what a run came to."""
    import json

    from tradinglab.engine.result_json import result_text

    document = json.loads(result_text(result))
    events: dict[str, list[dict[str, Any]]] = {}
    for each in result.record.order_events:
        told = {
            "fillQuantity": each.fill_quantity,
            "fillPrice": each.fill_price,
            "orderFeeAmount": float(each.order_fee.value.amount),
        }
        events.setdefault(str(each.order_id), []).append(told)
    for order_id, order in document["orders"].items():
        order["events"] = events.get(order_id, [])
    side = side_of_document(document, name=name)
    return replace(side, without_bars={each.no_bars_of: each.text for each in result.warnings if each.no_bars_of})


def side_of_document(document: Mapping[str, Any], *, name: str) -> ParitySide:
    """Return what a result file in LEAN's format tells, ours or another's.

    Its orders have fees only if their events are with them, as in the answers of QuantConnect's API; a file that LEAN
    writes has none.

    Raises
    ------
    ReportError
        If it has not the form of such a file.
    """
    try:
        orders, statistics, charts = document["orders"], document["statistics"], document["charts"]
        return ParitySide(
            name=name,
            orders=[_order(each) for each in orders.values()],
            statistics={str(key): str(value) for key, value in statistics.items()},
            equity=list(_equity(charts)),
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as problem:
        raise ReportError(
            f"{name}: this is no result in LEAN's format, with 'orders', 'statistics' and 'charts' ({problem!r})."
        ) from None


def _order(order: Mapping[str, Any]) -> ParityOrder:
    fills = [each for each in order.get("events") or () if each.get("fillQuantity")]
    filled = sum(float(each["fillQuantity"]) for each in fills)
    price = float(order["price"])
    if filled:
        price = sum(float(each["fillQuantity"]) * float(each["fillPrice"]) for each in fills) / filled
    return ParityOrder(
        id=int(order["id"]),
        symbol=str(order["symbol"]["value"]),
        side=_named(OrderDirection, order["direction"]),
        time_us=_microseconds(order.get("lastFillTime") or order["time"]),
        quantity=filled or float(order["quantity"]),
        price=price,
        fee=sum(float(each.get("orderFeeAmount") or 0.0) for each in fills) if order.get("events") else None,
        status=_named(OrderStatus, order.get("status", "")),
    )


def _named(kind: type[OrderDirection] | type[OrderStatus], value: object) -> str:
    """Return a word for what is written as a number or as a word."""
    return str(kind(value)) if isinstance(value, int) else str(value)


def _equity(charts: Mapping[str, Any]) -> Iterable[tuple[int, float]]:
    """Yield instants and the account's value; a candle's is its close, whatever form its points have."""
    series = charts["Strategy Equity"]["series"]["Equity"]["values"]
    for point in series:
        seconds, value = (point["x"], point.get("close", point.get("y"))) if isinstance(point, dict) else _ends(point)
        if value is not None:
            yield int(float(seconds) * 1e6), float(value)


def _ends(point: list[Any]) -> tuple[Any, Any]:
    return point[0], point[-1]


def _microseconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1_000_000)
