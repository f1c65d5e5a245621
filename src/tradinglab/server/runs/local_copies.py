"""Copies, on this machine, of what a store elsewhere keeps: for what reads files, again and again."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from tradinglab.server.errors import StorageError

_PART = "part-"
#: Somebody may be about to open a copy that was asked for so lately.
_KEPT_S = 60.0
_PART_KEPT_S = 3600.0


class LocalCopies:
    """A folder of copies by hash; those that were not asked for the longest go when there are too many bytes."""

    def __init__(self, folder: Path, *, most_bytes: int) -> None:
        self._folder = folder
        self._most_bytes = most_bytes

    def path(self, sha256: str) -> Path | None:
        """Return the copy, if there is one."""
        path = self._folder / sha256
        try:
            os.utime(path)
        except FileNotFoundError:
            return None
        return path

    def keep(self, sha256: str, pieces: Iterable[bytes]) -> Path:
        """Make a copy and return it.

        Raises
        ------
        StorageError
            If it cannot be written, or the bytes are not those of the hash.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self._written(sha256, pieces)
            self._trim()
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StorageError(f"a copy cannot be written to {self._folder}: {error.strerror or error}") from error
        return path

    def _written(self, sha256: str, pieces: Iterable[bytes]) -> Path:
        digest = hashlib.sha256()
        with tempfile.NamedTemporaryFile(dir=self._folder, prefix=_PART, delete=False) as part:
            try:
                for piece in pieces:
                    digest.update(piece)
                    part.write(piece)
                part.flush()
                # What is damaged is found by who reads it, as where there is no copy; it is not kept.
                name = sha256 if digest.hexdigest() == sha256 else f"{_PART}{sha256}"
                return Path(part.name).replace(self._folder / name)
            except BaseException:
                Path(part.name).unlink(missing_ok=True)
                raise

    def _trim(self) -> None:
        found = []
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        total, now = sum(size for _, size, _ in found), time.time()
        for used_at, size, path in sorted(found):
            is_left = path.name.startswith(_PART) and now - used_at > _PART_KEPT_S
            if is_left or (total > self._most_bytes and now - used_at > _KEPT_S):
                path.unlink(missing_ok=True)
                total -= size
