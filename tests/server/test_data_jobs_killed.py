"""A worker is killed in the middle of a download, on both databases: another goes on, and nothing is there twice."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.server.installation import Installation, until
from tests.sources.figures import share_minutes
from tests.sources.speakers import AlphaVantage
from tests.sources.wire import Answer, Asked

from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.store import BarStore, SeriesKey

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
MINUTES = SeriesKey(SecurityType.EQUITY, "usa", "AAA", Resolution.MINUTE, TickType.TRADE)
#: An admin's key that may do all.
OWNER = """
from tradinglab.server.accounts.models import User
from tradinglab.server.accounts.services import api_key_create
user = User.objects.create_user("admin@localhost", "a long password 1", role="admin")
print(json.dumps(api_key_create(user=user, name="test", scopes=("read", "run", "admin"), by=user.scopes).token))
"""


class Slow(AlphaVantage):
    """Takes its time, as sources do."""

    pause_s = 0.25

    def bars(self, asked: Asked) -> Answer:
        time.sleep(self.pause_s)
        return super().bars(asked)


@pytest.fixture
def vantage() -> Iterator[Slow]:
    with Slow() as wire:
        yield wire


@pytest.fixture(params=["sqlite", "postgres"])
def lab(request: pytest.FixtureRequest, tmp_path: Path, tables: Path, vantage: Slow) -> Iterator[Installation]:
    more = {
        "ALPHA_VANTAGE_API_KEY": "TOPSECRETKEY",
        "ALPHA_VANTAGE_REQUESTS_PER_MINUTE": "10000",
        "ALPHA_VANTAGE_BASE_URL": vantage.url,
    }
    if request.param == "postgres":
        more["DATABASE_URL"] = request.getfixturevalue("postgres_url")
    made = Installation(tmp_path / "home", more, tables=tables)
    made.token = made.said(OWNER)
    made.serve()
    yield made
    made.stop()


def item(lab: Installation, job: str) -> dict[str, Any]:
    found: dict[str, Any] = lab.call(f"/data-jobs/{job}/items/")["results"][0]
    return found


def test_a_download_goes_on_after_its_worker_was_killed(lab: Installation, vantage: Slow) -> None:
    body = {"symbols": ["AAA"], "sources": ["alpha_vantage"], "resolution": "minute"}
    worker = lab.start("worker")
    job = lab.call("/data-jobs/download/", {**body, "start": "2020-06-01", "end": "2021-12-31"})["id"]
    until(lambda: item(lab, job)["added"] > 500, 60)
    worker.kill()
    worker.wait()
    part = item(lab, job)
    assert part["state"] == "running"
    assert 0 < part["added"] < len(share_minutes(date(2020, 6, 1), date(2021, 12, 31)))
    asked = len(vantage.asked)
    vantage.pause_s = 0.05
    lab.start("worker")
    until(lambda: lab.call(f"/data-jobs/{job}/")["state"] not in ("queued", "running"), 120)
    found = lab.call(f"/data-jobs/{job}/")
    assert (found["state"], found["items"]["completed"]) == ("completed", 1), item(lab, job)
    whole = [bar.us for bar in share_minutes(date(2020, 6, 1), date(2021, 12, 31))]
    store = BarStore(lab.home / "bars")
    assert store.read(MINUTES)[0].tolist() == whole
    assert store.verify(MINUTES) == []
    told = item(lab, job)
    # The part at which the worker was killed may have been stored and not yet counted.
    assert told["added"] + told["known"] >= part["added"]
    months = [each.params["month"] for each in vantage.asked]
    again = set(months[:asked]) & set(months[asked:])
    assert len(again) <= 1, "of what was stored and noted nothing is asked for again"
    events = [each["kind"] for each in lab.events(job)]
    assert (events[0], events[-1], events.count("finished")) == ("queued", "finished", 1)
    assert "TOPSECRETKEY" not in lab.log()
    listed = lab.command("data", "jobs")
    assert [word for word in (job, "download", "completed", "1/1") if word not in listed] == []
    assert json.loads(lab.command("data", "jobs", job, "--json"))["items"][0]["state"] == "completed"


def test_a_source_that_is_slower_than_a_lease_keeps_its_run(lab: Installation, vantage: Slow) -> None:
    vantage.pause_s = 5.0  # a lease is two seconds here
    lab.start("worker")
    body = {"symbols": ["AAA"], "sources": ["alpha_vantage"], "resolution": "minute"}
    job = lab.call("/data-jobs/download/", {**body, "start": "2021-01-04", "end": "2021-01-29"})["id"]
    until(lambda: lab.call(f"/data-jobs/{job}/")["state"] == "completed", 60)
    assert (item(lab, job)["tries"], len(vantage.asked)) == (1, 1)
