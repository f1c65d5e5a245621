"""Parts of a whole installation are taken away and come back: every run has one outcome, and all of its events."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator

import pytest
from tests.server.installation import until
from tests.server.postgres import PostgresServer
from tests.server.whole import Answer, Asking, Whole, a_day_in_the_lab, end_softly, whole

#: On a machine that is busy a worker may be late to renew a lease.
LEASE_S = 6
_SOCKETS = 8
LIMITS = {"TRADINGLAB_WORKER_THREADS": "2", "TRADINGLAB_LEASE_S": str(LEASE_S)}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]


@pytest.fixture(scope="module")
def installation(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    home = tmp_path_factory.mktemp("outages") / "home"
    with whole(home, database=postgres_server, redis=True, **LIMITS) as made:
        yield made


@pytest.fixture
def lab(installation: Whole) -> Whole:
    """The installation, with all parts and one worker, whatever the test before has left."""
    if not installation.workers():
        installation.start("worker")
    installation.wait_until_ready()
    return installation


def test_a_day_without_outages(lab: Whole) -> None:
    a_day_in_the_lab(lab)


def test_redis_is_restarted_and_forgets_what_was_queued(lab: Whole) -> None:
    under_way = [lab.running(), lab.run(pause=0.04)]
    waiting = [lab.run() for _ in range(4)]
    lab.redis.kill()
    ready = lab.request("GET", "/health/ready")
    assert (ready.status, ready.body["checks"]["database"]) == (503, "ok")
    assert ready.body["checks"]["queue"].startswith("failed")
    waiting += [lab.run() for _ in range(3)]
    answers = [
        lab.request("GET", "/api/v1/backtests/"),
        lab.request("GET", f"/api/v1/runs/{under_way[0]}/events/"),
        lab.request("POST", "/api/v1/strategies/check/", {"files": {"main.py": "x = 1"}}),
        lab.request("POST", "/api/v1/auth/password-reset/", {"email": "nobody@example.com"}),
    ]
    assert [each.status for each in answers if each.status >= 400] == [], answers
    assert lab.heard(under_way[0]) == lab.events(under_way[0])
    lab.redis.start()
    lab.end(*under_way, *waiting)
    for run in (*under_way, *waiting):
        lab.assert_whole(run)
    lab.wait_until_ready()


def test_postgresql_crashes_and_comes_back(lab: Whole) -> None:
    told = lab.run()
    lab.end(told)
    # So many that each of the threads that read for them has a connection by then.
    for _ in range(_SOCKETS):
        lab.heard(told, most=1)
    under_way = lab.running(pause=0.08)
    answers: list[Answer] = []
    runs: list[str] = []

    def submit() -> None:
        key = uuid.uuid4().hex
        while True:
            answers.append(answer := lab.post(key=key))
            if answer.status in (200, 202):
                runs.append(answer.body["id"])
                return
            time.sleep(0.05)

    def look() -> None:
        answers.append(lab.request("GET", "/api/v1/backtests/"))
        answers.append(lab.request("GET", "/", Cookie="sessionid=abcdefghijklmnopqrstuvwxyz012345"))

    with Asking(submit), Asking(look):
        until(lambda: len(runs) >= 2)
        lab.postgres.kill()
        away_since = time.monotonic()
        until(lambda: [each.status for each in answers].count(503) >= 6)
        before = len(runs)
        lab.postgres.start()
        away_s = time.monotonic() - away_since
        until(lambda: len(runs) >= before + 2)
    # The connections of before are found broken by nobody who listens now.
    for _ in range(_SOCKETS):
        assert lab.heard(told, most=1) == lab.events(told)
    lab.end(under_way, *runs)
    assert {each.status for each in answers} <= {200, 202, 503}
    assert all(each.is_fine() for each in answers)
    assert {each.body["code"] for each in answers if each.status == 503} == {"unavailable"}
    # Each key made one run, whatever it was answered with first.
    listed = lab.call("/backtests/?page_size=200")["results"]
    made = [each["id"] for each in listed if each["parameters"] == {"pause": "0.0"}]
    assert len(set(runs)) == len(runs)
    assert set(runs) <= set(made)
    # Within its lease nobody else takes it.
    lab.assert_whole(under_way, attempts=1 if away_s < LEASE_S / 2 else None)
    for run in runs:
        lab.assert_whole(run, attempts=None)


@pytest.fixture(params=["a small disk", "a limit"])
def no_room(request: pytest.FixtureRequest, lab: Whole) -> Iterator[contextlib.ExitStack]:
    """The worker finds no room for artefacts until the stack is closed."""
    with contextlib.ExitStack() as stack:
        if request.param == "a limit":
            (worker,) = lab.workers()
            soft, hard = resource.prlimit(worker.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (2048, hard))
            stack.callback(resource.prlimit, worker.pid, resource.RLIMIT_FSIZE, (soft, hard))
        else:
            store = lab.home / "artefacts"
            store.mkdir(exist_ok=True)
            words = ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(store)]
            if os.geteuid() != 0 or subprocess.run(words, check=False, capture_output=True).returncode:
                pytest.skip("a small disk is for those who may mount one")
            stack.callback(subprocess.run, ["umount", str(store)], check=True)
        yield stack


def test_there_is_no_room_for_artefacts(lab: Whole, no_room: contextlib.ExitStack) -> None:
    run = lab.run()
    lab.end(run)
    lab.assert_whole(run, state="failed")
    assert lab.call(f"/backtests/{run}/")["error"]["code"] == "storage_full"
    assert lab.status("/health/live") == 200
    no_room.close()
    again = lab.run()
    lab.end(again)
    lab.assert_whole(again)
    assert lab.request("GET", f"/api/v1/backtests/{again}/equity/").status == 200
    assert not [each for name in (run, again) for each in (lab.home / "work").glob(f"{name}-*")]


def test_messages_come_twice_and_two_workers_take_them(lab: Whole) -> None:
    lab.start("worker")
    runs = [lab.run() for _ in range(6)]
    lab.deliver(20)
    runs += [lab.run() for _ in range(4)]
    lab.end(*runs)
    for run in runs:
        lab.assert_whole(run)
    end_softly(lab.workers()[-1])


def test_a_worker_that_is_told_to_stop_finishes_what_it_holds(lab: Whole) -> None:
    workers = lab.workers()
    held = [lab.running(pause=0.03)]
    waiting = [lab.run(pause=0.01) for _ in range(4)]
    for each in workers:
        end_softly(each)
    for each in workers:
        # One that was still starting holds nothing, and ends at once.
        assert each.wait(60) in (0, -signal.SIGTERM)
    # Who was asked while it stopped may have begun one more; it has ended it, too.
    assert lab.state(held[0]) == "completed"
    assert "running" not in {lab.state(each) for each in waiting}
    lab.start("worker")
    lab.end(*held, *waiting)
    for run in (*held, *waiting):
        lab.assert_whole(run)


def test_a_worker_that_is_killed_is_followed_by_another(lab: Whole) -> None:
    runs = [lab.running(pause=0.04), lab.run(pause=0.04)]
    until(lambda: all("started" in lab.kinds(run) for run in runs))
    for each in lab.workers():
        each.kill()
        each.wait(20)
    lab.start("worker")
    lab.end(*runs)
    for run in runs:
        lab.assert_whole(run, attempts=2)
