"""How long after a fill the bars of a symbol count for the capacity estimate, and what was traded in them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol

from tradinglab.core.clock import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS
from tradinglab.core.decimals import ONE, ZERO, to_decimal
from tradinglab.core.enums import Resolution
from tradinglab.core.system_decimal import divide

_LONGEST = 120
LONGEST_NS = _LONGEST * MINUTE_NS
_MINUTE_VOLUME = Decimal(6_000_000)
_SECOND_VOLUME = Decimal(100_000)
_TICK, _HOUR, _DAILY, _MINUTE = Resolution.TICK, Resolution.HOUR, Resolution.DAILY, Resolution.MINUTE
#: The share of the dollar volume that counts.
SCALES = {
    _DAILY: Decimal("0.02"),
    _HOUR: Decimal("0.05"),
    _MINUTE: Decimal("0.20"),
    Resolution.SECOND: Decimal("0.50"),
    _TICK: Decimal("0.50"),
}
# Volume over a minute and the shortest window, in minutes.
_BY_MINUTE, _BY_SECOND = (_MINUTE_VOLUME, 1), (_SECOND_VOLUME, 5)
#: What floats must differ by, as a share, to differ as decimals too.
CLEARLY = 1e-9
PER_UNIT, UNIT = 10_000.0, Decimal("0.0001")
LONGEST_EXACT = 10**15  # a whole number below it is its float's fifteen digits


class CapacityBar(NamedTuple):
    """A bar that arrived at the present step; a quote bar has its market's typical volume."""

    close: Decimal
    volume: Decimal
    period_ns: int


class CapacityStream(Protocol):
    """The bars of a symbol whose past can be read."""

    @property
    def starts_ns(self) -> Sequence[int]:
        """When each bar began."""
        ...

    @property
    def ends_ns(self) -> Sequence[int]:
        """When each bar ended."""
        ...

    @property
    def closes(self) -> Sequence[float]:
        """The price at which each bar closed, as a float."""
        ...

    @property
    def volumes(self) -> Sequence[float]:
        """What was traded in each bar, as a float."""
        ...

    @property
    def has_short_closes(self) -> bool:
        """Whether the closes, as decimals, have no more than fifteen digits."""
        ...

    @property
    def has_short_volumes(self) -> bool:
        """Whether the volumes, as decimals, have no more than fifteen digits."""
        ...

    def last_row(self) -> int:
        """Return the row of the last bar known at the present step, -1 if there is none."""
        ...

    def bar(self, row: int) -> CapacityBar:
        """Return the bar at a row."""
        ...


class CaptureWindow:
    """The bars that count after a fill, until one comes too late."""

    __slots__ = ("_previous_ns", "_previous_volume", "filled_ns", "is_open", "next_row", "resolution")

    def __init__(self) -> None:
        self.filled_ns: int | None = None
        self.is_open = False
        #: That of the last bar that counted.
        self.resolution = _TICK
        #: Where the stream is read on.
        self.next_row = 0
        self._previous_ns: int | None = None
        self._previous_volume: Decimal | float = ZERO

    def read_to(self, row: int, stream: CapacityStream) -> None:
        """Go to where a bar was the last one that was looked at."""
        self.next_row = row + 1
        self._previous_ns, self._previous_volume = stream.ends_ns[row], stream.volumes[row]
        self.resolution = resolution_of(stream.ends_ns[row] - stream.starts_ns[row])

    def takes(self, bar: CapacityBar, utc_ns: int, rate: Decimal) -> bool:
        """Return whether a bar counts; the first one that does not closes the window."""
        before_ns, volume_before = self._previous_ns, self._previous_volume
        self._previous_ns, self._previous_volume = utc_ns, bar.volume
        filled_ns = self.filled_ns
        resolution = resolution_of(bar.period_ns)
        self.is_open = filled_ns is not None and _is_within(
            resolution, utc_ns, filled_ns, bar, (before_ns, volume_before), rate
        )
        if self.is_open:
            self.resolution = resolution
        return self.is_open

    def traded_until(self, last_row: int, stream: CapacityStream, rate: Decimal) -> Decimal:
        """Return close times volume of all bars of a stream that count, from the next row to a last one."""
        if not self.is_open or self.next_row > last_row:
            return ZERO
        if stream.has_short_volumes:
            return self._traded_by_floats(last_row, stream, rate)
        total = ZERO
        for row in range(self.next_row, last_row + 1):
            self.next_row = row + 1
            bar = stream.bar(row)
            if not bar.volume:
                continue
            if not self.takes(bar, stream.ends_ns[row], rate):
                break
            total += bar.close * bar.volume
        return total

    def _traded_by_floats(self, last_row: int, stream: CapacityStream, rate: Decimal) -> Decimal:
        """Decide by floats where these are clear, and sum up whole ticks times whole volumes where they are whole."""
        starts, ends, closes, volumes = stream.starts_ns, stream.ends_ns, stream.closes, stream.volumes
        before_ns, volume_before = self._previous_ns, self._previous_volume
        filled_ns, is_short, float_rate = self.filled_ns or 0, stream.has_short_closes, float(rate)
        span_ns, resolution, surely_ns, full_pace = -1, self.resolution, 0, 0.0
        ticks_traded, others = 0, ZERO
        for row in range(self.next_row, last_row + 1):
            volume = volumes[row]
            if not volume:
                continue
            close, end_ns = closes[row], ends[row]
            if end_ns - starts[row] != span_ns:
                span_ns = end_ns - starts[row]
                resolution = resolution_of(span_ns)
                surely_ns, full_pace = terms_of(resolution)
            if end_ns - filled_ns > surely_ns:
                before = before_ns, volume_before
                is_within: bool | None
                if full_pace:
                    price = close * float_rate
                    is_within = _is_surely_within(end_ns - filled_ns, end_ns, price, volume, before, full_pace)
                else:
                    is_within = _is_within_coarse(resolution, end_ns, filled_ns)
                if is_within is None:
                    is_within = _is_within(resolution, end_ns, filled_ns, stream.bar(row), before, rate)
                if not is_within:
                    self.is_open = False
                    before_ns, volume_before, last_row = end_ns, volume, row
                    break
            before_ns, volume_before = end_ns, volume
            self.resolution = resolution
            ticks, count = int(close * PER_UNIT + 0.5), int(volume)
            if is_short and ticks / PER_UNIT == close and count == volume and max(ticks, count) < LONGEST_EXACT:
                ticks_traded += ticks * count
            else:
                bar = stream.bar(row)
                others += bar.close * bar.volume
        self.next_row = last_row + 1
        self._previous_ns, self._previous_volume = before_ns, volume_before
        return ticks_traded * UNIT + others


