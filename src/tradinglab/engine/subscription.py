"""A subscription in a run: its columns and where the run stands in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.algorithm.bar_views import bar_view
from tradinglab.algorithm.indicators.tracks import NO_SHIFT, Place
from tradinglab.algorithm.securities.price_cache import PriceCache
from tradinglab.core.enums import Resolution, TickType

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradinglab.algorithm.base_data import BaseData
    from tradinglab.algorithm.securities.time_keeper import Cursor
    from tradinglab.algorithm.subscriptions import SubscriptionDataConfig
    from tradinglab.core.clock import Zone
    from tradinglab.core.symbol import Symbol
    from tradinglab.data.columns import BarColumns


class Subscription:
    """One stream of bars. It is the price feed of its security and the source of its indicators."""

    def __init__(self, config: SubscriptionDataConfig, columns: BarColumns, zone: Zone, cursor: Cursor) -> None:
        self.config = config
        self.symbol: Symbol = config.symbol
        self.columns = columns
        self.zone = zone
        self.tick_type: TickType = config.tick_type
        self.resolution: Resolution = config.resolution
        self.is_internal: bool = config.is_internal_feed
        self.is_tick = config.resolution == Resolution.TICK
        self.removed_ns: int | None = None
        self.cursor = cursor
        self._row_at: Sequence[int] = ()
        self._last_real = _last_real(columns)
        self._frozen_row: int | None = None
        self._before = -1
        self._shift: int | None = None
        self.steady_shift: int | None = None
        self._steady_rows: Sequence[int] | None = None
        self.place_of_rows = Place()

    def __len__(self) -> int:
        return len(self.columns)

    def place(self, row_at: Sequence[int], before: int) -> None:
        """Take the last row emitted by each step of a new timeline, and by what came before it."""
        self._row_at = row_at
        self._before = before
        # Without gaps a row is a step moved by a constant, and need not be looked up.
        self._shift = row_at.start if isinstance(row_at, range) else None
        self.place_of_rows.shift = NO_SHIFT if self._shift is None else self._shift
        self._look_up()

    def _look_up(self) -> None:
        """Note whether the current row follows from the step alone."""
        is_steady = self._frozen_row is None and self._last_real is None and len(self._row_at) > 0
        self.steady_shift = self._shift if is_steady else None
        self._steady_rows = self._row_at if is_steady else None
        PriceCache.pushes += 1

    def row_at(self, step: int) -> int:
        """Return the last row emitted by a step of the timeline, -1 if none was or the stream is new."""
        if self._frozen_row is not None:
            return self._frozen_row
        if step < 0 or not len(self._row_at):
            return self._before
        return self._row_at[step]

    def last_emitted(self) -> int:
        """Return the last row emitted so far, -1 if none was or the stream is new."""
        return self.row_at(self.cursor.step)

    def freeze(self) -> None:
        """Stop: from now on the last row emitted stays the current one."""
        self._frozen_row = self.row_at(self.cursor.step)
        self.place_of_rows.shift = NO_SHIFT
        self._look_up()

    def replace_columns(self, columns: BarColumns) -> None:
        """Take other columns whose rows up to the current one are the same."""
        self.columns = columns
        self._last_real = _last_real(columns)
        self._look_up()

    # The price feed of a security.

    def row(self) -> int:
        """Return the last row at the current step that is a bar of its own, not filled forward."""
        step, shift = self.cursor.step, self.steady_shift
        if step >= 0:
            if shift is not None:
                return step + shift
            rows = self._steady_rows
            if rows is not None:
                return rows[step]
        row = self.row_at(step)
        if self._last_real is not None and row >= 0:
            return self._last_real[row]
        return row

    def rows_by_step(self) -> Sequence[int] | None:
        """Return what :meth:`row` is at each step of the timeline; ``None`` if the stream has stopped."""
        if self._steady_rows is None and self._frozen_row is None and self._last_real is not None:
            emitted = np.asarray(self._row_at)
            real = np.asarray(self._last_real)[np.maximum(emitted, 0)]
            self._steady_rows = np.where(emitted < 0, emitted, real).data
        return self._steady_rows

    def bar(self, row: int) -> BaseData:
        """Return the data point at a row."""
        return bar_view(self.columns, row, self.symbol, self.zone, self.is_tick)

    # The source of indicators.

    def consumed_row(self) -> int:
        """Return the last row that indicators have seen."""
        if self._frozen_row is not None:
            return self._frozen_row
        step = self.cursor.consumed
        if step < 0:
            return self._before
        return self._row_at[step] if self._shift is None else step + self._shift

    def end_time(self, row: int) -> datetime:
        """Return the end of a row, in the exchange's time zone."""
        return self.zone.datetime(int(self.columns.end_ns[row]))


def _last_real(columns: BarColumns) -> memoryview | None:
    """Return, for each row, the last one up to it that is not filled forward; ``None`` if that is itself."""
    if columns.filled is None or not len(columns):
        return None
    rows = np.where(columns.filled, -1, np.arange(len(columns)))
    return np.maximum.accumulate(rows).data


class IndicatorSource:
    """What one indicator that is registered on a subscription reads (``IndicatorFeed``)."""

    def __init__(self, subscription: Subscription, selector: str, on_stream: Callable[[], None]) -> None:
        self._subscription = subscription
        self._on_stream = on_stream
        self.selector = selector
        self.symbol = subscription.symbol
        self.cursor = subscription.cursor
        self.place = subscription.place_of_rows
        self.first_row = subscription.consumed_row() + 1
        #: The last row that the indicator has consumed: asked for at every look at its value.
        self.row: Callable[[], int] = subscription.consumed_row

    @property
    def columns(self) -> BarColumns:
        """The columns of the subscription; there are others when its gaps are filled anew."""
        return self._subscription.columns

    def time(self, row: int) -> datetime:
        """Return the end of a row, in the exchange's time zone."""
        return self._subscription.end_time(row)

    def bar(self, row: int) -> BaseData:
        """Return the bar at a row."""
        return self._subscription.bar(row)

    def stream(self) -> None:
        """Tell the engine that the indicator wants its bars one by one from now on."""
        self._on_stream()
