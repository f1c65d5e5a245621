"""Six checks of the bars in a folder, written plainly with polars, pandas or DuckDB: NAME FOLDER."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

_SPREADS, _LEAST = 8.0, 0.2
_MAD = 1.4826


def with_polars(folder: Path) -> dict[str, int]:
    import polars as pl

    minutes = pl.read_parquet(folder / "calendar.parquet")["ts"]
    found: dict[str, int] = {}
    for path in sorted(folder.glob("S*.parquet")):
        frame = pl.scan_parquet(path)
        single = frame.unique("ts", keep="first", maintain_order=True).filter(
            pl.min_horizontal("open", "high", "low", "close") > 0
        )
        step = pl.col("close").log().diff()
        middle = step.median()
        spread = _MAD * (step - middle).abs().median()
        back = pl.col("close").shift(-1).log() - pl.col("close").shift(1).log()
        counts = pl.collect_all(
            [
                frame.select(
                    duplicate=pl.col("ts").is_duplicated().sum() // 2,
                    non_positive=pl.sum_horizontal((pl.col("open", "high", "low", "close") <= 0).sum()),
                    high_below_low=(pl.col("high") < pl.col("low")).sum(),
                    missing_bars=len(minutes) - pl.col("ts").n_unique(),
                    outside_range=pl.sum_horizontal(
                        (
                            ((pl.col(name) > pl.col("high")) | (pl.col(name) < pl.col("low")))
                            & (pl.col("high") >= pl.col("low"))
                        ).sum()
                        for name in ("open", "close")
                    ),
                ),
                single.select(
                    outlier=(
                        (step.abs() > _LEAST) & ((step - middle).abs() > _SPREADS * spread)
                        & (back.abs() < 0.25 * step.abs())
                    ).sum()
                ),
            ]
        )  # fmt: skip
        for each in counts:
            for name, count in each.row(0, named=True).items():
                found[name] = found.get(name, 0) + int(count)
    return found


def with_pandas(folder: Path) -> dict[str, int]:
    import numpy as np
    import pandas as pd

    minutes = pd.read_parquet(folder / "calendar.parquet")["ts"].to_numpy()
    found: dict[str, int] = {}
    for path in sorted(folder.glob("S*.parquet")):
        frame = pd.read_parquet(path)
        prices = frame[["open", "high", "low", "close"]]
        crossed = frame.high < frame.low
        outside = [(prices[name] > frame.high) | (prices[name] < frame.low) for name in ("open", "close")]
        single = frame.drop_duplicates("ts")
        single = single[(single[["open", "high", "low", "close"]] > 0).all(axis=1)]
        logs = np.log(single.close)
        step = logs.diff()
        spread = _MAD * (step - step.median()).abs().median()
        back = logs.shift(-1) - logs.shift(1)
        counts = {
            "duplicate": frame.ts.duplicated().sum(),
            "non_positive": (prices <= 0).sum().sum(),
            "high_below_low": crossed.sum(),
            "outside_range": sum((each & ~crossed).sum() for each in outside),
            "missing_bars": (~np.isin(minutes, frame.ts.to_numpy())).sum(),
            "outlier": (
                (step.abs() > _LEAST)
                & ((step - step.median()).abs() > _SPREADS * spread)
                & (back.abs() < 0.25 * step.abs())
            ).sum(),
        }
        for name, count in counts.items():
            found[name] = found.get(name, 0) + int(count)
    return found


def with_duckdb(folder: Path) -> dict[str, int]:
    import duckdb

    connection = duckdb.connect()
    bars = f"read_parquet('{folder}/S*.parquet', filename = true)"
    simple = connection.sql(f"""
        SELECT count(*) - count(DISTINCT (filename, ts)) AS duplicate,
               sum((open <= 0)::INT + (high <= 0)::INT + (low <= 0)::INT + (close <= 0)::INT) AS non_positive,
               sum((high < low)::INT) AS high_below_low,
               sum(CASE WHEN high >= low THEN (open > high OR open < low)::INT + (close > high OR close < low)::INT
                   ELSE 0 END) AS outside_range,
               (SELECT count(*) FROM read_parquet('{folder}/calendar.parquet')) * count(DISTINCT filename)
                   - count(DISTINCT (filename, ts)) AS missing_bars
        FROM {bars}""")
    outliers = connection.sql(f"""
        WITH single AS (
            SELECT filename, ts, any_value(close) AS close FROM {bars}
            WHERE least(open, high, low, close) > 0 GROUP BY filename, ts
        ), steps AS (
            SELECT filename, ln(close / lag(close) OVER by_time) AS step,
                   ln(lead(close) OVER by_time / lag(close) OVER by_time) AS back
            FROM single WINDOW by_time AS (PARTITION BY filename ORDER BY ts)
        ), spreads AS (
            SELECT filename, median(step) AS middle, {_MAD} * mad(step) AS spread FROM steps GROUP BY filename
        )
        SELECT count(*) AS outlier FROM steps JOIN spreads USING (filename)
        WHERE abs(step) > {_LEAST} AND abs(step - middle) > {_SPREADS} * spread AND abs(back) < 0.25 * abs(step)""")
    found: dict[str, int] = {}
    for each in (simple, outliers):
        found.update(zip(each.columns, (int(value) for value in each.fetchall()[0]), strict=True))
    return found


def peak_mb() -> float:
    """Return the most memory that this program had; ``getrusage`` counts that of the one that started it, too."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> None:
    name, folder = sys.argv[1], Path(sys.argv[2])
    ways: dict[str, Any] = {"polars": with_polars, "pandas": with_pandas, "duckdb": with_duckdb}
    begin = time.perf_counter()
    counts = ways[name](folder)
    taken = time.perf_counter() - begin
    order = ("duplicate", "non_positive", "high_below_low", "outside_range", "missing_bars", "outlier")
    print(json.dumps({"seconds": taken, "peak_mb": peak_mb(), "found": {code: counts[code] for code in order}}))


if __name__ == "__main__":
    main()