def terms_of(resolution: Resolution) -> tuple[int, float]:
    """Return how long after a fill bars count in any case, and how many dollars end that (0: time alone)."""
    if resolution in (_DAILY, _HOUR):
        return -1 << 62, 0.0
    volume, shortest = _BY_MINUTE if resolution == _MINUTE else _BY_SECOND
    return shortest * MINUTE_NS, float(volume)


def _is_surely_within(
    elapsed_ns: int, utc_ns: int, price: float, volume: float, before: tuple[int | None, Decimal | float], pace: float
) -> bool | None:
    """Return whether a bar of minutes or less counts beyond the shortest window, ``None`` if floats do not tell.

    It does if the dollars of a minute, times the minutes begun since the fill, are no more than *pace*.
    """
    if elapsed_ns > LONGEST_NS:
        return False
    before_ns, volume_before = before
    during_ns = MINUTE_NS
    if before_ns is not None and before_ns != utc_ns:
        during_ns = utc_ns - before_ns
        volume += float(volume_before)
    ratio = price * volume * -(-elapsed_ns // MINUTE_NS) * MINUTE_NS / (pace * during_ns)
    if not ratio > CLEARLY or -CLEARLY < ratio - 1.0 < CLEARLY:
        return None
    return ratio < 1.0


def _is_within(
    resolution: Resolution, utc_ns: int, filled_ns: int, bar: CapacityBar, before: tuple[int | None, Decimal | float],
    rate: Decimal,
) -> bool:  # fmt: skip
    if resolution in (_DAILY, _HOUR):
        return _is_within_coarse(resolution, utc_ns, filled_ns)
    if utc_ns - filled_ns > LONGEST_NS:
        return False
    before_ns, volume_before = before
    average = _average_volume(bar, utc_ns, before_ns, to_decimal(volume_before), rate)
    return utc_ns <= filled_ns + _window_minutes(resolution, average) * MINUTE_NS


def _is_within_coarse(resolution: Resolution, utc_ns: int, filled_ns: int) -> bool:
    """Return whether a bar of an hour or a day is the first one after a fill."""
    if resolution == _DAILY:
        return utc_ns == filled_ns or utc_ns // DAY_NS * DAY_NS == round_up(filled_ns, DAY_NS)
    return utc_ns == round_up(filled_ns, HOUR_NS)


def _average_volume(
    bar: CapacityBar, utc_ns: int, before_ns: int | None, volume_before: Decimal, rate: Decimal
) -> Decimal:
    """Return the dollar volume of a minute: of this bar and the one before, over the time between them."""
    if before_ns is None or before_ns == utc_ns:
        return rate * bar.close * bar.volume
    minutes = to_decimal((utc_ns - before_ns) / MINUTE_NS)
    amount = bar.close * rate * (bar.volume + volume_before)
    return amount if minutes == ONE else divide(amount, minutes)


def _window_minutes(resolution: Resolution, average_volume: Decimal) -> int:
    """Return how long bars are captured after a fill: the longer, the less is traded."""
    scale, shortest = _BY_MINUTE if resolution == _MINUTE else _BY_SECOND
    if not average_volume:
        return max(shortest, 10)
    if average_volume * _LONGEST < scale:
        return _LONGEST
    return max(shortest, int(float(divide(scale, average_volume))))


def resolution_of(period_ns: int) -> Resolution:
    """Return the resolution of bars so long."""
    if period_ns < SECOND_NS:
        return _TICK
    if period_ns < MINUTE_NS:
        return Resolution.SECOND
    if period_ns < HOUR_NS:
        return _MINUTE
    return _HOUR if period_ns < DAY_NS else _DAILY


def round_up(time_ns: int, span_ns: int) -> int:
    """Return the first multiple of a span that is not before a time."""
    return -(-time_ns // span_ns) * span_ns
