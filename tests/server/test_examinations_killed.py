"""A worker is killed in the middle of a jitter, or over daily returns: the next one takes over, and it ends once."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.server.installation import Installation, until
from tests.server.test_optimizations_killed import CODE, RULES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
_ALL = """
from tradinglab.server.runs.models import Run
rows = Run.objects.filter(kind={kind!r}).values_list("pk", "state", "fence")
print(json.dumps([[str(pk), state, fence] for pk, state, fence in rows]))
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, tables: Path) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("killed") / "home", {}, tables=tables)
    made.owner()
    made.serve()
    yield made
    made.stop()


def kill_over(lab: Installation, kind: str, first: subprocess.Popen[bytes]) -> str:
    """Kill a worker when it is at a run of a kind, have another one end it, and return the run."""
    until(lambda: [state for _, state, _ in lab.said(_ALL.format(kind=kind))] == ["running"])
    first.kill()
    first.wait()
    ((_, state, fence),) = lab.said(_ALL.format(kind=kind))
    assert (state, fence) == ("running", 1)
    successor = lab.start("worker")
    until(lambda: lab.said(_ALL.format(kind=kind))[0][1] not in ("queued", "running"))
    ((run, state, fence),) = lab.said(_ALL.format(kind=kind))
    assert (state, fence) == ("completed", 2)
    successor.kill()  # the next test has workers of its own
    successor.wait()
    kinds = lab.kinds(run)
    assert (kinds.count("queued"), kinds.count("started"), kinds.count("finished")) == (1, 2, 1)
    return str(run)


def test_a_jitter_is_taken_over_and_has_one_outcome(lab: Installation) -> None:
    worker = lab.start("worker")
    test = lab.submit("Slow", CODE)
    until(lambda: lab.state(test) == "completed")
    asked = lab.call(f"/backtests/{test}/jitter/", {"trials": 3, "share": 0.2, "seed": 1})
    assert kill_over(lab, "jitter", worker) == asked["id"]
    found = lab.call(f"/backtests/{test}/examinations/{asked['id']}/")["found"]
    assert (found["method"], found["variants"], found["failed"]) == ("runs", 3, 0)


def test_daily_returns_are_taken_over_and_made_once(lab: Installation) -> None:
    worker = lab.start("worker")
    made = lab.call("/strategies/", {"name": "Searched", "files": {"main.rules": RULES}})["head"]["id"]
    axes = [{"name": name, "min": "20", "max": "60", "step": "10"} for name in ("oversold", "recovered")]
    search = lab.call("/optimizations/", {"version": made, "space": axes})["id"]
    until(lambda: lab.call(f"/optimizations/{search}/")["state"] == "completed")
    worker.kill()  # a fresh one has to read the bars first, which takes long enough to be seen
    worker.wait()
    asked = lab.call(f"/optimizations/{search}/overfitting/", {})
    assert kill_over(lab, "daily_returns", lab.start("worker")) == asked["id"]
    found = lab.call(f"/optimizations/{search}/overfitting/")
    assert (found["trials"], found["judged"]) == (25, 25)
    # What is there is not made again.
    assert lab.call(f"/optimizations/{search}/overfitting/", {})["id"] == asked["id"]
    assert len(lab.said(_ALL.format(kind="daily_returns"))) == 1
