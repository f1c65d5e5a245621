"""What a backtest leaves: the files of its artefacts, and its figures. Knows no Django."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tradinglab.server.backtests.figures import figures_of
from tradinglab.server.backtests.measures import measures_of
from tradinglab.server.backtests.tables import MOST_ROWS, tables_of

if TYPE_CHECKING:
    from tradinglab.engine.result import BacktestResult
    from tradinglab.engine.result_charts import ChartData

PARQUET = "application/vnd.apache.parquet"
#: The files, and of what kind each is.
OUTPUTS: Mapping[str, str] = {
    "result.json": "application/json",
    "report.html": "text/html",
    "statistics.json": "application/json",
    "charts.json": "application/json",
    **{f"{name}.parquet": PARQUET for name in MOST_ROWS},
}
_MOST_STATISTICS = 200
_LONGEST_TEXT = 200
_MOST_ORDERS = (1 << 31) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The figures of a backtest, as they are searched and sorted by.

    Attributes
    ----------
    figures
        The values of :data:`~tradinglab.server.backtests.figures.FIGURES`; what is no finite number is left out.
    statistics
        LEAN's statistics, as it writes them.
    total_orders
        How many orders there were.
    first_day, last_day
        What the run covered, in the algorithm's time zone.
    """

    figures: Mapping[str, float]
    statistics: Mapping[str, str]
    total_orders: int
    first_day: date
    last_day: date


def write_outputs(result: BacktestResult, folder: Path) -> None:
    """Write every file of :data:`OUTPUTS` into *folder*."""
    from tradinglab.report import write_report

    result.write_json(folder / "result.json")
    write_report(result, folder / "report.html")
    tables = tables_of(result)
    for name, table in tables.items():
        table.write_parquet(folder / f"{name}.parquet")
    _write(folder / "charts.json", {"charts": [_chart(each) for each in result.charts.values()]})
    _write(folder / "statistics.json", {**measures_of(result), "left_out": tables.left_out})


def summarize(result: BacktestResult) -> Summary:
    """Return the figures of a result."""
    pairs = list(result.statistics.items())[:_MOST_STATISTICS]
    return Summary(
        figures=figures_of(result),
        statistics={name[:_LONGEST_TEXT]: text[:_LONGEST_TEXT] for name, text in pairs},
        total_orders=min(result.total_orders, _MOST_ORDERS),
        first_day=result.start.date(),
        last_day=result.end.date(),
    )


def _write(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, allow_nan=False), encoding="utf-8")


def _chart(chart: ChartData) -> dict[str, object]:
    """Return how a chart is to be drawn; the points are in the table."""
    series = [
        {
            "name": each.name,
            "type": str(each.series_type),
            "unit": each.unit,
            "pane": each.index,
            "color": each.color,
            "points": len(each.values),
        }
        for each in chart.series.values()
    ]
    return {"name": chart.name, "series": series}
