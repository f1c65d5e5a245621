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

_INSIGHT_COLUMNS = (
    "symbol", "type", "direction", "generated_time", "close_time", "period", "magnitude", "confidence", "weight",
    "reference_value", "reference_value_final", "estimated_value", "score_direction", "score_magnitude",
    "is_final_score", "source_model", "tag", "group_id",
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


def insight_frame(record: RunRecord) -> pd.DataFrame:
    """Return the insights by identifier, in the order in which they were generated; periods are in seconds."""
    import pandas as pd

    local = zone(record.time_zone)
    rows = [
        (
            each.symbol.value,
            str(each.type),
            str(each.direction),
            from_ns(local.local_ns(each.generated_ns)),
            from_ns(local.local_ns(each.close_ns)),
            each.period_s,
            each.magnitude,
            each.confidence,
            each.weight,
            float(each.reference_value),
            float(each.reference_value_final),
            float(each.estimated_value),
            each.score_direction,
            each.score_magnitude,
            each.is_final_score,
            each.source_model,
            each.tag,
            each.group_id,
        )
        for each in record.insights
    ]
    index = pd.Index([each.id for each in record.insights], name="id", dtype=object)
    frame = pd.DataFrame(rows, columns=list(_INSIGHT_COLUMNS), index=index)
    numbers = ("period", "magnitude", "confidence", "weight")
    times = {"generated_time": "datetime64[us]", "close_time": "datetime64[us]"}
    return frame.astype({**times, **dict.fromkeys(numbers, float), "is_final_score": bool})
