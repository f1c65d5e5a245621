"""A result's tables as data frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.core.clock import from_ns, zone
from tradinglab.core.enums import TradeDirection

if TYPE_CHECKING:
    import pandas as pd

    from tradinglab.algorithm.trade import Trade
    from tradinglab.engine.result_record import RunRecord

_ORDER_COLUMNS = (
    "symbol", "type", "direction", "quantity", "status", "price", "value", "time", "last_fill_time", "tag",
)  # fmt: skip
_TRADE_COLUMNS = (
    "symbol", "direction", "quantity", "entry_time", "entry_price", "exit_time", "exit_price", "profit_loss",
    "total_fees", "mae", "mfe", "end_trade_drawdown", "duration", "is_win",
)  # fmt: skip


def _times(times_ns: Sequence[int], record: RunRecord) -> pd.DatetimeIndex:
    import pandas as pd

    local = zone(record.time_zone).local_ns_array(np.array(times_ns, np.int64))
    return pd.DatetimeIndex(local.astype("datetime64[ns]"), name="time")


def equity_frame(record: RunRecord) -> pd.DataFrame:
    """Return the account's value over time."""
    import pandas as pd

    candles = record.sampler.candles
    frame = pd.DataFrame(
        {
            name: np.array([float(candle[place]) for candle in candles])
            for place, name in enumerate(("open", "high", "low", "close"), start=1)
        },
        index=_times([candle.time_ns for candle in candles], record),
    )
    close = frame["close"]
    frame["drawdown"] = close / close.cummax() - 1 if len(close) else close
    return frame


def daily_frame(record: RunRecord) -> pd.DataFrame:
    """Return the daily samples."""
    import pandas as pd

    days = record.sampler.days
    return pd.DataFrame(
        {
            "equity": np.array([float(day.value) for day in days]),
            "benchmark": np.array([float(day.benchmark) for day in days]),
            "return": np.array([float(day.performance) / 100 for day in days]),
        },
        index=_times([day.time_ns for day in days], record),
    )


def order_frame(record: RunRecord) -> pd.DataFrame:
    """Return the orders by number."""
    import pandas as pd

    local = zone(record.time_zone)
    rows = []
    for order in record.orders:
        filled_ns = order.last_fill_time_ns
        rows.append(
            (
                order.symbol.value,
                str(order.type),
                str(order.direction),
                order.quantity,
                str(order.status),
                order.price,
                order.quantity * order.price,
                from_ns(local.local_ns(order.time_ns)),
                None if filled_ns is None else from_ns(local.local_ns(filled_ns)),
                order.tag,
            )
        )
    index = pd.Index([order.id for order in record.orders], name="id", dtype="int64")
    frame = pd.DataFrame(rows, columns=list(_ORDER_COLUMNS), index=index)
    return frame.astype({"time": "datetime64[ns]", "last_fill_time": "datetime64[ns]"})


def trade_frame(trades: Sequence[Trade], record: RunRecord) -> pd.DataFrame:
    """Return the closed trades, in the order in which they closed."""
    import pandas as pd

    local = zone(record.time_zone)
    rows = [
        (
            trade.symbol.value,
            "long" if trade.direction == TradeDirection.LONG else "short",
            trade.quantity,
            from_ns(local.local_ns(trade.entry_ns)),
            trade.entry_price,
            from_ns(local.local_ns(trade.exit_ns)),
            trade.exit_price,
            trade.profit_loss,
            trade.total_fees,
            trade.mae,
            trade.mfe,
            trade.end_trade_drawdown,
            trade.duration,
            trade.is_win,
        )
        for trade in trades
    ]
    frame = pd.DataFrame(rows, columns=list(_TRADE_COLUMNS))
    return frame.astype(
        {"entry_time": "datetime64[ns]", "exit_time": "datetime64[ns]", "duration": "timedelta64[ns]", "is_win": bool}
    )
