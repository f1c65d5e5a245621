"""What was found of bars, as one HTML file that needs nothing else: no script, no style on a tag."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import jinja2

import tradinglab
from tradinglab.core.values import dataclass
from tradinglab.data.quality import Finding, Month, QualityReport, Severity
from tradinglab.data.quality.report import written_time
from tradinglab.report.assets import asset, environment

_CELL, _GAP, _LEFT, _TOP = 22, 3, 44, 18
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LEVELS = ((1.0, "full"), (0.99, "most"), (0.9, "much"), (0.5, "half"))


@dataclass(frozen=True, slots=True)
class _Cell:
    """A month in the picture of coverage."""

    x: int
    y: int
    level: str
    title: str


@dataclass(frozen=True, slots=True)
class _Label:
    x: int
    y: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Picture:
    """The months, a row for each year."""

    width: int
    height: int
    cells: tuple[_Cell, ...]
    labels: tuple[_Label, ...]


def quality_page(reports: Sequence[QualityReport]) -> str:
    """Return the page that shows reports: grades, coverage by month, findings with their examples and what to do."""
    return _template().render(
        title="Data quality" if len(reports) != 1 else f"Data quality of {reports[0].series.ticker}",
        version=tradinglab.__version__,
        style=asset("report.css"),
        reports=[(report, _picture(report.months)) for report in reports],
    )


def _picture(months: Sequence[Month]) -> _Picture | None:
    if not months:
        return None
    years = sorted({each.name[:4] for each in months})
    rows = {year: number for number, year in enumerate(years)}
    step = _CELL + _GAP
    cells = []
    for each in months:
        year, month = each.name[:4], int(each.name[5:7])
        x, y = _LEFT + (month - 1) * step, _TOP + rows[year] * step
        cells.append(_Cell(x, y, _level(each), f"{each.name}: {each.bars:,} of {each.expected:,} bars"))
    labels = [
        _Label(_LEFT + at * step + _CELL // 2, _TOP - 6, name) for name, at in zip(_MONTHS, range(12), strict=True)
    ]
    labels += [_Label(_LEFT // 2 - 4, _TOP + row * step + 15, year) for year, row in rows.items()]
    return _Picture(width=_LEFT + 12 * step, height=_TOP + len(years) * step, cells=tuple(cells), labels=tuple(labels))


def _level(month: Month) -> str:
    if not month.expected:
        return "closed"
    share = month.bars / month.expected
    if not share:
        return "none"
    return next((name for least, name in _LEVELS if share >= least), "little")


def _tone(finding: Finding) -> str:
    return {Severity.ERROR: "bad", Severity.WARNING: "warning", Severity.INFO: "quiet"}[finding.severity]


@functools.cache
def _template() -> jinja2.Template:
    made = environment()
    made.filters.update(instant=written_time, tone=_tone, number=lambda value: f"{value:.10g}")
    return made.get_template("quality.html.j2")
