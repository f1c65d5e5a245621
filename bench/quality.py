"""Ten million minute bars of a hundred shares with faults in each: ours with all its checks, plain code with six.

Written plainly with polars, pandas and DuckDB are: rows twice, prices of zero or less, highs below lows, opens and
closes outside, minutes missing by the market's calendar, prices ten times too high that come back (robust z-score of
log returns, an absolute threshold and a reversal). Everybody reads the same Parquet files in a process of its own, and
has to find every fault and nothing else. Then ours alone checks one series of ten million bars.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from bench.apart import run_apart
from bench.peers import PEERS
from bench.workloads import minute_bars
from tradinglab.core.clock import DAY_NS, day_of_date
from tradinglab.core.enums import SecurityType
from tradinglab.core.market_hours_database import MarketHoursDatabase

_SYMBOLS, _DAYS, _LONG = 100, 257, 10_000_000
_FIRST = date(2023, 1, 3)
_MINUTE_NS = 60_000_000_000
_MOST_MB = 500
#: By check how many places of each symbol's faults it finds.
FAULTS = {"duplicate": 1, "non_positive": 1, "high_below_low": 1, "outside_range": 1, "missing_bars": 3, "outlier": 1}


def show(repetitions: int, *, is_quick: bool) -> bool:
    """Race, print what came of it, and return whether all faults were found and memory stayed below its limit."""
    symbols, days, long = (5, 20, 100_000) if is_quick else (_SYMBOLS, _DAYS, _LONG)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = _write(folder, symbols, days)
        script = [str(Path(__file__).with_name("quality_plain.py"))]
        contenders = {"tradinglab": [sys.executable, "-m", "bench.quality"]}
        contenders |= {each: [sys.executable, *script, each] for each in ("polars", "pandas")}
        duckdb = next(peer for peer in PEERS if peer.name == "duckdb")
        if duckdb.is_installed:
            contenders["duckdb"] = [str(duckdb.python), *script, "duckdb"]
        found: dict[str, list[dict[str, Any]]] = {each: [] for each in contenders}
        for _ in range(max(repetitions, 3)):
            for each, command in contenders.items():
                found[each].append(_run([*command, name]))
        right = _print(found, rows, symbols)
        path = folder / "long.parquet"
        bars = minute_bars(long)
        pl.DataFrame({"ts": bars.pop("time") // 1000, **bars}).write_parquet(path, row_group_size=1 << 17)
        taken = _run([sys.executable, "-m", "bench.quality", str(path)])
        print(f"  one series of {long:,} bars: {taken['seconds']:.2f} s, peak {taken['peak_mb']:,.0f} MB")
        return right and taken["peak_mb"] < _MOST_MB and not taken["found"]


def _run(command: list[str]) -> dict[str, Any]:
    done = run_apart(command)
    if done.returncode:
        raise SystemExit(f"{command} failed:\n{done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _print(found: dict[str, list[dict[str, Any]]], rows: int, symbols: int) -> bool:
    right = True
    expected = {code: count * symbols for code, count in FAULTS.items()}
    ours = statistics.median(each["seconds"] for each in found["tradinglab"])
    for name, runs in found.items():
        seconds, peak = (statistics.median(each[what] for each in runs) for what in ("seconds", "peak_mb"))
        ratio = "" if name == "tradinglab" else f"{seconds / ours:5.1f} times as long as ours"
        print(f"  {name:11} {seconds:7.2f} s {rows / seconds / 1e6:6.1f} M rows/s {peak:7,.0f} MB  {ratio}")
        if any(each["found"] != expected for each in runs):
            print(f"  WRONG: {name} found {runs[0]['found']}, not {expected}")
            right = right and name != "tradinglab"
    return right and all(each["peak_mb"] < _MOST_MB for each in found["tradinglab"])


def _write(folder: Path, symbols: int, days: int) -> int:
    """Write a file of each symbol's bars and one of all minutes of the market; return how many rows there are."""
    hours = MarketHoursDatabase.default().get_entry("usa", "SPY", SecurityType.EQUITY).exchange_hours
    first = day_of_date(_FIRST)
    opens, closes = hours.segments(first, first + 2 * days, False)
    local = np.concatenate([np.arange(start, end, _MINUTE_NS) for start, end in zip(opens, closes, strict=True)][:days])
    times = hours.time_zone.utc_ns_array(local) // 1000
    pl.DataFrame({"ts": times, "day": local // DAY_NS}).write_parquet(folder / "calendar.parquet")
    count = 0
    for number in range(symbols):
        bars = _broken(times, number)
        path = folder / f"S{number:03}.parquet"
        pl.DataFrame(bars).write_parquet(path)
        count += len(bars["ts"])
    return count


def _broken(times: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Return bars of a price from two to some hundred dollars, with the faults of `FAULTS`."""
    chance = np.random.default_rng(seed)
    price = float(np.exp(chance.uniform(np.log(2), np.log(500))))
    level = price * np.exp(np.cumsum(chance.standard_normal(len(times)) * 3e-4))
    close = np.maximum(np.round(level, 2), 0.01)
    opened = np.maximum(np.round(np.concatenate([close[:1], close[:-1]]), 2), 0.01)
    reach = chance.integers(1, 9, (2, len(times))) / 100
    high, low = np.maximum(opened, close) + reach[0], np.minimum(opened, close) - reach[1]
    volume = chance.integers(100, 10_000, len(times)).astype(float)
    bars = {"ts": times, "open": opened, "high": high, "low": low, "close": close, "volume": volume}
    at = (np.arange(1, 6) * len(times) // 6) // 390 * 390 + 100 + seed % 50
    bars["low"][at[0]] = -1.0
    bars["high"][at[1]], bars["low"][at[1]] = bars["low"][at[1]], bars["high"][at[1]]
    bars["close"][at[4]] = bars["high"][at[4]] + 0.01
    for name in ("open", "high", "low", "close"):
        bars[name][at[2]] = bars[name][at[2]] * 10 + 1
    keep = np.ones(len(times), np.bool_)
    keep[at[3] : at[3] + 3] = False
    rows = np.insert(np.flatnonzero(keep), at[0] + 50, at[0] + 50)
    return {name: column[rows] for name, column in bars.items()}


def _check(what: Path) -> None:
    """Check a folder of files or one long file by all of our checks, and print what it took."""
    import time

    from bench.quality_plain import peak_mb
    from tradinglab.core.enums import Resolution, TickType
    from tradinglab.data.quality import Bars, SeriesFacts, inspect
    from tradinglab.data.store.layout import SeriesKey
    from tradinglab.data.store.parquet_rows import BATCH, read_batches

    begin = time.perf_counter()
    is_long = what.is_file()
    kind, market = (SecurityType.CRYPTO, "coinbase") if is_long else (SecurityType.EQUITY, "usa")
    found: dict[str, int] = {}
    for path in [what] if is_long else sorted(what.glob("S*.parquet")):
        facts = SeriesFacts.of(SeriesKey(kind, market, path.stem.upper(), Resolution.MINUTE, TickType.TRADE))

        def blocks(path: Path = path) -> Any:
            row = 0
            for frame, _ in read_batches(path, 0, BATCH) if is_long else [(pl.read_parquet(path), 1.0)]:
                values = {name: frame[name].to_numpy() for name in frame.columns if name != "ts"}
                yield Bars.of(frame["ts"].to_numpy(), values, row)
                row += len(frame)

        for each in inspect(blocks, facts).report.findings:
            found[each.code] = found.get(each.code, 0) + each.count
    print(json.dumps({"seconds": time.perf_counter() - begin, "peak_mb": peak_mb(), "found": found}))


if __name__ == "__main__":
    _check(Path(sys.argv[1]))
