"""Taking the steps of backtests at QuantConnect without waiting for them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.utils import timezone
from tests.quantconnect.fake import FakeCloud

from tradinglab.server.cloud.models import CloudBacktest
from tradinglab.server.cloud.polling import cloud_step
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
