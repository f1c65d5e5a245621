"""Trade bars made of trade bars, ticks or single values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.bar_views import TradeBarView
from tradinglab.algorithm.bars import BaseData, Tick, TradeBar
from tradinglab.algorithm.consolidators.period_count import PeriodCountConsolidatorBase
from tradinglab.algorithm.consolidators.rows import RowSpan
from tradinglab.core.enums import TickType

if TYPE_CHECKING:
    from typing import Any


class _ToTradeBar(PeriodCountConsolidatorBase[BaseData, TradeBar]):
    """Makes trade bars."""

    _output_class = TradeBar

    @property
    def working_bar(self) -> TradeBar | None:
        """The bar that is being made, as a copy; ``None`` if there is none."""
        return None if self._working is None else self._working.clone()


class TradeBarConsolidator(_ToTradeBar):
    """Trade bars made of shorter trade bars."""

    _input_class = TradeBar

    _span: RowSpan | None = None
    """The rows, of the columns of a subscription, that are sure to go into the working bar."""

    def update(self, data: BaseData) -> None:
        """Take a bar in."""
        span = self._span
        if span is not None and data.__class__ is TradeBarView and data._columns is span.columns:
            row = data._row
            if span.row < row and span.times[row] < span.until_ns:
                span.row = row
                bar: Any = self._working
                value = span.highs[row]
                if value > bar._high:
                    bar._high = value
                value = span.lows[row]
                if value < bar._low:
                    bar._low = value
                bar._close = span.closes[row]
                bar._volume += span.volumes[row]
                return
        self._take(data)
        if data.__class__ is TradeBarView:
            self._look_ahead(data)

    def _look_ahead(self, data: Any) -> None:
        """Note up to when further rows need no more than to be added up."""
        if not self._may_look_ahead() or type(self) is not TradeBarConsolidator:
            self._span = None
        else:
            self._span = RowSpan.of_trades(data, self.due_ns, self._span)

    def _drop_working_bar(self) -> None:
        self._working = None
        if self._span is not None:
            self._span.until_ns = 0

    def reset(self) -> None:
        """Forget everything but who listens."""
        super().reset()
        self._span = None

    def aggregate_bar(self, working_bar: TradeBar | None, data: BaseData) -> TradeBar:
        """Take a bar into the working bar, or begin one; return it."""
        assert isinstance(data, TradeBar)
        if working_bar is None:
            return TradeBar(
                self._start_of(data), data.symbol, data.open, data.high, data.low, data.close, data.volume,
                self._period_of(data),
            )  # fmt: skip
        working_bar._close = data.close
        working_bar._volume += data.volume
        working_bar._low = min(working_bar._low, data.low)
        working_bar._high = max(working_bar._high, data.high)
        return working_bar


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
        return _add_value(working_bar, value, quantity)


class BaseDataConsolidator(_ToTradeBar):
    """Trade bars, without volume, made of the values of any data.

    A bar that a scan hands out says that it is one minute long, as in LEAN.
    """

    _input_class = BaseData

    def aggregate_bar(self, working_bar: TradeBar | None, data: BaseData) -> TradeBar:
        """Take a value into the working bar, or begin one; return it."""
        value = data.value
        if working_bar is not None:
            return _add_value(working_bar, value, 0.0)
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
        working_bar._close = close
        working_bar._volume += volume
        working_bar._low = min(working_bar._low, low)
        working_bar._high = max(working_bar._high, high)
        return working_bar


def _add_value(bar: TradeBar, value: float, volume: float) -> TradeBar:
    bar._close = value
    bar._volume += volume
    bar._low = min(bar._low, value)
    bar._high = max(bar._high, value)
    return bar


def _member(data: Any, name: str, default: Any) -> Any:
    """Return a field that an author's data has, by either spelling."""
    storage = data.get_storage_dictionary() if hasattr(data, "get_storage_dictionary") else vars(data)
    for key, value in storage.items():
        if key.lower() == name:
            return value
    return default
