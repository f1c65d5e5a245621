"""Lines, areas and bars as the ``d`` of an SVG path, in a square of 1000 by 1000.

The page stretches that square over the chart, so that one drawing fits every screen; texts are
laid over it as HTML and keep their size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

SIZE = 1000.0

Point = tuple[float, float]


def thin(points: Sequence[Point], most: int = 1200) -> list[Point]:
    """Return at most about *most* of the points, keeping each stretch's lowest and highest.

    Peaks and troughs stay visible, which plain sampling would lose.
    """
    if len(points) <= most:
        return list(points)
    kept: list[Point] = [points[0]]
    bucket = len(points) / (most / 2)
    start = 0.0
    while start < len(points):
        part = range(int(start), min(len(points), int(start + bucket)))
        start += bucket
        if not part:
            continue
        low = min(part, key=lambda index: points[index][1])
        high = max(part, key=lambda index: points[index][1])
        kept.extend(points[index] for index in sorted({low, high}))
    kept.append(points[-1])
    return kept


def line(points: Sequence[Point]) -> str:
    """Return a path through *points*, each ``(x, y)`` from 0 to 1; a point that is NaN lifts the pen."""
    parts, pen_down = [], False
    for x, y in points:
        if not (math.isfinite(x) and math.isfinite(y)):
            pen_down = False
            continue
        parts.append(f"{'L' if pen_down else 'M'}{x * SIZE:.1f} {(1 - y) * SIZE:.1f}")
        pen_down = True
    return "".join(parts)


def area(points: Sequence[Point], base: float = 0.0) -> str:
    """Return the closed path between *points* and the height *base*."""
    drawn = [point for point in points if math.isfinite(point[1])]
    if not drawn:
        return ""
    floor = f"{(1 - base) * SIZE:.1f}"
    return f"M{drawn[0][0] * SIZE:.1f} {floor}L{line(drawn)[1:]}L{drawn[-1][0] * SIZE:.1f} {floor}Z"


def bar(left: float, right: float, bottom: float, top: float) -> str:
    """Return a rectangle, its sides given from 0 to 1."""
    low, high = sorted((bottom, top))
    return f"M{left * SIZE:.1f} {(1 - low) * SIZE:.1f}H{right * SIZE:.1f}V{(1 - high) * SIZE:.1f}H{left * SIZE:.1f}Z"
