"""Rows of Parquet files, some at a time."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import polars as pl

BATCH: Final = 131_072


def read_batches(path: Path, start: int, size: int) -> Iterator[tuple[pl.DataFrame, float]]:
    """Yield rows from *start* on, and the share of all rows that have been read.

    With pyarrow, pages are read one after the other; polars alone reads all of a row group for some of its rows.
    """
    yield from _by_polars(path, start, size) if find_spec("pyarrow") is None else _by_arrow(path, start, size)


def _by_polars(path: Path, start: int, size: int) -> Iterator[tuple[pl.DataFrame, float]]:
    import polars as pl

    table = pl.scan_parquet(path)
    count = int(table.select(pl.len()).collect().item())
    for row in range(start, count, size):
        frame = table.slice(row, size).collect()
        yield frame, (row + len(frame)) / count


def _by_arrow(path: Path, start: int, size: int) -> Iterator[tuple[pl.DataFrame, float]]:
    import polars as pl
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        groups, row = file.metadata.num_row_groups, 0
        first = 0
        while first < groups and row + file.metadata.row_group(first).num_rows <= start:
            row += file.metadata.row_group(first).num_rows
            first += 1
        count = file.metadata.num_rows
        for batch in file.iter_batches(size, row_groups=range(first, groups), use_threads=False):
            frame = pl.DataFrame(pl.from_arrow(batch))
            row += len(frame)
            if row > start:
                kept = frame.tail(row - start) if row - len(frame) < start else frame
                yield kept, row / count
