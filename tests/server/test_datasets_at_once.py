"""Several processes refresh the catalogue and make watch-lists at once, over both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from tests.server.installation import Installation

from tradinglab.core.enums import Resolution
from tradinglab.data.store import store_synthetic_bars

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
PROCESSES = 3
SERIES = 30

MAKE = """
from tradinglab.server.accounts.models import User
User.objects.create_user("a@example.com", "a long password 1")
print(json.dumps("made"))
"""
REFRESH = """
import time
from tradinglab.server.datasets.refreshing import catalogue_refresh
ready()
end = time.monotonic() + 120
while not all(each.is_complete for each in catalogue_refresh(seconds=60)):
    assert time.monotonic() < end
    time.sleep(0.05)
print(json.dumps("complete"))
"""
REFRESHED = """
from django.db.models import Count
from tradinglab.server.datasets.models import CatalogueSeries, Instrument
local = CatalogueSeries.objects.filter(source__name="local")
twice = Instrument.objects.values("ticker", "security_type", "market").annotate(n=Count("pk")).filter(n__gt=1)
print(json.dumps([local.count(), sorted(set(local.values_list("missing_days", flat=True))), twice.count()]))
"""
WATCH = """
from tradinglab.server.accounts.models import User
from tradinglab.server.datasets import services
from tradinglab.server.datasets.models import Instrument, WatchList
from tradinglab.server.errors import LimitReachedError
services.MOST_LISTS = 10
user, several = User.objects.get(), list(Instrument.objects.order_by("pk")[:20])
ready()
made = 0
for number in range(10):
    try:
        services.watch_list_create(owner=user, name=f"{PROCESS} {number}")
        made += 1
    except LimitReachedError:
        pass
mine = WatchList.objects.order_by("created_at", "pk").first()
for each in several:
    services.watch_list_add(watch_list=mine, instrument=each)
print(json.dumps(made))
"""
WATCHED = """
from tradinglab.server.datasets.models import WatchList
places = list(WatchList.objects.order_by("created_at", "pk").first().entries.values_list("place", flat=True))
print(json.dumps([WatchList.objects.count(), places]))
"""


@pytest.fixture(params=["sqlite", "postgres"])
def lab(request: pytest.FixtureRequest, tmp_path: Path, tables: Path) -> Iterator[Installation]:
    more = {"DATABASE_URL": request.getfixturevalue("postgres_url")} if request.param == "postgres" else {}
    made = Installation(tmp_path / "home", more, tables=tables)
    yield made
    made.stop()


def test_processes_at_once(lab: Installation, tmp_path: Path) -> None:
    """One story, as starting the processes is most of the time."""
    for number in range(SERIES):
        first, last = date(2024, 1, 2), date(2024, 1, 31)
        store_synthetic_bars(tmp_path / "home" / "bars", f"T{number}", Resolution.DAILY, first, last)
    lab.said(MAKE)
    assert lab.said_at_once(REFRESH, PROCESSES) == ["complete"] * PROCESSES
    assert lab.said(REFRESHED) == [SERIES, [0], 0]
    made = lab.said_at_once(WATCH.replace("{PROCESS}", "{__import__('os').getpid()}"), PROCESSES)
    assert sum(made) == 10
    assert lab.said(WATCHED) == [10, list(range(20))]
