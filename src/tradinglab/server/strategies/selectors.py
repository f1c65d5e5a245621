"""Reads about strategies; what is another user's does not exist here."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from tradinglab.server.accounts.models import User
from tradinglab.server.errors import NotFoundError
from tradinglab.server.strategies.models import Strategy, StrategyVersion


def strategy_list(*, user: User) -> QuerySet[Strategy]:
    """Return a user's strategies."""
    return Strategy.objects.filter(owner=user).select_related("head")


def strategy_get(*, user: User, strategy_id: UUID) -> Strategy:
    """Return one of a user's strategies."""
    strategy = strategy_list(user=user).filter(pk=strategy_id).first()
    if strategy is None:
        raise NotFoundError(f"There is no strategy {strategy_id}.")
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
    version = StrategyVersion.objects.filter(strategy__owner=user, pk=version_id).select_related("strategy").first()
    if version is None:
        raise NotFoundError(f"There is no version {version_id}.")
    return version
