"""Small values that processes share: one file each, read and written under its lock.

A file that cannot be used (a full disk, a folder without rights) is replaced by this process's own memory, and said so
once: a client that counts for itself is better than none.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeAlias, TypeVar

T = TypeVar("T")
Note: TypeAlias = dict[str, float]
Change: TypeAlias = Callable[[Note], tuple[Note, T]]

_log = logging.getLogger(__name__)


class Notes(Protocol):
    """Where the values are."""

    def change(self, name: str, change: Change[T]) -> T:
        """Replace the value called *name* by what *change* makes of it, in one step; an unknown one is empty."""


class MemoryNotes:
    """The values of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Note] = {}

    def change(self, name: str, change: Change[T]) -> T:
        """Replace a value in one step."""
        with self._lock:
            self._kept[name], result = change(dict(self._kept.get(name, {})))
            return result


class FileNotes:
    """The values of all processes that name the same folder.

    Parameters
    ----------
    folder
        Where the files are; made when the first is needed.
    what
        What is counted in them, for the warning that they cannot be used.
    """

    def __init__(self, folder: Path, what: str = "requests") -> None:
        self._folder = folder
        self._what = what
        self._own = MemoryNotes()
        self._has_warned = False

    def change(self, name: str, change: Change[T]) -> T:
        """Replace a value in one step; waits while another process does."""
        try:
            with locked_file(note_path(self._folder, name)) as file:
                note, result = change(_read(file))
                _write(file, note)
                return result
        except OSError as error:
            if not self._has_warned:
                self._has_warned = True
                _log.warning("%s are counted by each process for itself: %s", self._what, error)
            return self._own.change(name, change)


def note_path(folder: Path, name: str) -> Path:
    """Return the file of the value called *name*."""
    return folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.json"


@contextmanager
def locked_file(path: Path, *, is_patient: bool = True) -> Iterator[int]:
    """Open a file for this process alone, and make it if there is none.

    Raises
    ------
    BlockingIOError
        If another has it, and the caller *is* not *patient*.
    OSError
        If it cannot be used.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if is_patient else fcntl.LOCK_NB))
        yield file
    finally:
        # Closing lets go of the lock.
        os.close(file)


def _read(file: int) -> Note:
    try:
        kept = json.loads(os.pread(file, 4096, 0) or b"{}")
        return {str(name): float(value) for name, value in kept.items()}
    except (ValueError, AttributeError, TypeError):
        # A process was killed while it wrote.
        return {}


def _write(file: int, note: Note) -> None:
    text = json.dumps(note).encode()
    os.pwrite(file, text, 0)
    os.ftruncate(file, len(text))
