"""What all indicators share."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.base_data import BaseData, IndicatorDataPoint
from tradinglab.algorithm.events import Event
from tradinglab.algorithm.indicators.following import release
from tradinglab.algorithm.indicators.number import ActsAsNumber
from tradinglab.algorithm.indicators.tracks import (
    NO_VALUE,
    BarSeries,
    IndicatorFeed,
    Link,
    NoArrayForm,
    Series,
    Track,
    TrackPoint,
    field_column,
    point_of,
)
from tradinglab.algorithm.rolling_window import RollingWindow
from tradinglab.core.decimals import Number
from tradinglab.core.dual import Dual
from tradinglab.core.enums import IndicatorStatus
from tradinglab.core.references import KEPT_ONCE, holders

if TYPE_CHECKING:
    from tradinglab.algorithm.consolidators.base import DataConsolidator


InputKind = Literal["point", "bar", "trade_bar", "data"]


class IndicatorResult(Dual):
    """What one update of an indicator came to: a value, and whether it counts."""

    def __init__(self, value: Number, status: IndicatorStatus = IndicatorStatus.SUCCESS) -> None:
        self._value = float(value)
        self._status = status

    @property
    def value(self) -> float:
        """The new value."""
        return self._value

    @property
    def status(self) -> IndicatorStatus:
        """``SUCCESS``, or why the value does not count."""
        return self._status


class IndicatorBase(ActsAsNumber):
    """An indicator: a number that each new bar or value changes.

    The value after an update uses that input and those before it, nothing later. A subclass gives
    ``_next``, and ``_vectorize`` where whole arrays can be computed at once.
    """

    input_kind: ClassVar[InputKind] = "point"
    #: The indicators that it is made of.
    _parts: tuple[IndicatorBase, ...] = ()
    #: Who tells listeners of new values, if not the indicator itself.
    _speaker: Any = None

    def __init__(self, name: str = "") -> None:
        self._name = name
        self._samples = 0
        self._window: RollingWindow[IndicatorDataPoint] = RollingWindow(2)
        self._window.add(NO_VALUE)
        self._last_inputs: dict[Any, tuple[datetime, BaseData]] = {}
        self._updated = Event()
        self._listeners: list[IndicatorBase | None] = []
        self._consolidators: list[DataConsolidator] = []
        self._track: Track | None = None
        self._has_warned = False

    # What a subclass gives

    def _next(self, data: Any) -> float | None:
        """Take one input and return the new value; ``None`` if there is none."""
        raise NotImplementedError(f"{type(self).__name__} does not compute anything.")

    def _vectorize(self, link: Link, source: Any) -> Series:
        """Return all values, given those of the input (a ``Series``, or ``BarSeries`` for bars)."""
        raise NoArrayForm(type(self).__name__)

    def _clear(self) -> None:
        """Forget what ``_next`` remembers; here, reset the parts."""
        for part in self._parts:
            part.reset()

    @property
    def is_ready(self) -> bool:
        """Whether enough inputs were seen for the value to mean what it says."""
        raise NotImplementedError(f"{type(self).__name__} does not say when it is ready.")

    # What an author reads

    @property
    def name(self) -> str:
        """The name, as in charts."""
        return self._name

    @property
    def samples(self) -> int:
        """How many inputs the indicator has seen."""
        track = self._track
        return self._samples if track is None else track.samples()

    @property
    def current(self) -> IndicatorDataPoint:
        """The last value, with its time; zero before the first."""
        track = self._track
        if track is None:
            return self._window[0]
        row = track.cursor.consumed + track.place.shift
        if row < track.quick_row:
            return track.current()
        point = track.point
        if holders(point) != KEPT_ONCE:  # somebody keeps the last value: it must not change
            if point._row == row:
                return point
            point = track.point = TrackPoint()
            point._link = track.link
        point._row = row
        point.value = track.view[row]
        return point

    @property
    def previous(self) -> IndicatorDataPoint:
        """The value before the last."""
        if self._track is not None:
            return self._track.previous()
        return self._window[1] if self._window.count > 1 else NO_VALUE

    @property
    def window(self) -> RollingWindow[IndicatorDataPoint]:
        """The last values, newest first: two of them, or more if ``window.size`` is set."""
        self._stream()
        return self._window

    @property
    def consolidators(self) -> list[DataConsolidator]:
        """The consolidators that update the indicator."""
        return self._consolidators

    @property
    def updated(self) -> Event:
        """Raised after each new value, with the indicator and the value: ``updated += handler``."""
        self._stream()
        self._listeners.append(None)
        return self._updated

    @updated.setter
    def updated(self, event: Event) -> None:
        if event is not self._updated:
            raise AttributeError("The event `updated` is changed with += and -= only.")

    def _value(self) -> float:
        track = self._track
        return self._window[0].value if track is None else track.value()

    __float__ = _value

    # What moves the indicator on

    def update(self, time: datetime | BaseData, value: Number | None = None) -> bool:
        """Take one input, a bar or a value with its time; return whether the indicator is ready.

        Inputs older than the last of the same symbol are ignored, with a warning.
        """
        if value is None:
            return self.consume(time)  # type: ignore[arg-type]
        if self.input_kind != "point":
            raise TypeError(f"{type(self).__name__} takes bars: use `update(bar)`, not `update(time, value)`.")
        return self.consume(point_of(None, time, float(value)))  # type: ignore[arg-type]

    def consume(self, data: BaseData) -> bool:
        """Take one input, as the engine gives it; return whether the indicator is ready."""
        if self._track is not None:
            self._stream()
        symbol, end = data.symbol, data.end_time
        last = self._last_inputs.get(symbol)
        if last is not None:
            if last[1] is data:
                return self.is_ready
            if end < last[0]:
                self._warn_of_order(end, last[0])
                return self.is_ready
        self._samples += 1
        if type(data) is not IndicatorDataPoint:
            data = _accepted(self, data)
        self._last_inputs[symbol] = (end, data)
        value = self._next(data)
        if value is not None:
            point = point_of(symbol, end, value)
            self._window.add(point)
            if self._updated:
                self.on_updated(point)
        return self.is_ready

    def on_updated(self, consolidated: IndicatorDataPoint) -> None:
        """Tell the listeners of ``updated`` a value."""
        self._updated(self if self._speaker is None else self._speaker, consolidated)

    def reset(self) -> None:
        """Forget all inputs: the indicator is as when it was made."""
        link = None if self._track is None else self._track.link
        if link is not None:
            release(link, replay=link.owner is not self)
        self._samples = 0
        self._last_inputs.clear()
        self._window.reset()
        self._window.add(NO_VALUE)
        self._clear()

    def _warn_of_order(self, end: datetime, last: datetime) -> None:
        if not self._has_warned:
            self._has_warned = True
            import logging  # slow to import, and hardly ever needed

            log = logging.getLogger(__name__)
            log.warning("%s goes forward only: an input of %s after one of %s is ignored.", self.name, end, last)

    def _fed_by(self, source: IndicatorBase, *, when_ready: bool = True) -> Self:
        """Take the values of another indicator, by default once that is ready."""

        def feed(_: IndicatorBase, point: IndicatorDataPoint) -> None:
            if not when_ready or source.is_ready:
                self.consume(point)

        source._listen(feed, self)
        return self

    def _listen(self, handler: Callable[[IndicatorBase, IndicatorDataPoint], None], listener: IndicatorBase) -> None:
        """Call *handler* of another indicator after each new value."""
        self._updated += handler
        self._listeners.append(listener)

    # Following columns

    def attach(self, feed: IndicatorFeed) -> bool:
        """Read values from arrays over the feed's columns instead of streaming; return whether it can.

        It cannot if it has been updated before, has no array form, or somebody listens to its updates.
        """
        if self._samples or self._track is not None:
            return False
        try:
            link = Link(feed, self, self._source(feed))
        except NoArrayForm:
            return False
        try:
            self._follow(link, link.source)
        except NoArrayForm:
            fits = False
        else:
            fits = all(listener in link.nodes for node in link.nodes for listener in node._listeners)
        if not fits:
            for node in link.nodes:
                node._track = None
        return fits

    def detach(self) -> None:
        """Stop reading arrays, if it does, and stream from here on."""
        self._stream()

    def _source(self, feed: IndicatorFeed) -> Series | BarSeries:
        """Return what the arrays are computed from."""
        if self.input_kind == "point":
            column = field_column(feed.columns, feed.selector or "close")[feed.first_row :]
            return Series(0, lambda: column)
        bars = BarSeries(feed)
        if feed.selector or self.input_kind == "data" or (self.input_kind == "trade_bar" and not bars.has_volume):
            raise NoArrayForm(self.name)
        return bars

    def _follow(self, link: Link, source: Series | BarSeries) -> Series:
        """Let this indicator, a part of the link's tree, read arrays."""
        return self._join(link, self._vectorize(link, source))

    def _join(self, link: Link, series: Series) -> Series:
        """Let this indicator, a part of the link's tree, read a given series."""
        link.nodes.append(self)
        self._track = Track(link, series)
        return series

    def _stream(self) -> None:
        """Stop reading arrays, and stream from here on."""
        if self._track is not None:
            release(self._track.link, replay=True)

    def __getitem__(self, index: int) -> IndicatorDataPoint:
        return self.current if index == 0 else self.window[index]

    def __iter__(self) -> Iterator[IndicatorDataPoint]:
        return iter(self.window)


