"""Comma-separated numbers from bytes to exact integers, whole files at a time.

A field becomes a mantissa and a number of decimals (``"12.50"`` is 1250 and 2), so that nothing of
what the file says is lost; floats and decimals both follow from it. Only numpy is needed: the
files of one day are small, and loading a data-frame library would cost more than reading them.
"""

from __future__ import annotations

from decimal import Context, InvalidOperation

import numpy as np
import numpy.typing as npt

from tradinglab.core.values import dataclass
from tradinglab.data.columns import Floats, Ints, Texts

Bytes = npt.NDArray[np.uint8]

_COMMA, _NEWLINE, _MINUS, _POINT, _ZERO = b",\n-.0"
_MOST_DIGITS = 18
_SAFE_FLOAT = 1 << 53
_EIGHTEEN = Context(prec=_MOST_DIGITS)
_ABSENT_SCALE = -1
_TO_COMMAS = bytes.maketrans(b"\n", b",")
_IS_PLAIN = np.zeros(256, np.bool_)
_IS_PLAIN[list(b"0123456789,\n")] = True


class BadField(Exception):
    """A field, by row and column from 0, that is not a number; column -1 is a row of the wrong length."""

    def __init__(self, row: int, column: int, text: str) -> None:
        self.row = row
        self.column = column
        self.text = text
        super().__init__(row, column, text)


@dataclass(frozen=True, slots=True)
class Fields:
    """Where the fields of a table stand in its bytes: arrays of shape (columns, rows)."""

    data: Bytes
    starts: Ints
    ends: Ints

    def text(self, column: int, row: int) -> str:
        """Return a field as it stands in the file."""
        return self.data[self.starts[column, row] : self.ends[column, row]].tobytes().decode("utf-8", "replace")

    def texts(self, column: int) -> Texts:
        """Return a column as texts."""
        starts = self.starts[column]
        lengths = self.ends[column] - starts
        width = max(int(lengths.max(initial=0)), 1)
        offsets = np.arange(width)
        marks = self.data[np.minimum(starts[:, None] + offsets, len(self.data) - 1)]
        marks[offsets >= lengths[:, None]] = 0
        texts: Texts = marks.view(f"S{width}").ravel().astype(np.str_)
        return texts


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers as mantissas and decimals; a field that was empty has mantissa 0 and scale -1."""

    mantissas: Ints
    scales: npt.NDArray[np.int8]

    @property
    def present(self) -> npt.NDArray[np.bool_]:
        """Which fields were not empty."""
        found: npt.NDArray[np.bool_] = self.scales != _ABSENT_SCALE
        return found

    def floats(self, more_decimals: int = 0) -> Floats:
        """Return the nearest floats, with the point moved left by *more_decimals*."""
        scales = np.maximum(self.scales, 0) + more_decimals
        # A power is computed for each number, unless all have as many decimals.
        same = scales.size > 0 and bool((scales == scales.flat[0]).all())
        found: Floats = self.mantissas / 10.0 ** (scales.flat[:1] if same else scales)
        for at in np.argwhere(np.abs(self.mantissas) > _SAFE_FLOAT).tolist():
            found[*at] = int(self.mantissas[*at]) / 10 ** int(scales[*at])  # of two ints: rounded only once
        return found


def clean(data: bytes) -> bytes:
    """Return *data* with plain line ends, without a byte-order mark, ending in one (nothing if it is empty)."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    while b"\n\n" in data:
        data = data.replace(b"\n\n", b"\n")
    data = data.strip(b"\n")
    return data + b"\n" if data.strip() else b""


def split(data: bytes) -> Fields:
    """Return where the fields of *data* stand.

    Parameters
    ----------
    data
        What :func:`clean` returned.

    Raises
    ------
    BadField
        If a row has not as many fields as the first; its text is the row.
    """
    table = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero((table == _COMMA) | (table == _NEWLINE))
    lines = np.flatnonzero(table[ends] == _NEWLINE)
    rows = len(lines)
    columns = int(lines[0]) + 1 if rows else 0
    if len(ends) != rows * columns or not np.array_equal(lines, np.arange(1, rows + 1) * columns - 1):
        widths = np.diff(lines, prepend=-1)
        row = int(np.flatnonzero(widths != columns)[0])
        raise BadField(row, -1, data.split(b"\n", row + 1)[row].decode("utf-8", "replace"))
    starts = np.empty_like(ends)
    starts[1:] = ends[:-1] + 1
    starts[:1] = 0
    return Fields(
        table,
        np.ascontiguousarray(starts.reshape(rows, columns).T),
        np.ascontiguousarray(ends.reshape(rows, columns).T),
    )


