"""Trade bars made of trade bars, ticks or single values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.bar_views import TradeBarView
from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.consolidators.period_count import PeriodCountConsolidatorBase
from tradinglab.algorithm.consolidators.rows import RowConsolidator
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.enums import TickType

if TYPE_CHECKING:
    from typing import Any


class _WorkingTradeBar:
    """Shows the trade bar that is being made."""

    _working: TradeBar | None

    @property
    def working_bar(self) -> TradeBar | None:
        """The bar that is being made, as a copy; ``None`` if there is none."""
        return None if self._working is None else self._working.clone()


class TradeBarConsolidator(_WorkingTradeBar, RowConsolidator[TradeBar]):
    """Trade bars made of shorter trade bars."""

    _input_class = TradeBar
    _output_class = TradeBar
    _fields = ("high", "low", "close", "volume")

    def update(self, data: BaseData) -> None:
        """Take a bar in."""
        span = self._span
        if span is not None and data.__class__ is TradeBarView and data._columns is span.columns:
            row = data._row
            if span.row < row and span.times[row] < span.until_ns:
                span.row = row
                highs, lows, closes, volumes = span.values
                bar: Any = self._working
                value = highs[row]
                if value > bar._high:
                    bar._high = value
                value = lows[row]
                if value < bar._low:
                    bar._low = value
                bar._close = closes[row]
                bar._volume += volumes[row]
                return
        self._take(data)
        if data.__class__ is TradeBarView:
            self._look_ahead(data)

    def aggregate_bar(self, working_bar: TradeBar | None, data: BaseData) -> TradeBar:
        """Take a bar into the working bar, or begin one; return it."""
        assert isinstance(data, TradeBar)
        if working_bar is not None:
            return _add(working_bar, data.high, data.low, data.close, data.volume)
        return TradeBar(
            self._start_of(data), data.symbol, data.open, data.high, data.low, data.close, data.volume,
            self._period_of(data),
        )  # fmt: skip


class _ToTradeBar(_WorkingTradeBar, PeriodCountConsolidatorBase[BaseData, TradeBar]):
    """Makes trade bars of something else."""

    _output_class = TradeBar


class TickConsolidator(_ToTradeBar):
    """Trade bars made of trade ticks."""

    _input_class = Tick

    def should_process(self, data: BaseData) -> bool:
        """Return whether a tick is a trade."""
        return isinstance(data, Tick) and bool(data.tick_type == TickType.TRADE)

    def aggregate_bar(self, working_bar: TradeBar | None, data: BaseData) -> TradeBar:
        """Take a tick into the working bar, or begin one; return it."""
        assert isinstance(data, Tick)
        value, quantity = data.value, float(data._quantity)
        if working_bar is None:
            start = self._start_of(data)
            return TradeBar(start, data.symbol, value, value, value, value, quantity, self._period)
        return _add(working_bar, value, value, value, quantity)


class BaseDataConsolidator(_ToTradeBar):
    """Trade bars, without volume, made of the values of any data.

    A bar that a scan hands out says that it is one minute long, as in LEAN.
    """

    _input_class = BaseData

    def aggregate_bar(self, working_bar: TradeBar | None, data: BaseData) -> TradeBar:
        """Take a value into the working bar, or begin one; return it."""
        value = data.value
        if working_bar is not None:
            return _add(working_bar, value, value, value, 0.0)
        bar = TradeBar(self._round(data.time), data.symbol, value, value, value, value, 0.0)
        bar.data_type = data.data_type
        return bar


class DynamicDataConsolidator(_ToTradeBar):
    """Trade bars made of custom data: of its open, high, low, close and volume, or of its value."""

    _input_class = BaseData

    def aggregate_bar(self, working_bar: TradeBar | None, data: BaseData) -> TradeBar:
        """Take a data point into the working bar, or begin one; return it."""
        first, high, low, close = (float(_member(data, name, data.value)) for name in ("open", "high", "low", "close"))
        volume = float(round(_member(data, "volume", 0)))
        if working_bar is None:
            return TradeBar(self._start_of(data), data.symbol, first, high, low, close, volume)
        return _add(working_bar, high, low, close, volume)


def _add(bar: TradeBar, high: float, low: float, close: float, volume: float) -> TradeBar:
    bar._close = close
    bar._volume += volume
    bar._low = min(bar._low, low)
    bar._high = max(bar._high, high)
    return bar


def _member(data: Any, name: str, default: Any) -> Any:
    """Return a field that an author's data has, by either spelling."""
    storage = data.get_storage_dictionary() if hasattr(data, "get_storage_dictionary") else vars(data)
    for key, value in storage.items():
        if key.lower() == name:
            return value
    return default
