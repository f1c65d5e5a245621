"""Strategies that come as zip files."""

from __future__ import annotations

from typing import NamedTuple

from tradinglab.server.accounts.models import User
from tradinglab.server.strategies.archives import archive_read
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import free_name, strategy_create
from tradinglab.server.texts import visible

_UNNAMED = "Imported strategy"


class ImportedStrategy(NamedTuple):
    """A strategy that came as a zip file, and what of the file was passed over."""

    strategy: Strategy
    notes: tuple[str, ...]


def strategy_import(
    *, owner: User, archive: bytes, name: str | None = None, file_name: str = "", message: str = ""
) -> ImportedStrategy:
    """Store the files of a zip file as a strategy.

    Parameters
    ----------
    name
        How it is called; without it, as the zip file's one folder or the file itself, with a number if that is taken.

    Raises
    ------
    InputError
        If the zip file cannot be read, an entry cannot be stored, or the owner has a strategy of that name.
    """
    found = archive_read(archive)
    strategy = strategy_create(
        owner=owner,
        name=name or free_name(owner, found.folder or visible(file_name) or _UNNAMED),
        files=found.files,
        description=found.description,
        message=message or "Imported",
    )
    return ImportedStrategy(strategy, found.notes)
