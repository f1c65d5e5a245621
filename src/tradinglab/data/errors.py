"""The errors of this floor.

::

    DataError
    ├── DataSourceError       a source that cannot be opened: bad spec, missing folder
    ├── MalformedDataError    a file that cannot be read: broken archive, bad row, bad value
    ├── DataImportError       a file that cannot be imported: no columns recognised, bars that contradict
    └── StoreError            a store that cannot be written, or whose files do not fit its layout
        └── StoreFullError    a store whose disk has no room left
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from tradinglab.core.errors import TradingLabError


class DataError(TradingLabError):
    """Base of the errors of ``tradinglab.data``."""

    code = "data_error"


class DataSourceError(DataError):
    """A source cannot be opened.

    Attributes
    ----------
    spec
        What was asked for.
    """

    code = "data_source"

    def __init__(self, spec: str, problem: str) -> None:
        self.spec = spec
        super().__init__(f"The data source '{spec}' cannot be opened: {problem}")


class MalformedDataError(DataError):
    """A file of market data cannot be read.

    Attributes
    ----------
    file
        The file, or archive.
    line
        Number of the line, from 1, where that is known.
    field
        Name of the field that is wrong, where it is one field.
    value
        What stood there.
    """

    code = "malformed_data"

    def __init__(
        self,
        file: str | PathLike[str],
        problem: str,
        *,
        line: int | None = None,
        field: str | None = None,
        value: str | None = None,
    ) -> None:
        self.file = Path(file)
        self.problem = problem
        self.line = line
        self.field = field
        self.value = value
        place = f"{self.file}" if line is None else f"{self.file}, line {line}"
        what = "" if field is None else f", field '{field}'"
        was = "" if value is None else f" It was '{value}'."
        super().__init__(f"{place}{what}: {problem}{was}")


class DataImportError(DataError):
    """A file cannot be imported into a bar store."""

    code = "data_import"


class StoreError(DataError):
    """A bar store cannot be written, or holds what it should not."""

    code = "bar_store"


class StoreFullError(StoreError):
    """The disk of a bar store has no room left; what the store holds is whole.

    Attributes
    ----------
    reason
        What the system says.
    """

    code = "storage_full"

    def __init__(self, place: str, what: str, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"The disk of {place} is full ({reason}). What the store holds is whole: {what} were not written. Make "
            "room, and do it again."
        )
