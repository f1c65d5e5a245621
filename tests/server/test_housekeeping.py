"""What is forgotten now and then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from tradinglab.server.accounts.models import LoginFailure, User
from tradinglab.server.backtests.services import BacktestRequest, backtest_submit
from tradinglab.server.config.celery import app
from tradinglab.server.ops.housekeeping import JOBS, beat_schedule
from tradinglab.server.ops.tasks import do_job
from tradinglab.server.runs.models import IdempotencyKey
from tradinglab.server.strategies.models import Strategy

NOW = timezone.now()


def test_sessions_that_are_over(db: None) -> None:
    Session.objects.create(session_key="old", session_data="", expire_date=NOW - timedelta(hours=1))
    Session.objects.create(session_key="new", session_data="", expire_date=NOW + timedelta(hours=1))
    do_job("sessions")
    assert [each.pk for each in Session.objects.all()] == ["new"]


def test_failed_log_ins_that_no_longer_count(db: None) -> None:
    LoginFailure.objects.create(email="a@example.com", address="192.0.2.1", at=NOW - timedelta(hours=1))
    LoginFailure.objects.create(email="b@example.com", address="192.0.2.1")
    do_job("login-failures")
    assert [each.email for each in LoginFailure.objects.all()] == ["b@example.com"]


def test_idempotency_keys_of_yesterday(strategy: Strategy, owner: User) -> None:
    assert strategy.head is not None
    for key in ("old", "new"):
        backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head, name=key), idempotency_key=key)
    IdempotencyKey.objects.filter(key="old").update(created_at=NOW - timedelta(hours=25))
    do_job("idempotency-keys")
    assert [each.key for each in IdempotencyKey.objects.all()] == ["new"]


@pytest.mark.parametrize("name", JOBS)
def test_every_job_can_be_done_and_is_known_to_the_queue(name: str, db: None) -> None:
    assert JOBS[name].do() == 0
    entry = beat_schedule()[name]
    assert entry["task"] in app.tasks
    assert entry["args"] == (name,)


def test_a_job_of_another_version_does_no_harm(caplog: pytest.LogCaptureFixture) -> None:
    do_job("from-another-version")
    assert "no periodic job" in caplog.text
