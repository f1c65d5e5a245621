"""What every store of artefacts can do, wherever it keeps the bytes."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, NamedTuple

BLOCK = 1 << 20


class Stored(NamedTuple):
    """What the store says of a file it took."""

    sha256: str
    size: int


class ArtefactStore(ABC):
    """Keeps files under their SHA-256; the same bytes are kept once, and nobody sees half of them.

    What is asked for by a hash and is not there raises :class:`FileNotFoundError`; a store that does not answer, or
    refuses, :class:`~tradinglab.server.errors.StorageError`.
    """

    @abstractmethod
    def put(self, source: Path, *, most_bytes: int) -> Stored:
        """Copy a file into the store; bytes that are there already are there anew, as far as :meth:`discard` goes.

        A link is not followed: who made the file may have meant to have another one read.

        Raises
        ------
        OSError
            If the file is a link, no plain file, larger than *most_bytes*, or the store is full.
        """

    @abstractmethod
    def size(self, sha256: str) -> int:
        """Return how many bytes there are."""

    @abstractmethod
    def pieces(self, sha256: str, first: int, last: int) -> Iterator[bytes]:
        """Yield the bytes from *first* to *last*, both included."""

    @abstractmethod
    def file(self, sha256: str) -> Path:
        """Return a file on this machine with the bytes; open it at once, it may be a copy that does not stay."""

    @abstractmethod
    def found(self, beginning: str) -> list[str]:
        """Return the hashes of which there are bytes and which begin with these two digits."""

    @abstractmethod
    def discard(self, sha256: str, *, before: datetime) -> bool:
        """Remove bytes that nobody has put here since *before*; return whether they were removed."""

    @abstractmethod
    def discard_parts(self, *, before: datetime) -> None:
        """Remove what was being put here by somebody who has died since."""

    @abstractmethod
    def check(self) -> str:
        """Return ``ok``, or what is wrong with the store."""

    def read(self, sha256: str) -> bytes:
        """Return all the bytes."""
        return b"".join(self.pieces(sha256, 0, self.size(sha256) - 1))

    def trial(self) -> None:
        """Put something and read it again: whoever may look into a store need not be allowed to write there."""
        text = b"TradingLab looks whether it can write here."
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "trial"
            path.write_bytes(text)
            stored = self.put(path, most_bytes=len(text))
        if self.read(stored.sha256) != text:
            raise OSError("what was put into the store comes back as something else")


def opened(source: Path) -> IO[bytes]:
    """Open a file that is to be stored; a link, or what is no plain file, is refused."""
    descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{source.name} is no plain file")
    return os.fdopen(descriptor, "rb")


def measured(reader: IO[bytes], most_bytes: int, writer: IO[bytes] | None = None) -> Stored:
    """Return hash and size of what is read, which is written on if there is a writer."""
    digest, size = hashlib.sha256(), 0
    while block := reader.read(BLOCK):
        size += len(block)
        if size > most_bytes:
            raise OSError(f"the file is larger than {most_bytes:,} bytes")
        digest.update(block)
        if writer is not None:
            writer.write(block)
    return Stored(digest.hexdigest(), size)
