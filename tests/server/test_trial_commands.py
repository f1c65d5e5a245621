"""``tradinglab trial``: listing and opening the trials of a server's searches without a browser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rest_framework.test import APIClient
from tests.server.test_simulated_searches import RULES, finish, trials

from tradinglab.cli import extras
from tradinglab.cli.main import main
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Django is set up, and the tables are the test's."""
    monkeypatch.setattr("tradinglab.server.config.startup.start_django", lambda: None)
    monkeypatch.setattr("tradinglab.server.processes.first_run.migrate", lambda: None)
    monkeypatch.setattr("tradinglab.cli.main.leave_quickly", lambda: None)
    monkeypatch.setattr(extras, "leave_normally", lambda: None)


@pytest.fixture
def search(api: APIClient, owner: User) -> dict[str, Any]:
    head = strategy_create(owner=owner, name="Cross", files={"main.rules": RULES}).head
    assert head is not None
    space = [{"name": "fast", "values": ["3", "5", "8"]}]
    made = api.post("/api/v1/optimizations/", {"version": str(head.pk), "space": space}, format="json")
    assert made.status_code == 202, made.content
    return finish(api, made.json())


def test_a_trial_is_opened_once_and_the_lists_say_so(
    api: APIClient, search: dict[str, Any], owner: User, capsys: pytest.CaptureFixture[str]
) -> None:
    whose = ["--user", owner.email, "--search", search["id"]]
    assert main(["trial", "list", *whose, "--limit", "2", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    by_score = sorted(trials(api, search), key=lambda each: -each["score"])
    assert [each["number"] for each in listed] == [each["number"] for each in by_score][:2]
    assert {each["opened"] for each in listed} == {None}
    best = str(listed[0]["number"])
    assert main(["trial", "open", *whose, best]) == 0
    opened = capsys.readouterr().out.strip()
    assert str(Backtest.objects.get().pk) == opened
    assert main(["trial", "open", *whose, best, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"backtest": opened, "state": "queued", "is_new": False}
    assert main(["trial", "list", *whose]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["TRIAL", "fast", "SCORE", "STATE", "OPENED", "AS"]
    assert lines[1].split()[-1] == opened
    assert [line.split()[-1] for line in lines[2:]] == ["-", "-"]
    found = {each["number"]: each["opened"] for each in trials(api, search)}
    assert found.pop(int(best)) == opened
    assert set(found.values()) == {None}


def test_what_is_not_there_is_not_opened(
    search: dict[str, Any], owner: User, other: User, capsys: pytest.CaptureFixture[str]
) -> None:
    for user, known, number, said in (
        (owner.email, search["id"], "7", "has no trial 7"),
        (other.email, search["id"], "0", "There is no optimization"),
        ("nobody@example.com", search["id"], "0", "nobody@example.com"),
        (owner.email, "nonsense", "0", "'nonsense' is no id of an optimization"),
        (owner.email, search["id"], "best", "'best' is no number of a trial"),
    ):
        assert main(["trial", "open", "--user", user, "--search", known, number]) == 2
        assert said in capsys.readouterr().err
    assert not Backtest.objects.exists()
