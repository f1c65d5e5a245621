"""Numbers as people and spreadsheets write them: 1234.5, 1,234.50, 1.234,50, $1,234.50, 1.2M."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from tradinglab.data.columns import SIZE_FIELDS, Floats
from tradinglab.data.errors import DataImportError

if TYPE_CHECKING:
    import polars as pl

#: Which mark stands before the decimals; None if texts such as 1,234 leave it open.
Decimal = Literal["point", "comma"]

_MARKED = re.compile(r"[+-]?[$€£¥]?\d[\d.,]*")
_BLANKS: Final = "[ '\u00a0\u202f\u2019]"
_LETTERS: Final = {"K": 1e3, "M": 1e6, "B": 1e9}


def decimal_of(cells: Iterable[str]) -> Decimal | None:
    """Return which mark stands before the decimals of numbers, by those that can be read in one way alone.

    A mark that occurs twice parts thousands; the last of two kinds, or one that not exactly three digits follow, stands
    before decimals. Without any comma it is the point.
    """
    found: set[Decimal] = set()
    has_comma = False
    for cell in cells:
        if not _MARKED.fullmatch(cell):
            continue
        points, commas = cell.count("."), cell.count(",")
        has_comma |= commas > 0
        if points and commas:
            found.add("point" if cell.rindex(".") > cell.rindex(",") else "comma")
        elif max(points, commas) > 1:
            found.add("comma" if points else "point")
        elif points + commas == 1 and len(re.split("[.,]", cell)[1]) != 3:
            found.add("point" if points else "comma")
    if not has_comma or "point" in found:
        # Of both, the one that is usual: what contradicts it is no number, and is named.
        return "point"
    return "comma" if found else None


def numbers_of(cells: pl.Series, field: str, decimal: Decimal | None, file: str) -> Floats:
    """Return a column as numbers, NaN where it holds none; a size that is empty is 0.

    Parameters
    ----------
    decimal
        The mark before decimals; ``None`` if it is not known.

    Raises
    ------
    DataImportError
        If it is not known, and there are texts that need it.
    """
    import polars as pl

    if cells.dtype == pl.String:
        if field in SIZE_FIELDS:
            cells = cells.set(cells == "", "0")
        numbers = cells.cast(pl.Float64, strict=False)
        if decimal != "point" or numbers.null_count():
            numbers = _marked(cells, field, decimal, file)
    else:
        numbers = cells.cast(pl.Float64, strict=False)
    found: Floats = numbers.fill_null(float("nan")).to_numpy().astype(np.float64)
    return found


def _marked(cells: pl.Series, field: str, decimal: Decimal | None, file: str) -> pl.Series:
    import polars as pl

    if decimal is None:
        open_ones = cells.filter(cells.str.contains(r"^\D?\d+,\d{3}$"))
        if len(open_ones):
            raise DataImportError(
                f"{file} has numbers that can be read in two ways, such as '{open_ones[0]}' in '{cells.name}'. Say "
                "which mark stands before the decimals: --decimal point or --decimal comma."
            )
    texts = cells.str.replace(r"^([+-]?)[$€£¥] ?", "${1}").str.replace(r" ?[$€£¥]$", "")
    point, thousands = (",", r"\.") if decimal == "comma" else (r"\.", ",")
    grouped = texts.str.contains(rf"^[+-]?\d{{1,3}}(?:(?:{thousands}|{_BLANKS})\d{{3}})+(?:{point}\d*)?$")
    plain = texts.str.replace_all(rf"{thousands}|{_BLANKS}", "")
    texts = pl.select(pl.when(grouped).then(plain).otherwise(texts)).to_series()
    if decimal == "comma":
        # A point that parts no thousands is a mark too many.
        texts = texts.str.replace(".", "?", literal=True).str.replace(",", ".", literal=True)
    if field not in SIZE_FIELDS:
        return texts.cast(pl.Float64, strict=False)
    letters = texts.str.extract(r"\d([KMB])$")
    factors = letters.replace_strict(_LETTERS, default=1.0, return_dtype=pl.Float64)
    return texts.str.replace(r"(\d)[KMB]$", "${1}").cast(pl.Float64, strict=False) * factors
