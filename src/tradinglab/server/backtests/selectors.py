"""Reads about backtests; what is another user's does not exist here."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import F, QuerySet

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.errors import NotFoundError


def backtest_list(*, user: User, with_deleted: bool = False) -> QuerySet[Backtest]:
    """Return a user's backtests; those that are deleted only if asked for."""
    tests = Backtest.objects.filter(run__owner=user)
    tests = tests if with_deleted else tests.filter(run__deleted_at=None)
    tests = tests.select_related("run", "version__strategy").prefetch_related("tag_rows")
    return tests.annotate(created_at=F("run__created_at"))


def backtest_get(*, user: User, run_id: UUID, with_deleted: bool = False) -> Backtest:
    """Return one of a user's backtests."""
    test = backtest_list(user=user, with_deleted=with_deleted).filter(pk=run_id).first()
    if test is None:
        raise NotFoundError(f"There is no backtest {run_id}.")
    return test


def backtests_get(*, user: User, run_ids: Sequence[UUID]) -> list[Backtest]:
    """Return some of a user's backtests, in the order in which they are named."""
    found = {test.pk: test for test in backtest_list(user=user).filter(pk__in=run_ids)}
    missing = [str(run_id) for run_id in run_ids if run_id not in found]
    if missing:
        raise NotFoundError(f"There is no backtest {', '.join(missing)}.")
    return [found[run_id] for run_id in run_ids]
