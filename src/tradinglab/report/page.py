"""The report's page: content in, one HTML file out."""

from __future__ import annotations

import calendar
import functools
import importlib.resources
from dataclasses import dataclass

import jinja2

import tradinglab
from tradinglab.report import charts, figures
from tradinglab.report.chart import Chart
from tradinglab.report.content import PlottedChart, ReportContent

_MOST_TRADES = 2_000
_MOST_LOGS = 2_000
_MOST_PLOTS = 12
#: A month of this return gets the deepest colour of the heat-map.
_FULL_COLOUR = 0.15


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    tone: str
    weight: int


def render(content: ReportContent) -> str:
    """Return the report of *content* as one HTML document that needs nothing else."""
    worst = figures.worst_drawdowns(content.equity) if len(content.days) > 1 else []
    return _template().render(
        content=content,
        version=tradinglab.__version__,
        style=_asset("report.css"),
        script=_asset("report.js"),
        month_names=list(calendar.month_abbr)[1:],
        drawdowns=_drawdown_rows(content, worst),
        histogram=charts.trade_histogram(content),
        plotted=_plotted(content.charts),
        trades=content.trades[:_MOST_TRADES],
        trades_note=_count_note(len(content.trades), _MOST_TRADES, "closed trade"),
        logs=content.logs[:_MOST_LOGS],
        logs_note=_count_note(len(content.logs), _MOST_LOGS, "line"),
        funnel=_funnel(content),
        **_series(content, worst),
    )


def _series(content: ReportContent, worst: list[figures.Drawdown]) -> dict[str, object]:
    """Return what needs at least two days."""
    if len(content.days) < 2:
        return {}
    return {
        "equity": charts.equity_chart(content, worst),
        "underwater": charts.underwater_chart(content, worst),
        "sharpe": charts.rolling_sharpe_chart(content),
        "years": charts.yearly_chart(content),
        "months": _months(content),
    }


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    environment.filters["written"] = _written
    environment.globals.update(dict.fromkeys(("equity", "underwater", "sharpe", "years", "months")))
    return environment.from_string(_asset("report.html.j2"))


def _asset(name: str) -> str:
    return importlib.resources.files(__package__).joinpath("assets", name).read_text(encoding="utf-8")


def _written(value: float, kind: str) -> str:
    if kind == "percent":
        text = f"{value:.2%}"
    elif kind == "plain":
        text = f"{value:,.10g}"
    elif kind == "price":
        text = f"{value:,.2f}" if abs(value) >= 1 or value == 0 else f"{value:.4g}"
    else:
        text = f"{value:,.2f}"
    return text.replace("-", "−")


def _months(content: ReportContent) -> list[tuple[int, list[_Cell | None]]]:
    monthly = figures.period_returns(content.days, content.equity, monthly=True)
    yearly = figures.period_returns(content.days, content.equity, monthly=False)
    rows: list[tuple[int, list[_Cell | None]]] = []
    for (year, _), total in yearly.items():
        cells: list[_Cell | None] = [_heat(monthly.get((year, month)), 1.0) for month in range(1, 13)]
        rows.append((year, [*cells, _heat(total, 3.0)]))
    return rows


def _heat(value: float | None, stretch: float) -> _Cell | None:
    if value is None:
        return None
    weight = round(min(1.0, abs(value) / (_FULL_COLOUR * stretch)) ** 0.7 * 75)
    tone = "g" if value >= 0 else "l"
    return _Cell(f"{round(value * 100, 1) + 0.0:.1f}".replace("-", "−"), tone, weight)


def _drawdown_rows(content: ReportContent, worst: list[figures.Drawdown]) -> list[dict[str, str]]:
    days = content.days
    return [
        {
            "depth": _written(each.depth, "percent"),
            "peak": days[each.first].isoformat(),
            "trough": days[each.trough].isoformat(),
            "recovered": days[each.last].isoformat() if each.recovered else "not yet",
            "days": f"{(days[each.last] - days[each.first]).days:,}",
        }
        for each in worst
    ]


def _plotted(plots: tuple[PlottedChart, ...]) -> list[Chart]:
    drawn = (charts.plotted_chart(plot, f"plot-{index}") for index, plot in enumerate(plots[:_MOST_PLOTS]))
    return [chart for chart in drawn if chart]


def _count_note(count: int, most: int, noun: str) -> str:
    plural = noun if count == 1 else f"{noun}s"
    return f"the first {most:,} of {count:,} {plural}" if count > most else f"{count:,} {plural}"


def _funnel(content: ReportContent) -> list[tuple[str, int, float]]:
    """Return each step with its width, by the logarithm of its count: bars are millions, orders a handful."""
    most = max((count for _, count in content.funnel), default=0).bit_length()
    return [(label, count, count.bit_length() / most if most else 0.0) for label, count in content.funnel]
