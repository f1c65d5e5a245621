"""Indicators as arrays: what an indicator that follows a subscription's columns reads instead of streaming.

The values of an indicator depend on bars, never on decisions, so they can be computed at once for
all bars, and read at the row that the engine has reached. The arrays hold, bit for bit, what the
streaming form gives; what has no array form, or is touched in a way that needs streaming, streams.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tradinglab.algorithm.base_data import BaseData, IndicatorDataPoint
from tradinglab.algorithm.indicators.field import blend
from tradinglab.core.decimals import to_decimal
from tradinglab.core.enums import TickType

if TYPE_CHECKING:
    from tradinglab.algorithm.indicators.base import IndicatorBase
    from tradinglab.algorithm.securities.time_keeper import Cursor
    from tradinglab.core.symbol import Symbol
    from tradinglab.data.columns import BarColumns, Floats, Ints

#: Before all rows, whatever step it is added to.
NO_SHIFT = -(1 << 62)
#: After all rows.
NO_ROW = 1 << 62
NO_VALUES = memoryview(b"")
NO_VALUE = IndicatorDataPoint(datetime.min, 0.0)
PRICES = ("open", "high", "low", "close")


def point_of(symbol: Symbol | None, time: datetime, value: float) -> IndicatorDataPoint:
    """Return a value at a time: what the constructor makes, in half the time."""
    point = IndicatorDataPoint.__new__(IndicatorDataPoint)
    point._symbol = symbol
    point._time = time
    point._end_time = None
    point._value = value
    return point


class NoArrayForm(Exception):
    """An indicator, or one that it is made of, can only stream."""


class Place:
    """Where a feed's rows are on the timeline.

    From the first step on, the last row that a step emits is the step plus ``shift``; ``NO_SHIFT``
    if there is no such number, and ``IndicatorFeed.row`` must be asked.
    """

    __slots__ = ("shift",)

    def __init__(self) -> None:
        self.shift = NO_SHIFT


class IndicatorFeed(Protocol):
    """The bars of a subscription, and how many of them an indicator has seen."""

    selector: str
    first_row: int
    symbol: Symbol
    cursor: Cursor
    place: Place

    @property
    def columns(self) -> BarColumns:
        """The bars."""
        ...

    def row(self) -> int:
        """Return the last row that the indicator has consumed; below ``first_row`` if none."""
        ...

    def time(self, row: int) -> datetime:
        """Return when the bar at *row* ended, in the exchange's time zone."""
        ...

    def bar(self, row: int) -> BaseData:
        """Return the bar at *row*."""
        ...

    def stream(self) -> None:
        """Update the indicator with each bar from the next one on: it no longer follows the columns."""
        ...


class Series:
    """Values by sample, made when first read.

    ``first`` is the first sample that has a value. ``stamps``, where there are any, say for each
    sample which one brought the value (none did if before ``first``): an update may give no value.
    ``is_driven`` says that there was no update either where there is no value.
    """

    __slots__ = ("_make", "_make_stamps", "_values", "_view", "first", "is_driven")

    def __init__(
        self,
        first: int,
        make: Callable[[], Floats],
        stamps: Callable[[], Ints | None] | None = None,
        *,
        is_driven: bool = False,
    ) -> None:
        self.first = first
        self.is_driven = is_driven
        self._make = make
        self._make_stamps = stamps
        self._values: Floats | None = None
        self._view: memoryview | None = None

    @property
    def values(self) -> Floats:
        """The values; those before ``first`` mean nothing."""
        if self._values is None:
            self._values = np.ascontiguousarray(self._make(), np.float64)
        return self._values

    @property
    def stamps(self) -> Ints | None:
        """Where each value came from; ``None`` if every update gives one."""
        return None if self._make_stamps is None else self._make_stamps()

    @property
    def view(self) -> memoryview:
        """The values as Python floats."""
        view = self._view
        if view is None:
            view = self._view = memoryview(self.values.data)
        return view

    def since(self, first: int) -> Series:
        """Return the series without the values before *first*."""
        return Series(max(first, self.first), lambda: self.values)


class BarSeries:
    """Open, high, low, close and volume by sample."""

    first = 0

    def __init__(self, feed: IndicatorFeed) -> None:
        self._feed = feed
        self.has_volume = feed.columns.tick_type == TickType.TRADE

    def __getattr__(self, name: str) -> Floats:
        if name not in (*PRICES, "volume"):
            raise AttributeError(name)
        column = field_column(self._feed.columns, name)[self._feed.first_row :]
        setattr(self, name, column)
        return column


class Link:
    """What the indicators of one tree have in common while they read arrays."""

    def __init__(self, feed: IndicatorFeed, owner: IndicatorBase, source: Series | BarSeries) -> None:
        self.feed = feed
        self.owner = owner
        self.source = source
        self.nodes: list[IndicatorBase] = []
        self.offset = feed.first_row

    def sample(self) -> int:
        """Return the last sample consumed; -1 if none."""
        return self.feed.row() - self.offset

    def time(self, sample: int) -> datetime:
        """Return the end of the bar of a sample."""
        return self.feed.time(sample + self.offset)


