"""How a full disk shows, and what is said of it."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tradinglab.data.errors import StoreFullError

#: `EFBIG` is what a limit on the size of files says.
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
#: Errors of polars have a text alone.
_NUMBER: Final = re.compile(r"\(os error (\d+)\)")


def is_full(problem: OSError) -> bool:
    """Return whether an error says that there is no room."""
    return problem.errno in _FULL


def reason_of(problem: OSError) -> str:
    """Return what the system says."""
    return problem.strerror or str(problem)


@contextmanager
def written_by_polars(path: Path) -> Iterator[None]:
    """Raise what polars says of the disk as others do, with the number that its texts have.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    import polars as pl

    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as problem:
        told = _NUMBER.search(str(problem))
        if told is None or getattr(problem, "errno", None) is not None:
            raise
        raise OSError(int(told[1]), os.strerror(int(told[1])), str(path)) from problem


@contextmanager
def full_disk_named(place: str, what: str) -> Iterator[None]:
    """Say in words that the disk of a store is full, and what was not written.

    Raises
    ------
    StoreFullError
        If it is.
    """
    try:
        yield
    except OSError as problem:
        if not is_full(problem):
            raise
        raise StoreFullError(place, what, reason_of(problem)) from problem
