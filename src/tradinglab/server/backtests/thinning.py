"""Fewer points that look like the many: which of a series are kept. Knows no Django."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
_FEWEST = 2


def min_max(times: npt.ArrayLike, values: npt.ArrayLike, points: int) -> Places:
    """Return the places of at most *points* points: the first, the last, and the lowest and highest of each stretch.

    With four points or more the highest and the lowest of all are among them. Stretches have the same number of points.
    """
    heights = _checked(times, values, points)[1]
    if len(heights) <= points:
        return np.arange(len(heights))
    kept = {0, len(heights) - 1}
    stretches = (points - 2) // 2
    edges = np.linspace(1, len(heights) - 1, stretches + 1).astype(np.intp) if stretches else np.empty(0, np.intp)
    for begin, end in pairwise(edges):
        stretch = heights[begin:end]
        kept |= {int(begin + stretch.argmin()), int(begin + stretch.argmax())}
    return np.array(sorted(kept), np.intp)


def largest_triangles(times: npt.ArrayLike, values: npt.ArrayLike, points: int) -> Places:
    """Return the places of *points* points by largest triangles of three buckets (Steinarsson, 2013).

    The first and the last are kept; of each bucket between them the point that makes the largest triangle with the one
    that was kept before and the mean of the next bucket.
    """
    moments, heights = _checked(times, values, points)
    if len(heights) <= points:
        return np.arange(len(heights))
    edges = np.linspace(1, len(heights) - 1, points - 1).astype(np.intp)
    kept = [0]
    for place in range(points - 2):
        begin, end = edges[place], edges[place + 1]
        after = slice(end, edges[place + 2]) if place + 2 < len(edges) else slice(len(heights) - 1, len(heights))
        before_x, before_y = moments[kept[-1]], heights[kept[-1]]
        after_x, after_y = moments[after].mean(), heights[after].mean()
        doubled = (before_x - after_x) * (heights[begin:end] - before_y) - (before_x - moments[begin:end]) * (
            after_y - before_y
        )
        kept.append(int(begin + np.abs(doubled).argmax()))
    return np.array([*kept, len(heights) - 1], np.intp)


#: The ways of thinning, by the names under which they are asked for.
METHODS: Mapping[str, Callable[[npt.ArrayLike, npt.ArrayLike, int], Places]] = {
    "lttb": largest_triangles,
    "min_max": min_max,
}


def _checked(times: npt.ArrayLike, values: npt.ArrayLike, points: int) -> tuple[Floats, Floats]:
    if points < _FEWEST:
        raise ValueError(f"points must be at least {_FEWEST}; it was {points}")
    moments, heights = np.asarray(times, np.float64), np.asarray(values, np.float64)
    if moments.shape != heights.shape:
        raise ValueError(f"times and values must have one length; they had {moments.size} and {heights.size}")
    # Differences of instants in microseconds are exact as floats where the instants themselves are not needed.
    return moments - moments[:1].sum(), heights
