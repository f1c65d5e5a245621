"""``…/overfitting/`` of a search whose trials were simulated: as that of the same trials as backtests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient
from tests.server.test_optimizations import ALL
from tests.server.test_simulated_searches import RULES, finish

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.optimizations.models import Trial
from tradinglab.server.optimizations.returns import spread
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db
SPACE = [{"name": "fast", "values": ["3", "5", "8"]}, {"name": "slow", "values": ["12", "20"]}]
ALWAYS_OPEN = """
rules "Coins"
universe crypto BTCUSD on coinbase daily
from 2019-01-04 to 2019-08-01
cash 100000
parameter fast = 5 from 2 to 10 step 1
parameter slow = 20 from 12 to 40 step 4
enter long when SMA(fast) crosses above SMA(slow)
exit long when SMA(fast) crosses below SMA(slow)
size equal weight of 95 % of equity
"""


@pytest.fixture
def begin(api: APIClient, owner: User) -> Callable[..., dict[str, Any]]:
    versions: dict[str, str] = {}

    def post(rules: str = RULES, **given: Any) -> dict[str, Any]:
        if rules not in versions:
            head = strategy_create(owner=owner, name=f"Cross {len(versions)}", files={"main.rules": rules}).head
            assert head is not None
            versions[rules] = str(head.pk)
        answer = api.post(ALL, {"version": versions[rules], **given}, format="json")
        assert answer.status_code == 202, answer.content
        return dict(answer.json())

    return post


def assert_alike(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-5), name


def overfitting(api: APIClient, made: dict[str, Any], status: int = 200, **query: object) -> Any:
    answer = api.get(f"{ALL}{made['id']}/overfitting/", query)
    assert answer.status_code == status, answer.content
    return answer.json()


def prepare(api: APIClient, made: dict[str, Any], status: int = 202) -> Any:
    answer = api.post(f"{ALL}{made['id']}/overfitting/")
    assert answer.status_code == status, answer.content
    return answer.json()


def judged(api: APIClient, made: dict[str, Any]) -> dict[str, Any]:
    asked = prepare(api, made)
    assert run_carry_out(run_id=asked["id"], worker="a")
    found: dict[str, Any] = overfitting(api, made)
    return found


def test_it_is_that_of_the_same_trials_as_backtests(api, begin):
    quick = finish(api, begin(space=SPACE))
    slow = finish(api, begin(space=SPACE, method="backtests"))
    assert (quick["method"], slow["method"]) == ("simulation", "backtests")
    found, expected = judged(api, quick), overfitting(api, slow)
    trial = Trial.objects.get(optimization=slow["id"], number=found["best_trial"])
    assert (found.pop("best"), expected.pop("best")) == (None, str(trial.backtest_id))
    assert_alike(found, expected)
    assert (found["trials"], found["judged"], found["blocks"]) == (6, 6, 16)
    assert overfitting(api, quick, blocks=4)["combinations"] == 6
    # Once the trial is opened, it is a backtest.
    opened = api.post(f"{ALL}{quick['id']}/trials/{found['best_trial']}/backtest/").json()["id"]
    assert overfitting(api, quick)["best"] == opened


def test_it_is_so_of_markets_that_never_close(api, begin):
    both = [finish(api, begin(ALWAYS_OPEN, space=SPACE[:1], method=each)) for each in ("simulation", "backtests")]
    found, expected = judged(api, both[0]), overfitting(api, both[1])
    assert found["days"] > 100
    assert found.pop("best") != expected.pop("best")
    assert_alike(found, expected)


def test_it_is_made_once_and_says_where_it_is(api, begin, other: User, client_of: Callable[..., APIClient]):
    made = begin(space=SPACE[:1])
    for said in (prepare(api, made, 409), overfitting(api, made, 409)):
        assert said["detail"] == "The search is queued; ask again when it is over."
    finish(api, made)
    assert "POST" in overfitting(api, made, 409)["detail"]
    first = prepare(api, made)
    assert first["state"] == "queued"
    assert "queued" in overfitting(api, made, 409)["detail"]
    assert prepare(api, made, 200)["id"] == first["id"]
    Run.objects.filter(pk=first["id"]).update(state="failed")
    assert "tries again" in overfitting(api, made, 409)["detail"]
    second = prepare(api, made)
    assert second["id"] != first["id"]
    assert run_carry_out(run_id=second["id"], worker="a")
    assert prepare(api, made, 200)["state"] == "completed"
    assert overfitting(api, made)["judged"] == 3
    assert not Backtest.objects.exists()
    assert client_of(other).post(f"{ALL}{made['id']}/overfitting/").status_code == 404


def test_what_cannot_be_simulated_any_more_says_so(api, begin, monkeypatch):
    made = finish(api, begin(space=SPACE[:1]))
    answer = {"refusal": "the bars are gone", "can_run": True}
    monkeypatch.setattr(
        "tradinglab.server.strategies.simulators.Simulator.carry_out", lambda *args, **options: iter([answer])
    )
    asked = prepare(api, made)
    assert run_carry_out(run_id=asked["id"], worker="a")
    assert Run.objects.get(pk=asked["id"]).error["message"] == "the bars are gone"
    assert "failed" in overfitting(api, made, 409)["detail"]


def test_trials_that_are_backtests_need_no_making(api, begin):
    made = finish(api, begin(space=SPACE[:1], method="backtests"))
    assert "are backtests" in prepare(api, made, 409)["detail"]


def test_the_best_is_among_those_that_stand_for_all():
    ratios: list[float | None] = [None, *([0.1] * 998), 0.2]
    ratios[501] = 3.0
    places = spread(ratios)
    assert {0, 501, 999} <= set(places)
    assert len(places) in (200, 201)
    assert (spread([]), spread([None])) == ([], [0])


def test_what_takes_no_fields_refuses_those_that_are_given(api, begin):
    made = finish(api, begin(space=SPACE[:1]))
    for path in ("overfitting/", "trials/0/backtest/", "cancel/"):
        answer = api.post(f"{ALL}{made['id']}/{path}", {"blocks": 8}, format="json")
        assert answer.status_code == 400, answer.content
        told = "There is no such field. There are none here; leave it out."
        said = {"field": "blocks", "value": 8, "message": told}
        assert answer.json()["errors"] == [said]
    assert not Run.objects.filter(parent=made["id"], kind="daily_returns").exists()
    assert not Backtest.objects.exists()
