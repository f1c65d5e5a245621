"""Hold-outs: nothing touches sealed days, and they are opened once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient
from tests.server.test_optimizations import SHARED, work
from tests.server.test_rule_strategies import CROSS

from tradinglab.server.accounts.models import AuditEntry, User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.honesty.models import HoldOut
from tradinglab.server.runs.limits import limits_set
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db
SPACE = [{"name": "share", "values": ["0.2", "0.4"]}]
SEALED = {"first_day": "2010-02-01", "last_day": "2010-02-26"}
BEFORE = "2010-01-31"


@pytest.fixture
def shared(owner: User) -> Strategy:
    return strategy_create(owner=owner, name="Shared", files={"main.py": SHARED})


def home(strategy: Strategy) -> str:
    return f"/api/v1/strategies/{strategy.pk}/hold-outs/"


def seal(api: APIClient, strategy: Strategy, status: int = 201, **days: str) -> Any:
    answer = api.post(home(strategy), {**SEALED, **days}, format="json")
    assert answer.status_code == status, answer.content
    return answer.json()


def start(api: APIClient, strategy: Strategy, what: str = "backtests", **given: Any) -> Any:
    assert strategy.head is not None
    return api.post(f"/api/v1/{what}/", {"version": str(strategy.head.pk), **given}, format="json")


def opening(api: APIClient, strategy: Strategy, made: Any, **given: Any) -> Any:
    assert strategy.head is not None
    body = {"version": str(strategy.head.pk), **given}
    return api.post(f"{home(strategy)}{made['id']}/open/", body, format="json")


def refused(answer: Any, field: str = "end") -> str:
    assert answer.status_code == 400, answer.content
    problem = answer.json()
    assert (problem["code"], problem["errors"][0]["field"]) == ("days_sealed", field)
    message = problem["errors"][0]["message"]
    assert "2010-02-01 to 2010-02-26" in message
    return str(message)


@pytest.mark.parametrize("end", [None, "2010-02-01", "2010-02-10", "2010-03-01", "2013-01-01"])
def test_no_run_touches_sealed_days_or_later_ones(api: APIClient, shared: Strategy, end: str | None) -> None:
    seal(api, shared)
    assert BEFORE in refused(start(api, shared, end=end))
    assert BEFORE in refused(start(api, shared, "optimizations", space=SPACE, end=end))
    assert start(api, shared, end=BEFORE).status_code == 202
    assert start(api, shared, "optimizations", space=SPACE, end=BEFORE).status_code == 202


def test_a_run_after_the_sealed_days_would_warm_up_on_them(api: APIClient, shared: Strategy) -> None:
    seal(api, shared)
    refused(start(api, shared, start="2010-03-01", end="2010-04-01"))


def test_what_is_asked_to_be_clipped_ends_the_day_before(api: APIClient, shared: Strategy) -> None:
    seal(api, shared)
    for end in (None, "2010-03-01"):
        answer = start(api, shared, end=end, hold_out="clip")
        assert (answer.status_code, answer.json()["end"]) == (202, BEFORE)
    assert start(api, shared, end="2010-01-15", hold_out="clip").json()["end"] == "2010-01-15"
    assert start(api, shared, "optimizations", space=SPACE, hold_out="clip").json()["end"] == BEFORE
    work()
    last = Backtest.objects.filter(run__parent=None).order_by("-last_day").values_list("last_day", flat=True)[0]
    assert last == date(2010, 1, 31)
    nothing = start(api, shared, start="2010-02-10", hold_out="clip")
    assert (nothing.status_code, nothing.json()["errors"][0]["field"]) == (400, "start")


def test_no_walk_forward_touches_them(api: APIClient, shared: Strategy) -> None:
    days = {"start": "2010-01-04", "train_days": 8, "test_days": 4, "space": SPACE}
    seal(api, shared)
    refused(start(api, shared, "walk-forwards", end="2010-02-26", **days))
    refused(start(api, shared, "walk-forwards", **days))
    window = {
        "train_first": "2010-01-04",
        "train_last": "2010-01-20",
        "test_first": "2010-01-21",
        "test_last": "2010-02-01",
    }
    refused(start(api, shared, "walk-forwards", space=SPACE, windows=[window]), "windows")
    clipped = start(api, shared, "walk-forwards", end="2010-02-26", hold_out="clip", **days)
    assert clipped.status_code == 202
    assert max(each["test_last"] for each in clipped.json()["windows"]) <= BEFORE


def test_no_rerun_goes_around_it(api: APIClient, shared: Strategy) -> None:
    run_id = start(api, shared).json()["id"]
    work()
    seal(api, shared)
    refused(api.post(f"/api/v1/backtests/{run_id}/rerun/", {}, format="json"))
    assert api.post(f"/api/v1/backtests/{run_id}/rerun/", {"end": BEFORE}, format="json").status_code == 202


def test_no_examination_looks_at_them_again(api: APIClient, shared: Strategy) -> None:
    run_id = start(api, shared).json()["id"]
    early = start(api, shared, end=BEFORE).json()["id"]
    work()
    seal(api, shared)
    refused(api.post(f"/api/v1/backtests/{run_id}/stress/", {}, format="json"), "backtest")
    assert api.post(f"/api/v1/backtests/{early}/stress/", {}, format="json").status_code == 202


def test_no_run_at_quantconnect_touches_them(api: APIClient, shared: Strategy) -> None:
    seal(api, shared)
    refused(start(api, shared, engine="quantconnect"))
    refused(start(api, shared, "optimizations", engine="quantconnect", space=SPACE))


def test_no_simulation_touches_them(api: APIClient, owner: User) -> None:
    told = strategy_create(owner=owner, name="Told", files={"main.rules": CROSS})
    seal(api, told)
    refused(api.post("/api/v1/rules/simulate/", {"text": CROSS}, format="json"), "text")
    other = {"text": CROSS.replace("fast = 5", "fast = 6"), "strategy": str(told.pk)}
    refused(api.post("/api/v1/rules/simulate/", other, format="json"), "text")
    short = {"text": CROSS.replace("2010-06-01", BEFORE), "strategy": str(told.pk)}
    assert api.post("/api/v1/rules/simulate/", short, format="json").status_code == 200
    refused(start(api, told))


def test_rules_that_end_before_need_no_other_end(api: APIClient, owner: User) -> None:
    text = CROSS.replace("2010-06-01", "2010-01-29")
    told = strategy_create(owner=owner, name="Told", files={"main.rules": text})
    seal(api, told)
    assert start(api, told).status_code == 202


def test_no_replay_comes_to_them(client_of: Callable[..., APIClient], owner: User, shared: Strategy) -> None:
    trader = client_of(owner, scopes=("read", "run", "trade"))
    seal(trader, shared)
    refused(start(trader, shared, "deployments", start="2010-01-04T00:00:00Z", speed=1000), "start")


def test_days_to_come_hinder_nobody(api: APIClient, shared: Strategy) -> None:
    seal(api, shared, first_day="2090-01-01", last_day="2090-12-31")
    assert start(api, shared).status_code == 202


def test_another_strategy_is_not_sealed(api: APIClient, owner: User, shared: Strategy) -> None:
    seal(api, shared)
    other = strategy_create(owner=owner, name="Other", files={"main.py": SHARED})
    assert start(api, other).status_code == 202


def test_it_is_opened_once_with_a_stamp(api: APIClient, owner: User, shared: Strategy) -> None:
    for share in ("0.3", "0.4"):
        start(api, shared, parameters={"share": share}, end=BEFORE)
    start(api, shared, parameters={"share": "0.6"})  # has seen the days
    work()
    made = seal(api, shared)
    assert (made["state"], made["seen_before"], made["stamp"], made["is_genuine"]) == ("sealed", 1, None, None)
    answer = opening(api, shared, made, parameters={"share": 0.4})
    assert answer.status_code == 202, answer.content
    run = answer.json()
    assert (run["start"], run["end"], run["parameters"]) == ("2010-02-01", "2010-02-26", {"share": "0.4"})
    work()
    shown = api.get(f"/api/v1/backtests/{run['id']}/").json()
    stamp = shown["hold_out"]["stamp"]
    assert shown["state"] == "completed"
    assert shown["hold_out"]["is_genuine"] is True
    assert shared.head is not None
    expected = {
        "opened_by": owner.email,
        "content_hash": shared.head.content_hash,
        "parameters": {"share": "0.4"},
        "trials": 3,
        "seen_before": 1,
        "run": run["id"],
        "data": "sample",
    }
    assert {name: stamp[name] for name in expected} == expected
    assert Backtest.objects.get(pk=run["id"]).last_day == date(2010, 2, 26)
    found = api.get(f"{home(shared)}{made['id']}/").json()
    assert (found["state"], found["run"], found["ended_by"]) == ("opened", run["id"], owner.email)
    again = opening(api, shared, made, parameters={"share": "0.3"})
    assert (again.status_code, again.json()["code"]) == (409, "hold_out_spent")
    assert run["id"] in again.json()["detail"]
    assert api.delete(f"{home(shared)}{made['id']}/").status_code == 409
    assert api.get(f"/api/v1/strategies/{shared.pk}/trials/").json()["by_source"] == {"backtest": 3, "hold_out": 1}
    actions = AuditEntry.objects.filter(target_id=made["id"]).order_by("id").values_list("action", flat=True)
    assert list(actions) == ["hold_out.sealed", "hold_out.opened"]
    assert start(api, shared).status_code == 202  # the days are free now, and spent
    assert api.get(f"/api/v1/backtests/{start(api, shared).json()['id']}/").json()["hold_out"] is None


def test_a_changed_stamp_shows(api: APIClient, shared: Strategy) -> None:
    made = seal(api, shared)
    opening(api, shared, made)
    row = HoldOut.objects.get(pk=made["id"])
    HoldOut.objects.filter(pk=row.pk).update(stamp={**row.stamp, "trials": 1_000})
    assert api.get(f"{home(shared)}{row.pk}/").json()["is_genuine"] is False


def test_what_cannot_be_run_does_not_open_it(api: APIClient, owner: User, shared: Strategy) -> None:
    made = seal(api, shared)
    other = strategy_create(owner=owner, name="Other", files={"main.py": SHARED})
    assert other.head is not None
    assert opening(api, shared, made, version=str(other.head.pk)).json()["errors"][0]["field"] == "version"
    assert opening(api, shared, made, version=str(uuid4())).status_code == 404
    assert opening(api, shared, made, data="nowhere").status_code == 400
    limits_set(user=owner, changes={"most_queued": 1})
    assert start(api, other).status_code == 202
    assert opening(api, shared, made).status_code == 429
    assert api.get(f"{home(shared)}{made['id']}/").json()["state"] == "sealed"
    assert Backtest.objects.count() == 1


def test_one_that_is_given_up_is_spent(api: APIClient, shared: Strategy) -> None:
    made = seal(api, shared)
    assert api.delete(f"{home(shared)}{made['id']}/").status_code == 204
    assert start(api, shared, end="2010-01-20").status_code == 202
    work()
    assert opening(api, shared, made).status_code == 409
    problem = seal(api, shared, 400, first_day="2010-02-20", last_day="2010-03-20")
    assert problem["errors"][0]["field"] == "first_day"
    seal(api, shared, first_day="2010-03-01", last_day="2010-03-20")
    assert [each["state"] for each in api.get(home(shared)).json()] == ["sealed", "given_up"]


def test_what_cannot_be_sealed_is_refused(api: APIClient, shared: Strategy) -> None:
    assert seal(api, shared, 400, last_day="2009-01-01")["errors"][0]["field"] == "last_day"
    start(api, shared)
    assert "not over" in seal(api, shared, 409)["detail"]
    work()
    seal(api, shared)
    assert "one hold-out at a time" in seal(api, shared, 409, first_day="2012-01-01", last_day="2012-02-01")["detail"]


def test_another_users_hold_out_does_not_exist(
    api: APIClient, other: User, client_of: Callable[..., APIClient], shared: Strategy
) -> None:
    made = seal(api, shared)
    stranger = client_of(other)
    assert stranger.post(home(shared), SEALED, format="json").status_code == 404
    assert stranger.get(home(shared)).status_code == 404
    assert stranger.get(f"{home(shared)}{made['id']}/").status_code == 404
    assert stranger.delete(f"{home(shared)}{made['id']}/").status_code == 404
    assert opening(stranger, shared, made).status_code == 404
    assert client_of(other, scopes=("read",)).post(home(shared), SEALED, format="json").status_code == 403
