"""Several processes at once on one database: each run has one worker, one outcome, and events without a gap."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.server.conftest import QUICK
from tests.server.installation import Installation, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
RUNS = 30
PROCESSES = 3

MAKE = f"""
from tradinglab.server.accounts.models import User
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.services import run_create
from tradinglab.server.strategies.services import strategy_create
user = User.objects.create_user("a@example.com", "a long password 1")
strategy_create(owner=user, name="Quick", files={{"main.py": {QUICK!r}}})
for _ in range({RUNS}):
    run_create(owner=user, kind="backtest", manifest={{}})
print(json.dumps("made"))
"""
CLAIM_ALL = """
from tradinglab.server.runs.lease import lease_claim
from tradinglab.server.runs.models import Run
found = list(Run.objects.order_by("pk").values_list("pk", flat=True))
ready()
print(json.dumps([str(each) for each in found if lease_claim(run_id=each, worker="w") is not None]))
"""
CLAIM_NEXT = """
import threading
from django.db import connection
from tradinglab.server.runs.claiming import claim_next
from tradinglab.server.runs.models import Run
Run.objects.exists()
found = []
def claim():
    try:
        while (lease := claim_next(worker="w")) is not None:
            found.append(str(lease.run_id))
    finally:
        connection.close()
ready()
threads = [threading.Thread(target=claim) for _ in range(3)]
for each in threads: each.start()
for each in threads: each.join()
print(json.dumps(found))
"""
SUBMIT = """
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.backtests.services import backtest_submit
from tradinglab.server.strategies.models import StrategyVersion
user, version = User.objects.get(), StrategyVersion.objects.get()
ready()
made = backtest_submit(owner=user, request=BacktestRequest(version=version), idempotency_key="k")
print(json.dumps([str(made.run.pk), made.is_new]))
"""
LIMIT = """
from tradinglab.server.accounts.models import User
from tradinglab.server.runs.limits import limits_set
from tradinglab.server.runs.models import Run, RunEvent
Run.objects.update(state="queued", lease_until=None, fence=0, last_sequence=1)
RunEvent.objects.filter(sequence__gt=1).delete()
limits_set(user=User.objects.get(), changes={"most_running": %d})
print(json.dumps(Run.objects.count()))
"""
EVENTS = """
from tradinglab.server.runs.models import Run
print(json.dumps({
    str(run.pk): [run.state, [[each.sequence, each.kind] for each in run.events.all()]] for run in Run.objects.all()
}))
"""


@pytest.fixture(params=["sqlite", "postgres"])
def installation(request: pytest.FixtureRequest, tmp_path: Path, tables: Path) -> Iterator[Installation]:
    # Nobody renews these leases: none is to run out meanwhile.
    more = {"TRADINGLAB_LEASE_S": "600"}
    if request.param == "postgres":
        more["DATABASE_URL"] = request.getfixturevalue("postgres_url")
    made = Installation(tmp_path / "home", more, tables=tables)
    yield made
    made.stop()


def events(lab: Installation) -> dict[str, tuple[str, list[str]]]:
    """Return state and kinds of events of each run, whose numbers have no gap."""
    found: dict[str, Any] = lab.said(EVENTS)
    for _, numbered in found.values():
        assert [sequence for sequence, _ in numbered] == list(range(1, len(numbered) + 1))
    return {run: (state, [kind for _, kind in numbered]) for run, (state, numbered) in found.items()}


def test_processes_at_once(installation: Installation) -> None:
    """One story, as starting the processes is most of the time."""
    lab = installation
    lab.said(MAKE)
    # More may be under way than there are: whoever claims a run first has it.
    assert lab.said(LIMIT % 1000) == RUNS
    claimed = [run for each in lab.said_at_once(CLAIM_ALL, PROCESSES) for run in each]
    assert len(claimed) == len(set(claimed)) == RUNS
    assert {tuple(kinds) for _, kinds in events(lab).values()} == {("queued", "started")}

    # The owner's limit holds, whoever counts at the same time.
    lab.said(LIMIT % 4)
    claimed = [run for each in lab.said_at_once(CLAIM_NEXT, PROCESSES) for run in each]
    assert len(claimed) == len(set(claimed)) == 4
    states = [state for state, _ in events(lab).values()]
    assert (states.count("running"), states.count("queued")) == (4, RUNS - 4)

    # The same request under one key starts one run.
    answers = lab.said_at_once(SUBMIT, PROCESSES)
    assert len({run for run, _ in answers}) == 1
    assert sorted(is_new for _, is_new in answers) == [False] * (PROCESSES - 1) + [True]
    assert len(events(lab)) == RUNS + 1


PLENTY = """
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.backtests.services import backtest_submit
from tradinglab.server.runs.models import Priority, Run
from tradinglab.server.runs.services import Wishes
from tradinglab.server.runs.tasks import look_soon
from tradinglab.server.strategies.models import StrategyVersion
user, version = User.objects.get(), StrategyVersion.objects.get()
Run.objects.all().delete()
def submit(priority):
    request = BacktestRequest(version=version, wishes=Wishes(priority=priority))
    return str(backtest_submit(owner=user, request=request).run.pk)
for _ in range(100):
    submit(Priority.BATCH)
for _ in range(20):
    assert look_soon()
print(json.dumps(submit(Priority.INTERACTIVE)))
"""
ORDER = """
from tradinglab.server.runs.models import Run
started = Run.objects.exclude(started_at=None).order_by("started_at")
print(json.dumps([str(each) for each in started.values_list("pk", flat=True)]))
"""
FINISHED = """
from tradinglab.server.runs.models import Run
print(json.dumps(Run.objects.filter(state="completed").count()))
"""


def test_one_that_somebody_waits_for_passes_a_hundred_that_were_delivered_before(
    redis_url: str, tmp_path: Path, tables: Path
) -> None:
    """With messages too many in the queue, each run is nevertheless carried out once."""
    more = {"REDIS_URL": redis_url, "TRADINGLAB_WORKER_THREADS": "1"}
    lab = Installation(tmp_path / "home", more, tables=tables)
    try:
        lab.said(MAKE)
        awaited = lab.said(PLENTY)
        lab.start("worker")
        until(lambda: lab.said(FINISHED) >= 5)
        lab.stop()
        assert lab.said(ORDER)[0] == awaited
        for state, kinds in events(lab).values():
            assert kinds.count("started") == kinds.count("finished") == (0 if state == "queued" else 1)
    finally:
        lab.stop()
