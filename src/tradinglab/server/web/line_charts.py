"""Line charts as SVG: what a template needs to draw them, in parts of the whole, so that they fit any width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tradinglab.report.scales import Scale, date_ticks, fit, number_ticks

#: The drawing's own units, across and down; it is stretched to the room that there is.
SIZE = 1000


@dataclass(frozen=True, slots=True)
class Label:
    """A text beside a grid line; *at* is in percent from the left or from the top."""

    at: str
    text: str


@dataclass(frozen=True, slots=True)
class LineChart:
    """Paths in their order, and the grid behind them."""

    paths: tuple[str, ...]
    across: tuple[Label, ...]
    down: tuple[Label, ...]


def line_chart(
    times: Sequence[str], lines: Sequence[Sequence[float | None]], *, label: str, include: float
) -> LineChart:
    """Return a chart of lines over the same times; nothing is drawn where a value is missing.

    Parameters
    ----------
    label
        How values are written: ``plain`` or ``percent``.
    include
        A value that the scale shows in any case.
    """
    moments = [datetime.fromisoformat(time) for time in times]
    first, last = moments[0], moments[-1]
    width = (last - first).total_seconds() or 1.0
    places = [(moment - first).total_seconds() / width for moment in moments]
    known = [value for line in lines for value in line if value is not None]
    scale = fit(known, include=(include,))
    return LineChart(
        paths=tuple(_path(places, line, scale) for line in lines),
        across=tuple(
            Label(f"{tick.at * 100:.2f}", tick.label)
            for tick in date_ticks(first.date(), last.date(), 5)
            if tick.at < 0.95
        ),
        down=tuple(Label(f"{(1 - tick.at) * 100:.2f}", tick.label) for tick in number_ticks(scale, 5, label)),
    )


def _path(places: Sequence[float], values: Sequence[float | None], scale: Scale) -> str:
    steps, is_drawing = [], False
    for place, value in zip(places, values, strict=True):
        if value is not None:
            steps.append(f"{'L' if is_drawing else 'M'}{place * SIZE:.1f} {(1 - scale(value)) * SIZE:.1f}")
        is_drawing = value is not None
    return "".join(steps)
