"""A file of ten million minute bars into our store, and into one Parquet file by polars' sink.

Both read the same CSV file in processes of their own, one after the other; ours checks every bar, too, writes a file
for each year, and works out the hashes. Peak memory is what the operating system says of the process.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from bench.apart import run_apart
from bench.workloads import minute_bars

_SHARE = 1_000_000
_SIZES = (10_000_000, 50_000_000)
_MOST_MB = 400
_PREAMBLE = """
import json, resource, sys, time
from pathlib import Path
begin = time.perf_counter()
"""
_EPILOGUE = """
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": time.perf_counter() - begin, "peak_mb": peak, "rows": rows}))
"""
_OURS = """
from tradinglab.core.enums import Resolution
from tradinglab.data.store import import_files
rows = import_files([Path(sys.argv[1])], "XYZ", Resolution.MINUTE, "coinbase", Path(sys.argv[2])).bars
"""
_POLARS = """
import polars as pl
table = pl.scan_csv(sys.argv[1])
{dates}table.sink_parquet(sys.argv[2] + ".parquet")
rows = pl.scan_parquet(sys.argv[2] + ".parquet").select(pl.len()).collect().item()
"""
_DATES = 'table = table.with_columns(pl.col("time").str.to_datetime("%Y-%m-%d %H:%M:%S"))\n'
_CONTENDERS = {"tradinglab": _OURS, "polars": _POLARS.format(dates=""), "polars, times": _POLARS.format(dates=_DATES)}


def show(*, is_quick: bool) -> bool:
    """Race, print what came of it, and return whether memory stayed below its limit."""
    right, ours_s = True, 0.0
    for bars in (200_000,) if is_quick else _SIZES:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "bars.csv"
            _write(path, bars)
            print(f"  {bars:,} rows, {path.stat().st_size / 1e6:,.0f} MB")
            for name, code in _CONTENDERS.items():
                found = _run(code, path, Path(folder) / name.partition(",")[0])
                seconds, peak = found["seconds"], found["peak_mb"]
                ours_s = seconds if name == "tradinglab" else ours_s
                ratio = "" if name == "tradinglab" else f"{ours_s / seconds:5.2f} times as long is ours"
                print(f"    {name:14} {seconds:7.1f} s {bars / seconds / 1e6:6.2f} M rows/s {peak:8,.0f} MB  {ratio}")
                right &= name != "tradinglab" or (peak < _MOST_MB and found["rows"] == bars)
    return right


def _write(path: Path, count: int) -> None:
    """Write bars around the clock; of a million made up, again and again."""
    import polars as pl

    bars = minute_bars(min(count, _SHARE))
    step, first = bars["time"][1] - bars["time"][0], bars["time"][0] - 50 * 365 * 86_400_000_000_000
    with path.open("wb") as stream:
        for begin in range(0, count, _SHARE):
            size = min(_SHARE, count - begin)
            times = pl.int_range(begin, begin + size, eager=True) * int(step) + int(first)
            columns = {name: pl.Series(column[:size]) for name, column in bars.items() if name != "time"}
            texts = times.cast(pl.Datetime("ns")).dt.strftime("%Y-%m-%d %H:%M:%S")
            pl.DataFrame({"time": texts, **columns}).write_csv(stream, include_header=begin == 0)


def _run(code: str, path: Path, target: Path) -> dict[str, float]:
    command = [sys.executable, "-c", _PREAMBLE + code + _EPILOGUE, str(path), str(target)]
    done = run_apart(command)
    if done.returncode:
        raise SystemExit(f"the import failed:\n{done.stderr}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
