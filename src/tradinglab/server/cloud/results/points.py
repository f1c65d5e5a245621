"""The points of QuantConnect's charts, in whichever form they come."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from tradinglab.core.values import dataclass
from tradinglab.quantconnect.models.backtests import Chart, Series

_US = 1_000_000
#: Seconds beyond this are milliseconds.
_LATEST_S = 1e11
#: Nanoseconds of 64 bits reach until 2262, and as far back: what is beyond is no point's time.
_FARTHEST_S = 9e9


@dataclass(frozen=True, slots=True)
class Point:
    """A point: microseconds since 1970, and one value, or four of a candle."""

    us: int
    values: tuple[float | None, ...]

    @property
    def last(self) -> float | None:
        """The value, or the candle's close."""
        return self.values[-1] if self.values else None


def finite(value: object) -> float | None:
    """Return a number, unless it is none or endless."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def points_of(series: Series) -> list[Point]:
    """Return the points of a series, in the order of their times; what is no point is left out."""
    return sorted(_points(series), key=lambda each: each.us)


def _points(series: Series) -> Iterator[Point]:
    for each in series.values:
        if isinstance(each, Mapping):
            at = each.get("x", each.get("time"))
            candle = [each.get(name) for name in ("open", "high", "low", "close")]
            values = candle if any(value is not None for value in candle) else [each.get("y", each.get("value"))]
        elif isinstance(each, (list, tuple)) and len(each) > 1:
            at, values = each[0], list(each[1:])
        else:
            continue
        seconds = _seconds(at)
        if seconds is not None:
            yield Point(round(seconds * _US), tuple(finite(value) for value in values))


def _seconds(value: object) -> float | None:
    number = finite(value)
    if number is not None:
        seconds = number / 1000 if abs(number) > _LATEST_S else number
    elif isinstance(value, str):
        try:
            read = datetime.fromisoformat(value)
        except ValueError:
            return None
        seconds = (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    else:
        return None
    return seconds if abs(seconds) <= _FARTHEST_S else None


def series_of(charts: Mapping[str, Chart], chart: str, series: str) -> list[Point]:
    """Return the points of a series by the names of chart and series; none if there is no such."""
    found = charts.get(chart)
    line = None if found is None else found.series.get(series) or _named(found, series)
    return [] if line is None else points_of(line)


def summed(charts: Mapping[str, Chart], chart: str, ending: str) -> list[Point]:
    """Return the sum of all series of a chart whose names end so, at every time at which one has a point."""
    found = charts.get(chart)
    lines = [] if found is None else [(each.name or key, each) for key, each in found.series.items()]
    parts = [points_of(each) for name, each in lines if name.endswith(ending)]
    times = sorted({point.us for part in parts for point in part})
    stairs = [Stair(part) for part in parts]
    return [Point(us, (sum(stair.at(us) or 0.0 for stair in stairs),)) for us in times]


def _named(chart: Chart, name: str) -> Series | None:
    return next((each for each in chart.series.values() if each.name == name), None)


class Stair:
    """A series as it stands at any time: its last point before, or at, that time."""

    def __init__(self, points: list[Point]) -> None:
        self._points = points
        self._times = [each.us for each in points]

    def at(self, us: int) -> float | None:
        """Return the value at a time; ``None`` before the first point."""
        place = bisect_right(self._times, us)
        return self._points[place - 1].last if place else None
