"""Deleting runs, restoring them, and what is gone for good."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.backtests.services import backtest_submit
from tradinglab.server.runs.deletion import StoreSweep, run_delete, run_restore, runs_purge, work_clear
from tradinglab.server.runs.lease import lease_claim, lease_finish
from tradinglab.server.runs.models import Artefact, Run, RunEvent, RunState
from tradinglab.server.runs.store import store
from tradinglab.server.strategies.models import Strategy

pytestmark = pytest.mark.django_db
V1 = "/api/v1/backtests"


@pytest.fixture
def done(owner: User, strategy: Strategy) -> Run:
    assert strategy.head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run
    lease = lease_claim(run_id=run.pk, worker="a")
    assert lease is not None
    lease_finish(lease=lease, state=RunState.COMPLETED)
    run.refresh_from_db()
    return run


def put(text: str, folder: Path, *, days_ago: int = 0) -> str:
    (folder / "source").write_text(text)
    sha256 = store().put(folder / "source", most_bytes=1000).sha256
    when = (timezone.now() - timedelta(days=days_ago)).timestamp()
    os.utime(store().path(sha256), (when, when))
    return sha256


def sweep_all() -> int:
    sweep = StoreSweep()
    return sum(sweep.step() for _ in range(256))


def test_a_deleted_backtest_is_out_of_sight_and_comes_back(api: APIClient, done: Run) -> None:
    one = f"{V1}/{done.pk}/"
    before = api.get(one).json()
    assert api.delete(one).status_code == 204
    for path in (one, f"{one}artefacts/", f"/api/v1/runs/{done.pk}/events/"):
        assert api.get(path).status_code == 404
    assert api.delete(one).status_code == 404
    assert api.post(f"{one}cancel/").status_code == 404
    assert api.get(f"{V1}/").json()["results"] == []
    (listed,) = api.get(f"{V1}/?is_deleted=true").json()["results"]
    assert (listed["id"], listed["deleted_at"] is not None) == (str(done.pk), True)
    restored = api.post(f"{one}restore/")
    assert (restored.status_code, restored.json()) == (200, before)
    assert api.post(f"{one}restore/").json() == before
    assert [each["id"] for each in api.get(f"{V1}/?is_deleted=false").json()["results"]] == [str(done.pk)]
    assert api.get(f"{V1}/?is_deleted=true").json()["results"] == []


def test_one_without_an_outcome_is_to_be_cancelled_first(api: APIClient, done: Run) -> None:
    for state in ("queued", "running"):
        Run.objects.update(state=state)
        answer = api.delete(f"{V1}/{done.pk}/")
        assert answer.status_code == 409
        assert "cancel it first" in answer.json()["detail"]
    assert api.post(f"{V1}/{done.pk}/cancel/").status_code == 202
    assert Run.objects.get().deleted_at is None


def test_others_can_neither_delete_nor_restore(
    done: Run, other: User, client_of: Callable[..., APIClient], owner: User
) -> None:
    stranger, reader = client_of(other), client_of(owner, ("read",))
    assert stranger.delete(f"{V1}/{done.pk}/").status_code == 404
    assert reader.delete(f"{V1}/{done.pk}/").status_code == 403
    run_delete(run=done)
    assert stranger.post(f"{V1}/{done.pk}/restore/").status_code == 404
    assert reader.post(f"{V1}/{done.pk}/restore/").status_code == 403
    assert stranger.get(f"{V1}/?is_deleted=true").json()["results"] == []


def test_a_key_whose_run_was_deleted_does_not_start_another(api: APIClient, strategy: Strategy) -> None:
    assert strategy.head is not None
    options: dict[str, Any] = {"format": "json", "headers": {"Idempotency-Key": "k"}}
    body = {"version": str(strategy.head.pk)}
    first = api.post(f"{V1}/", body, **options).json()
    api.post(f"{V1}/{first['id']}/cancel/")
    api.delete(f"{V1}/{first['id']}/")
    again = api.post(f"{V1}/", body, **options)
    assert (again.status_code, again.json()["id"]) == (200, first["id"])


def test_after_some_days_it_is_gone(done: Run, settings: Any) -> None:
    run_delete(run=done)
    assert runs_purge() == 0
    Run.objects.update(deleted_at=timezone.now() - timedelta(days=settings.ENVIRONMENT.deleted_days, minutes=1))
    assert runs_purge() == 1
    assert (Run.objects.count(), Backtest.objects.count(), RunEvent.objects.count()) == (0, 0, 0)
    assert Strategy.objects.count() == 1


def test_one_that_was_restored_stays(done: Run, settings: Any) -> None:
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"deleted_days": 0})
    run_delete(run=done)
    run_restore(run=done)
    assert runs_purge() == 0
    assert Run.objects.count() == 1


def test_the_sweep_keeps_what_a_run_refers_to_and_what_is_new(done: Run, tmp_path: Path) -> None:
    referred, old, new = (put(text, tmp_path, days_ago=days) for text, days in (("a", 5), ("b", 5), ("c", 0)))
    Artefact.objects.create(run=done, name="x.json", media_type="application/json", size=1, sha256=referred)
    assert sweep_all() == 1
    assert [store().path(each).is_file() for each in (referred, old, new)] == [True, False, True]


def test_the_sweep_takes_the_artefacts_of_a_purged_run_but_not_those_that_another_shares(
    done: Run, owner: User, strategy: Strategy, tmp_path: Path
) -> None:
    assert strategy.head is not None
    other_run = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run
    alone, shared = put("alone", tmp_path, days_ago=5), put("shared", tmp_path, days_ago=5)
    for run, name, sha256 in ((done, "a", alone), (done, "b", shared), (other_run, "b", shared)):
        Artefact.objects.create(run=run, name=name, media_type="text/html", size=1, sha256=sha256)
    Run.objects.filter(pk=done.pk).update(deleted_at=timezone.now() - timedelta(days=1000))
    runs_purge()
    assert sweep_all() == 1
    assert [store().path(each).is_file() for each in (alone, shared)] == [False, True]


def test_bytes_that_are_put_again_are_kept(tmp_path: Path) -> None:
    sha256 = put("again", tmp_path, days_ago=5)
    before = timezone.now() - timedelta(days=1)
    store().put(tmp_path / "source", most_bytes=1000)
    assert not store().discard(sha256, before=before)
    assert store().path(sha256).is_file()


def test_what_a_dead_worker_was_putting_is_removed(settings: Any) -> None:
    part = Path(settings.HOME.artefacts) / "part-abc"
    part.write_text("half")
    store().discard_parts(before=timezone.now() - timedelta(days=1))
    assert part.exists()
    os.utime(part, (0, 0))
    store().discard_parts(before=timezone.now() - timedelta(days=1))
    assert not part.exists()


def test_what_killed_workers_left_is_removed_when_the_run_is_over(done: Run, strategy: Strategy, settings: Any) -> None:
    assert strategy.head is not None
    going_on = backtest_submit(owner=done.owner, request=BacktestRequest(version=strategy.head)).run
    settings.HOME.work.mkdir(exist_ok=True)
    names = (f"{done.pk}-abc", f"{going_on.pk}-abc", f"{done.owner_id}-somebody-elses")
    for name in names:
        (settings.HOME.work / name).mkdir()
        (settings.HOME.work / name / "answer").write_text("text")
    assert work_clear() == 1
    assert sorted(path.name for path in settings.HOME.work.iterdir()) == sorted(names[1:])
