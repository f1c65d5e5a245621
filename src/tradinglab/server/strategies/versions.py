"""Writes about the versions of a strategy: each is kept as it was saved, and only the head moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.models import User
from tradinglab.server.errors import ConflictError, InputError
from tradinglab.server.strategies.archives import archive_write
from tradinglab.server.strategies.errors import StaleVersionError
from tradinglab.server.strategies.files import check_files, content_hash
from tradinglab.server.strategies.models import Strategy, StrategyVersion
from tradinglab.server.texts import check_notes

_LONGEST_MESSAGE = 500


class SavedVersion(NamedTuple):
    """A version, and whether it is new: the same content is stored once."""

    version: StrategyVersion
    is_new: bool


@transaction.atomic
def version_save(
    *,
    strategy: Strategy,
    author: User,
    files: Mapping[str, str],
    message: str = "",
    parent: str | None = None,
    is_draft: bool = False,
) -> SavedVersion:
    """Save files as the strategy's newest version; files that were saved before are that version again.

    Parameters
    ----------
    parent
        The content hash of the version from which the files were made. Without it, nothing is asked of the head.
    is_draft
        Whether the file that is run may be missing.

    Raises
    ------
    InputError
        If files or message cannot be stored.
    ConflictError
        If the strategy is archived.
    StaleVersionError
        If the head is another version than *parent*.
    """
    check_files(files, is_draft=is_draft)
    return _save(_locked(strategy, parent), strategy, author, files, message)


@transaction.atomic
def version_change(
    *,
    strategy: Strategy,
    author: User,
    changes: Mapping[str, str | None],
    message: str = "",
    parent: str | None = None,
) -> SavedVersion:
    """Save the head with some files changed; a file whose text is ``None`` is removed.

    Raises as :func:`version_save` does, and an ``InputError`` for a file that is to be removed and is not there.
    """
    locked = _locked(strategy, parent)
    files: dict[str, str] = dict(locked.head.files) if locked.head is not None else {}
    for path, text in changes.items():
        if text is not None:
            files[path] = text
        elif files.pop(path, None) is None:
            raise InputError(
                f"files.{path}", None, f"There is no file '{path}' to be removed; there are: {_some(files)}."
            )
    check_files(files)
    return _save(locked, strategy, author, files, message)


@transaction.atomic
def version_edit(
    *, strategy: Strategy, author: User, edit: Callable[[dict[str, str]], Mapping[str, str]], message: str = ""
) -> SavedVersion:
    """Save what *edit* makes of the head's files, which nobody else changes meanwhile; the result may be a draft.

    Raises as :func:`version_save` does, and what *edit* raises.
    """
    locked = _locked(strategy, None)
    files = edit(dict(locked.head.files) if locked.head is not None else {})
    check_files(files, is_draft=True)
    return _save(locked, strategy, author, files, message)


def version_pin(*, strategy: Strategy, author: User, files: Mapping[str, str], message: str = "") -> StrategyVersion:
    """Return the version that consists of these files, stored once; the head stays where it is.

    Raises
    ------
    InputError
        If the files cannot be stored.
    """
    check_files(files, is_draft=True)
    made = {"parent_id": strategy.head_id, "author": author, "message": message, "files": dict(files)}
    return StrategyVersion.objects.get_or_create(strategy=strategy, content_hash=content_hash(files), defaults=made)[0]


@transaction.atomic
def version_restore(*, strategy: Strategy, version: StrategyVersion, by: User) -> Strategy:
    """Make an older version the head again; the ones that came after it stay.

    Raises
    ------
    ConflictError
        If the strategy is archived.
    """
    _locked(strategy, None)
    _move(strategy, version)
    audit_note(action="version.restored", actor=by, target=version, details={"name": strategy.name})
    return strategy


def _locked(strategy: Strategy, parent: str | None) -> Strategy:
    locked = Strategy.objects.select_for_update(of=("self",)).select_related("head").get(pk=strategy.pk)
    if locked.archived_at is not None:
        raise ConflictError(f"The strategy '{locked.name}' is archived; take it out of the archive first.")
    head = locked.head.content_hash if locked.head is not None else None
    if parent is not None and parent != head:
        raise StaleVersionError(
            f"The strategy was saved since: its head is {head}, these files were made from {parent[:64]}. Compare the "
            "two, and save again with the head as 'parent'; without 'parent', nothing is asked."
        )
    return locked


def _save(locked: Strategy, strategy: Strategy, author: User, files: Mapping[str, str], message: str) -> SavedVersion:
    check_notes("message", message, longest=_LONGEST_MESSAGE)
    version, is_new = StrategyVersion.objects.get_or_create(
        strategy=locked,
        content_hash=content_hash(files),
        defaults={"parent_id": locked.head_id, "author": author, "message": message, "files": dict(files)},
    )
    _move(strategy, version)
    return SavedVersion(version, is_new)


def _move(strategy: Strategy, head: StrategyVersion) -> None:
    Strategy.objects.filter(pk=strategy.pk).update(head=head, updated_at=timezone.now())
    strategy.refresh_from_db()


def _some(files: Mapping[str, str]) -> str:
    return ", ".join(sorted(files)[:10])


def version_export(*, version: StrategyVersion, by: User) -> bytes:
    """Return a version as a zip file, and write down who took it."""
    audit_note(action="strategy.exported", actor=by, target=version, details={"name": version.strategy.name})
    return archive_write(version.files)
