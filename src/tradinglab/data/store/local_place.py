"""A store in a folder of this machine."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tradinglab.data.errors import StoreError
from tradinglab.data.store.files import Check
from tradinglab.data.store.layout import MANIFEST, is_old_file
from tradinglab.data.store.place import Document, Entry

LOCKS: Final = ".locks"
#: Where imports keep what they have read, and are not done with.
IMPORTS: Final = ".imports"
_TEMPORARY: Final = ".tmp"
_PATIENCE_S: Final = 60.0
_PAUSES_S: Final = (0.002, 0.05)


class LocalPlace:
    """A folder. Writers of one series lock each other out by ``flock`` on a file in ``.locks``."""

    locks_out = True

    def __init__(self, folder: Path, patience_s: float = _PATIENCE_S) -> None:
        self.root = folder
        self.name = str(folder)
        self._patience_s = patience_s

    def document(self, name: str) -> Document | None:
        """Return a document."""
        path = self.root / name
        with suppress(FileNotFoundError, NotADirectoryError), path.open("rb") as stream:
            # Of the open file, not of the name: another may take its place between two looks.
            return Document(stream.read(), _tag(os.fstat(stream.fileno())))
        return None

    def tag(self, name: str) -> str | None:
        """Return the tag of a document without reading it."""
        with suppress(FileNotFoundError, NotADirectoryError):
            return _tag((self.root / name).stat())
        return None

    def swap(self, name: str, content: bytes, tag: str | None) -> bool:
        """Replace a document, under the lock of its folder or name, which the caller holds."""
        if self.tag(name) != tag:
            return False
        path = self.root / name
        draft = self.draft(name.rpartition("/")[0])
        try:
            draft.write_bytes(content)
            self.put(draft, name)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        _sync(path.parent)
        return True

    def discard(self, name: str) -> None:
        """Remove a document."""
        (self.root / name).unlink(missing_ok=True)

    def draft(self, folder: str) -> Path:
        """Return a new file in a folder, which is made."""
        place = self.root / folder
        _make(place)
        handle, draft = tempfile.mkstemp(dir=place, prefix=".", suffix=_TEMPORARY)
        os.close(handle)
        return Path(draft)

    def put(self, draft: Path, name: str) -> None:
        """Move a draft to its name once all of it is on the disk."""
        draft.chmod(0o644)
        _sync(draft)
        draft.replace(self.root / name)

    def settle(self, folder: str) -> None:
        """Write a folder's names to the disk."""
        _sync(self.root / folder)

    def file(self, name: str, check: Check) -> Path:
        """Return the file itself; it is read as it is."""
        return self.root / name

    def entries(self, folder: str) -> list[Entry]:
        """Return the files in a folder."""
        found = []
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(self.root / folder) as files:
            for each in files:
                with suppress(FileNotFoundError):
                    state = each.stat()
                    found.append(Entry(each.name, state.st_size, datetime.fromtimestamp(state.st_mtime, UTC)))
        return found

    def remove(self, names: Iterable[str]) -> None:
        """Remove files."""
        for name in names:
            (self.root / name).unlink(missing_ok=True)

    def documents(self, folder: str) -> list[str]:
        """Return the names of the documents in a folder."""
        return sorted(f"{folder}/{each.name}" for each in self.entries(folder) if each.name.endswith(".json"))

    def series_folders(self) -> Iterator[str]:
        """Yield the folders with a manifest, or with files of format 1."""
        for folder in self.root.glob("*/*/*/*/*"):
            if (folder / MANIFEST).is_file() or (folder.is_dir() and any(is_old_file(one) for one in _names(folder))):
                yield folder.relative_to(self.root).as_posix()

    def is_empty(self) -> bool:
        """Return whether the folder is not there, or holds nothing but what a first writer has begun."""
        return all(each.name in (LOCKS, IMPORTS) or each.name.endswith(_TEMPORARY) for each in self.entries(""))

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Keep other writers of a name out, threads of this process too.

        Raises
        ------
        StoreError
            If another writer does not finish within a minute.
        """
        folder = self.root / LOCKS
        _make(folder)
        # A ticker may be longer together with its folders than the name of a file may be.
        path = folder / hashlib.sha256(name.encode()).hexdigest()[:32]
        with path.open("ab") as stream:
            self._wait(stream.fileno(), name)
            yield

    def _wait(self, handle: int, name: str) -> None:
        until, pause = time.monotonic() + self._patience_s, _PAUSES_S[0]
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > until:
                    raise StoreError(
                        f"Another program has been writing to {name} in {self.root} for {self._patience_s:g} s. "
                        "Try again when it is done."
                    ) from None
            time.sleep(pause)
            pause = min(2 * pause, _PAUSES_S[1])


def _tag(state: os.stat_result) -> str:
    return f"{state.st_ino}-{state.st_size}-{state.st_mtime_ns}"


def _names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


def _make(folder: Path) -> None:
    """Make a folder and those above it, and let their names survive a loss of power."""
    if folder.is_dir():
        return
    missing = [folder]
    while not missing[-1].parent.is_dir():
        missing.append(missing[-1].parent)
    folder.mkdir(parents=True, exist_ok=True)
    for each in missing:
        _sync(each.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
