"""What Prometheus is told, and who may ask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from rest_framework.test import APIClient

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.services import BacktestRequest, backtest_submit
from tradinglab.server.ops import metrics as module
from tradinglab.server.runs.models import Run, RunState
from tradinglab.server.runs.reaping import worker_beat
from tradinglab.server.strategies.models import Strategy

AWAY: Any = {"SERVER_NAME": "localhost", "REMOTE_ADDR": "192.0.2.7"}


def _samples(browser: Client) -> dict[tuple[str, tuple[str, ...]], float]:
    answer = browser.get("/metrics", SERVER_NAME="localhost")
    assert answer.status_code == 200, answer.content
    families = text_string_to_metric_families(answer.content.decode())
    return {(each.name, tuple(each.labels.values())): each.value for family in families for each in family.samples}


def test_it_counts_runs_queue_workers_and_durations(strategy: Strategy, owner: User) -> None:
    assert strategy.head is not None
    runs = [backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run for _ in range(3)]
    start = timezone.now() - timedelta(minutes=10)
    Run.objects.filter(pk=runs[0].pk).update(created_at=start)
    Run.objects.filter(pk=runs[1].pk).update(
        state=RunState.COMPLETED, started_at=start, finished_at=start + timedelta(seconds=7)
    )
    worker_beat(name="box:1")
    found = _samples(Client())
    assert found["tradinglab_runs", ("backtest", "queued")] == 2
    assert found["tradinglab_runs", ("backtest", "completed")] == 1
    assert found["tradinglab_queue_depth", ()] == 2
    assert found["tradinglab_queue_oldest_seconds", ()] == pytest.approx(600, abs=60)
    assert found["tradinglab_workers", ()] == 1
    assert found["tradinglab_run_duration_seconds_bucket", ("5.0",)] == 0
    assert found["tradinglab_run_duration_seconds_bucket", ("10.0",)] == 1
    assert found["tradinglab_run_duration_seconds_sum", ()] == 7
    assert found["tradinglab_up", ("database",)] == 1
    assert sum(value for (name, _), value in found.items() if name == "tradinglab_sandbox_grade") == 1


def test_requests_are_counted_by_route_and_not_by_address(api: APIClient) -> None:
    name = "tradinglab_http_request_duration_seconds_count"
    route = ("GET", "api/v1/backtests/<uuid:run_id>/", "404")
    before = _samples(Client()).get((name, route), 0)
    for number in range(3):
        api.get(f"/api/v1/backtests/00000000-0000-4000-8000-{number:012}/")
    api.generic("BREW", "/nothing-here/")
    after = _samples(Client())
    assert after[name, route] == before + 3
    assert after[name, ("other", "none", "404")] >= 1
    assert not any("00000000-0000" in label for _, labels in after for label in labels)


def test_who_may_read(owner: User, client_of: Callable[..., APIClient], settings: Any) -> None:
    assert Client().get("/metrics", **AWAY).status_code == 401
    assert Client().get("/metrics", SERVER_NAME="localhost", HTTP_X_FORWARDED_FOR="127.0.0.1").status_code == 401
    assert client_of(owner, ("read", "run")).get("/metrics", **AWAY).status_code == 401
    assert client_of(owner, ("admin",)).get("/metrics", **AWAY).status_code == 200
    browser = Client()
    browser.force_login(owner)
    assert browser.get("/metrics", **AWAY).status_code == 200
    token = "a-token-of-enough-signs"
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"metrics_token": SecretStr(token)})
    assert Client().get("/metrics", HTTP_AUTHORIZATION=f"Bearer {token}", **AWAY).status_code == 200
    assert Client().get("/metrics", HTTP_AUTHORIZATION=f"Bearer {token}x", **AWAY).status_code == 401
    assert Client().get("/metrics", HTTP_AUTHORIZATION="Bearer \u20ac", **AWAY).status_code == 401


def test_another_role_may_not(owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(role="researcher")
    browser = Client()
    browser.force_login(User.objects.get(pk=owner.pk))
    assert browser.get("/metrics", **AWAY).status_code == 401


def test_without_a_database_it_says_so(db: None) -> None:
    with mock.patch.object(module, "_runs", side_effect=DatabaseError), mock.patch.object(
        module, "readiness", return_value={"database": "failed: OperationalError"}
    ):  # fmt: skip
        found = _samples(Client())
    assert found["tradinglab_up", ("database",)] == 0
    assert not any(name == "tradinglab_runs" for name, _ in found)
