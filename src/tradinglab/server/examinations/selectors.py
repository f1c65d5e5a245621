"""Reads about examinations; what is another user's does not exist here."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.errors import NotFoundError
from tradinglab.server.examinations.models import Examination
from tradinglab.server.runs.models import RunState


def examination_list(*, user: User, test: Backtest) -> QuerySet[Examination]:
    """Return the examinations of one of a user's backtests, newest first."""
    found = Examination.objects.filter(backtest=test, run__owner=user).select_related("run")
    return found.order_by("-run__created_at", "-run_id")


def examination_get(*, user: User, test: Backtest, run_id: UUID) -> Examination:
    """Return one examination."""
    found = examination_list(user=user, test=test).filter(pk=run_id).first()
    if found is None:
        raise NotFoundError(f"The backtest has no examination {run_id}.")
    return found


def examination_newest(*, user: User, test: Backtest, kind: Examination.Kind) -> Examination:
    """Return the newest examination of a kind."""
    found = examination_list(user=user, test=test).filter(kind=kind).first()
    if found is None:
        raise NotFoundError(f"The backtest has no such examination yet; POST to …/{kind}/ asks for one.")
    return found


def examination_shown(*, test: Backtest, kind: Examination.Kind) -> Examination | None:
    """Return the newest examination of a kind that came to an end; ``None`` if there is none."""
    found = examination_list(user=test.run.owner, test=test)
    return found.filter(kind=kind, run__state=RunState.COMPLETED).first()
