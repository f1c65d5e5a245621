"""CSV and Parquet files as tables of texts or numbers, a block at a time."""

from __future__ import annotations

import codecs
import csv
import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from tradinglab.core.enums import TickType
from tradinglab.core.values import dataclass
from tradinglab.data.columns import Ints
from tradinglab.data.errors import DataImportError, MalformedDataError
from tradinglab.data.store.column_names import columns_without_header
from tradinglab.data.store.number_texts import Decimal, decimal_of
from tradinglab.data.store.parquet_rows import BATCH, read_batches
from tradinglab.data.store.refusals import check_is_file, check_is_table
from tradinglab.data.store.streams import BROKEN, ByteStream, broken, open_bytes, skip

if TYPE_CHECKING:
    import polars as pl

_BLOCK = 8_000_000
_LONGEST_LINE: Final = 16_000_000
_SEPARATORS = (",", ";", "\t", "|")
_PARQUET = (".parquet", ".pq")
_MAGIC: Final = b"PAR1"
#: Lines that say how numbers are written.
_SAMPLE: Final = 1000
_PRICES: Final = 4

#: Says of the names of columns which hold numbers.
Numbers = Callable[[Sequence[str]], Collection[str]]


@dataclass(frozen=True, slots=True)
class Position:
    """A place between two rows: bytes of unpacked text (rows of Parquet) before it, and the line that follows."""

    offset: int = 0
    line: int = 0


