"""What was traded after each of many fills, worked out for all of them together.

Of fills that wait for a snapshot most have windows alike: a few bars of minutes or seconds, without gaps. Where that
is so and floats decide clearly, the bars of all windows are looked at in step, by arrays. Anything else is left to
:class:`~tradinglab.engine.capacity_window.CaptureWindow`, which looks at one bar after another.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from tradinglab.core.clock import MINUTE_NS
from tradinglab.core.decimals import ZERO
from tradinglab.engine.capacity_window import (
    CLEARLY,
    LONGEST_EXACT,
    LONGEST_NS,
    PER_UNIT,
    UNIT,
    CapacityStream,
    CaptureWindow,
    resolution_of,
    terms_of,
)

_FEWEST = 8  # below that, arrays cost more than they save
_MOST_IN_ARRAYS = 4e18

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def traded_after(
    window: CaptureWindow, fills_ns: Sequence[int], first_row: int, stream: CapacityStream, rate: Decimal
) -> list[Decimal] | None:
    """Return close times volume of the bars that count after each fill but the last, up to the fill after it.

    The window then stands at the bars of the last fill. ``None``, and nothing done, if the bars have to be looked at
    one by one.
    """
    if len(fills_ns) < _FEWEST or not stream.has_short_volumes:
        return None
    times, ends = np.array(fills_ns), np.asarray(stream.ends_ns)
    bounds = np.maximum(np.searchsorted(ends, times), first_row)
    if not _are_alike(slice(int(bounds[0]), int(bounds[-1])), stream):
        return None
    counts = _counts(times[:-1], bounds, stream, float(rate))
    if counts is None or not counts.any():
        return None
    traded = _traded(bounds[:-1], counts, stream)
    if traded is not None:
        # The bar that closed the last window was looked at too.
        last = int(np.flatnonzero(counts)[-1])
        window.read_to(min(int(bounds[last] + counts[last]), int(bounds[last + 1]) - 1), stream)
        window.next_row = int(bounds[-1])
    return traded


def _are_alike(rows: slice, stream: CapacityStream) -> bool:
    """Return whether bars are all of one length, one after another, with something traded in each."""
    starts, ends = np.asarray(stream.starts_ns)[rows], np.asarray(stream.ends_ns)[rows]
    if not len(ends):
        return False
    spans = ends - starts
    has_pace = terms_of(resolution_of(int(spans[0])))[1] > 0
    return bool(
        has_pace
        and (spans == spans[0]).all()
        and (np.diff(ends) > 0).all()
        and (np.asarray(stream.volumes)[rows] > 0).all()
    )


def _counts(times: Ints, bounds: Ints, stream: CapacityStream, rate: float) -> Ints | None:
    """Return how many bars count after each fill; ``None`` if floats do not tell."""
    ends, closes, volumes = np.asarray(stream.ends_ns), np.asarray(stream.closes), np.asarray(stream.volumes)
    starts, limits = bounds[:-1], bounds[1:]
    first = int(bounds[0])
    surely_ns, pace = terms_of(resolution_of(int(ends[first] - stream.starts_ns[first])))
    counts = np.zeros(len(times), np.int64)
    active = np.flatnonzero(starts < limits)
    if (ends[starts[active]] - times[active] > surely_ns).any():
        return None  # then the bar before the window counts as well
    while len(active):
        rows = starts[active] + counts[active]
        elapsed_ns = ends[rows] - times[active]
        is_sure = elapsed_ns <= surely_ns
        if not is_sure.all():
            minutes, during_ns = -(-elapsed_ns // MINUTE_NS), ends[rows] - ends[rows - 1]
            dollars = closes[rows] * rate * (volumes[rows] + volumes[rows - 1])
            ratios = dollars * minutes * MINUTE_NS / (pace * during_ns)
            may_count = elapsed_ns <= LONGEST_NS
            is_clear = (ratios > CLEARLY) & (np.abs(ratios - 1.0) >= CLEARLY)
            if (~is_sure & may_count & ~is_clear).any():
                return None
            active = active[is_sure | (may_count & (ratios < 1.0))]
        counts[active] += 1
        active = active[starts[active] + counts[active] < limits[active]]
    return counts


def _traded(starts: Ints, counts: Ints, stream: CapacityStream) -> list[Decimal] | None:
    """Return the sums over the bars of each window: whole ticks times whole volumes where they are whole."""
    owners = np.repeat(np.arange(len(counts)), counts)
    rows = starts[owners] + np.arange(len(owners)) - (np.cumsum(counts) - counts)[owners]
    closes, volumes = np.asarray(stream.closes)[rows], np.asarray(stream.volumes)[rows]
    ticks = np.floor(closes * PER_UNIT + 0.5)
    is_whole = (
        (ticks / PER_UNIT == closes) & (np.floor(volumes) == volumes) & (np.maximum(ticks, volumes) < LONGEST_EXACT)
    )
    if not stream.has_short_closes:
        is_whole[:] = False
    if (ticks * volumes)[is_whole].sum() > _MOST_IN_ARRAYS:
        return None
    sums = np.zeros(len(counts), np.int64)
    np.add.at(sums, owners[is_whole], ticks[is_whole].astype(np.int64) * volumes[is_whole].astype(np.int64))
    others: dict[int, Decimal] = {}
    for index in np.flatnonzero(~is_whole).tolist():
        owner, bar = int(owners[index]), stream.bar(int(rows[index]))
        others[owner] = others.get(owner, ZERO) + bar.close * bar.volume
    return [number * UNIT + others.get(owner, ZERO) for owner, number in enumerate(sums.tolist())]
