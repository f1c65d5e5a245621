"""Tables as JSON, CSV and Parquet."""

from __future__ import annotations

from io import BytesIO

import polars as pl
import polars.selectors as columns

_TIME = "%Y-%m-%dT%H:%M:%S%.fZ"
#: What a spreadsheet takes for a formula, also behind white space.
_FORMULA = r"^[\s\t\r\n]*[=+\-@＝＋－＠]|^[\t\r\n]"


def as_columns(table: pl.DataFrame) -> dict[str, list[object]]:
    """Return a table's columns as JSON knows them: times as texts, no number as nothing."""
    return {name: values.to_list() for name, values in _plain(table).to_dict().items()}


def as_rows(table: pl.DataFrame) -> list[dict[str, object]]:
    """Return a table's rows as JSON knows them."""
    return _plain(table).to_dicts()


def as_csv(table: pl.DataFrame) -> bytes:
    """Return a table as CSV; a text that a spreadsheet would carry out has an apostrophe before it."""
    text = pl.col(pl.String)
    safe = table.with_columns(pl.when(text.str.contains(_FORMULA)).then("'" + text).otherwise(text).name.keep())
    return safe.write_csv(datetime_format=_TIME).encode()


def as_parquet(table: pl.DataFrame) -> bytes:
    """Return a table as Parquet."""
    file = BytesIO()
    table.write_parquet(file)
    return file.getvalue()


def _plain(table: pl.DataFrame) -> pl.DataFrame:
    floats = columns.float()
    return table.with_columns(
        columns.datetime().dt.strftime(_TIME), pl.when(floats.is_finite()).then(floats).otherwise(None).name.keep()
    )
