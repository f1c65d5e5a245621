"""How far an import has come, and whether it is still wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from tradinglab.core.values import dataclass
from tradinglab.data.errors import DataImportError
from tradinglab.data.store.full_disk import is_full

Step = Literal["reading", "checking", "writing"]


class ImportCancelledError(DataImportError):
    """The caller lost interest; the same import goes on where it was."""

    code = "import_cancelled"


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """Where an import is.

    Attributes
    ----------
    step
        Files are read, then all bars of a series and year are checked together, then written.
    done, total
        Of this step: bytes of the files, or rows.
    rows
        Rows that were read.
    """

    step: Step
    done: int
    total: int
    rows: int

    @property
    def share(self) -> float:
        """The share of the step that is done, from 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 1.0


@dataclass(slots=True)
class Watch:
    """Tells of progress, and stops an import that is not wanted any more."""

    progress: Callable[[ImportProgress], None] | None = None
    is_cancelled: Callable[[], bool] | None = None
    rows: int = 0

    def __call__(self, step: Step, done: int, total: int) -> None:
        """Tell of a step.

        Raises
        ------
        ImportCancelledError
            If the import is not wanted any more.
        """
        if self.is_cancelled is not None and self.is_cancelled():
            raise ImportCancelledError("The import was cancelled. The same import again goes on where it was.")
        if self.progress is not None:
            self.progress(ImportProgress(step, done, total, self.rows))


@contextmanager
def full_disk_told(store: Path) -> Iterator[None]:
    """Say in words that the disk is full."""
    try:
        yield
    except OSError as problem:
        if not is_full(problem):
            raise
        raise DataImportError(
            f"The disk of {store} is full ({problem.strerror}). What the store holds is whole. Make room, about three "
            "times the size of the unpacked files, and import them again."
        ) from problem
