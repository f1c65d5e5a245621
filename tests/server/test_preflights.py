"""``/api/v1/backtests/preflight/``: what a backtest would read, asked of a worker that a request waits for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient
from tests.server.conftest import QUICK, set_environment
from tests.server.test_datasets import WEEKS, write

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.carrying_out import STRATEGIES
from tradinglab.server.data_jobs.models import DataJob
from tradinglab.server.datasets.refreshing import catalogue_refresh
from tradinglab.server.runs import awaiting
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies.models import Strategy

pytestmark = pytest.mark.django_db
URL = "/api/v1/backtests/preflight/"
ABC = """
from AlgorithmImports import *

class Abc(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2024, 1, 8)
        self.set_end_date(2024, 1, 19)
        self.set_benchmark(self.add_equity(self.get_parameter("ticker", "ABC"), Resolution.DAILY).symbol)
"""


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """While somebody waits, a worker does what waits."""

    def work(seconds: float) -> None:
        for run in Run.objects.filter(state="queued", kind="preflight"):
            run_carry_out(run_id=run.pk, worker="a")

    monkeypatch.setattr(awaiting, "PATIENCE_S", 60.0)
    monkeypatch.setattr(awaiting.time, "sleep", work)


def asked(api: APIClient, **body: Any) -> dict[str, Any]:
    answer = api.post(URL, body, format="json")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.usefixtures("worker")
def test_a_version_with_all_its_data(api: APIClient, strategy: Strategy) -> None:
    assert strategy.head is not None
    found = asked(api, version=str(strategy.head.pk))
    assert (found["is_complete"], found["problem"], found["downloads"]) == (True, "", [])
    assert (found["start"], found["end"]) == ("2010-01-04", "2010-03-01")
    share = next(each for each in found["series"] if each["role"] == "subscription")
    # January and February 2010 had 19 sessions each, with the first of March 39; the fourth of January was the first.
    assert (share["ticker"], share["resolution"], share["bars"]) == ("AAPL", "daily", 39)
    assert api.get("/api/v1/runs/").json().get("results", []) == []


@pytest.mark.usefixtures("worker")
def test_what_is_missing_who_else_has_it_and_which_job_brings_it(api: APIClient, settings: Any, tmp_path: Path) -> None:
    STRATEGIES.close()  # one that is there knows other folders
    write(settings.HOME.bars, WEEKS[:5])
    write(tmp_path / "more", WEEKS)
    set_environment(settings, named_data=f"more=store:{tmp_path / 'more'}")
    catalogue_refresh(seconds=30)
    found = asked(api, files={"main.py": ABC}, data="local")
    share = next(each for each in found["series"] if each["role"] == "subscription")
    assert (share["state"], share["bars"], share["missing_days"]) == ("partial", 5, 4)  # a holiday is no trading day
    assert share["gaps"] == [{"first_day": "2024-01-16", "last_day": "2024-01-19", "days": 4}]
    assert share["other_data"] == ["more"]
    (download,) = found["downloads"]
    assert download["job"] == {
        "target": "local", "symbols": ["ABC"], "sources": ["yahoo", "alpha_vantage", "alpaca"],
        "security_type": "equity", "market": "usa", "resolution": "daily", "start": "2024-01-05", "end": "2024-01-19",
    }  # fmt: skip
    assert str(tmp_path) not in str(found)
    assert asked(api, files={"main.py": ABC}, data="local", end="2024-01-12", start="2024-01-09")["is_complete"]
    other = asked(api, files={"main.py": ABC}, data="local", parameters={"ticker": "XYZ"})
    assert {each["state"] for each in other["series"]} == {"missing"}


@pytest.mark.usefixtures("worker")
def test_admins_may_have_it_fetched(api: APIClient, owner: User, client_of: Callable[..., APIClient]) -> None:
    body = {"files": {"main.py": ABC}, "fetch": True}
    refused = api.post(URL, body, format="json")
    assert (refused.status_code, "the scope 'admin'" in refused.json()["detail"]) == (403, True)
    assert not Run.objects.exists()
    (download,) = asked(client_of(owner, ("read", "run", "admin")), **body)["downloads"]
    job = DataJob.objects.get(pk=download["started"])
    assert (job.kind, job.target, job.run.owner) == ("download", "local", owner)
    assert job.options["sources"] == download["job"]["sources"]
    assert (job.options["start"], job.options["end"]) == (download["start"], download["end"])
    assert [(each.ticker, each.resolution) for each in job.items.all()] == [("ABC", "daily")]


@pytest.mark.usefixtures("worker")
def test_what_is_wrong_with_a_strategy_is_told(api: APIClient) -> None:
    found = asked(api, files={"main.py": ABC + "        raise ValueError('not today')\n"})
    assert found["problem"] == "main.py, line 9: ValueError: not today"
    assert [each["ticker"] for each in found["series"]] == ["ABC"]
    assert not found["is_complete"]
    nothing = asked(api, files={"main.py": "def x(:\n"})
    assert nothing["problem"]
    assert nothing["series"] == []
    at_once = asked(api, files={"main.py": "import math\n\n1 / 0\n"})["problem"]
    assert 'File "main.py", line 3' in at_once
    assert at_once.endswith("ZeroDivisionError: division by zero")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "version"),
        ({"files": {"main.py": QUICK}, "data": "nowhere"}, "data"),
        ({"files": {"main.py": QUICK}, "start": "2012-01-01", "end": "2011-01-01"}, "end"),
        ({"files": {"main.py": QUICK}, "start": "1700-01-01"}, "start"),
        ({"files": {"main.py": QUICK}, "engine": "quantconnect"}, "engine"),
        ({"files": {"other.py": QUICK}}, "files"),
        ({"files": {"main.py": QUICK}, "fetch": "x"}, "fetch"),
    ],
)
def test_what_cannot_be_asked_is_refused_without_a_run(api: APIClient, body: dict[str, Any], field: str) -> None:
    answer = api.post(URL, body, format="json")
    assert answer.status_code == 400, answer.content
    assert any(each["field"].split(".")[0] == field for each in answer.json()["errors"]), answer.json()
    assert not Run.objects.exists()


def test_versions_of_others_do_not_exist(strategy: Strategy, other: User, client_of: Callable[..., APIClient]) -> None:
    assert strategy.head is not None
    answer = client_of(other).post(URL, {"version": str(strategy.head.pk)}, format="json")
    assert answer.status_code in (400, 404)
    assert client_of(other, ("read",)).post(URL, {"files": {"main.py": QUICK}}, format="json").status_code == 403
    assert not Run.objects.exists()


def test_without_a_worker_one_is_to_come_again(api: APIClient) -> None:
    answer = api.post(URL, {"files": {"main.py": QUICK}}, format="json")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 10
    assert Run.objects.get().state == "cancelled"