def numbers(fields: Fields, columns: int | None = None) -> Numbers:
    """Return the numbers in the first *columns* of a table, in all by default.

    Raises
    ------
    BadField
        If a field is not a finite number.
    """
    starts, ends = fields.starts[:columns], fields.ends[:columns]
    table = fields.data if columns is None else _first_columns(fields, len(starts))
    # From here on a field is known by its place in reading order.
    if columns is None:
        first, last = starts.T.ravel(), ends.T.ravel()
    else:
        last = np.flatnonzero((table == _COMMA) | (table == _NEWLINE))
        first = np.concatenate([[0], last[:-1] + 1])
    mantissas, scales, odd = _read(table, first, last)
    count, rows = starts.shape
    for at in odd:
        row, column = divmod(int(at), count)
        mantissas[at], scales[at] = _odd(fields.text(column, row), row, column)
    return Numbers(
        np.ascontiguousarray(mantissas.reshape(rows, count).T), np.ascontiguousarray(scales.reshape(rows, count).T)
    )


def _first_columns(fields: Fields, count: int) -> Bytes:
    """Return the bytes of the first columns, separators included."""
    table = fields.data
    is_end = (table == _COMMA) | (table == _NEWLINE)
    column = (np.cumsum(is_end) - is_end) % len(fields.starts)
    first: Bytes = table[column < count]
    return first


def _read(table: Bytes, starts: Ints, ends: Ints) -> tuple[Ints, npt.NDArray[np.int8], Ints]:
    """Return mantissas, scales and the fields that need a closer look, which read as zero."""
    scales = np.zeros(len(ends), np.int8)
    lengths = ends - starts
    scales[lengths == 0] = _ABSENT_SCALE
    odd = lengths > _MOST_DIGITS
    if not _IS_PLAIN[table].all():
        other = np.flatnonzero(~_IS_PLAIN[table])
        owner = np.searchsorted(ends, other)
        marks = table[other]
        points, minuses = marks == _POINT, marks == _MINUS
        odd[owner[~points & ~minuses]] = True
        odd[owner[minuses][other[minuses] != starts[owner[minuses]]]] = True
        scales[owner[points]] = ends[owner[points]] - other[points] - 1
        extra = np.bincount(owner, minlength=len(ends))
        odd = (lengths - extra > _MOST_DIGITS) | odd | ((extra >= lengths) & (lengths > 0))
        odd[owner[points]] |= np.bincount(owner[points], minlength=len(ends))[owner[points]] > 1
    where = np.flatnonzero(odd)
    if len(where):
        table = table.copy()
        for at in where:
            table[starts[at] : ends[at]] = _ZERO
    if (lengths == 0).any():
        separators = np.flatnonzero((table == _COMMA) | (table == _NEWLINE))
        table = np.insert(table, separators[lengths == 0], _ZERO)
    text = table[:-1].tobytes().translate(_TO_COMMAS, b".").decode("ascii")
    return np.fromstring(text, np.int64, sep=","), scales, where


def _odd(text: str, row: int, column: int) -> tuple[int, int]:
    """Read what is long, padded, signed with a plus or in scientific notation."""
    try:
        value = _EIGHTEEN.create_decimal(text.strip())
    except InvalidOperation:
        raise BadField(row, column, text) from None
    if not value.is_finite():
        raise BadField(row, column, text)
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)  # a finite number has one
    mantissa = int("".join(map(str, digits))) * 10 ** max(exponent, 0)
    if mantissa >= 1 << 63 or -exponent > 100:
        raise BadField(row, column, text)
    return (-mantissa if sign else mantissa), max(-exponent, 0)
