"""Bars of the past as a data frame, in the shape that QuantConnect gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tradinglab.algorithm.symbol_index import with_tickers
from tradinglab.core.enums import Resolution, TickType

if TYPE_CHECKING:
    import pandas as pd

    from tradinglab.algorithm.runtime import HistoryRequest
    from tradinglab.data.columns import BarColumns

_TRADE = ("close", "high", "low", "open", "volume")
_QUOTE = {
    "askclose": "ask_close", "askhigh": "ask_high", "asklow": "ask_low", "askopen": "ask_open", "asksize": "ask_size",
    "bidclose": "bid_close", "bidhigh": "bid_high", "bidlow": "bid_low", "bidopen": "bid_open", "bidsize": "bid_size",
}  # fmt: skip


def history_frame(parts: list[tuple[HistoryRequest, BarColumns]], flatten: bool = False) -> pd.DataFrame:
    """Return bars indexed by symbol and end time, one column a field.

    Trade bars give open, high, low, close, volume; quote bars give bid and ask fields beside them,
    and open, high, low, close of the middle where there are no trade bars. Times are of the
    exchange's time zone. Without bars the frame is empty.
    """
    import pandas as pd

    by_symbol: dict[Any, list[pd.DataFrame]] = {}
    for request, columns in parts:
        if len(columns):
            by_symbol.setdefault(request.symbol, []).append(_frame(request, columns))
    frames = {symbol: _joined(found) for symbol, found in by_symbol.items()}
    if not frames:
        return pd.DataFrame()
    result = pd.concat(frames.values(), keys=frames.keys(), names=["symbol", "time"], sort=True)
    result.index = with_tickers(result.index)
    return result.sort_index(axis=1)


def _frame(request: HistoryRequest, columns: BarColumns) -> pd.DataFrame:
    import pandas as pd

    zone = request.hours.time_zone
    times = pd.DatetimeIndex(zone.local_ns_array(columns.end_ns).astype("datetime64[ns]"), name="time")
    if columns.tick_type == TickType.QUOTE:
        names = {name: field for name, field in _QUOTE.items() if field in columns.values}
        data = {name: columns.values[field] for name, field in names.items()}
        if request.resolution != Resolution.TICK:
            data |= {name: np.asarray(columns.view(name)) for name in ("close", "high", "low", "open")}
    elif request.resolution == Resolution.TICK:
        data = {"lastprice": columns.values["close"], "quantity": columns.values["volume"]}
    else:
        data = {name: columns.values[name] for name in _TRADE}
    return pd.DataFrame(data, index=times)


def _joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Join trade and quote columns of one symbol; trade prices stand where both have them."""
    trades = [frame for frame in frames if "volume" in frame.columns]
    joined = trades[0] if trades else frames[0]
    for frame in frames:
        if frame is not joined:
            fresh = frame[[name for name in frame.columns if name not in joined.columns]]
            joined = joined.join(fresh, how="outer")
    return joined
