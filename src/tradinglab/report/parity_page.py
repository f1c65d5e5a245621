"""A comparison of two engines: as a section of a run's report, and as one HTML file that needs nothing else."""

from __future__ import annotations

import functools
import math
from datetime import UTC, date, datetime
from typing import Final

import jinja2

import tradinglab
from tradinglab.report.assets import asset, environment
from tradinglab.report.chart import Chart, Line, day_axis, hover, line_view
from tradinglab.report.parity import Parity
from tradinglab.report.scales import fit

_MOST_ROWS: Final = 500
#: Where a report has its section; what is put into a report as text cannot hold a comment.
_MARK: Final = "<!-- parity -->"
_END: Final = "<footer>"


def parity_section(parity: Parity) -> str:
    """Return the section of a report that shows a comparison."""
    apart = [each for each in parity.pairs if not each.is_same]
    return _template("parity_section.html.j2").render(
        parity=parity,
        percent=percent_text(parity.percent),
        explanation=parity.explanation,
        apart=apart[:_MOST_ROWS],
        left_out=max(0, len(apart) - _MOST_ROWS),
        differing=sum(one != two for _, one, two in parity.statistics),
        overlay=_overlay(parity),
    )


def with_parity(report: str, parity: Parity) -> str:
    """Return a report that was made without a comparison, with one: in its place, or at the end of an older report."""
    section = parity_section(parity)
    if _MARK in report:
        return report.replace(_MARK, section, 1)
    before, end, after = report.rpartition(_END)
    return f"{before}{section}{end}{after}" if end else report + section


def parity_page(parity: Parity, *, title: str) -> str:
    """Return the page of a comparison."""
    return _template("parity.html.j2").render(
        title=title,
        version=tradinglab.__version__,
        style=asset("report.css"),
        script=asset("report.js"),
        section=parity_section(parity),
    )


def percent_text(value: float) -> str:
    """Return a share; what is not the whole is not rounded to it."""
    return f"{min(value, 99.99) if value < 100 else value:.2f}".removesuffix(".00")


def _overlay(parity: Parity) -> Chart | None:
    """Return the equity of both, by days; nothing for less than two of them."""
    by_day: dict[date, tuple[float | None, float | None]] = {}
    for time_us, *values in parity.equity:
        # A sample at midnight closes the day before.
        by_day[datetime.fromtimestamp((time_us - 1) / 1e6, UTC).date()] = (values[0], values[1])
    if len(by_day) < 2:
        return None
    days = list(by_day)
    lines = [
        Line(name, style, [math.nan if pair[place] is None else float(pair[place] or 0.0) for pair in by_day.values()])
        for place, (name, style) in enumerate(((parity.left, "strategy"), (parity.right, "second")))
    ]
    scale = fit([value for line in lines for value in line.values])
    return Chart(
        key="parity-equity",
        title="Equity of both",
        height="tall",
        views=(line_view("Equity", days, lines, scale),),
        days=day_axis(days),
        legend=tuple((line.name, line.style) for line in lines),
        hover=hover(days, lines),
    )


@functools.cache
def _template(name: str) -> jinja2.Template:
    made = environment()
    made.filters.update(instant=instant, figure=_figure)
    return made.get_template(name)


def instant(time_us: int) -> str:
    """Return an instant as it is written."""
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _figure(value: object) -> str:
    if value is None:
        return "not known"
    return f"{value:,.10g}" if isinstance(value, (int, float)) else str(value)
