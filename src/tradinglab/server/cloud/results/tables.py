"""QuantConnect's charts, orders, insights, trades and log as the tables of a backtest here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum
from typing import TypeVar

from tradinglab.core.enums import OrderDirection, OrderStatus, OrderType
from tradinglab.quantconnect.models.backtests import ClosedTrade, Insight, Order, Traded
from tradinglab.server.backtests.tables import COLUMNS, Kept, Row, log_table
from tradinglab.server.cloud.results.points import Point, Stair, finite, points_of, series_of, summed
from tradinglab.server.cloud.results.reading import RemoteResult

_LONGEST_TEXT = 2_000
_DAY_US = 86_400 * 1_000_000
_E = TypeVar("_E", bound=Enum)


def remote_tables(result: RemoteResult) -> Kept:
    """Return every table; one of which QuantConnect tells nothing is empty."""
    kept = Kept()
    equity = equity_points(result)
    rows = {
        "equity": list(_equity(equity)),
        "days": list(_days(result, equity)),
        "positions": [],
        "orders": list(_orders(result.orders)),
        "order_events": list(_events(result.orders)),
        "trades": list(_trades(result.trades)),
        "insights": list(_insights(result.insights)),
        "charts": list(_charts(result)),
    }
    for name, found in rows.items():
        kept.keep(name, found, len(found), COLUMNS[name])
    # The lines are in the algorithm's time zone, which QuantConnect does not tell.
    kept["log"] = log_table(result.logs, None)
    kept.left_out["log"] = 0
    return kept


def equity_points(result: RemoteResult) -> list[Point]:
    """Return the account's value over time."""
    found = series_of(result.charts, "Strategy Equity", "Equity")
    return [each for each in found if each.last is not None]


def day_points(result: RemoteResult, equity: Sequence[Point]) -> list[int]:
    """Return the instants of the daily samples: those of the daily returns, else the last of each day."""
    daily = series_of(result.charts, "Strategy Equity", "Return")
    if len(daily) > 1:
        return [each.us for each in daily]
    last: dict[int, int] = {(each.us - 1) // _DAY_US: each.us for each in equity}
    return sorted(last.values())


def _equity(points: Sequence[Point]) -> Iterator[Row]:
    highest = 0.0
    for each in points:
        value = each.last
        assert value is not None
        highest = max(highest, value)
        below = value / highest - 1 if highest else 0.0
        first, high, low = each.values[:3] if len(each.values) > 3 else (value, value, value)
        yield each.us, value, first, high, low, below


def _days(result: RemoteResult, equity: Sequence[Point]) -> Iterator[Row]:
    own = Stair(list(equity))
    named = {
        "benchmark": ("Benchmark", "Benchmark"),
        "turnover": ("Portfolio Turnover", "Portfolio Turnover"),
        "capacity": ("Capacity", "Strategy Capacity"),
    }
    others = {name: Stair(series_of(result.charts, *where)) for name, where in named.items()}
    others |= {side: Stair(summed(result.charts, "Exposure", f"{side} Ratio")) for side in ("Long", "Short")}
    before: float | None = None
    for us in day_points(result, equity):
        value = own.at(us)
        if value is None:
            continue
        change = None if not before else value / before - 1
        before = value
        yield (
            us, value, others["benchmark"].at(us), change, others["turnover"].at(us), others["Long"].at(us),
            others["Short"].at(us), others["capacity"].at(us),
        )  # fmt: skip


def _orders(orders: Sequence[Order]) -> Iterator[Row]:
    for each in orders:
        quantity, price = each.quantity or 0.0, each.price or 0.0
        yield (
            each.id, name_of(each.symbol), _word(OrderType, each.type), direction_of(each), _status(each.status),
            quantity, price, quantity * price, _us(each.time or each.created_time), _us(each.last_fill_time),
            each.tag[:_LONGEST_TEXT],
        )  # fmt: skip


def direction_of(order: Order) -> str:
    """Return whether an order buys or sells."""
    if isinstance(order.direction, int):
        return _word(OrderDirection, order.direction)
    quantity = order.quantity or 0.0
    return str(OrderDirection.BUY if quantity > 0 else OrderDirection.SELL if quantity < 0 else OrderDirection.HOLD)


def _events(orders: Sequence[Order]) -> Iterator[Row]:
    for order in orders:
        for place, each in enumerate(order.events, 1):
            yield (
                order.id, each.order_event_id or place, _us(each.time), each.symbol_value or name_of(order.symbol),
                _pascal(each.status), _pascal(each.direction), finite(each.quantity), finite(each.fill_quantity),
                finite(each.fill_price), finite(each.order_fee_amount) or 0.0, each.order_fee_currency,
                each.message[:_LONGEST_TEXT],
            )  # fmt: skip


def _trades(trades: Sequence[ClosedTrade]) -> Iterator[Row]:
    for number, each in enumerate(trades, start=1):
        lasted = (each.exit_time - each.entry_time).total_seconds() if each.exit_time and each.entry_time else None
        symbol = name_of(each.symbol) or (each.symbols[0].value if each.symbols else "")
        yield (
            number, symbol, "short" if str(each.direction).lower() in ("1", "short") else "long",
            finite(each.quantity), _us(each.entry_time), finite(each.entry_price), _us(each.exit_time),
            finite(each.exit_price), finite(each.profit_loss), finite(each.total_fees), finite(each.mae),
            finite(each.mfe), finite(each.end_trade_drawdown), lasted, each.is_win or (each.profit_loss or 0.0) > 0,
            " ".join(each.order_ids),
        )  # fmt: skip


def _insights(insights: Sequence[Insight]) -> Iterator[Row]:
    for each in insights:
        more = each.model_extra or {}
        symbol = each.ticker or each.symbol.partition(" ")[0]
        scored = [finite(more.get(name)) for name in ("scoreDirection", "scoreMagnitude")]
        yield (
            each.id, each.group_id or None, symbol, each.symbol, _pascal(each.type), _pascal(str(each.direction)),
            _us(each.generated_time), _us(each.close_time), finite(each.period), finite(each.magnitude),
            finite(each.confidence), finite(each.weight), finite(more.get("reference")) or 0.0,
            finite(more.get("referenceFinal")) or 0.0, finite(more.get("estimatedValue")) or 0.0,
            scored[0] or 0.0, scored[1] or 0.0, bool(more.get("scoreFinal", False)),
            each.source_model[:_LONGEST_TEXT], each.tag[:_LONGEST_TEXT],
        )  # fmt: skip


def _charts(result: RemoteResult) -> Iterator[Row]:
    for name, chart in result.charts.items():
        for key, series in chart.series.items():
            for each in points_of(series):
                first = each.values[:3] if len(each.values) > 3 else (None, None, None)
                yield name, series.name or key, each.us, each.last, *first


def name_of(symbol: Traded | str | None) -> str:
    """Return the ticker of a symbol in whichever form it comes."""
    if isinstance(symbol, Traded):
        return symbol.value or symbol.permtick or symbol.id.partition(" ")[0]
    return (symbol or "").partition(" ")[0]


def _word(kind: type[_E], number: int | None) -> str:
    try:
        return str(kind(number))
    except ValueError:
        return "" if number is None else str(number)


def _status(status: int | str | None) -> str:
    if isinstance(status, str) and not status.isdigit():
        return _pascal(status)
    return _word(OrderStatus, None if status is None else int(status))


def _pascal(word: str) -> str:
    """Return ``partiallyFilled`` as ``PartiallyFilled``."""
    return word[:1].upper() + word[1:]


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1_000_000)
