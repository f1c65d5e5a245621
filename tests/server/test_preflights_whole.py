"""A preflight, bars and last bars, asked of a real server with a real worker, over both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from tests.server.installation import Installation, until

from tradinglab.core.enums import Resolution
from tradinglab.data.store import store_synthetic_bars

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

HOLD = """
from AlgorithmImports import *

class Hold(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2024, 1, 2)
        self.set_end_date(2024, 2, 9)
        self.set_benchmark(self.add_equity("ABC", Resolution.DAILY).symbol)
"""


@pytest.fixture(params=["sqlite", "postgres"])
def lab(request: pytest.FixtureRequest, tmp_path: Path, tables: Path) -> Iterator[Installation]:
    more = {"DATABASE_URL": request.getfixturevalue("postgres_url")} if request.param == "postgres" else {}
    made = Installation(tmp_path / "home", more, tables=tables)
    yield made
    made.stop()


def test_the_worker_looks_while_the_request_waits(lab: Installation, tmp_path: Path) -> None:
    bars = tmp_path / "home" / "bars"
    store_synthetic_bars(bars, "ABC", Resolution.DAILY, date(2024, 1, 2), date(2024, 1, 31))
    lab.owner()
    lab.serve()
    lab.start("worker")
    until(lambda: lab.status("/health/ready") == 200)
    run = lab.submit("Warm", HOLD)  # the first one waits for the sandbox, longer than a request does
    until(lambda: lab.state(run) in ("completed", "failed"))
    found = lab.call("/backtests/preflight/", {"files": {"main.py": HOLD}, "data": "local"})
    share = next(each for each in found["series"] if each["role"] == "subscription")
    assert (found["problem"], share["state"]) == ("", "partial")
    # January 2024 had 21 sessions from the second on; until the ninth of February there were 7 more.
    assert (share["bars"], share["missing_days"]) == (21, 7)
    series = lab.call("/catalogue/?source=local")["results"][0]["id"]
    first = lab.call(f"/catalogue/{series}/bars/?limit=5")
    assert first["count"] == 5
    assert lab.call(f"/catalogue/{series}/bars/?limit=5") == first
    (quote,) = lab.call("/quotes/?symbols=ABC&data=local")
    assert (quote["as_of"], quote["is_stale"], quote["is_synthetic"]) == ("2024-01-31T21:00:00Z", True, True)
