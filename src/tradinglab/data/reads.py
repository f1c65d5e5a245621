"""Which files of a data folder a run has read: with them, and nothing else of the folder, it can be run again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Of each block that is open, the files in their order; runs may be nested, but not in several threads.
_blocks: list[dict[Path, None]] = []


def note_read(path: Path) -> None:
    """Say that a file is being read."""
    for files in _blocks:
        files[path] = None


def files_read() -> list[Path]:
    """Return the files that were read since the innermost :func:`reads_noted` began, each once."""
    return list(_blocks[-1]) if _blocks else []


@contextmanager
def reads_noted() -> Iterator[None]:
    """Collect the files that are read until the end of the block."""
    _blocks.append({})
    try:
        yield
    finally:
        _blocks.pop()
