"""The store of artefacts: a folder in which a file's name is the hash of its bytes."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, NamedTuple

from django.conf import settings

_CHUNK = 1 << 20
_PART = "part-"


class Stored(NamedTuple):
    """What the store says of a file it took."""

    sha256: str
    size: int


class FolderStore:
    """Keeps files under their SHA-256; the same bytes are kept once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, sha256: str) -> Path:
        """Return where the bytes of a hash are, or would be."""
        return self._folder / sha256[:2] / sha256

    def put(self, source: Path, *, most_bytes: int) -> Stored:
        """Copy a file into the store.

        A link is not followed: who made the file may have meant to have another one read.

        Raises
        ------
        OSError
            If the file is a link, no plain file, larger than *most_bytes*, or the disk is full.
        """
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        self._folder.mkdir(parents=True, exist_ok=True)
        with os.fdopen(descriptor, "rb") as reader, self._part() as part:
            try:
                stored = _copy(reader, part, most_bytes)
                part.flush()
                os.fsync(part.fileno())
                target = self.path(stored.sha256)
                target.parent.mkdir(exist_ok=True)
                with self._lock(fcntl.LOCK_SH):
                    Path(part.name).replace(target)
            except BaseException:
                Path(part.name).unlink(missing_ok=True)
                raise
        return stored

    def _part(self) -> IO[bytes]:
        return tempfile.NamedTemporaryFile(dir=self._folder, prefix=_PART, delete=False)

    def found(self, beginning: str) -> list[str]:
        """Return the hashes of which there are bytes and which begin with these two digits."""
        folder = self._folder / beginning
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def discard(self, sha256: str, *, before: datetime) -> bool:
        """Remove bytes that nobody has put here since *before*; return whether they were removed."""
        path = self.path(sha256)
        with self._lock(fcntl.LOCK_EX):
            if not path.is_file() or path.stat().st_mtime >= before.timestamp():
                return False
            path.unlink()
        return True

    def discard_parts(self, *, before: datetime) -> None:
        """Remove what was being put here by somebody who has died since."""
        for path in self._folder.glob(f"{_PART}*"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < before.timestamp():
                    path.unlink()

    @contextlib.contextmanager
    def _lock(self, kind: int) -> Iterator[None]:
        """Keep what is put here and what is removed apart: the same bytes may be put again just then."""
        with (self._folder / ".lock").open("w") as lock:
            fcntl.flock(lock, kind)
            yield


def _copy(reader: IO[bytes], writer: IO[bytes], most_bytes: int) -> Stored:
    digest, size = hashlib.sha256(), 0
    while block := reader.read(_CHUNK):
        size += len(block)
        if size > most_bytes:
            raise OSError(f"the file is larger than {most_bytes:,} bytes")
        digest.update(block)
        writer.write(block)
    return Stored(digest.hexdigest(), size)


def store() -> FolderStore:
    """Return the installation's store."""
    return FolderStore(settings.HOME.artefacts)
