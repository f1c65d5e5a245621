"""The database does not answer for a while: nobody hears of a failure of the server's, nothing is stored twice."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.db import IntegrityError, InterfaceError, OperationalError
from django.test import Client
from redis import ConnectionError as RedisAway
from rest_framework.test import APIClient

from tradinglab.server.accounts.models import User
from tradinglab.server.ops import cache as own_cache
from tradinglab.server.ops.cache import PatientRedisCache
from tradinglab.server.runs import patience, supervision
from tradinglab.server.runs.lease import lease_claim, lease_event
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.patience import patiently
from tradinglab.server.runs.services import run_create
from tradinglab.server.runs.supervision import Supervisor, held_run_carry_out
from tradinglab.server.streams import hub


def away(*args: object, **options: object) -> Any:
    raise OperationalError("connection refused")


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_PAUSE_S", 0.0)
    # The test's own transaction is no reason to give up.
    monkeypatch.setattr(patience, "connection", type("Connection", (), {"in_atomic_block": False, "close": away}))


def test_the_api_says_so(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradinglab.server.backtests.api.views.backtest_get", away)
    answer = api.get("/api/v1/backtests/00000000-0000-0000-0000-000000000000/")
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    assert answer.json()["code"] == "unavailable"
    assert int(answer["Retry-After"]) > 0
    assert "refused" not in answer.content.decode()


def test_pages_say_so(owner: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    browser = Client(raise_request_exception=False)
    browser.force_login(owner)
    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", away)
    answer = browser.get("/")
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    assert answer["Retry-After"]
    assert "Traceback" not in caplog.text


def test_another_error_of_the_database_is_the_servers(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **options: object) -> Any:
        raise IntegrityError("not null")

    monkeypatch.setattr("tradinglab.server.backtests.api.views.backtest_get", broken)
    assert api.get("/api/v1/backtests/00000000-0000-0000-0000-000000000000/").status_code == 500


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_what_asks_the_database_is_done_again(soon: None, error: type[Exception]) -> None:
    asked: list[int] = []

    def work() -> str:
        asked.append(1)
        if len(asked) < 4:
            raise error("away")
        return "done"

    assert patiently(work) == "done"
    assert len(asked) == 4


def test_patience_ends(soon: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_PATIENCE_S", 0.01)
    with pytest.raises(OperationalError):
        patiently(away)


@pytest.fixture
def run(owner: User) -> Run:
    return run_create(owner=owner, kind="backtest", manifest={})


@pytest.mark.parametrize("is_stored", [True, False])
def test_an_event_is_stored_once_whether_or_not_it_was_when_the_connection_broke(
    run: Run, soon: None, monkeypatch: pytest.MonkeyPatch, is_stored: bool
) -> None:
    lease = lease_claim(run_id=run.pk, worker="a")
    assert lease is not None
    asked: list[int] = []

    def break_off(**options: Any) -> int:
        asked.append(1)
        number = lease_event(**options) if is_stored or len(asked) > 1 else 0
        if len(asked) == 1:
            away()
        return number

    monkeypatch.setattr(supervision, "lease_event", break_off)
    supervisor = Supervisor(lease)
    for _ in range(2):
        supervisor.hear(fraction=None, date="", lines=["the same"])
    kinds = list(run.events.values_list("sequence", "kind"))
    assert kinds == [(1, "queued"), (2, "started"), (3, "log"), (4, "log")]


def test_a_run_that_cannot_be_given_its_outcome_is_left_to_the_next(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    lease = lease_claim(run_id=run.pk, worker="a")
    assert lease is not None
    monkeypatch.setattr(supervision, "run_kind", away)
    assert not held_run_carry_out(lease=lease)
    run.refresh_from_db()
    assert run.state == "running"


def test_a_cache_without_redis_is_the_processs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(own_cache, "_away_until", 0.0)
    asked: list[str] = []

    class Away:
        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            raise RedisAway("refused")

    made = PatientRedisCache("redis://127.0.0.1:1/0", {})
    monkeypatch.setattr(made, "_cache", Away())
    assert made.add("count", 1)
    assert made.incr("count") == 2
    made.set("text", "kept")
    assert (made.get("text"), made.get("none", 3), made.delete("text"), made.get("text")) == ("kept", 3, True, None)
    with pytest.raises(ValueError):
        made.incr("none")
    made.clear()
    assert made.get("count") is None
    # It is not asked each time.
    assert asked == ["add"]


class _Connection:
    """A connection to the database, as the hub sees it."""

    def __init__(self, *, is_open: bool) -> None:
        self.connection = object() if is_open else None

    def close(self) -> None:
        self.connection = None


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
@pytest.mark.parametrize(
    ("is_open", "failures", "reads"), [(True, 0, 1), (True, 1, 2), (True, 2, 2), (False, 1, 1), (False, 0, 1)]
)
def test_who_listens_first_after_an_outage_is_read_for_by_a_new_connection(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception], is_open: bool, failures: int, reads: int
) -> None:
    connection = _Connection(is_open=is_open)
    monkeypatch.setattr(hub, "connection", connection)
    asked: list[object] = []

    def read() -> str:
        asked.append(connection.connection)
        if len(asked) <= failures:
            raise error("the server closed the connection unexpectedly")
        return "read"

    if reads > failures:
        assert hub._guarded(read) == "read"
    else:
        with pytest.raises(error):
            hub._guarded(read)
        assert connection.connection is None
    assert len(asked) == reads
    assert asked[1:] in ([], [None])


def test_what_the_database_refuses_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "connection", _Connection(is_open=True))
    asked: list[int] = []

    def read() -> None:
        asked.append(1)
        raise IntegrityError("not null")

    with pytest.raises(IntegrityError):
        hub._guarded(read)
    assert len(asked) == 1
