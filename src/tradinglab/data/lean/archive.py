"""Text from the archives of a LEAN data folder."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from tradinglab.data.errors import MalformedDataError


def read_entry(path: Path, entries: Sequence[str]) -> bytes:
    """Return an entry of an archive: the first of *entries* that it has, else its first.

    Raises
    ------
    MalformedDataError
        If the archive is empty, truncated or broken.
    """
    try:
        with ZipFile(path) as archive:
            names = archive.namelist()
            if not names:
                raise MalformedDataError(path, "The archive is empty.")
            return archive.read(next((name for name in entries if name in names), names[0]))
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as problem:
        raise MalformedDataError(path, f"The archive is truncated or broken ({problem}).") from problem
    except OSError as problem:
        raise MalformedDataError(path, f"The file cannot be read ({problem.strerror or problem}).") from problem


def read_entries(path: Path) -> Iterator[tuple[str, str]]:
    """Return names and texts of all entries of an archive.

    Raises
    ------
    MalformedDataError
        If the archive is truncated or broken.
    """
    try:
        with ZipFile(path) as archive:
            for name in archive.namelist():
                yield name, archive.read(name).decode("utf-8", "replace")
    except (BadZipFile, zlib.error, EOFError) as problem:
        raise MalformedDataError(path, f"The archive is truncated or broken ({problem}).") from problem


def read_lines(path: Path) -> list[tuple[int, str]]:
    """Return the lines of a text file that are not blank, with their numbers from 1; none if there is no file."""
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except FileNotFoundError:
        return []
    return [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
