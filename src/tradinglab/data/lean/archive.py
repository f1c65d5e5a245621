"""Text from the archives of a LEAN data folder."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from tradinglab.data.errors import MalformedDataError
from tradinglab.data.lean.plain_zip import open_plain
from tradinglab.data.reads import note_read


def read_entry(path: Path, entries: Sequence[str]) -> bytes:
    """Return an entry of an archive: the first of *entries* that it has, else its first.

    Raises
    ------
    MalformedDataError
        If the archive is empty, truncated or broken.
    """
    note_read(path)
    try:
        plain = open_plain(path)
    except OSError as problem:
        raise _unreadable(path, problem) from problem
    if plain is not None and plain.names:
        found = plain.read(_chosen(plain.names, entries))
        if found is not None:
            return found
    return _read_any(path, entries)


def _chosen(names: Sequence[str], entries: Sequence[str]) -> str:
    return next((name for name in entries if name in names), names[0])


def _unreadable(path: Path, problem: OSError) -> MalformedDataError:
    return MalformedDataError(path, f"The file cannot be read ({problem.strerror or problem}).")


def _read_any(path: Path, entries: Sequence[str]) -> bytes:
    """Read an entry with all that the standard library knows of archives, or say what is wrong."""
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(path) as archive:
            names = archive.namelist()
            if not names:
                raise MalformedDataError(path, "The archive is empty.")
            return archive.read(_chosen(names, entries))
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as problem:
        raise MalformedDataError(path, f"The archive is truncated or broken ({problem}).") from problem
    except OSError as problem:
        raise _unreadable(path, problem) from problem


def read_entries(path: Path) -> Iterator[tuple[str, str]]:
    """Return names and texts of all entries of an archive.

    Raises
    ------
    MalformedDataError
        If the archive is truncated or broken.
    """
    from zipfile import BadZipFile, ZipFile

    note_read(path)
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
    note_read(path)
    return [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
