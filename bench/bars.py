"""Races the bar store against plain polars, pandas and DuckDB over files of the same bars.

The peers read plain Parquet files, a file per symbol and year as their own writers make them, and append a day as one
small file per symbol that is written beside its place, synced and renamed: no manifest, no hash, no lock. All hand
over numpy arrays.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from bench.peers import PEERS, ROOT
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.store import BarStore, Origin, SeriesKey

SYMBOLS = 100
MINUTES, DAYS = 390, 252
FIELDS = ("open", "high", "low", "close", "volume")
_FIRST_US = int(np.datetime64("2024-01-02T14:30", "us").astype(np.int64))
_MINUTE_US, _DAY_US = 60_000_000, 86_400_000_000
TASKS = ("a symbol's year of minutes", "one day of 100 symbols", "append a day to 100 symbols")

Times = dict[str, list[float]]


def show(reps: int, *, is_quick: bool) -> bool:
    """Race, and print seconds and ratios; return whether all handed over the same bars."""
    symbols, days = (20, 40) if is_quick else (SYMBOLS, DAYS)
    with tempfile.TemporaryDirectory(dir=ROOT) as name:
        folder = Path(name)
        store, plain = BarStore(folder / "store"), folder / "plain"
        keys = [SeriesKey(SecurityType.EQUITY, "usa", f"S{at:03}", Resolution.MINUTE, TickType.TRADE)
                for at in range(symbols)]  # fmt: skip
        for at, key in enumerate(keys):
            times, values = _bars(days, at)
            store.write(key, times, values, [Origin("made up")])
            path = plain / key.ticker / "2024.parquet"
            path.parent.mkdir(parents=True)
            pl.DataFrame({"ts": times, **values}).write_parquet(path)
        day = _FIRST_US + (days // 2) * _DAY_US, _FIRST_US + (days // 2 + 1) * _DAY_US
        taken = {
            "tradinglab": _store(store, keys, day, days, reps),
            "polars": _plain(_polars_read, _polars_write, plain, day, days, reps),
            "pandas": _plain(_pandas_read, _pandas_write, plain, day, days, reps),
        }
        duckdb = next(peer for peer in PEERS if peer.name == "duckdb")
        if duckdb.is_installed:
            script = Path(__file__).with_name(duckdb.script)
            command = [str(duckdb.python), str(script), str(plain), *map(str, day), str(reps)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            taken["duckdb"] = json.loads(done.stdout)
        _print(taken, symbols)
        return _are_same(store, keys, plain, day)


def _bars(days: int, seed: int, first_day: int = 0) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    chance = np.random.default_rng(seed)
    starts = _FIRST_US + (first_day + np.arange(days)) * _DAY_US
    times = (starts[:, None] + np.arange(MINUTES) * _MINUTE_US).ravel()
    close = np.round(50 + np.abs(np.cumsum(chance.normal(0, 0.02, len(times)))), 2)
    values = {"open": close, "high": close + 0.02, "low": close - 0.02, "close": close}
    return times, {**values, "volume": chance.integers(100, 10_000, len(times)).astype(float)}


def _store(store: BarStore, keys: list[SeriesKey], day: tuple[int, int], days: int, reps: int) -> Times:
    def append(at: int) -> None:
        store.append_days({key: _bars(1, 0, days + at) for key in keys}, Origin("feed"))

    return {
        TASKS[0]: _timed(lambda _: store.read(keys[0]), reps),
        TASKS[1]: _timed(lambda _: store.read_many(keys, *day), reps),
        TASKS[2]: _timed(append, reps),
    }


Read = Callable[[Path, tuple[int, int] | None], object]
Write = Callable[[Path, dict[str, np.ndarray]], None]


def _plain(read: Read, write: Write, folder: Path, day: tuple[int, int], days: int, reps: int) -> Times:
    places = sorted(folder.iterdir())

    def append(at: int) -> None:
        for place in places:
            times, values = _bars(1, 0, days + at)
            draft, path = place / "draft.tmp", place / f"day-{write.__name__}-{at}.parquet"
            write(draft, {"ts": times, **values})
            with draft.open("rb") as stream:
                os.fsync(stream.fileno())
            draft.replace(path)
            handle = os.open(place, os.O_RDONLY)
            os.fsync(handle)
            os.close(handle)

    found = {
        TASKS[0]: _timed(lambda _: read(places[0] / "2024.parquet", None), reps),
        TASKS[1]: _timed(lambda _: [read(place / "2024.parquet", day) for place in places], reps),
        TASKS[2]: _timed(append, reps),
    }
    for place in places:
        for path in place.glob("day-*"):
            path.unlink()
    return found


def _polars_read(path: Path, day: tuple[int, int] | None) -> object:
    frame = pl.scan_parquet(path)
    if day is not None:
        frame = frame.filter(pl.col("ts") >= day[0], pl.col("ts") < day[1])
    table = frame.collect()
    return [table[name].to_numpy() for name in ("ts", *FIELDS)]


def _polars_write(path: Path, columns: dict[str, np.ndarray]) -> None:
    pl.DataFrame(columns).write_parquet(path)


def _pandas_read(path: Path, day: tuple[int, int] | None) -> object:
    filters = None if day is None else [("ts", ">=", day[0]), ("ts", "<", day[1])]
    table = pd.read_parquet(path, filters=filters)
    return [table[name].to_numpy() for name in ("ts", *FIELDS)]


def _pandas_write(path: Path, columns: dict[str, np.ndarray]) -> None:
    pd.DataFrame(columns).to_parquet(path)


def _timed(do: Callable[[int], object], reps: int) -> list[float]:
    """Return the seconds of some runs; the first, which warms up, is left out."""
    taken = []
    for at in range(max(reps, 3) + 1):
        begin = time.perf_counter()
        do(at)
        taken.append(time.perf_counter() - begin)
    return taken[1:]


def _print(taken: dict[str, Times], symbols: int) -> None:
    for task in TASKS:
        mine = statistics.median(taken["tradinglab"][task])
        print(f"  {task.replace('100', str(symbols))}")
        for name, times in taken.items():
            if task in times:
                seconds = statistics.median(times[task])
                ratio = "" if name == "tradinglab" else f"{seconds / mine:.2f} times ours"
                print(f"    {name:12} {seconds * 1000:9.1f} ms  {ratio}")


def _are_same(store: BarStore, keys: list[SeriesKey], plain: Path, day: tuple[int, int]) -> bool:
    times, values = store.read(keys[0], *day)
    table = pl.read_parquet(plain / keys[0].ticker / "2024.parquet").filter(
        pl.col("ts") >= day[0], pl.col("ts") < day[1]
    )
    same = bool((times == table["ts"].to_numpy()).all())
    same &= all(bool((values[name] == table[name].to_numpy()).all()) for name in FIELDS)
    if not same or len(times) != MINUTES:
        print("  WRONG: the bars that were read are not those that were written")
        return False
    return True
