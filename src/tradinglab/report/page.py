"""The report's page: content in, one HTML file out."""

from __future__ import annotations

import calendar
import functools

import jinja2

import tradinglab
from tradinglab.core.values import dataclass
from tradinglab.report import charts
from tradinglab.report.assets import asset, environment
from tradinglab.report.chart import Chart
from tradinglab.report.content import PlottedChart, ReportContent
from tradinglab.report.figures import Figures, measure

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


def render(content: ReportContent, *, parity: str = "", doctor: str = "") -> str:
    """Return the report of *content* as one HTML document that needs nothing else.

    Parameters
    ----------
    parity
        The section about the same version by another engine, if it was compared with one.
    doctor
        The section about what there is to doubt, if the doctor was asked.
    """
    figures = measure(content) if len(content.days) > 1 else None
    return _template().render(
        content=content,
        version=tradinglab.__version__,
        style=asset("report.css"),
        script=asset("report.js"),
        parity=parity,
        doctor=doctor,
        month_names=list(calendar.month_abbr)[1:],
        drawdowns=[] if figures is None else _drawdown_rows(figures),
        histogram=charts.trade_histogram(content),
        plotted=_plotted(content.charts),
        trades=content.trades[:_MOST_TRADES],
        trades_note=_count_note(len(content.trades), _MOST_TRADES, "closed trade"),
        logs=content.logs[:_MOST_LOGS],
        logs_note=_count_note(len(content.logs), _MOST_LOGS, "line"),
        funnel=_funnel(content),
        **({} if figures is None else _series(content, figures)),
    )


def _series(content: ReportContent, figures: Figures) -> dict[str, object]:
    """Return what needs at least two days."""
    return {
        "equity": charts.equity_chart(content, figures),
        "underwater": charts.underwater_chart(content, figures),
        "sharpe": charts.rolling_sharpe_chart(figures),
        "years": charts.yearly_chart(content, figures),
        "months": _months(figures),
    }


@functools.cache
def _template() -> jinja2.Template:
    made = environment()
    made.filters["written"] = _written
    made.globals.update(dict.fromkeys(("equity", "underwater", "sharpe", "years", "months")))
    return made.get_template("report.html.j2")


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


def _months(figures: Figures) -> list[tuple[int, list[_Cell | None]]]:
    return [
        (year, [*(_heat(value, 1.0) for value in months), _heat(figures.years[year], 3.0)])
        for year, months in figures.months.items()
    ]


def _heat(value: float | None, stretch: float) -> _Cell | None:
    if value is None:
        return None
    weight = round(min(1.0, abs(value) / (_FULL_COLOUR * stretch)) ** 0.7 * 75)
    tone = "g" if value >= 0 else "l"
    return _Cell(f"{round(value * 100, 1) + 0.0:.1f}".replace("-", "−"), tone, weight)


def _drawdown_rows(figures: Figures) -> list[dict[str, str]]:
    days = figures.days
    return [
        {
            "depth": _written(each.depth, "percent"),
            "peak": days[each.peak].isoformat(),
            "trough": days[each.trough].isoformat(),
            "recovered": "not yet" if each.recovery is None else days[each.recovery].isoformat(),
            "days": f"{(days[-1 if each.recovery is None else each.recovery] - days[each.peak]).days:,}",
        }
        for each in figures.drawdowns
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
