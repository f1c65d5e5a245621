"""Which run goes next, and how many: priorities, fairness, and the limits of a user."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from celery.worker import state
from django.utils import timezone
from rest_framework.test import APIClient

from tradinglab.server.accounts.models import User
from tradinglab.server.errors import InputError, TooManyQueuedError
from tradinglab.server.runs import tasks
from tradinglab.server.runs.claiming import BatchPlaces, claim_next, runs_wait
from tradinglab.server.runs.lease import Lease, lease_claim, lease_finish
from tradinglab.server.runs.limits import limits_of, limits_set, usage_of
from tradinglab.server.runs.models import Priority, Run, RunState
from tradinglab.server.runs.services import Wishes, run_cancel, run_create

pytestmark = pytest.mark.django_db
LIMITS = "/api/v1/run-limits/"


def queued(owner: User, priority: Priority = Priority.NORMAL, **wishes: Any) -> Run:
    return run_create(owner=owner, kind="backtest", manifest={}, wishes=Wishes(priority=priority, **wishes))


def taken(**options: Any) -> Run | None:
    lease = claim_next(worker="w", **options)
    return None if lease is None else Run.objects.get(pk=lease.run_id)


def finish(run: Run) -> None:
    run.refresh_from_db()
    lease_finish(lease=Lease(run_id=run.pk, fence=run.fence, priority=run.priority), state=RunState.COMPLETED)


def test_a_run_that_somebody_waits_for_passes_many_that_came_before(owner: User) -> None:
    many = [queued(owner, Priority.BATCH) for _ in range(100)]
    normal, quick = queued(owner), queued(owner, Priority.INTERACTIVE)
    assert [taken(), taken(), taken()] == [quick, normal, many[0]]


def test_of_one_priority_the_oldest_goes_first(owner: User) -> None:
    first, second = queued(owner), queued(owner)
    assert [taken(), taken(), taken()] == [first, second, None]


def test_owners_take_turns(owner: User, other: User) -> None:
    many = [queued(owner) for _ in range(3)]
    theirs = [queued(other) for _ in range(2)]
    order = []
    while (run := taken()) is not None:
        order.append(run)
        finish(run)
    assert order == [many[0], theirs[0], many[1], theirs[1], many[2]]


def test_who_has_less_under_way_goes_first(owner: User, other: User) -> None:
    mine = [queued(owner) for _ in range(2)]
    theirs = queued(other)
    assert [taken(), taken(), taken()] == [mine[0], theirs, mine[1]]


def test_beyond_the_owners_limit_runs_wait_and_hold_up_nobody(owner: User, other: User) -> None:
    limits_set(user=owner, changes={"most_running": 2})
    mine = [queued(owner, Priority.INTERACTIVE) for _ in range(4)]
    theirs = queued(other, Priority.BATCH)
    assert [taken(), taken(), taken(), taken()] == [mine[0], mine[1], theirs, None]
    assert not runs_wait()
    assert lease_claim(run_id=mine[3].pk, worker="w") is None
    finish(mine[0])
    assert runs_wait()
    assert [taken(), taken()] == [mine[2], None]


def test_a_lost_run_does_not_count_against_its_owner_and_is_taken_over(owner: User) -> None:
    limits_set(user=owner, changes={"most_running": 1})
    run = queued(owner)
    assert taken() == run
    assert taken() is None
    Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert taken() == run
    assert usage_of(user=owner) == (1, 0)


def test_cancelled_runs_are_not_taken(owner: User) -> None:
    run_cancel(run=queued(owner))
    assert (taken(), runs_wait()) == (None, False)


def test_one_thread_is_kept_free_of_batch_runs(owner: User) -> None:
    many = [queued(owner, Priority.BATCH) for _ in range(3)]
    places = BatchPlaces(2)
    with places.claim(worker="w") as first:
        with places.claim(worker="w") as nothing:
            assert nothing is None
        quick = queued(owner, Priority.INTERACTIVE)
        with places.claim(worker="w") as second:
            assert (first and first.run_id, second and second.run_id) == (many[0].pk, quick.pk)
    with places.claim(worker="w") as third:
        assert third is not None
        assert third.run_id == many[1].pk


def test_a_process_of_one_thread_carries_out_batch_runs(owner: User) -> None:
    run = queued(owner, Priority.BATCH)
    with BatchPlaces(1).claim(worker="w") as lease:
        assert lease is not None
        assert lease.run_id == run.pk


def test_other_runs_leave_the_batch_place_free(owner: User) -> None:
    queued(owner)
    batch = queued(owner, Priority.BATCH)
    places = BatchPlaces(1)
    with places.claim(worker="w"), places.claim(worker="w") as lease:
        assert lease is not None
        assert lease.run_id == batch.pk


def test_no_more_runs_wait_than_may(owner: User, other: User) -> None:
    limits_set(user=owner, changes={"most_queued": 2})
    first = queued(owner)
    queued(owner)
    with pytest.raises(TooManyQueuedError, match="2 may wait") as refusal:
        queued(owner)
    assert (refusal.value.limit, refusal.value.current) == (2, 2)
    queued(other)
    run_cancel(run=first)
    queued(owner)


def test_time_and_memory_are_those_of_the_limits_or_less(owner: User, settings: Any) -> None:
    limits_set(user=owner, changes={"timeout_s": 60.0, "memory_mb": 1000})
    run = queued(owner)
    assert (run.timeout_s, run.memory_mb) == (60, 1000)
    run = queued(owner, timeout_s=5.0, memory_mb=512)
    assert (run.timeout_s, run.memory_mb) == (5, 512)
    for wish in ({"timeout_s": 61.0}, {"timeout_s": 0.0}, {"timeout_s": -1.0}, {"timeout_s": float("nan")},
                 {"memory_mb": 1001}, {"memory_mb": 0}):  # fmt: skip
        with pytest.raises(InputError) as refusal:
            queued(owner, **wish)
        assert refusal.value.field in wish
    assert Run.objects.count() == 2
    limits_set(user=owner, changes={"timeout_s": None, "memory_mb": None})
    assert limits_of(user=owner).timeout_s == settings.ENVIRONMENT.run_timeout_s


class TestApi:
    def test_a_backtest_takes_priority_time_and_memory(self, api: APIClient, strategy: Any) -> None:
        body = {"version": str(strategy.head.pk), "priority": "batch", "timeout_s": 30, "memory_mb": 1024}
        made = api.post("/api/v1/backtests/", body, format="json").json()
        assert {name: made[name] for name in body} == body
        for wrong in ({"priority": "first"}, {"timeout_s": 10_000}, {"timeout_s": "NaN"}, {"memory_mb": 1}):
            answer = api.post("/api/v1/backtests/", body | wrong, format="json")
            assert answer.status_code == 400, wrong
            assert answer.json()["errors"][0]["field"] in wrong

    def test_the_refusal_names_limit_and_number(self, api: APIClient, owner: User, strategy: Any) -> None:
        limits_set(user=owner, changes={"most_queued": 1})
        body = {"version": str(strategy.head.pk)}
        assert api.post("/api/v1/backtests/", body, format="json").status_code == 202
        answer = api.post("/api/v1/backtests/", body, format="json", headers={"Idempotency-Key": "k"})
        assert answer.status_code == 429
        assert {"code": "too_many_queued", "limit": 1, "current": 1}.items() <= answer.json().items()
        assert 0 < int(answer.headers["Retry-After"]) <= 60
        Run.objects.update(state="completed")
        again = api.post("/api/v1/backtests/", body, format="json", headers={"Idempotency-Key": "k"})
        assert again.status_code == 202

    def test_limits_are_read(self, api: APIClient, owner: User) -> None:
        queued(owner)
        answer = api.get(LIMITS).json()
        assert (answer["running"], answer["queued"]) == (0, 1)
        assert answer["most_running"] >= 1

    def test_an_admin_sets_them(self, owner: User, other: User, client_of: Callable[..., APIClient]) -> None:
        where = f"/api/v1/users/{other.pk}/run-limits/"
        admin = client_of(owner, ("read", "admin"))
        answer = admin.patch(where, {"most_running": 7, "timeout_s": None}, format="json")
        assert (answer.status_code, answer.json()["most_running"]) == (200, 7)
        assert admin.get(where).json() == answer.json()
        assert limits_of(user=other).most_running == 7
        for wrong in ({"most_running": 0}, {"most_queued": "x"}, {"memory_mb": -1}, {"most": 1}):
            assert admin.patch(where, wrong, format="json").status_code == 400
        assert admin.get("/api/v1/users/999999/run-limits/").status_code == 404

    def test_others_do_not(self, owner: User, other: User, client_of: Callable[..., APIClient]) -> None:
        User.objects.filter(pk=owner.pk).update(role="trader")
        owner.refresh_from_db()
        client = client_of(owner, ("read", "run"))
        assert client.get(f"/api/v1/users/{owner.pk}/run-limits/").status_code == 200
        assert client.get(f"/api/v1/users/{other.pk}/run-limits/").status_code == 404
        assert client.patch(f"/api/v1/users/{owner.pk}/run-limits/", {}, format="json").status_code == 403


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a thread that was told of a run does: the runs that it carries out, and messages that it sends."""
    done: list[str] = []

    def carry_out(*, lease: Lease) -> bool:
        done.append(str(lease.run_id))
        return lease_finish(lease=lease, state=RunState.COMPLETED) is None

    monkeypatch.setattr(tasks, "held_run_carry_out", carry_out)
    monkeypatch.setattr(tasks, "look_soon", lambda: done.append("message"))
    return done


def test_who_ends_a_run_takes_the_next_without_a_message(owner: User, other: User, messages: list[str]) -> None:
    mine = [queued(owner, Priority.BATCH) for _ in range(3)]
    theirs = [queued(other, Priority.BATCH) for _ in range(2)]
    tasks.look()
    assert messages == [str(run.pk) for run in (mine[0], theirs[0], mine[1], theirs[1], mine[2])]


def test_a_worker_that_is_to_end_takes_no_other(
    owner: User, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [queued(owner) for _ in range(2)]
    monkeypatch.setattr(state, "should_stop", 0)
    tasks.look()
    assert messages == [str(runs[0].pk), "message"]
