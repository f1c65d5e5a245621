"""What has been read stays at hand: history requests ask for the same bars again and again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

from tradinglab.core.values import dataclass
from tradinglab.data.columns import BarColumns

_MOST_ROWS = 4_000_000
_MOST_RANGES = 4


@dataclass(frozen=True, slots=True)
class _Range:
    first_day: int
    last_day: int
    bars: BarColumns


class LoadedBars:
    """Bars by series and range of days, the least recently used given up first.

    Parameters
    ----------
    most_rows
        How many bars to keep in all; one range alone may be larger.
    """

    def __init__(self, most_rows: int = _MOST_ROWS) -> None:
        self._most_rows = most_rows
        self._rows = 0
        self._ranges: OrderedDict[Hashable, list[_Range]] = OrderedDict()

    def get(
        self, series: Hashable, first_day: int, last_day: int, read: Callable[[int, int], BarColumns]
    ) -> BarColumns:
        """Return bars that hold at least those of the days asked for, reading them if need be."""
        ranges = self._ranges.setdefault(series, [])
        self._ranges.move_to_end(series)
        for known in ranges:
            if known.first_day <= first_day and last_day <= known.last_day:
                return known.bars
        bars = read(first_day, last_day)
        for known in [*ranges]:
            if first_day <= known.first_day and known.last_day <= last_day:
                self._drop(ranges, known)
        if len(ranges) == _MOST_RANGES:
            self._drop(ranges, min(ranges, key=lambda one: len(one.bars)))
        ranges.append(_Range(first_day, last_day, bars))
        self._rows += len(bars)
        self._shrink(series)
        return bars

    def _drop(self, ranges: list[_Range], old: _Range) -> None:
        ranges.remove(old)
        self._rows -= len(old.bars)

    def _shrink(self, keep: Hashable) -> None:
        while self._rows > self._most_rows and next(iter(self._ranges)) != keep:
            _, ranges = self._ranges.popitem(last=False)
            self._rows -= sum(len(one.bars) for one in ranges)
