"""Trials keep what they are judged by; whoever wants more of one has it run again in full, to the same figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient
from tests.server.test_optimizations import ALL, TESTS, read, work

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.figures import FIGURES
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.optimizations.models import Trial
from tradinglab.server.runs.models import Artefact
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db
KEPT = {"trial.json", "equity.parquet", "days.parquet", "trades.parquet", "log.parquet"}
#: Trades by lot, so that a run without the trial's seed comes to other figures.
BY_LOT = """
import random
from AlgorithmImports import *

class ByLot(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2010, 1, 4)
        self.set_end_date(2010, 6, 1)
        self.share = float(self.get_parameter("share", "1"))
        self.symbol = self.add_equity("AAPL", Resolution.DAILY).symbol
        self.debug("ready")

    def on_data(self, data):
        self.set_holdings(self.symbol, self.share * random.random())
"""


@pytest.fixture
def search(api: APIClient, owner: User) -> Callable[..., dict[str, Any]]:
    """Carry out a search of two trials."""

    def carry_out(**given: Any) -> dict[str, Any]:
        head = strategy_create(owner=owner, name="By lot", files={"main.py": BY_LOT}).head
        assert head is not None
        body = {"version": str(head.pk), "space": [{"name": "share", "values": ["0.3", "0.9"]}], "name": "Lots"}
        made = api.post(ALL, {**body, **given}, format="json")
        assert made.status_code == 202, made.content
        work()
        found = read(api, made.json())
        assert found["state"] == "completed"
        return found

    return carry_out


def trial_of(search: dict[str, Any], number: int = 1) -> Backtest:
    found = Trial.objects.get(optimization=search["id"], number=number).backtest
    assert found is not None
    return found


def artefacts(test: Backtest) -> dict[str, str]:
    return dict(Artefact.objects.filter(run=test.pk).values_list("name", "sha256"))


def test_a_trial_keeps_what_it_is_judged_by(api, search, client_of, other):
    made = search()
    test = trial_of(made)
    assert made["keep"] == "figures"
    assert set(artefacts(test)) == KEPT
    assert (test.is_slim, test.verification) == (True, "verified")
    one = f"{TESTS}{test.pk}/"
    # Shares: a year of theirs has 252 trading days.
    kept = b"".join(api.get(f"{one}artefacts/trial.json/").streaming_content)
    assert json.loads(kept)["trading_days_per_year"] == 252
    assert api.get(one).json()["is_slim"] is True
    assert api.get(f"{one}log/").json()["left_out"] == 0
    assert api.get(f"{one}equity/").status_code == 200
    assert api.get(f"{one}robustness/").status_code == 200
    assert api.get(f"{ALL}{made['id']}/overfitting/").json()["judged"] == 2
    pair = ",".join(str(trial_of(made, number).pk) for number in (0, 1))
    assert api.get(f"{TESTS}compare/", {"ids": pair}).status_code == 200
    # What it has not says how to come by it, to those whose it is.
    for part in ("report", "result", "statistics", "charts", "orders", "positions", "artefacts/report.html"):
        answer = api.get(f"{TESTS}{test.pk}/{part}/")
        assert (answer.status_code, answer.json()["code"]) == (409, "slim_trial"), part
        assert f"/api/v1/backtests/{test.pk}/open/" in answer.json()["detail"]
    assert api.get(f"{TESTS}{test.pk}/artefacts/of-nobody/").status_code == 404
    assert client_of(other).post(f"{TESTS}{test.pk}/open/").status_code == 404
    # It is verified by what it has kept.
    asked = api.post(f"{TESTS}{test.pk}/verify/").json()
    work()
    assert api.get(f"{TESTS}{test.pk}/verifications/{asked['id']}/").json()["outcome"] == "identical"


def test_opened_it_comes_to_the_same_figures_in_full_once(api, search):
    made = search()
    slim = trial_of(made)
    answer = api.post(f"{TESTS}{slim.pk}/open/")
    assert answer.status_code == 202
    assert (answer.json()["name"], answer.json()["is_slim"]) == ("Lots, trial 1", False)
    assert answer["Location"].endswith(f"{TESTS}{answer.json()['id']}/")
    work()
    full = Backtest.objects.get(pk=answer.json()["id"])
    assert full.run.manifest["seed"] == slim.run.manifest["seed"]
    assert {name: getattr(full, name) for name in FIGURES} == {name: getattr(slim, name) for name in FIGURES}
    assert full.statistics == slim.statistics
    assert full.run.manifest["data"] == slim.run.manifest["data"]
    there, kept = artefacts(full), artefacts(slim)
    assert {"report.html", "result.json", "orders.parquet"} <= set(there)
    for table in ("equity.parquet", "days.parquet", "trades.parquet"):
        assert there[table] == kept[table]
    again = api.post(f"{ALL}{made['id']}/trials/1/backtest/")
    assert (again.status_code, again.json()["id"]) == (200, str(full.pk))
    assert api.post(f"{TESTS}{full.pk}/open/").json()["id"] == str(full.pk)
    # The search goes on with the trial that it has judged.
    assert Trial.objects.get(optimization=made["id"], number=1).backtest_id == slim.pk
    listed = api.get(f"{ALL}{made['id']}/trials/").json()["results"]
    assert [(each["opened"], each["backtest"] == str(full.pk)) for each in listed] == [
        (None, False), (str(full.pk), False),
    ]  # fmt: skip
    # One that was deleted is run anew.
    assert api.delete(f"{TESTS}{full.pk}/").status_code == 204
    second = api.post(f"{TESTS}{slim.pk}/open/")
    assert second.status_code == 202
    assert second.json()["id"] != str(full.pk)


def test_a_search_may_keep_everything(api, search):
    made = search(keep="everything")
    test = trial_of(made)
    assert (made["keep"], test.is_slim) == ("everything", False)
    assert "report.html" in artefacts(test)
    assert "trial.json" not in artefacts(test)
    assert api.post(f"{TESTS}{test.pk}/open/").json()["id"] == str(test.pk)


def test_its_page_has_the_figures_and_a_button(search, owner, client):
    slim = trial_of(search())
    browser: Client = client
    browser.force_login(owner)
    page = browser.get(f"/backtests/{slim.pk}/").content.decode()
    assert "Run in full" in page
    assert slim.statistics["Sharpe Ratio"] in page
    assert browser.get(f"/backtests/{slim.pk}/report/").status_code == 404
    answer = browser.post(f"/backtests/{slim.pk}/open/")
    full = Trial.objects.get(backtest=slim).opened_id
    assert answer["Location"] == f"/backtests/{full}/"
