"""Fifty million minute bars of a hundred coins into hours: ours from store to store, plain code into one file.

Everybody reads the same Parquet files, those of our store, in a process of its own, and writes the hours to Parquet.
Ours goes by the market's hours, stores a hundred series with manifests and hashes, and holds one block of one symbol in
memory. All have to come to the same hours.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.apart import run_apart
from bench.peers import PEERS
from bench.quality_plain import peak_mb
from bench.workloads import minute_bars
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.store import BarStore, Origin, SeriesKey
from tradinglab.data.streaming.resampled import ResampleOptions, resample_series

_SYMBOLS, _BARS = 100, 500_000
_MOST_MB = 500


def show(repetitions: int, *, is_quick: bool) -> bool:
    """Race, print what came of it, and return whether all have the same hours and ours stayed below its limit."""
    symbols, bars = (5, 20_000) if is_quick else (_SYMBOLS, _BARS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "store"
        _write(folder, symbols, bars)
        script = [str(Path(__file__).with_name("resampling_plain.py"))]
        contenders = {"tradinglab": [sys.executable, "-m", "bench.resampling"]}
        contenders |= {each: [sys.executable, *script, each] for each in ("polars", "pandas")}
        duckdb = next(peer for peer in PEERS if peer.name == "duckdb")
        if duckdb.is_installed:
            contenders["duckdb"] = [str(duckdb.python), *script, "duckdb"]
        found: dict[str, list[dict[str, Any]]] = {each: [] for each in contenders}
        for _ in range(1 if is_quick else repetitions):
            for each, command in contenders.items():
                done = run_apart([*command, str(folder)])
                if done.returncode:
                    raise SystemExit(f"{command} failed:\n{done.stderr}")
                found[each].append(json.loads(done.stdout.splitlines()[-1]))
        return _print(found, symbols * bars)


def _print(found: dict[str, list[dict[str, Any]]], rows: int) -> bool:
    right, expected = True, found["tradinglab"][0]
    ours = statistics.median(each["seconds"] for each in found["tradinglab"])
    for name, runs in found.items():
        seconds, peak = (statistics.median(each[what] for each in runs) for what in ("seconds", "peak_mb"))
        ratio = "" if name == "tradinglab" else f"{seconds / ours:5.2f} times as long as ours"
        print(f"  {name:11} {seconds:7.2f} s {rows / seconds / 1e6:6.1f} M rows/s {peak:7,.0f} MB  {ratio}")
        for each in runs:
            same = each["hours"] == expected["hours"] and abs(each["sum"] / expected["sum"] - 1) < 1e-9
            if not same:
                print(f"  WRONG: {name} has {each['hours']:,} hours, {each['sum']}; ours {expected}")
            right &= same
    return right and all(each["peak_mb"] < _MOST_MB for each in found["tradinglab"])


def _key(number: int, resolution: Resolution) -> SeriesKey:
    return SeriesKey(SecurityType.CRYPTO, "coinbase", f"C{number:03}USD", resolution, TickType.TRADE)


def _write(folder: Path, symbols: int, count: int) -> None:
    store, bars = BarStore(folder), minute_bars(count)
    times = bars.pop("time").astype(np.int64) // 1000
    for number in range(symbols):
        values = {name: np.asarray(column, np.float64) * (1 + number / 64) for name, column in bars.items()}
        store.write(_key(number, Resolution.MINUTE), times, values, [Origin("made up")])


def _resample(folder: Path) -> None:
    """Make the hours, and print what it took; the sum is that of all prices and volumes."""
    begin = time.perf_counter()
    store = BarStore(folder)
    keys = [key for key in store.series() if key.resolution == Resolution.MINUTE]
    reports = [resample_series(folder, key, Resolution.HOUR, ResampleOptions(is_replacing=True)) for key in keys]
    seconds, peak, total = time.perf_counter() - begin, peak_mb(), 0.0
    for key in keys:
        hour = SeriesKey(key.security_type, key.market, key.ticker, Resolution.HOUR, key.tick_type)
        values = store.read(hour)[1]
        total += sum(float(values[name].sum()) for name in ("open", "high", "low", "close", "volume"))
        for file in store.files(hour):
            file.path.unlink()
        (store.files(hour)[0].path.parent / "manifest.json").unlink()
    hours = sum(report.bars for report in reports)
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "hours": hours, "sum": total}))


if __name__ == "__main__":
    _resample(Path(sys.argv[1]))
