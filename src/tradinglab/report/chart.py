"""A chart as the page draws it: paths in a unit square, and labels laid over them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from tradinglab.core.values import dataclass
from tradinglab.report import paths
from tradinglab.report.scales import Scale, Tick, date_ticks, number_ticks

_HOVER_POINTS = 900


@dataclass(frozen=True, slots=True)
class Layer:
    """One path and the style that draws it."""

    path: str
    style: str


@dataclass(frozen=True, slots=True)
class Band:
    """A shaded stretch of the time axis."""

    left: float
    width: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One way to draw a chart: its layers and its vertical axis."""

    name: str
    layers: tuple[Layer, ...]
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One chart.

    Attributes
    ----------
    views
        Usually one; with several (linear, logarithmic) the reader chooses.
    bands, days
        Shaded stretches, and the ticks of the time axis.
    legend
        Name and style of each line.
    hover
        What the pointer reads: ``{"x": [...], "series": [{"name", "style", "kind", "y"}]}``.
    """

    key: str
    title: str
    note: str = ""
    height: str = "medium"
    views: tuple[View, ...]
    days: tuple[Tick, ...]
    bands: tuple[Band, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    hover: dict[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line over the days of a chart; *kind* says how its values are written."""

    name: str
    style: str
    values: Sequence[float]
    kind: str = "money"


def spans(days: Sequence[date]) -> list[float]:
    """Return where each day lies between the first and the last, from 0 to 1."""
    first = days[0].toordinal()
    length = max(1, days[-1].toordinal() - first)
    return [(day.toordinal() - first) / length for day in days]


def line_view(
    name: str, days: Sequence[date], lines: Sequence[Line], scale: Scale, *, fill: str = "", base: float = 0.0
) -> View:
    """Return the view that draws *lines* over *days*; with *fill*, the first one's area down to *base* too."""
    places = spans(days)
    layers = []
    for index, each in enumerate(lines):
        points = paths.thin(
            [(x, scale(y) if math.isfinite(y) else math.nan) for x, y in zip(places, each.values, strict=True)]
        )
        if fill and index == 0:
            layers.append(Layer(paths.area(points, scale(base)), fill))
        layers.append(Layer(paths.line(points), f"line {each.style}"))
    ticks = number_ticks(scale, 5, lines[0].kind)
    return View(name=name, layers=tuple(reversed(layers)), ticks=tuple(ticks))


def day_axis(days: Sequence[date]) -> tuple[Tick, ...]:
    """Return the ticks of the time axis."""
    return tuple(date_ticks(days[0], days[-1]))


def hover(days: Sequence[date], lines: Sequence[Line]) -> dict[str, object]:
    """Return what the pointer reads, thinned to what a screen can tell apart."""
    step = max(1, -(-len(days) // _HOVER_POINTS))
    kept = [*range(0, len(days) - 1, step), len(days) - 1]
    places = spans(days)
    return {
        "x": [round(places[index], 4) for index in kept],
        "label": [days[index].isoformat() for index in kept],
        "series": [
            {"name": each.name, "style": each.style, "kind": each.kind, "y": [_short(each.values[i]) for i in kept]}
            for each in lines
        ],
    }


def _short(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None