class Track:
    """The array of one indicator, and where in it the engine is.

    ``cursor``, ``place``, ``quick_row``, ``view`` and ``point`` are for
    :attr:`IndicatorBase.current`, which is read more often than anything else in a run: from
    ``quick_row`` on, the value at a row is ``view[row]``; ``point`` was read last.
    """

    __slots__ = (
        "_first", "_is_plain", "_row", "cursor", "link", "offset", "place", "point", "quick_row", "series",
        "view",
    )  # fmt: skip

    def __init__(self, link: Link, series: Series) -> None:
        self.link = link
        self.series = series
        self._row = link.feed.row
        self._first = series.first
        self._is_plain: bool | None = None
        self.offset = link.offset
        self.cursor = link.feed.cursor
        self.place = link.feed.place
        self.quick_row = NO_ROW  # until the values are first read
        self.view: memoryview = NO_VALUES
        self.point = track_point(link, -1 - self.offset, 0.0)

    def samples(self) -> int:
        """Return how many samples the indicator has seen."""
        series, first = self.series, self._first
        count = self._row() - self.offset - first + 1
        if count <= 0:
            return 0
        if series.is_driven and series.stamps is not None:
            stamps = series.stamps[first : first + count]
            return int((stamps == np.arange(first, first + count)).sum())
        return count

    def _stamp(self, sample: int) -> int:
        """Return the sample that brought the value at *sample*; -1 if there is none."""
        if sample < self._first:
            return -1
        if self._is_plain is None:
            self._is_plain = self.series.stamps is None
        return sample if self._is_plain else int(self.series.stamps[sample])  # type: ignore[index]

    def value(self) -> float:
        """Return the current value."""
        stamp = self._stamp(self._row() - self.offset)
        return 0.0 if stamp < 0 else self.series.view[stamp]

    def current(self) -> IndicatorDataPoint:
        """Return the current value with its time."""
        row = self._row()
        stamp = self._stamp(row - self.offset)
        if stamp < 0:
            return NO_VALUE
        if self._is_plain and self.quick_row == NO_ROW:
            values = self.series.values
            self.view = np.concatenate([np.zeros(self.offset), values]).data if self.offset else self.series.view
            self.quick_row = self._first + self.offset
        row = stamp + self.offset
        if row != self.point._row:
            self.point = track_point(self.link, stamp, self.series.view[stamp])
        return self.point

    def previous(self) -> IndicatorDataPoint:
        """Return the value before the current one, with its time."""
        stamp = self._stamp(self.link.sample())
        earlier = self._stamp(stamp - 1)
        return NO_VALUE if earlier < 0 else track_point(self.link, earlier, self.series.view[earlier])


class TrackPoint(IndicatorDataPoint):
    """A value of an array, whose time is looked up when asked for.

    Without a constructor of its own one is made in a third of the time: :func:`track_point` does it.
    """

    __slots__ = ("_link", "_row", "value")
    _end_time = None
    _link: Link
    _row: int
    value: float  # type: ignore[override]

    __init__ = object.__init__

    @property
    def price(self) -> float:
        """The same as ``value``."""
        return self.value

    @property
    def exact_value(self) -> Decimal:
        """``value`` as a decimal."""
        return to_decimal(self.value)

    @property  # type: ignore[misc]
    def time(self) -> datetime:
        """When the value became known."""
        return self._link.time(self._row - self._link.offset)

    @property  # type: ignore[misc]
    def symbol(self) -> Symbol:
        """The symbol whose bar brought the value."""
        return self._link.feed.symbol


def track_point(link: Link, stamp: int, value: float) -> TrackPoint:
    """Return the value of a sample."""
    point: TrackPoint = TrackPoint()
    point.value, point._link, point._row = value, link, stamp + link.offset
    return point


def field_column(columns: BarColumns, selector: str) -> Floats:
    """Return the column that a selector names; the middle of bid and ask where it has no trades.

    The fields are those of ``Field``: ``average``, ``median``, ``typical``, ``weighted`` and
    ``seven_bar`` are computed from the four prices.
    """
    if selector in columns.values:
        return columns.values[selector]
    if selector in _BLENDS:
        return blend(selector, *(field_column(columns, price) for price in PRICES))  # type: ignore[arg-type, return-value]
    if columns.tick_type == TickType.QUOTE and selector in PRICES and "bid_" + selector in columns.values:
        bid, ask = (np.nan_to_num(columns.values[f"{side}_{selector}"]) for side in ("bid", "ask"))
        return np.where((bid != 0) & (ask != 0), (bid + ask) / 2, np.where(bid != 0, bid, ask))
    raise NoArrayForm(selector)


def since(first: int, source: Series, compute: Callable[[Floats], Floats]) -> Series:
    """Return *compute* of the source's values from *first* on, as a series that begins there."""

    def make() -> Floats:
        values = source.values
        result = np.zeros(len(values))
        result[first:] = compute(values[first:])
        return result

    return Series(first, make)


_BLENDS = ("average", "median", "typical", "weighted", "seven_bar")
