"""``/api/v1/backtests/{id}/jitter/``: the neighbours of a run's parameters, simulated or run in the sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient
from tests.doctor.test_jitter import STRATEGY
from tests.server.test_examinations import V1, examined
from tests.server.test_simulated_searches import RULES

from tradinglab.doctor import jitter
from tradinglab.doctor.jitter_rules import jitter_rules
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.backtests.services import backtest_submit
from tradinglab.server.examinations.models import Examination
from tradinglab.server.honesty.models import TriedVariant
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db


def done(owner: User, files: dict[str, str], **given: Any) -> Run:
    head = strategy_create(owner=owner, name="Any", files=files).head
    assert head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=head, **given)).run
    assert run_carry_out(run_id=run.pk, worker="a")
    run.refresh_from_db()
    assert run.state == "completed", run.error
    return run


def as_told(found: Any) -> list[dict[str, Any]]:
    return [
        {
            "figure": name,
            "chosen": pytest.approx(getattr(found.chosen, name)),
            "bands": pytest.approx(list(found.bands[name])),
            "rank": pytest.approx(found.ranks[name]),
        }
        for name in ("net_return", "sharpe", "drawdown")
    ]


def test_rules_are_simulated_by_steps(api: APIClient, owner: User, tmp_path: Path) -> None:
    run = done(owner, {"main.rules": RULES}, parameters={"fast": "4"})
    counted = TriedVariant.objects.count()
    told = examined(api, run, "jitter", steps=2, seed=3)
    assert (told["state"], told["error"]) == ("completed", {})
    assert told["options"] == {"share": None, "steps": 2, "trials": 300, "seed": 3}
    found = told["found"]
    assert (found["method"], found["parameters"]) == ("simulation", {"fast": "4", "slow": "20"})
    # Five values of the one, 2 to 6, and five of the other, 12 to 28, but for the run's own.
    assert (found["variants"], found["failed"]) == (24, 0)
    path = tmp_path / "main.rules"
    path.write_text(RULES)
    assert found["figures"] == as_told(jitter_rules(path, parameters={"fast": "4"}, steps=2, seed=3))
    # The engine's figures of the run itself are those of the simulation.
    own = Backtest.objects.get(pk=run.pk)
    shown = {each["figure"]: each["chosen"] for each in found["figures"]}
    assert shown["sharpe"] == pytest.approx(own.sharpe_ratio, rel=1e-5)
    assert shown["net_return"] == pytest.approx(own.net_profit, rel=1e-5)
    # None of the variants can be picked, so none is a trial.
    assert TriedVariant.objects.count() == counted
    report = api.get(f"{V1}/{run.pk}/report/").getvalue().decode()
    assert 'id="jitter"' in report
    assert "24 variants, by up to 2 steps" in report


def test_code_is_run_in_the_sandbox(api: APIClient, owner: User, tmp_path: Path) -> None:
    run = done(owner, {"main.py": STRATEGY})
    found = examined(api, run, "jitter", share=0.2, trials=4, seed=1)["found"]
    path = tmp_path / "main.py"
    path.write_text(STRATEGY)
    own = {"share": "0.5", "days": "10"}
    expected = jitter(path, parameters=own, share=0.2, trials=4, seed=1)
    failed = [each.problem for each in expected.rows if each.problem]
    assert (found["method"], found["parameters"], found["variants"]) == ("runs", own, 4)
    assert found["failed"] == len(failed)
    assert ("too much" in found["problem"]) == bool(failed)
    assert found["figures"] == as_told(expected)
    known = Examination.objects.count()
    answer = api.post(f"{V1}/{run.pk}/jitter/", {"trials": 101}, format="json")
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["field"] == "trials"
    assert Examination.objects.count() == known


def test_rules_that_cannot_be_simulated_are_run(api: APIClient, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    run = done(owner, {"main.rules": RULES})
    answer = {"refusal": "the bars are too many", "can_run": True}
    monkeypatch.setattr(
        "tradinglab.server.strategies.simulators.Simulator.carry_out", lambda *args, **options: iter([answer])
    )
    monkeypatch.setattr("tradinglab.server.examinations.jittering.USUAL_RUN", 2)
    found = examined(api, run, "jitter")["found"]
    assert (found["method"], found["why"], found["variants"]) == ("runs", "the bars are too many", 2)
