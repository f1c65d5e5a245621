"""Quote bars made of quote bars or quote ticks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.bar_views import QuoteBarView
from tradinglab.algorithm.bars import Bar, QuoteBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.consolidators.period_count import PeriodCountConsolidatorBase
from tradinglab.algorithm.consolidators.rows import RowConsolidator, RowSpan
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.enums import TickType

if TYPE_CHECKING:
    from typing import Any


class _Opening:
    """Lets a quote bar open where the one before closed."""

    _consolidated: BaseData | None

    def _begin(self, bar: QuoteBar) -> QuoteBar:
        before = self._consolidated
        if isinstance(before, QuoteBar):
            bid, ask = before.bid, before.ask
            update_quote(
                bar, 0.0 if bid is None else bid.close, 0.0 if ask is None else ask.close,
                before.last_bid_size, before.last_ask_size,
            )  # fmt: skip
        return bar


class QuoteBarConsolidator(_Opening, RowConsolidator[QuoteBar]):
    """Quote bars made of shorter quote bars; each opens where the one before closed."""

    _input_class = QuoteBar
    _output_class = QuoteBar
    _fields = ("bid_high", "bid_low", "bid_close", "bid_size", "ask_high", "ask_low", "ask_close", "ask_size")

    def update(self, data: BaseData) -> None:
        """Take a bar in."""
        span = self._span
        if span is not None and data.__class__ is QuoteBarView and data._columns is span.columns:
            row = data._row
            if span.row < row and span.times[row] < span.until_ns and self._add_row(span, row):
                return
        self._take(data)
        if data.__class__ is QuoteBarView:
            self._look_ahead(data)

    def _add_row(self, span: RowSpan, row: int) -> bool:
        """Take a row in, if both it and the working bar have a bid and an ask; return whether it was."""
        bid_high, bid_low, bid_close, bid_size, ask_high, ask_low, ask_close, ask_size = span.values
        last_bid, last_ask = bid_close[row], ask_close[row]
        bar: Any = self._working
        if bar._bid is None or bar._ask is None or last_bid != last_bid or last_ask != last_ask:
            return False
        span.row = row
        _stretch(bar._bid, bid_high[row], bid_low[row], last_bid)
        _stretch(bar._ask, ask_high[row], ask_low[row], last_ask)
        size = bid_size[row]
        bar._last_bid_size = size if size == size else 0.0
        size = ask_size[row]
        bar._last_ask_size = size if size == size else 0.0
        return True

    def aggregate_bar(self, working_bar: QuoteBar | None, data: BaseData) -> QuoteBar:
        """Take a bar into the working bar, or begin one; return it."""
        assert isinstance(data, QuoteBar)
        if working_bar is None:
            working_bar = self._begin(
                QuoteBar(self._start_of(data), data.symbol, None, 0, None, 0, self._period_of(data))
            )
        bid, ask = data.bid, data.ask
        if bid is not None:
            working_bar.last_bid_size = data.last_bid_size
            working_bar.bid = joined(working_bar.bid, bid)
        if ask is not None:
            working_bar.last_ask_size = data.last_ask_size
            working_bar.ask = joined(working_bar.ask, ask)
        return working_bar


class TickQuoteBarConsolidator(_Opening, PeriodCountConsolidatorBase[BaseData, QuoteBar]):
    """Quote bars made of quote ticks; each opens where the one before closed."""

    _input_class = Tick
    _output_class = QuoteBar

    def should_process(self, data: BaseData) -> bool:
        """Return whether a tick is a quote."""
        return isinstance(data, Tick) and bool(data.tick_type == TickType.QUOTE)

    def aggregate_bar(self, working_bar: QuoteBar | None, data: BaseData) -> QuoteBar:
        """Take a tick into the working bar, or begin one; return it."""
        assert isinstance(data, Tick)
        if working_bar is None:
            start = self._start_of(data)
            working_bar = self._begin(QuoteBar(start, data.symbol, None, 0, None, 0, self._period))
        tick: Any = data
        update_quote(working_bar, tick.bid_price, tick.ask_price, tick.bid_size, tick.ask_size)
        return working_bar


def update_quote(bar: QuoteBar, bid: float, ask: float, bid_size: float, ask_size: float) -> None:
    """Take one more quote into a bar; a price or size of zero is one that is not known."""
    if bar.bid is not None:
        bar.bid.update(bid)
    elif bid:
        bar.bid = Bar(bid, bid, bid, bid)
    if bar.ask is not None:
        bar.ask.update(ask)
    elif ask:
        bar.ask = Bar(ask, ask, ask, ask)
    if bid_size > 0:
        bar.last_bid_size = bid_size
    if ask_size > 0:
        bar.last_ask_size = ask_size


def joined(working: Bar | None, new: Bar) -> Bar:
    """Return the bar of one side with another taken in."""
    if working is None:
        return new.clone()
    _stretch(working, new.high, new.low, new.close)
    return working


def _stretch(bar: Bar, high: float, low: float, close: float) -> None:
    if high > bar._high:
        bar._high = high
    if low < bar._low:
        bar._low = low
    bar._close = close