def _accepted(indicator: IndicatorBase, data: BaseData) -> BaseData:
    """Return an input as what an indicator works on."""
    kind = indicator.input_kind
    if kind == "point":
        if isinstance(data, IndicatorDataPoint):
            return data
        return point_of(data.symbol, data.end_time, data.value)
    if kind == "bar":
        fits = isinstance(data, TradeBar | QuoteBar) or hasattr(data, "close")
    else:
        fits = kind == "data" or isinstance(data, TradeBar)
    if not fits:
        wanted = "a trade bar" if kind == "trade_bar" else "a bar"
        raise TypeError(f"{type(indicator).__name__} takes {wanted}; it was given a {type(data).__name__}.")
    return data


class WarmingIndicator(IndicatorBase):
    """An indicator that says how many inputs it needs, and is ready when it has seen them."""

    _warm_up_period = 1
    _was_ready = False

    @property
    def warm_up_period(self) -> int:
        """How many inputs the indicator needs to be ready."""
        return self._warm_up_period

    @property
    def is_ready(self) -> bool:
        """Whether enough inputs were seen for the value to mean what it says."""
        if self._was_ready:
            return True
        track = self._track
        self._was_ready = (self._samples if track is None else track.samples()) >= self._warm_up_period
        return self._was_ready

    def reset(self) -> None:
        """Forget all inputs: the indicator is as when it was made."""
        super().reset()
        self._was_ready = False


class Indicator(WarmingIndicator):
    """An indicator of single values."""


class BarIndicator(WarmingIndicator):
    """An indicator of bars."""

    input_kind: ClassVar[InputKind] = "bar"


class TradeBarIndicator(WarmingIndicator):
    """An indicator of trade bars: it needs volume."""

    input_kind: ClassVar[InputKind] = "trade_bar"


class WindowIndicator(WarmingIndicator):
    """An indicator of the last ``period`` values."""

    def __init__(self, name: str, period: int) -> None:
        if period < 1:
            raise ValueError(f"{type(self).__name__} needs a period of 1 or more; it was {period}.")
        super().__init__(name)
        self._period = self._warm_up_period = period
        self._inputs: deque[float] = deque(maxlen=period)

    @property
    def period(self) -> int:
        """How many values the window holds."""
        return self._period

    def _clear(self) -> None:
        self._inputs.clear()
