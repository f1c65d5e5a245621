"""Reads about backtests; what is another user's does not exist here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest, BacktestTag
from tradinglab.server.errors import NotFoundError


def backtest_list(*, user: User, with_deleted: bool = False) -> QuerySet[Backtest]:
    """Return a user's backtests; those that are deleted only if asked for."""
    tests = Backtest.objects.filter(run__owner=user)
    tests = tests if with_deleted else tests.filter(run__deleted_at=None)
    tests = tests.select_related("run", "version__strategy").prefetch_related("tag_rows")
    is_cancel_requested = ExpressionWrapper(Q(run__cancel_requested_at__isnull=False), output_field=BooleanField())
    return tests.annotate(created_at=F("run__created_at"), is_cancel_requested=is_cancel_requested)


def tags_of(*, run_ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """Return the tags of several backtests, each in the order in which they were given."""
    found: dict[UUID, list[str]] = {run_id: [] for run_id in run_ids}
    rows = BacktestTag.objects.filter(backtest__in=found).order_by("id").values_list("backtest_id", "name")
    for run_id, name in rows:
        found[run_id].append(name)
    return found


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
