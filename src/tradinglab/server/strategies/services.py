"""Writes about strategies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.utils import timezone

from tradinglab.server.accounts.models import User
from tradinglab.server.errors import ConflictError, InputError
from tradinglab.server.strategies.files import check_files, content_hash
from tradinglab.server.strategies.models import Strategy, StrategyVersion


class SavedVersion(NamedTuple):
    """A version, and whether it is new: the same content is stored once."""

    version: StrategyVersion
    is_new: bool


def strategy_create(
    *,
    owner: User,
    name: str,
    files: Mapping[str, str],
    description: str = "",
    tags: Sequence[str] = (),
    message: str = "",
) -> Strategy:
    """Store a strategy and its first version.

    Raises
    ------
    InputError
        If the owner has a strategy of that name, or the files cannot be stored.
    """
    check_files(files)
    with transaction.atomic():
        try:
            with transaction.atomic():
                strategy = Strategy.objects.create(owner=owner, name=name, description=description, tags=list(tags))
        except IntegrityError:
            raise _taken(name) from None
        version_save(strategy=strategy, author=owner, files=files, message=message)
    return strategy


def strategy_update(
    *,
    strategy: Strategy,
    name: str | None = None,
    description: str | None = None,
    tags: Sequence[str] | None = None,
    is_archived: bool | None = None,
) -> Strategy:
    """Change what is given, leave the rest."""
    now = timezone.now()
    if name is not None:
        strategy.name = name
    if description is not None:
        strategy.description = description
    if tags is not None:
        strategy.tags = list(tags)
    if is_archived is not None:
        strategy.archived_at = (strategy.archived_at or now) if is_archived else None
    strategy.updated_at = now
    try:
        with transaction.atomic():
            strategy.save(update_fields=["name", "description", "tags", "archived_at", "updated_at"])
    except IntegrityError:
        raise _taken(strategy.name) from None
    return strategy


@transaction.atomic
def version_save(*, strategy: Strategy, author: User, files: Mapping[str, str], message: str = "") -> SavedVersion:
    """Save files as the strategy's newest version; files that were saved before are that version again.

    Raises
    ------
    InputError
        If the files cannot be stored.
    ConflictError
        If the strategy is archived.
    """
    check_files(files)
    locked = Strategy.objects.select_for_update().get(pk=strategy.pk)
    if locked.archived_at is not None:
        raise ConflictError(f"The strategy '{locked.name}' is archived; take it out of the archive first.")
    version, is_new = StrategyVersion.objects.get_or_create(
        strategy=locked,
        content_hash=content_hash(files),
        defaults={"parent_id": locked.head_id, "author": author, "message": message, "files": dict(files)},
    )
    Strategy.objects.filter(pk=locked.pk).update(head=version, updated_at=timezone.now())
    strategy.refresh_from_db()
    return SavedVersion(version, is_new)


def _taken(name: str) -> InputError:
    return InputError("name", name, f"You have a strategy called '{name}' already; choose another name.")
