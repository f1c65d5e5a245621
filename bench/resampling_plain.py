"""Hours of the minutes in a store's Parquet files, written plainly with polars, pandas or DuckDB: NAME FOLDER."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

_FIELDS = ("open", "high", "low", "close", "volume")
_MINUTES = "crypto/coinbase/minute/trade"


def with_polars(folder: Path, target: Path) -> None:
    import polars as pl

    parts = [
        pl.scan_parquet(sorted(place.glob("*.parquet")))
        .select(pl.lit(place.name).alias("symbol"), pl.col("ts").cast(pl.Datetime("us")).set_sorted(), *_FIELDS)
        .group_by_dynamic("ts", every="1h")
        .agg(
            pl.first("symbol"), pl.first("open"), pl.max("high"), pl.min("low"), pl.last("close"), pl.sum("volume")
        )
        for place in sorted(folder.iterdir())
    ]  # fmt: skip
    pl.concat(parts).sink_parquet(target, engine="streaming")


def with_pandas(folder: Path, target: Path) -> None:
    import pandas as pd

    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    parts = []
    for place in sorted(folder.iterdir()):
        frame = pd.concat([pd.read_parquet(path) for path in sorted(place.glob("*.parquet"))])
        frame.index = pd.to_datetime(frame.pop("ts"), unit="us")
        hours = frame.resample("1h").agg(how)
        hours["symbol"] = place.name
        parts.append(hours)
    pd.concat(parts).to_parquet(target)


def with_duckdb(folder: Path, target: Path) -> None:
    import duckdb

    duckdb.connect().execute(f"""
        COPY (
            SELECT parse_path(filename)[-2] AS symbol, ts - ts % 3600000000 AS hour, arg_min(open, ts) AS open,
                   max(high) AS high, min(low) AS low, arg_max(close, ts) AS close, sum(volume) AS volume
            FROM read_parquet('{folder}/*/*.parquet', filename = true) GROUP BY ALL
        ) TO '{target}' (FORMAT parquet, COMPRESSION zstd)""")


def total_of(target: Path, name: str) -> tuple[int, float]:
    """Return how many hours there are, and the sum of all prices and volumes."""
    if name == "duckdb":
        import duckdb

        columns = " + ".join(f"sum({each})" for each in _FIELDS)
        count, total = duckdb.connect().execute(f"SELECT count(*), {columns} FROM '{target}'").fetchall()[0]
        return int(count), float(total)
    import polars as pl

    table = pl.read_parquet(target)
    return len(table), float(table.select(pl.sum_horizontal(pl.col(_FIELDS).sum())).item())


def peak_mb() -> float:
    """Return the most memory that this program had; ``getrusage`` counts that of the one that started it, too."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> None:
    name, folder = sys.argv[1], Path(sys.argv[2]) / _MINUTES
    ways: dict[str, Any] = {"polars": with_polars, "pandas": with_pandas, "duckdb": with_duckdb}
    with tempfile.TemporaryDirectory() as draft:
        target = Path(draft) / "hours.parquet"
        begin = time.perf_counter()
        ways[name](folder, target)
        taken, peak = time.perf_counter() - begin, peak_mb()
        hours, total = total_of(target, name)
    print(json.dumps({"seconds": taken, "peak_mb": peak, "hours": hours, "sum": total}))


if __name__ == "__main__":
    main()