BEGIN: Final = Position()


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a file.

    Attributes
    ----------
    frame
        Every column a text, number or time.
    lines
        The lines in which they stand.
    end
        Where the next block begins.
    done
        Bytes of the file that have been read.
    texts
        Reads the same rows with every column a text, as they stand in the file.
    decimal
        The mark before the decimals of numbers that are texts; ``None`` if the file leaves it open.
    """

    frame: pl.DataFrame
    lines: Ints
    end: Position = BEGIN
    done: int = 0
    texts: Callable[[], Block] | None = None
    decimal: Decimal | None = "point"


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_blocks(
    path: Path, tick_type: TickType, numbers: Numbers | None = None, start: Position = BEGIN
) -> Iterator[Block]:
    """Yield the rows of a file.

    Parameters, errors: see :func:`read_pieces`.
    """
    for piece in read_pieces(path, tick_type, numbers, start):
        block = piece()
        if len(block.lines):
            yield block


def read_pieces(
    path: Path, tick_type: TickType, numbers: Numbers | None = None, start: Position = BEGIN
) -> Iterator[Callable[[], Block]]:
    """Yield what makes a table of the next rows of a file: the work, for whoever wants it done side by side.

    Parameters
    ----------
    numbers
        Which columns to read as numbers where all of their texts in a block are some: it is quicker.
    start
        Where to begin: the ``end`` of a block that was read before.

    Raises
    ------
    DataImportError
        If there is no such file, it is empty, or its columns have no names and no usual order.
    MalformedDataError
        If it cannot be read.
    """
    check_is_file(path)
    if _is_parquet(path):
        yield from _read_parquet(path, start)
    else:
        yield from _read_csv(path, tick_type, numbers, start)


def _is_parquet(path: Path) -> bool:
    if path.suffix.lower() in _PARQUET:
        return True
    try:
        with path.open("rb") as stream:
            return stream.read(len(_MAGIC)) == _MAGIC
    except OSError as problem:
        raise broken(path, problem) from problem


def _read_parquet(path: Path, start: Position) -> Iterator[Callable[[], Block]]:
    import polars as pl

    row, size = start.offset, path.stat().st_size
    try:
        for frame, share in read_batches(path, row, BATCH):
            lines = np.arange(row + 1, row + 1 + len(frame))
            row += len(frame)
            yield partial(Block, frame, lines, Position(row, row), int(size * share))
    except (OSError, pl.exceptions.PolarsError, ValueError) as problem:
        raise MalformedDataError(path, f"The file is truncated or broken ({problem}).") from problem


@dataclass(frozen=True, slots=True)
class _Form:
    """How the rows of a text are written, and where the first one begins."""

    path: Path
    names: list[str]
    separator: str
    first: Position
    decimal: Decimal | None


def _read_csv(
    path: Path, tick_type: TickType, numbers: Numbers | None, start: Position
) -> Iterator[Callable[[], Block]]:
    try:
        with open_bytes(path) as (stream, _):
            form = _form_of(path, stream, tick_type)
        typed = frozenset(numbers(form.names)) if numbers is not None else frozenset()
        with open_bytes(path) as (stream, file):
            at = start if start.line else form.first
            skip(stream, file, at.offset)
            for data in _whole_lines(path, stream):
                end = Position(at.offset + len(data), at.line + _count(data, b"\n"))
                yield partial(_block, form, data, at.line, typed, end, file.tell())
                at = end
    except BROKEN as problem:
        raise broken(path, problem) from problem


def _form_of(path: Path, stream: ByteStream, tick_type: TickType) -> _Form:
    """Return what the first line that is not empty says; before it, spreadsheets may tell the separator."""
    offset, number, told = 0, 1, ""
    for data in _whole_lines(path, stream):
        if not offset:
            check_is_table(path, data)
        lines = data.splitlines(keepends=True)
        for at, line in enumerate(lines):
            text = line.removeprefix(codecs.BOM_UTF8).strip(b"\r\n")
            if text.lower().startswith(b"sep=") and len(text) == len(b"sep=;"):
                told = text[-1:].decode("latin-1")
            elif text.strip(b"\t ,;"):
                separator = told or max(_SEPARATORS, key=_decoded(text).count)
                (cells,) = csv.reader([_decoded(text)], delimiter=separator)
                cells = [cell.strip().strip('"') for cell in cells]
                decimal = _decimal_of(lines[at : at + _SAMPLE], separator)
                if _are_names(cells):
                    begin = Position(offset + len(line), number + 1)
                    return _Form(path, _distinct(cells), separator, begin, decimal)
                begin = Position(offset + (len(codecs.BOM_UTF8) if line.startswith(codecs.BOM_UTF8) else 0), number)
                return _Form(path, columns_without_header(len(cells), tick_type, str(path)), separator, begin, decimal)
            offset, number = offset + len(line), number + 1
    raise DataImportError(f"{path} is empty.")


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def _are_names(cells: Sequence[str]) -> bool:
    """Return whether a line has names: letters, and not four prices."""
    names = [cell for cell in cells if not _is_number(cell)]
    return len(cells) - len(names) < _PRICES and any(char.isalpha() for cell in names for char in cell)


def _decimal_of(lines: Sequence[bytes], separator: str) -> Decimal | None:
    if separator == "," and not any(b'"' in line for line in lines):
        return "point"
    rows = csv.reader((line.decode("utf-8", "replace") for line in lines), delimiter=separator)
    try:
        return decimal_of(cell.strip() for row in rows for cell in row)
    except csv.Error:  # it is refused, with its line, when it is read
        return "point"


def _whole_lines(path: Path, stream: ByteStream) -> Iterator[bytes]:
    """Yield a stream in pieces that end with a line."""
    pending = b""
    while data := stream.read(_BLOCK):
        complete, newline, rest = data.rpartition(b"\n")
        if newline:
            yield b"".join((pending, complete, newline))
            pending = rest
        else:
            pending += rest
        if len(pending) > _LONGEST_LINE:
            raise MalformedDataError(path, f"The file is no table: a line has more than {_LONGEST_LINE:,} bytes.")
    if pending.strip():
        yield pending


def _count(data: bytes, mark: bytes) -> int:
    """Return how often a byte occurs; `bytes.count` is slow where it occurs often."""
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == mark[0]))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _block(form: _Form, data: bytes, line: int, typed: Collection[str], end: Position, done: int) -> Block:
    """Return rows, columns of numbers as numbers if all of them are some."""
    again = partial(_texts, form, data, line, end, done)
    frame = _numbers(form, data, typed) if typed and form.decimal == "point" else None
    if frame is None:
        return again()
    return Block(frame, np.arange(line, line + len(frame)), end, done, again)


def _numbers(form: _Form, data: bytes, typed: Collection[str]) -> pl.DataFrame | None:
    """Return rows without quotes, empty lines or texts for numbers; ``None`` if there are such."""
    import polars as pl

    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    if b'"' in data or b"\r" in data:
        return None
    rows = _count(data, b"\n") + (not data.endswith(b"\n"))
    # Too many fields are refused when they are read: if there are as many as there must be, no row has too few.
    if _count(data, form.separator.encode()) != rows * (len(form.names) - 1):
        return None
    schema = {name: pl.Float64 if name in typed else pl.String for name in form.names}
    try:
        frame = pl.read_csv(data, has_header=False, schema=schema, separator=form.separator)
    except pl.exceptions.PolarsError:
        return None
    if len(frame) != rows:
        return None
    return frame.with_columns(pl.col(pl.String).str.strip_chars().fill_null(""))


def _texts(form: _Form, data: bytes, line: int, end: Position, done: int) -> Block:
    """Return rows as texts, after looking that each has as many fields as there are names."""
    import polars as pl

    rows = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    numbers = np.arange(line, line + len(rows))
    filled = [bool(row.strip()) for row in rows]
    if not all(filled):
        rows, numbers = list(compress(rows, filled)), numbers[filled]
    mark = form.separator.encode()
    if b'"' not in data:
        for number, row in zip(numbers.tolist(), rows, strict=True):
            if row.count(mark) != len(form.names) - 1:
                hint = " The first line is taken for names: remove titles above it." if len(form.names) == 1 else ""
                raise MalformedDataError(
                    form.path,
                    f"A row must have {len(form.names)} fields, this one has {row.count(mark) + 1}.{hint}",
                    line=number,
                    value=row.decode("utf-8", "replace"),
                )
    schema = dict.fromkeys(form.names, pl.String)
    if not rows:
        return Block(pl.DataFrame(schema=schema), numbers, end, done)
    try:
        # Numbers and times are ASCII; names in another encoding are of no use here, and do no harm.
        frame = pl.read_csv(
            b"\n".join(rows), has_header=False, schema=schema, separator=form.separator, encoding="utf8-lossy"
        )
    except pl.exceptions.PolarsError as problem:
        raise MalformedDataError(form.path, f"The file is no table ({str(problem).splitlines()[0]}).") from problem
    frame = frame.with_columns(pl.all().str.strip_chars().fill_null(""))
    return Block(frame, numbers, end, done, decimal=form.decimal)


def _distinct(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found
