"""Reads about strategies; what is another user's does not exist here."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from tradinglab.server.accounts.models import User
from tradinglab.server.errors import InputError, NotFoundError
from tradinglab.server.strategies.models import Strategy, StrategyVersion


def strategy_list(*, user: User, is_deleted: bool = False) -> QuerySet[Strategy]:
    """Return a user's strategies: those that are there, or those that are deleted."""
    found = Strategy.objects.filter(owner=user, deleted_at__isnull=not is_deleted)
    return found.select_related("head__parent", "head__author").prefetch_related("labels")


def strategy_get(*, user: User, strategy_id: UUID, is_deleted: bool = False) -> Strategy:
    """Return one of a user's strategies."""
    strategy = strategy_list(user=user, is_deleted=is_deleted).filter(pk=strategy_id).first()
    if strategy is None:
        raise NotFoundError(f"There is no {'deleted ' if is_deleted else ''}strategy {strategy_id}.")
    return strategy


def version_list(*, strategy: Strategy) -> QuerySet[StrategyVersion]:
    """Return a strategy's versions."""
    return StrategyVersion.objects.filter(strategy=strategy).select_related("parent", "author")


def version_get(*, strategy: Strategy, content_hash: str) -> StrategyVersion:
    """Return the version with a content hash."""
    version = version_list(strategy=strategy).filter(content_hash=content_hash).first()
    if version is None:
        raise NotFoundError(f"The strategy has no version {content_hash}.")
    return version


def version_of_user(*, user: User, version_id: UUID) -> StrategyVersion:
    """Return a version of any of a user's strategies."""
    version = _of_user(user).filter(pk=version_id).first()
    if version is None:
        raise NotFoundError(f"There is no version {version_id}.")
    return version


def version_of_content(*, user: User, content_hash: str) -> StrategyVersion | None:
    """Return a version of that content, of whichever of a user's strategies had it last; ``None`` if none has."""
    return _of_user(user).filter(content_hash=content_hash).order_by("-created_at").first()


def version_to_compare(*, user: User, version: StrategyVersion, against: str | None) -> StrategyVersion | None:
    """Return what a version is compared with: its parent, or the content of that hash in any of a user's strategies.

    ``None`` stands for nothing: the version is a strategy's first.

    Raises
    ------
    InputError
        If none of the user's versions has the hash.
    """
    if against is None:
        return version.parent
    found = _of_user(user).filter(content_hash=against).first() if "\0" not in against else None
    if found is None:
        raise InputError("against", against, "None of your strategies has a version of that content hash.")
    return found


def _of_user(user: User) -> QuerySet[StrategyVersion]:
    mine = StrategyVersion.objects.filter(strategy__owner=user, strategy__deleted_at=None)
    return mine.select_related("strategy")
