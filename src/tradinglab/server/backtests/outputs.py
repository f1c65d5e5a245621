"""What a backtest leaves: the files of its artefacts, and its figures.

Made from a result whose values a strategy may have forged, therefore by ``clerk``, in the sandbox, where no file can be
written: what is made goes into memory. Knows no Django.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from tradinglab.server.backtests.exports import as_parquet
from tradinglab.server.backtests.figures import figures_of
from tradinglab.server.backtests.measures import measures_of
from tradinglab.server.backtests.tables import MOST_ROWS, Kept, tables_of

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
    "trial.json": "application/json",
    **{f"{name}.parquet": PARQUET for name in MOST_ROWS},
}
#: What is kept of a trial: what searches, overfitting, comparisons, robustness and verifications read.
TRIAL_TABLES = ("equity", "days", "trades", "log")
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


def outputs(result: BacktestResult) -> dict[str, bytes]:
    """Return the contents of every file of a backtest, by its name."""
    tables = tables_of(result)
    return {**documents(result, tables.left_out), **_files(tables)}


def trial_outputs(result: BacktestResult) -> dict[str, bytes]:
    """Return the contents of the files of a trial: no documents for people, and few tables."""
    tables = tables_of(result, TRIAL_TABLES)
    per_year = result.record.statistics_input.trading_days_per_year
    kept = {"trading_days_per_year": per_year, "left_out": tables.left_out}
    return {"trial.json": _json(kept), **_files(tables)}


def _files(tables: Kept) -> dict[str, bytes]:
    return {f"{name}.parquet": as_parquet(table) for name, table in tables.items()}


def documents(result: BacktestResult, left_out: Mapping[str, int]) -> dict[str, bytes]:
    """Return those of the files that are no tables; *left_out* says how many rows are missing in those."""
    from tradinglab.engine.result_json import result_text
    from tradinglab.report import report_text

    return {
        "result.json": result_text(result).encode(),
        "report.html": report_text(result).encode(),
        "charts.json": _json({"charts": [_chart(each) for each in result.charts.values()]}),
        "statistics.json": _json({**measures_of(result), "left_out": dict(left_out)}),
    }


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


def _json(document: object) -> bytes:
    return json.dumps(document, allow_nan=False).encode()


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
