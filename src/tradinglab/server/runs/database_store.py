"""Artefacts in the database: for machines that share nothing else."""

from __future__ import annotations

import contextlib
import errno
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

from django.db import Error, IntegrityError, OperationalError, ProgrammingError, connection, transaction
from django.utils import timezone

from tradinglab.server.errors import StorageRefusedError
from tradinglab.server.runs.any_store import ArtefactStore, Stored, measured, opened
from tradinglab.server.runs.local_copies import LocalCopies
from tradinglab.server.runs.models import StoredContent, StoredPiece

_log = logging.getLogger(__name__)
_PIECE = 1 << 18
#: PostgreSQL's and SQLite's words for "no room left".
_FULL = ("53100", "SQLITE_FULL")
#: PostgreSQL's for "you may not": Heroku withdraws the right to insert from a database that is over its size.
_REFUSED = ("42501", "25006")


class DatabaseStore(ArtefactStore):
    """Keeps artefacts in tables of the database, in pieces; a transaction makes them visible, all or none."""

    def __init__(self, copies: LocalCopies) -> None:
        self._copies = copies

    def put(self, source: Path, *, most_bytes: int) -> Stored:
        """Copy a file into the tables."""
        with opened(source) as reader, _named():
            stored = measured(reader, most_bytes)
            if not self._again(stored.sha256):
                try:
                    with transaction.atomic():
                        self._insert(stored, reader)
                except IntegrityError:
                    # Somebody else has put the same at the same time, and it is there now.
                    if not self._again(stored.sha256):
                        raise
        return stored

    def _again(self, sha256: str) -> bool:
        return bool(StoredContent.objects.filter(pk=sha256).update(stored_at=timezone.now()))

    def _insert(self, stored: Stored, reader: IO[bytes]) -> None:
        content = StoredContent.objects.create(sha256=stored.sha256, size=stored.size)
        reader.seek(0)
        begin = 0
        while piece := reader.read(_PIECE):
            StoredPiece.objects.create(content=content, begin=begin, content_bytes=piece)
            begin += len(piece)
        if begin != stored.size:
            raise OSError("the file was changed while it was stored")

    def size(self, sha256: str) -> int:
        """Return how many bytes there are."""
        size = StoredContent.objects.filter(pk=sha256).values_list("size", flat=True).first()
        if size is None:
            raise FileNotFoundError(errno.ENOENT, "there are no such bytes in the database", sha256)
        return size

    def pieces(self, sha256: str, first: int, last: int) -> Iterator[bytes]:
        """Yield the bytes from *first* to *last*; each piece is a question of its own."""
        last = min(last, self.size(sha256) - 1)
        while first <= last:
            found = StoredPiece.objects.filter(content_id=sha256, begin__lte=first).order_by("-begin")
            row = found.values_list("begin", "content_bytes").first()
            piece = b"" if row is None else bytes(row[1])[first - row[0] : last - row[0] + 1]
            if not piece:
                raise FileNotFoundError(errno.ENOENT, "the bytes are gone from the database", sha256)
            first += len(piece)
            yield piece

    def file(self, sha256: str) -> Path:
        """Return a copy in a file."""
        return self._copies.path(sha256) or self._copies.keep(sha256, self.pieces(sha256, 0, self.size(sha256) - 1))

    def found(self, beginning: str) -> list[str]:
        """Return the hashes of which there are bytes and which begin with these two digits."""
        rows = StoredContent.objects.filter(sha256__startswith=beginning)
        return list(rows.order_by("pk").values_list("pk", flat=True))

    @transaction.atomic
    def discard(self, sha256: str, *, before: datetime) -> bool:
        """Remove bytes that nobody has put here since *before*; return whether they were removed."""
        old = StoredContent.objects.select_for_update().filter(pk=sha256, stored_at__lt=before).first()
        if old is None:
            return False
        old.delete()
        return True

    def discard_parts(self, *, before: datetime) -> None:
        """Do nothing: the database itself takes back what was not finished."""

    def check(self) -> str:
        """Return ``ok`` if the table answers, or what is wrong with it."""
        StoredContent.objects.exists()
        return "ok"


@contextlib.contextmanager
def _named() -> Iterator[None]:
    """Say in the words of a disk what the database says of room and rights."""
    try:
        yield
    except (OperationalError, ProgrammingError) as error:
        said = _code(error)
        if said in _FULL:
            raise OSError(errno.ENOSPC, f"the database has no room left: {error}") from error
        if said in _REFUSED:
            _log.error("the database takes no artefacts (%s): %s", connection.vendor, error)
            raise StorageRefusedError(f"the database takes no artefacts: {error}") from error
        raise


def _code(error: Error) -> str:
    cause = error.__cause__
    return str(getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", ""))
