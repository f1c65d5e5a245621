"""What a backtest of the server says of itself is replayed, and what cannot be explained is shown wherever it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from rest_framework.test import APIClient
from tests.server.conftest import QUICK

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests import carrying_out
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.backtests.services import backtest_submit
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies.services import strategy_create
from tradinglab.templates import Template, all_templates

pytestmark = pytest.mark.django_db
V1 = "/api/v1/backtests"
Ran = Callable[..., Backtest]

FILLED_CHEAPLY = (
    QUICK
    + """
    def on_end_of_algorithm(self):
        import gc
        for each in gc.get_objects():
            if isinstance(each, Order):
                each.price = each.price / 2
"""
)
BETTER_SAMPLES = (
    QUICK
    + """
    def on_end_of_algorithm(self):
        import gc
        kind = next(type(each) for each in gc.get_objects() if type(each).__name__ == "EquityCandles")
        honest = kind.candles.fget
        def better(samples):
            candles = honest(samples)
            return candles[:10] + [each._replace(close=each.close * 2, high=each.high * 2) for each in candles[10:]]
        kind.candles = property(better)
"""
)
OWN_TURN = QUICK.replace("2010, 3, 1", "2012, 12, 31").replace("if not self.portfolio.invested:", "if True:")


@pytest.fixture
def ran(owner: User) -> Ran:
    def run(text: str, **wanted: Any) -> Backtest:
        strategy = strategy_create(owner=owner, name=str(uuid4()), files={"main.py": text})
        assert strategy.head is not None
        made = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head, **wanted)).run
        assert run_carry_out(run_id=made.pk, worker="a")
        return Backtest.objects.select_related("run").get(pk=made.pk)

    return run


@pytest.fixture
def pages(owner: User) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.mark.slow
@pytest.mark.parametrize("template", all_templates(), ids=lambda each: each.name)
def test_a_template_is_verified(ran: Ran, template: Template) -> None:
    test = ran(template.path.read_text())
    assert (test.run.state, test.findings, test.verification) == ("completed", [], "verified")


def test_an_honest_run_says_so(ran: Ran, api: APIClient, pages: Client) -> None:
    test = ran(QUICK)
    found = api.get(f"{V1}/{test.pk}/").json()
    assert (found["verification"], found["findings"], found["findings_left_out"]) == ("verified", [], 0)
    assert found["verification_notes"] == []
    end = api.get(f"/api/v1/runs/{test.pk}/events/").json()["events"][-1]
    assert end["data"] == {"state": "completed", "error": None, "verification": "verified", "findings": 0}
    assert ">verified<" in pages.get(f"/backtests/{test.pk}/").content.decode()
    assert "unverified" not in pages.get("/").content.decode()


@pytest.mark.parametrize(
    ("cheat", "code"),
    [(FILLED_CHEAPLY, "fill_price"), (BETTER_SAMPLES, "equity")],
    ids=["cheap fills", "better samples"],
)
def test_a_cheat_is_found_and_its_figures_are_not_taken(
    ran: Ran, api: APIClient, pages: Client, cheat: str, code: str
) -> None:
    honest, test = ran(QUICK), ran(cheat)
    assert (test.run.state, test.verification) == ("completed", "unverified")
    found = api.get(f"{V1}/{test.pk}/").json()
    assert code in [each["code"] for each in found["findings"]]
    assert found["end_equity"] == honest.end_equity
    end = api.get(f"/api/v1/runs/{test.pk}/events/").json()["events"][-1]
    assert (end["data"]["verification"], end["data"]["findings"]) == ("unverified", len(found["findings"]))
    for state, expected in (("verified", honest.pk), ("unverified", test.pk)):
        listed = api.get(f"{V1}/?verification={state}").json()["results"]
        assert [(each["id"], each["verification"]) for each in listed] == [(str(expected), state)]
    page = pages.get(f"/backtests/{test.pk}/").content.decode()
    assert page.index("Not verified") < page.index("<iframe")
    assert page.count("<li>") == len(found["findings"])
    assert "Not verified" in pages.get(f"/backtests/{test.pk}/report/").content.decode()
    assert ">unverified<" in pages.get("/").content.decode()
    warnings = api.get(f"{V1}/compare/?ids={honest.pk},{test.pk}").json()["warnings"]
    assert [each for each in warnings if f"{test.pk} is unverified" in each]


@pytest.mark.parametrize("told", [{"cash": "8000"}, {"start": "2010-01-05"}, {"end": "2010-02-26"}], ids=str)
def test_it_is_held_to_what_its_owner_set(ran: Ran, monkeypatch: pytest.MonkeyPatch, told: dict[str, str]) -> None:
    """As if the run had not heeded what it was told."""
    real = carrying_out._check
    monkeypatch.setattr(carrying_out, "_check", lambda request, timeout_s: {**real(request, timeout_s), **told})
    test = ran(QUICK, cash=Decimal(7000), start=date(2010, 1, 6), end=date(2010, 2, 25))
    assert test.verification == "unverified"
    assert [each["code"] for each in test.findings] == ["configuration"]
    assert next(iter(told.values())) in test.findings[0]["expected"]


def test_a_replay_that_takes_too_long_is_a_finding(ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrying_out, "_REPLAY_S", 0.01)
    monkeypatch.setattr(carrying_out, "REPLAY_TIMES", 0.0)
    test = ran(OWN_TURN)
    assert (test.run.state, test.verification) == ("completed", "unverified")
    assert [each["code"] for each in test.findings] == ["replay_timed_out"]
    assert test.end_equity is not None


def test_a_replay_that_takes_its_process_with_it_is_a_finding(ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    real, orders = carrying_out._clerk, []

    def dies_over_replays(order: Any, seconds: float, *rest: Any) -> None:
        orders.append(order)
        real(order, 0.001 if order["check"] else seconds, *rest)

    monkeypatch.setattr(carrying_out, "_clerk", dies_over_replays)
    test = ran(QUICK)
    assert len(orders) == 2
    assert (test.run.state, test.verification) == ("completed", "unverified")
    assert [each["code"] for each in test.findings] == ["replay_failed"]
    assert "was killed" in test.findings[0]["text"]


def test_what_did_not_complete_is_not_checked(ran: Ran, api: APIClient) -> None:
    test = ran(QUICK.replace("self.set_holdings(self.symbol, 1)", "raise ValueError('no')"))
    assert (test.run.state, test.verification, test.findings) == ("failed", "not_checked", [])
    assert [each["id"] for each in api.get(f"{V1}/?verification=not_checked").json()["results"]] == [str(test.pk)]


def test_a_model_of_the_authors_own_is_noted(ran: Ran, pages: Client) -> None:
    text = (
        QUICK.replace('self.debug("ready")', "self.securities[self.symbol].set_fee_model(Fees())")
        + "\nclass Fees(FeeModel):\n"
        + "    def get_order_fee(self, parameters):\n        return OrderFee(CashAmount(3, 'USD'))\n"
    )
    test = ran(text)
    assert (test.verification, test.findings) == ("verified", [])
    assert test.verification_notes
    assert 'class="warning"' in pages.get(f"/backtests/{test.pk}/").content.decode()


def test_a_filter_that_is_none(api: APIClient) -> None:
    answer = api.get(f"{V1}/?verification=perhaps")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "verification"
