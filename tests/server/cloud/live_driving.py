"""Deploying at QuantConnect, and taking steps and looks, without waiting for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework.test import APIClient
from tests.quantconnect.fake import FakeCloud

from tradinglab.server.cloud.live.models import CloudDeployment, LiveStep
from tradinglab.server.cloud.live.polling import deployment_step
from tradinglab.server.strategies.models import Strategy

HERE = "/api/v1/quantconnect/live/"
DEPLOYMENTS = f"{HERE}deployments/"


def deploy(trader: APIClient, strategy: Strategy, **more: Any) -> CloudDeployment:
    """Ask for a deployment."""
    assert strategy.head is not None
    answer = trader.post(DEPLOYMENTS, {"version": str(strategy.head.pk), **more}, format="json")
    assert answer.status_code == 202, answer.json()
    return CloudDeployment.objects.get(pk=answer.json()["id"])


def step(row: CloudDeployment) -> CloudDeployment:
    """Take the next step, or look, as if it were due."""
    CloudDeployment.objects.filter(pk=row.pk).update(next_at=timezone.now() - timedelta(seconds=1))
    deployment_step(row.pk)
    row.refresh_from_db()
    return row


def until(
    row: CloudDeployment, cloud: FakeCloud | None, is_so: Callable[[CloudDeployment], bool], most: int = 40
) -> CloudDeployment:
    """Take steps until it is so; compilations are over between two."""
    for _ in range(most):
        row.refresh_from_db()
        if is_so(row):
            return row
        for each in cloud.compiles.values() if cloud else ():
            each["at"] -= 15
        step(row)
    raise AssertionError(f"it did not come to that: {row.step} {row.waiting_for} {told(row)}")


def following(row: CloudDeployment, cloud: FakeCloud | None) -> CloudDeployment:
    """Take steps until it is there."""
    return until(row, cloud, lambda each: each.step in (LiveStep.FOLLOW, LiveStep.OVER))


def age(row: CloudDeployment, **columns: timedelta) -> None:
    """Have something been longer ago."""
    row.refresh_from_db()
    CloudDeployment.objects.filter(pk=row.pk).update(**{name: getattr(row, name) - by for name, by in columns.items()})


def told(row: CloudDeployment, kind: str | None = None) -> list[tuple[str, Mapping[str, Any]]]:
    """Return its events, or those of a kind."""
    found = row.events.order_by("sequence").values_list("kind", "data")
    return [each for each in found if kind is None or each[0] == kind]


def kinds(row: CloudDeployment) -> list[str]:
    return [kind for kind, _ in told(row)]
