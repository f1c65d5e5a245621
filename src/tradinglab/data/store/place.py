"""Where a store lies: what it asks of a folder, or of a bucket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from tradinglab.core.values import dataclass
from tradinglab.data.store.files import Check


@dataclass(frozen=True, slots=True)
class Document:
    """A small file that is replaced as a whole, and a tag that changes whenever it is."""

    content: bytes
    tag: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a folder: its name, its size in bytes, and when it was put there (UTC)."""

    name: str
    size: int
    put_at: datetime


class Place(Protocol):
    """A folder or a bucket.

    Names are relative, with ``/`` between their parts. Two kinds of files are kept: *documents*, which are replaced
    as a whole and only by those who know what they replace, and files whose content never changes.

    Attributes
    ----------
    name
        How the place is called in messages.
    root
        A local folder in which files have their names: the place itself, or copies of it.
    locks_out
        Whether :meth:`lock` keeps other writers out. If not, they find out when they replace a document.
    """

    name: str
    root: Path
    locks_out: bool

    def document(self, name: str) -> Document | None:
        """Return a document, ``None`` if there is none."""
        ...

    def tag(self, name: str) -> str | None:
        """Return the tag of a document, ``None`` if there is none; it may have been the tag a second ago."""
        ...

    def swap(self, name: str, content: bytes, tag: str | None) -> bool:
        """Replace a document that has this tag (``None``: is not there); return whether it had.

        It is seen as it was or as it becomes, by whoever reads it, and survives a loss of power once this returns.
        """
        ...

    def discard(self, name: str) -> None:
        """Remove a document, if it is there."""
        ...

    def draft(self, folder: str) -> Path:
        """Return a new local file in which to write what is to be put into a folder."""
        ...

    def put(self, draft: Path, name: str) -> None:
        """Put a draft where others find it; a file of that name has the same content and is replaced."""
        ...

    def settle(self, folder: str) -> None:
        """Make the names of what was put into a folder survive a loss of power."""
        ...

    def file(self, name: str, check: Check) -> Path:
        """Return a local file with the content of that name.

        Raises
        ------
        FileNotFoundError
            If there is none.
        MalformedDataError
            If *check* refuses it.
        """
        ...

    def entries(self, folder: str) -> list[Entry]:
        """Return the files in a folder, none if there is no such folder."""
        ...

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; those that are gone already do not matter."""
        ...

    def documents(self, folder: str) -> list[str]:
        """Return the names of the documents in a folder."""
        ...

    def series_folders(self) -> Iterator[str]:
        """Yield the folders that hold a series."""
        ...

    def is_empty(self) -> bool:
        """Return whether nothing is there."""
        ...

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Keep other writers of that name out, if the place can."""
        ...
