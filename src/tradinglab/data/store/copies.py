"""Copies of files whose content never changes, in a local folder that does not grow without end."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from tradinglab.data.errors import MalformedDataError
from tradinglab.data.store.files import Check

_TEMPORARY: Final = ".tmp"
_ROOM: Final = 0.9


class Copies:
    """A folder of copies, the least recently used given up first. Several programs may share it.

    Parameters
    ----------
    folder
        Where they are; made if need be.
    most_bytes
        How large they may be together; one alone may be larger.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder = folder
        self._most_bytes = most_bytes
        self._checked: set[str] = set()
        self._bytes: int | None = None

    def get(self, name: str, check: Check, fetch: Callable[[Path], None]) -> Path:
        """Return the copy of a file, fetching it if need be. Each is checked before it is used first.

        Parameters
        ----------
        check
            Raises if a copy does not hold what it should.
        fetch
            Writes the content to a path.
        """
        path = self.folder / name
        if path.is_file() and self._is_good(name, path, check):
            with suppress(OSError):
                os.utime(path)
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, text = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=_TEMPORARY)
        os.close(handle)
        draft = Path(text)
        try:
            fetch(draft)
            check(draft)
            size = draft.stat().st_size
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        self._checked.add(name)
        self._make_room(path, size)
        return path

    def forget(self, name: str) -> None:
        """Remove the copy of a file, if there is one."""
        (self.folder / name).unlink(missing_ok=True)

    def _is_good(self, name: str, path: Path, check: Check) -> bool:
        if name in self._checked:
            return True
        try:
            check(path)
        except (OSError, MalformedDataError):
            # Damaged since, or written by another program of another mind: it is fetched again.
            path.unlink(missing_ok=True)
            return False
        self._checked.add(name)
        return True

    def _make_room(self, newest: Path, size: int) -> None:
        if self._bytes is not None:
            self._bytes += size
            if self._bytes <= self._most_bytes:
                return
        found = []
        for folder, _, names in os.walk(self.folder):
            for name in names:
                with suppress(OSError):
                    path = Path(folder, name)
                    state = path.stat()
                    found.append((state.st_mtime_ns, state.st_size, path))
        total = sum(each[1] for each in found)
        if total > self._most_bytes:
            for _, length, path in sorted(found):
                if total <= _ROOM * self._most_bytes:
                    break
                if path != newest:
                    path.unlink(missing_ok=True)
                    total -= length
        self._bytes = total
