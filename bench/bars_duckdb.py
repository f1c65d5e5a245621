"""DuckDB's part of the race over bars, run by its own interpreter: FOLDER FROM_US TO_US REPS."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

COLUMNS = "ts, open, high, low, close, volume"


def timed(do: Callable[[int], object], reps: int) -> list[float]:
    taken = []
    for at in range(max(reps, 3) + 1):
        begin = time.perf_counter()
        do(at)
        taken.append(time.perf_counter() - begin)
    return taken[1:]


def main() -> None:
    folder, first, last, reps = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    connection = duckdb.connect()
    places = sorted(folder.iterdir())
    one, files = f"'{places[0] / '2024.parquet'}'", f"'{folder}/*/2024.parquet'"
    day = f"WHERE ts >= {first} AND ts < {last}"

    connection.execute(f"CREATE TABLE bars AS SELECT {COLUMNS} FROM read_parquet({one}) {day}")

    def append(at: int) -> None:
        for place in places:
            draft = place / "draft.tmp"
            connection.execute(f"COPY bars TO '{draft}' (FORMAT parquet, COMPRESSION zstd)")
            with draft.open("rb") as stream:
                os.fsync(stream.fileno())
            draft.replace(place / f"day-duckdb-{at}.parquet")
            handle = os.open(place, os.O_RDONLY)
            os.fsync(handle)
            os.close(handle)

    found = {
        "a symbol's year of minutes": timed(
            lambda _: connection.sql(f"SELECT {COLUMNS} FROM read_parquet({one})").fetchnumpy(), reps
        ),
        "one day of 100 symbols": timed(
            lambda _: connection.sql(f"SELECT filename, {COLUMNS} FROM read_parquet({files}) {day}").fetchnumpy(), reps
        ),
        "append a day to 100 symbols": timed(append, reps),
    }
    print(json.dumps(found))


main()
