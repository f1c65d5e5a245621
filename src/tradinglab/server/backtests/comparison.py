"""Backtests side by side: equity on one grid of times, figures, parameters and code."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from tradinglab.server.backtests.figures import FIGURES, Figure
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.results import table_collect, table_read
from tradinglab.server.backtests.thinning import min_max
from tradinglab.server.errors import ConflictError, NotFoundError
from tradinglab.server.strategies.diffs import files_diff

FEWEST, MOST = 2, 8
_FEWEST_DAYS = 3

Values = list[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A backtest's equity on the grid that all share.

    Attributes
    ----------
    equity
        The last value known at each time; nothing before the run's first and after its last.
    normalised
        The same as a multiple of what it was when the last of the runs had begun.
    drawdown
        Zero or a fraction below it.
    """

    id: str
    equity: Values
    normalised: Values
    drawdown: Values


def comparison_of(*, tests: Sequence[Backtest], points: int) -> dict[str, Any]:
    """Return backtests side by side; the first is the one that the others are compared with.

    Raises
    ------
    ConflictError
        If one of them has left no equity.
    DamagedResultError
        If what one of them has left cannot be read any more.
    """
    tables = [_equity(test) for test in tests]
    times, lines = _aligned(tests, tables, points)
    return {
        "base": str(tests[0].pk),
        "warnings": list(_warnings(tests, tables)),
        "equity": {"time": times, "lines": [asdict(line) for line in lines]},
        "figures": [_figure(tests, name, figure) for name, figure in FIGURES.items()],
        "parameters": _parameters(tests),
        "code": [_code(tests[0], test) for test in tests[1:]],
        "correlation": _correlation(tests),
    }


def _equity(test: Backtest) -> pl.DataFrame:
    try:
        table = table_collect(table_read(test=test, name="equity").select("time", "equity", "drawdown"))
    except NotFoundError:
        table = pl.DataFrame()
    if not table.height:
        raise ConflictError(
            f"The backtest {test.pk} is {test.run.state} and has no equity; wait for it, or leave it out of `ids`."
        )
    return table


def _aligned(tests: Sequence[Backtest], tables: Sequence[pl.DataFrame], points: int) -> tuple[list[str], list[Line]]:
    grid = pl.concat([table.select("time") for table in tables]).unique().sort("time")
    begun = max(table["time"][0] for table in tables)
    whole = [_on(grid, table) for table in tables]
    since = grid["time"].search_sorted(begun)
    starts = [_start(table, since) for table in whole]
    kept = np.array(sorted(set().union(*(_kept(table, points // len(tables)) for table in whole))), np.intp)
    lines = []
    for test, table, start in zip(tests, whole, starts, strict=True):
        shown = table[kept]
        equity = shown["equity"].to_list()
        lines.append(
            Line(
                id=str(test.pk),
                equity=equity,
                normalised=[None if value is None or not start else value / start for value in equity],
                drawdown=shown["drawdown"].to_list(),
            )
        )
    return grid[kept]["time"].dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ").to_list(), lines


def _on(grid: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """Return a table at all times of the grid, with nothing after its own last."""
    joined = grid.join_asof(table, on="time")
    is_over = pl.col("time") > table["time"][-1]
    return joined.with_columns(pl.when(is_over).then(None).otherwise(pl.col("equity", "drawdown")).name.keep())


def _start(table: pl.DataFrame, since: int) -> float | None:
    """Return the value at a place of the grid; of a run that was over by then, its first."""
    value = table["equity"][since] if since < table.height else None
    value = table["equity"].drop_nulls()[0] if value is None else value
    return float(value) if value else None


def _kept(table: pl.DataFrame, points: int) -> set[int]:
    known = np.flatnonzero(table["equity"].is_not_null().to_numpy())
    places = min_max(known, table["equity"].to_numpy()[known], max(FEWEST, points))
    return set(known[places].tolist())


def _figure(tests: Sequence[Backtest], name: str, figure: Figure) -> dict[str, Any]:
    values: Values = [getattr(test, name) for test in tests]
    base = values[0]
    known = {value for value in values if value is not None}
    best = None
    if figure.is_more_better is not None and len(known) > 1:
        best = (max if figure.is_more_better else min)(known)
    return {
        "name": name,
        "label": figure.label,
        "unit": figure.unit,
        "values": values,
        "deltas": [None if value is None or base is None else value - base for value in values],
        "best": [str(test.pk) for test, value in zip(tests, values, strict=True) if best is not None and value == best],
    }


def _parameters(tests: Sequence[Backtest]) -> list[dict[str, Any]]:
    names = sorted(set().union(*(test.parameters for test in tests)))
    rows = []
    for name in names:
        values = [test.parameters.get(name) for test in tests]
        rows.append({"name": name, "values": values, "is_same": len(set(values)) == 1})
    return rows


def _code(base: Backtest, test: Backtest) -> dict[str, Any]:
    files = [] if base.version_id == test.version_id else files_diff(base.version.files, test.version.files)
    return {"id": str(test.pk), "files": [asdict(each) for each in files]}


def _correlation(tests: Sequence[Backtest]) -> list[Values]:
    """Return the correlation of each pair's daily returns, over the days that both have."""
    days = [table_collect(table_read(test=test, name="days").select("time", "return")) for test in tests]
    places = range(len(days))
    # Each pair in one order: the other differs in the last digit.
    return [[_pair(days[min(row, column)], days[max(row, column)]) for column in places] for row in places]


def _pair(left: pl.DataFrame, right: pl.DataFrame) -> float | None:
    both = left.join(right, on="time")
    first, second = both["return"].to_numpy(), both["return_right"].to_numpy()
    if len(first) < _FEWEST_DAYS or not np.ptp(first) or not np.ptp(second):
        return None
    found = float(np.corrcoef(first, second)[0, 1])
    return min(max(found, -1.0), 1.0) if math.isfinite(found) else None


def _warnings(tests: Sequence[Backtest], tables: Sequence[pl.DataFrame]) -> Iterator[str]:
    if max(table["time"][0] for table in tables) > min(table["time"][-1] for table in tables):
        yield "The backtests have no day in common: each starts at one on its own first day."
    spans = [f"{test.first_day} to {test.last_day}" for test in tests]
    if len(set(spans)) > 1:
        yield f"The backtests cover different days: {'; '.join(dict.fromkeys(spans))}. Their figures do, too."
    if len({test.start_equity for test in tests}) > 1:
        yield "The backtests start with different amounts of money; compare fractions rather than amounts."
    for key, what in (("data", "data"), ("engine", "versions of the engine")):
        if len({str(test.run.manifest.get(key)) for test in tests}) > 1:
            yield f"The backtests ran on different {what}."
    for test in tests:
        if test.verification == Backtest.Standing.UNVERIFIED:
            yield f"The backtest {test.pk} is unverified: not all of its figures follow from its orders and the bars."
        if test.run.state != "completed":
            yield f"The backtest {test.pk} is {test.run.state}: it has no figures, and its equity ends early."
