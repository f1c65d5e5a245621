"""A worker is killed in the middle of a search: what is done stays as it is, and only what it was at is done again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.server.installation import Installation, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
RULES = """
rules "Pullback"
universe AAPL, IBM, MSFT daily
from 2001-01-01 to 2013-03-01
parameter oversold = 30
parameter recovered = 55
enter long when close > SMA(200) and RSI(14) < oversold
exit long when RSI(14) > recovered
size equal weight of 95 % of equity
"""
CODE = """
from AlgorithmImports import *
import time

class Slow(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2010, 1, 4)
        self.set_end_date(2010, 3, 1)
        self.share = float(self.get_parameter("share", 0.5))
        self.symbol = self.add_equity("AAPL", Resolution.DAILY).symbol

    def on_data(self, data):
        time.sleep(0.03)
        if not self.portfolio.invested:
            self.set_holdings(self.symbol, self.share)
"""
_KEEP = """
from tradinglab.server.optimizations.models import Trial
print(json.dumps(Trial.objects.exclude(outcome="").update(error="kept")))
"""
_KEPT = """
from tradinglab.server.optimizations.models import Trial
from tradinglab.server.runs.models import Run
claims = dict(Run.objects.filter(kind="simulation").values_list("manifest__first", "fence"))
print(json.dumps([Trial.objects.filter(error="kept").count(), Trial.objects.exclude(figures={}).count(),
                  sorted(claims.values())]))
"""
_CLAIMS = """
from tradinglab.server.runs.models import Run
rows = Run.objects.filter(kind="backtest").order_by("created_at").values_list("pk", "state", "fence")
print(json.dumps([[str(pk), state, fence] for pk, state, fence in rows]))
"""


@pytest.fixture(params=["sqlite", "postgres"])
def lab(request: pytest.FixtureRequest, tmp_path: Path, tables: Path) -> Iterator[Installation]:
    more: dict[str, str] = {}
    if request.param == "postgres":
        more = {
            "DATABASE_URL": request.getfixturevalue("postgres_url"),
            "REDIS_URL": request.getfixturevalue("redis_url"),
        }
    made = Installation(tmp_path / "home", more, tables=tables)
    made.owner()
    made.serve()
    yield made
    made.stop()


def search(lab: Installation, files: dict[str, str], **asked: Any) -> str:
    made = lab.call("/strategies/", {"name": "Searched", "files": files})
    return str(lab.call("/optimizations/", {"version": made["head"]["id"], **asked})["id"])


def test_a_search_of_rules_goes_on_where_a_killed_worker_left_it(lab: Installation) -> None:
    first = lab.start("worker")
    axes = [{"name": name, "min": "10", "max": "70", "step": "1.5"} for name in ("oversold", "recovered")]
    made = search(lab, {"main.rules": RULES}, space=axes, most_parallel=2)
    until(lambda: lab.call(f"/optimizations/{made}/")["trials"]["completed"] > 150)
    first.kill()
    first.wait()
    kept = lab.said(_KEEP)
    assert 150 < kept < 41 * 41
    lab.start("worker")
    lab.start("worker")
    until(lambda: lab.call(f"/optimizations/{made}/")["state"] == "completed", 400)
    found = lab.call(f"/optimizations/{made}/")
    assert found["trials"] == {"queued": 0, "running": 0, "completed": 41 * 41, "failed": 0, "cancelled": 0}
    still, with_figures, claims = lab.said(_KEPT)
    assert (still, with_figures) == (kept, 41 * 41)
    # At most the two batches that were under way were claimed twice; none, if it was killed between two.
    assert claims.count(2) <= 2
    assert set(claims) <= {1, 2}


def test_a_search_of_code_runs_again_what_the_killed_worker_was_at_alone(lab: Installation) -> None:
    first = lab.start("worker")
    axes = [{"name": "share", "min": "0.1", "max": "1.0", "step": "0.1"}]
    made = search(lab, {"main.py": CODE}, space=axes, most_parallel=4)
    until(lambda: lab.call(f"/optimizations/{made}/")["trials"]["completed"] >= 3)
    first.kill()
    first.wait()
    before = {run: state for run, state, _ in lab.said(_CLAIMS)}
    done = {run for run, state in before.items() if state == "completed"}
    running = {run for run, state in before.items() if state == "running"}
    lab.start("worker")
    lab.start("worker")
    until(lambda: lab.call(f"/optimizations/{made}/")["state"] == "completed", 400)
    after = {run: fence for run, _, fence in lab.said(_CLAIMS)}
    assert len(after) == 10
    assert all(after[run] == 1 for run in done)
    assert {run for run, fence in after.items() if fence > 1} <= running
