"""Taking the steps of backtests at QuantConnect without waiting for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.utils import timezone
from tests.quantconnect.fake import FakeCloud

from tradinglab.server.cloud.models import CloudBacktest, CloudOptimization
from tradinglab.server.cloud.polling import cloud_step
from tradinglab.server.cloud.searches.steps import OPTIMIZATIONS
from tradinglab.server.runs.models import Run


def due(run_id: UUID) -> None:
    """Have the next step be due."""
    CloudBacktest.objects.filter(pk=run_id).update(next_at=timezone.now() - timedelta(seconds=1))


def to_the_end(run_id: UUID, cloud: FakeCloud | None = None, most: int = 40) -> Run:
    """Take step after step; what runs there is over between two."""
    for _ in range(most):
        run = Run.objects.get(pk=run_id)
        if run.is_final or run.kind != "quantconnect_backtest":
            return run
        for each in cloud.backtests.values() if cloud else ():
            each["at"] -= 15
        for each in cloud.compiles.values() if cloud else ():
            each["at"] -= 15
        CloudBacktest.objects.filter(pk=run_id).update(step_at=timezone.now() - timedelta(seconds=40))
        due(run_id)
        cloud_step(run_id)
    raise AssertionError(f"it did not end: {list(run.events.values_list('kind', 'data'))}")


def search_step(run_id: UUID, cloud: FakeCloud | None = None, gone_s: float = 15) -> Run:
    """Take the next step of an optimization there, *gone_s* seconds later."""
    for each in (*cloud.searches.values(), *cloud.compiles.values()) if cloud else ():
        each["at"] -= gone_s
    now = timezone.now()
    jobs = CloudOptimization.objects.filter(pk=run_id)
    for row in jobs:
        jobs.update(next_at=now - timedelta(seconds=1), step_at=row.step_at - timedelta(seconds=gone_s))
    cloud_step(run_id, OPTIMIZATIONS)
    return Run.objects.get(pk=run_id)


def search_until(
    run_id: UUID, cloud: FakeCloud, is_so: Callable[[CloudOptimization], bool], most: int = 60, gone_s: float = 15
) -> Run:
    """Take step after step until something is so, or the run is over or is no longer there."""
    for _ in range(most):
        run = Run.objects.get(pk=run_id)
        row = CloudOptimization.objects.filter(pk=run_id).first()
        if run.is_final or run.kind != "quantconnect_optimization" or (row is not None and is_so(row)):
            return run
        search_step(run_id, cloud, gone_s)
    raise AssertionError(f"it did not come to that: {list(run.events.values_list('kind', 'data'))}")


def search_to_the_end(run_id: UUID, cloud: FakeCloud) -> Run:
    """Take step after step until the run has its outcome."""
    return search_until(run_id, cloud, lambda row: False)
