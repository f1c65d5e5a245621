"""A comparison of two engines as one HTML file that needs nothing else."""

from __future__ import annotations

import functools
import importlib.resources
from datetime import UTC, datetime
from typing import Final

import jinja2

import tradinglab
from tradinglab.report.parity import EXPLANATIONS, Parity

_MOST_ROWS: Final = 500
_MOST_POINTS: Final = 2_000
_SIDE: Final = 1000.0


def parity_page(parity: Parity, *, title: str) -> str:
    """Return the page of a comparison."""
    apart = [each for each in parity.pairs if not each.is_same]
    return _template().render(
        parity=parity,
        title=title,
        version=tradinglab.__version__,
        style=_asset("report.css"),
        explanation=EXPLANATIONS[parity.cause],
        apart=apart[:_MOST_ROWS],
        left_out=max(0, len(apart) - _MOST_ROWS),
        lines=_lines(parity),
    )


def _lines(parity: Parity) -> list[str]:
    """Return the path of each side's equity in a square; none if there is nothing to draw."""
    step = max(1, len(parity.equity) // _MOST_POINTS)
    points = parity.equity[::step]
    values = [value for _, *pair in points for value in pair if value is not None]
    if len(points) < 2 or not values:
        return []
    begin, span = points[0][0], max(1, points[-1][0] - points[0][0])
    low, height = min(values), max(max(values) - min(values), 1e-9)

    def path(side: int) -> str:
        known = [(point[0], point[side]) for point in points if point[side] is not None]
        placed = (
            (_SIDE * (at - begin) / span, _SIDE * (1 - (float(value or 0.0) - low) / height)) for at, value in known
        )
        text = "L".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        return f"M{text}" if text else ""

    return [path(1), path(2)]


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    environment.filters["instant"] = _instant
    return environment.from_string(_asset("parity.html.j2"))


def _instant(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _asset(name: str) -> str:
    return importlib.resources.files(__package__).joinpath("assets", name).read_text(encoding="utf-8")
