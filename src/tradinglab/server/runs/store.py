"""The installation's store of artefacts; as it is without a setting, a folder of files named by their hashes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

from django.conf import settings
from pydantic import SecretStr

from tradinglab.server.runs.any_store import BLOCK, ArtefactStore, Stored, measured, opened
from tradinglab.server.runs.local_copies import LocalCopies

_PART = "part-"
#: What copies of a store elsewhere may take of this machine's disk.
_MOST_COPIED = 500_000_000


class FolderStore(ArtefactStore):
    """Keeps artefacts in files of one folder, which all processes share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, sha256: str) -> Path:
        """Return where the bytes of a hash are, or would be."""
        return self._folder / sha256[:2] / sha256

    def put(self, source: Path, *, most_bytes: int) -> Stored:
        """Copy a file into the folder, under another name until it is whole.

        Many runs leave some of the same files, such as tables without rows: those are looked at, and not written again.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with opened(source) as reader:
            stored = measured(reader, most_bytes)
            if self._is_renewed(stored):
                return stored
            reader.seek(0)
            return self._write(reader, most_bytes)

    def _is_renewed(self, stored: Stored) -> bool:
        """Let bytes that are there, and whole, be there as of now; say whether they are."""
        path = self.path(stored.sha256)
        if not path.is_file():
            return False
        with self._lock(fcntl.LOCK_SH):
            try:
                with path.open("rb") as kept:
                    is_whole = measured(kept, stored.size) == stored
                if is_whole:
                    os.utime(path)
            except OSError:  # gone since, not readable, or longer
                return False
        return is_whole

    def _write(self, reader: IO[bytes], most_bytes: int) -> Stored:
        with self._part() as part:
            try:
                stored = measured(reader, most_bytes, part)
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

    def size(self, sha256: str) -> int:
        """Return how many bytes there are."""
        return self.path(sha256).stat().st_size

    def pieces(self, sha256: str, first: int, last: int) -> Iterator[bytes]:
        """Yield the bytes from *first* to *last*."""
        with self.path(sha256).open("rb") as file:
            file.seek(first)
            left = last - first + 1
            while left > 0 and (piece := file.read(min(BLOCK, left))):
                left -= len(piece)
                yield piece

    def file(self, sha256: str) -> Path:
        """Return the file itself."""
        path = self.path(sha256)
        path.stat()
        return path

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

    def check(self) -> str:
        """Return ``ok``, or that the folder cannot be written."""
        return "ok" if os.access(self._folder, os.W_OK | os.X_OK) else "the folder of artefacts cannot be written"

    @contextlib.contextmanager
    def _lock(self, kind: int) -> Iterator[None]:
        """Keep what is put here and what is removed apart: the same bytes may be put again just then."""
        with (self._folder / ".lock").open("w") as lock:
            fcntl.flock(lock, kind)
            yield


def store() -> ArtefactStore:
    """Return the installation's store."""
    environment = settings.ENVIRONMENT
    place = environment.artefact_place
    if place.kind == "folder":
        return FolderStore(settings.HOME.artefacts)
    copies = LocalCopies(settings.HOME.copies, most_bytes=_MOST_COPIED)
    if place.kind == "database":
        from tradinglab.server.runs.database_store import DatabaseStore

        return DatabaseStore(copies)
    # Its libraries are an extra's.
    from tradinglab.server.runs.s3_store import S3Access, S3Store

    access = S3Access(
        endpoint=environment.s3_endpoint,
        region=environment.aws_region,
        key_id=_plain(environment.aws_key_id),
        secret=_plain(environment.aws_secret),
        session_token=_plain(environment.aws_session_token),
    )
    return S3Store(place, access, copies)


def _plain(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
