"""Reads about backtests; what is another user's does not exist here."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F, QuerySet

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.errors import NotFoundError


def backtest_list(*, user: User) -> QuerySet[Backtest]:
    """Return a user's backtests."""
    tests = Backtest.objects.filter(run__owner=user).select_related("run", "version__strategy")
    tests = tests.prefetch_related("tag_rows")
    return tests.annotate(created_at=F("run__created_at"))


def backtest_get(*, user: User, run_id: UUID) -> Backtest:
    """Return one of a user's backtests."""
    test = backtest_list(user=user).filter(pk=run_id).first()
    if test is None:
        raise NotFoundError(f"There is no backtest {run_id}.")
    return test
