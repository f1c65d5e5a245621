"""CSV and Parquet files as tables of texts or numbers, a block at a time."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np

from tradinglab.core.enums import TickType
from tradinglab.core.values import dataclass
from tradinglab.data.columns import Ints
from tradinglab.data.errors import DataImportError, MalformedDataError
from tradinglab.data.store.column_names import columns_without_header

if TYPE_CHECKING:
    import polars as pl

_BLOCK = 32_000_000
_SEPARATORS = (",", ";", "\t", "|")
_PARQUET = (".parquet", ".pq")


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a file, every column a text, number or time, and the lines in which they stand."""

    frame: pl.DataFrame
    lines: Ints


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_blocks(path: Path, tick_type: TickType) -> Iterator[Block]:
    """Yield the rows of a file.

    Raises
    ------
    DataImportError
        If there is no such file, it is empty, or its columns have no names and no usual order.
    MalformedDataError
        If it cannot be read.
    """
    if not path.is_file():
        raise DataImportError(f"There is no file {path}.")
    if path.suffix.lower() in _PARQUET:
        yield _read_parquet(path)
    else:
        yield from _read_csv(path, tick_type)


def _read_parquet(path: Path) -> Block:
    import polars as pl

    try:
        frame = pl.read_parquet(path)
        return Block(frame, np.arange(1, len(frame) + 1))
    except (OSError, pl.exceptions.PolarsError) as problem:
        raise MalformedDataError(path, f"The file is truncated or broken ({problem}).") from problem


def _read_csv(path: Path, tick_type: TickType) -> Iterator[Block]:
    import polars as pl

    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as opened:
            stream = cast(BinaryIO, opened)
            head = stream.readline()
            while head and not head.strip(b"\xef\xbb\xbf\r\n\t ,;"):
                head = stream.readline()
            if not head:
                raise DataImportError(f"{path} is empty.")
            line = head.decode("utf-8-sig", "replace").rstrip("\r\n")
            separator = max(_SEPARATORS, key=line.count)
            cells = [cell.strip().strip('"') for cell in line.split(separator)]
            has_names = any(any(char.isalpha() for char in cell) for cell in cells if not _is_number(cell))
            names = cells if has_names else columns_without_header(len(cells), tick_type, str(path))
            pending, number = (b"", 2) if has_names else (head.removeprefix(b"\xef\xbb\xbf"), 1)
            while data := stream.read(_BLOCK):
                complete, newline, rest = (pending + data).rpartition(b"\n")
                pending = rest
                if newline:
                    yield _block(path, complete + newline, names, separator, number)
                    number += complete.count(b"\n") + 1
            if pending.strip():
                yield _block(path, pending, names, separator, number)
    except (OSError, EOFError) as problem:
        raise MalformedDataError(path, f"The file cannot be read ({problem}).") from problem
    except pl.exceptions.PolarsError as problem:
        raise MalformedDataError(path, f"The file is no table ({str(problem).splitlines()[0]}).") from problem


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _block(path: Path, data: bytes, names: list[str], separator: str, first_line: int) -> Block:
    """Return rows as texts, after looking that each has as many fields as there are names."""
    import polars as pl

    rows = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    numbers = np.arange(first_line, first_line + len(rows))
    filled = [bool(row.strip()) for row in rows]
    if not all(filled):
        rows, numbers = list(compress(rows, filled)), numbers[filled]
    mark = separator.encode()
    if b'"' not in data:
        for number, row in zip(numbers.tolist(), rows, strict=True):
            if row.count(mark) != len(names) - 1:
                raise MalformedDataError(
                    path,
                    f"A row must have {len(names)} fields, this one has {row.count(mark) + 1}.",
                    line=number,
                    value=row.decode("utf-8", "replace"),
                )
    frame = pl.read_csv(
        b"\n".join(rows), has_header=False, new_columns=_distinct(names), separator=separator, infer_schema=False
    )
    return Block(frame.with_columns(pl.all().str.strip_chars().fill_null("")), numbers)


def _distinct(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found
