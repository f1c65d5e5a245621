"""Rules that are stored nowhere: checked, written out, simulated within limits."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient
from tests.server.test_rule_strategies import CROSS

from tradinglab.data.source import open_source
from tradinglab.rules import algorithm_source, json_schema, load_bars, read_rules, rules_text, simulate
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.backtests.services import backtest_submit
from tradinglab.server.rules import simulating
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies import limited
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db
HOME = "/api/v1/rules/"


def ask(api: APIClient, what: str, **body: object) -> Any:
    return api.post(f"{HOME}{what}/", body, format="json")


def test_a_check_gives_both_forms(api: APIClient) -> None:
    rules = read_rules(CROSS)
    by_text = ask(api, "check", text=CROSS).json()
    assert (by_text["has_errors"], by_text["findings"], by_text["text"]) == (False, [], rules_text(rules))
    assert by_text["rules"] == rules.model_dump(mode="json")
    assert [(each["name"], each["minimum"]) for each in by_text["parameters"]] == [("fast", 2.0), ("share", 10.0)]
    by_data = ask(api, "check", rules=by_text["rules"]).json()
    assert (by_data["text"], by_data["rules"]) == (by_text["text"], by_text["rules"])
    assert Strategy.objects.count() == 0


def test_a_check_says_where_it_is_wrong(api: APIClient) -> None:
    body = ask(api, "check", text=CROSS.replace("size", "siz")).json()
    assert (body["has_errors"], body["text"], body["rules"]) == (True, None, None)
    assert [(each["line"], each["column"]) for each in body["findings"]] == [(9, 1)]


def test_source_is_generated(api: APIClient) -> None:
    body = ask(api, "generate", text=CROSS).json()
    assert body["source"] == algorithm_source(read_rules(CROSS))
    wrong = ask(api, "generate", text="buy low")
    assert (wrong.status_code, [each["field"] for each in wrong.json()["errors"]]) == (400, ["text"])


def test_what_looks_back_further_than_its_days_is_refused_with_its_place(api: APIClient) -> None:
    text = CROSS.replace("enter long when", "enter long when close > SMA(5000) and")
    said = "enter_long.conditions.0.right: this is known after 5,000 bars"
    (found,) = ask(api, "check", text=text).json()["findings"]
    assert found["message"].startswith(said)
    assert text.splitlines()[found["line"] - 1].startswith("enter long")
    answer = ask(api, "generate", text=text)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"].startswith(said)


def test_the_schema_is_that_of_the_rules(api: APIClient) -> None:
    assert api.get(f"{HOME}schema/").json() == json_schema()
    assert api.get(f"{HOME}schema/?version=2").status_code == 400


def test_a_simulation_is_what_the_simulator_says(api: APIClient) -> None:
    answer = ask(api, "simulate", text=CROSS, parameters={"fast": 9}, points=50)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    rules = read_rules(CROSS)
    run = simulate(rules, load_bars(rules, open_source("sample")), {"fast": 9})
    assert (body["statistics"], body["parameters"]) == (run.statistics, {"fast": 9.0, "share": 90.0})
    assert body["figures"]["end_equity"] == pytest.approx(run.final_equity)
    assert 0 < body["figures"]["drawdown"] < 1
    assert (body["fills_count"], len(body["fills"])) == (len(run.fills.step), len(run.fills.step))
    assert [each["price"] for each in body["fills"]] == [float(each) for each in run.fills.price]
    assert {each["at"] for each in body["fills"]} == {"open"}
    assert (body["trades_count"], len(body["trades"])) == (len(run.closed_trades), len(run.closed_trades))
    first, known = body["trades"][0], run.closed_trades[0]
    assert (first["entry_price"], first["profit_loss"], first["mae"]) == (
        known.entry_price,
        known.profit_loss,
        known.mae,
    )
    assert (first["symbol"], first["direction"], first["entry_time"]) == ("AAPL", "long", body["fills"][0]["bar"])
    assert (len(body["equity"]) <= 50, body["equity"][-1]["equity"]) == (True, float(run.equity[-1]))
    assert body["equity"][0]["time"].startswith("2010-01-04T21:00:00")


def test_it_says_what_a_backtest_says(api: APIClient, owner: User) -> None:
    told = strategy_create(owner=owner, name="Told", files={"main.rules": CROSS})
    assert told.head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=told.head)).run
    run_carry_out(run_id=run.pk, worker="here")
    figures = Backtest.objects.get(run=run).statistics
    said = ask(api, "simulate", text=CROSS).json()["statistics"]
    assert said == {name: figures[name] for name in said}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": CROSS, "rules": {}}, "text"),
        ({"rules": [1]}, "rules"),
        ({"text": CROSS.replace("size", "siz")}, "text"),
        ({"text": CROSS, "parameters": {"fats": 1}}, "parameters.fats"),
        ({"text": CROSS, "parameters": {"fast": 2.5}}, "parameters.fast"),
        ({"text": CROSS, "parameters": {"fast": 11}}, "parameters.fast"),
        ({"text": CROSS, "parameters": {"fast": "nan"}}, "parameters.fast"),
        ({"text": CROSS, "parameters": {"fast": "much"}}, "parameters.fast"),
        ({"text": CROSS, "data": "nowhere"}, "data"),
        ({"text": CROSS, "points": 1}, "points"),
        ({"text": CROSS, "point": 5}, "point"),
        ({"text": CROSS.replace("enter long when", "enter long when close > SMA(5000) and")}, "text"),
        ({"text": CROSS.replace("AAPL", "NOBODY")}, "text"),
        ({"text": CROSS.replace("AAPL daily", "AAPL minute").replace("2010-01-04", "1990-01-01")}, "text"),
        ({"text": CROSS.replace("AAPL", ", ".join(f"A{each}" for each in range(101)))}, "text"),
    ],
)
def test_what_cannot_be_simulated_is_refused(body: dict[str, Any], field: str, api: APIClient) -> None:
    answer = ask(api, "simulate", **body)
    assert answer.status_code == 400, answer.content
    assert [each["field"] for each in answer.json()["errors"]] == [field]


def test_too_many_at_once_are_refused(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulating, "_PATIENCE_S", 0.01)
    assert simulating._places.acquire()
    assert simulating._places.acquire()
    try:
        answer = ask(api, "simulate", text=CROSS)
    finally:
        simulating._places.release()
        simulating._places.release()
    assert (answer.status_code, answer.json()["code"], "Retry-After" in answer) == (429, "simulation_busy", True)


def test_a_fault_of_the_simulator_is_told_and_logged(
    api: APIClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(limited.sys, "executable", shutil.which("false"))
    answer = ask(api, "simulate", text=CROSS)
    assert (answer.status_code, answer.json()["code"]) == (503, "simulation_failed")
    assert "simulate_process failed" in caplog.text


def test_what_takes_too_long_is_refused(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulating, "_TIMEOUT_S", 0.01)
    answer = ask(api, "simulate", text=CROSS)
    assert (answer.status_code, answer.json()["code"]) == (400, "simulation_limit")
    monkeypatch.undo()
    assert ask(api, "simulate", text=CROSS).status_code == 200


def test_numba_is_loaded_neither_here_nor_for_a_small_simulation() -> None:
    program = """
import json, sys
from tradinglab.server.rules.simulate_process import _answer
order = {"text": sys.stdin.read(), "parameters": {}, "data": "sample", "points": 10}
assert _answer(order)["fills_count"] > 0
print("numba" in sys.modules, "django" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], input=CROSS.encode(), stdout=subprocess.PIPE, check=True)
    assert done.stdout.split() == [b"False", b"False"]


@pytest.mark.parametrize("what", ["check", "generate", "simulate"])
def test_they_are_for_users(what: str, client: Any, client_of: Callable[..., APIClient], owner: User) -> None:
    body = json.dumps({"text": CROSS})
    assert client.post(f"{HOME}{what}/", body, content_type="application/json").status_code == 401
    wanted = 403 if what == "simulate" else 200
    assert ask(client_of(owner, ("read",)), what, text=CROSS).status_code == wanted
    assert client.get(f"{HOME}schema/").status_code == 401
