"""Walk-forwards: each window searched, the best tested on what it has not seen, one outcome whatever happens."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient
from tests.server.test_optimizations import SHARED, work

from tradinglab.server.accounts.models import AuditEntry, User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.optimizations.models import Optimization
from tradinglab.server.runs.claiming import claim_next
from tradinglab.server.runs.coordination import runs_coordinate
from tradinglab.server.runs.models import Run
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create
from tradinglab.server.walk_forwards.coordinating import walk_forward_advance

pytestmark = pytest.mark.django_db
ALL = "/api/v1/walk-forwards/"
#: 82 trading days, of which two windows of 40 and 20 have need.
SPAN = {"start": "2010-01-04", "end": "2010-04-30"}


@pytest.fixture
def shared(owner: User) -> Strategy:
    return strategy_create(owner=owner, name="Shared", files={"main.py": SHARED})


@pytest.fixture
def start(api: APIClient, shared: Strategy) -> Callable[..., dict[str, Any]]:
    def post(**given: Any) -> dict[str, Any]:
        assert shared.head is not None
        body = {
            "version": str(shared.head.pk), "space": [{"name": "share", "values": ["0.3", "0.9"]}],
            "target": "end_equity", "train_days": 40, "test_days": 20, **SPAN, **given,
        }  # fmt: skip
        answer = api.post(ALL, body, format="json")
        assert answer.status_code == 202, answer.content
        return dict(answer.json())

    return post


def work_all() -> int:
    """Carry out what there is until nothing is left, and return how many runs that were."""
    total = 0
    for _ in range(50):
        runs_coordinate()
        done = work()
        total += done
        if not done:
            runs_coordinate()
            if not work():
                return total
    raise AssertionError("no end")


def read(api: APIClient, made: dict[str, Any], part: str = "") -> Any:
    return api.get(f"{ALL}{made['id']}/{part}").json()


def test_each_window_is_searched_and_its_best_is_tested(api: APIClient, start: Any) -> None:
    made = start()
    assert (made["state"], len(made["windows"])) == ("queued", 2)
    assert made["windows"][0] == {
        "train_first": "2010-01-04", "train_last": "2010-03-02", "test_first": "2010-03-03", "test_last": "2010-03-30",
    }  # fmt: skip
    assert read(api, made, "result/")["windows"] == 0
    assert work_all() == 2 * 3
    over = read(api, made)
    assert (over["state"], over["progress"], over["error"]) == ("completed", 1.0, {})
    steps = read(api, made, "steps/")
    assert len(steps) == 2
    for step in steps:
        trials = Backtest.objects.filter(trial__optimization=step["search"])
        scores = {each.parameters["share"]: each.end_equity for each in trials}
        assert {str(each.start) for each in trials} == {step["window"]["train_first"]}
        assert {str(each.end) for each in trials} == {step["window"]["train_last"]}
        best = max(scores, key=lambda share: scores[share] or 0.0)
        assert (step["parameters"], step["train_score"]) == ({"share": best}, scores[best])
        test = api.get(f"/api/v1/backtests/{step['test']}/").json()
        assert (test["parameters"]["share"], test["start"]) == (best, step["window"]["test_first"])
        assert step["test_score"] == Backtest.objects.get(pk=step["test"]).end_equity
        assert step["test_return"] == pytest.approx(step["test_score"] / 100_000 - 1, abs=1e-4)
    result = read(api, made, "result/")
    assert (result["windows"], len(result["days"]), len(result["equity"])) == (2, 40, 40)
    assert (result["days"][0], result["days"][-1]) == ("2010-03-03", steps[1]["window"]["test_last"])
    grown = (steps[0]["test_score"] / 100_000) * (steps[1]["test_score"] / 100_000)
    assert result["equity"][-1] == pytest.approx(100_000 * grown, rel=1e-6)
    assert result["total_return"] == pytest.approx(grown - 1, abs=1e-6)
    assert result["drift"]["share"]["values"] == [each["parameters"]["share"] for each in steps]


def test_its_parts_are_listed_nowhere_else(api: APIClient, start: Any) -> None:
    made = start()
    work_all()
    assert api.get("/api/v1/optimizations/").json()["results"] == []
    assert api.get("/api/v1/backtests/").json()["results"] == []
    assert [each["id"] for each in api.get(f"{ALL}?state=completed").json()["results"]] == [made["id"]]
    search = read(api, made, "steps/")[0]["search"]
    assert api.get(f"/api/v1/optimizations/{search}/").json()["trials"]["completed"] == 2
    assert [each.action for each in AuditEntry.objects.filter(action__endswith=".submitted")] == [
        "walk_forward.submitted"
    ]


def test_a_worker_that_dies_costs_what_it_was_at_and_nothing_else(api: APIClient, start: Any) -> None:
    made = start()
    for _ in range(4):
        for _ in range(3):  # a search ends, its test begins, or the next window's search, whose trials begin
            runs_coordinate()
        lost = claim_next(worker="dies")
        assert lost is not None
        Run.objects.filter(pk=lost.run_id).update(lease_until=None, state="queued")  # as if its lease had run out
        assert work(most=1) == 1
    work_all()
    assert read(api, made)["state"] == "completed"
    assert Backtest.objects.count() == 6
    assert Optimization.objects.count() == 2
    before = Run.objects.get(pk=made["id"]).last_sequence
    walk_forward_advance(UUID(made["id"]))
    assert Run.objects.get(pk=made["id"]).last_sequence == before


def test_what_is_done_when_it_is_cancelled_is_kept(api: APIClient, start: Any) -> None:
    made = start()
    runs_coordinate()
    runs_coordinate()
    assert work(most=1) == 1
    answer = api.post(f"{ALL}{made['id']}/cancel/")
    assert (answer.status_code, answer.json()["is_cancel_requested"]) == (202, True)
    runs_coordinate()
    assert work_all() == 0
    assert read(api, made)["state"] == "cancelled"
    steps = read(api, made, "steps/")
    assert [each["search_state"] for each in steps] == ["cancelled", None]
    assert api.get(f"/api/v1/optimizations/{steps[0]['search']}/").json()["trials"]["completed"] == 1


def test_windows_without_a_best_are_not_tested(api: APIClient, start: Any) -> None:
    made = start(space=[{"name": "flavour", "values": ["bad"]}])
    work_all()
    over = read(api, made)
    assert (over["state"], over["error"]["code"]) == ("failed", "no_window_tested")
    assert "no such flavour" in over["error"]["message"]
    assert [each["test"] for each in read(api, made, "steps/")] == [None, None]


def test_windows_may_be_named_and_every_day_may_count(api: APIClient, start: Any) -> None:
    window = {"train_first": "2010-01-04", "train_last": "2010-02-01", "test_first": "2010-02-02",
              "test_last": "2010-02-20"}  # fmt: skip
    assert shares(api, start, window)["windows"] == [window]
    made = start(calendar="every_day", train_days=10, test_days=10, anchored=True, purge_days=1, embargo_days=60)
    assert [each["test_first"] for each in made["windows"]] == ["2010-01-15", "2010-03-26"]
    assert {each["train_first"] for each in made["windows"]} == {"2010-01-04"}


def shares(api: APIClient, start: Any, window: dict[str, str]) -> dict[str, Any]:
    version = start()["version"]
    space = [{"name": "share", "values": ["0.3"]}]
    answer = api.post(ALL, {"version": version, "space": space, "windows": [window]}, format="json")
    assert answer.status_code == 202, answer.content
    return dict(answer.json())


def test_it_is_deleted_with_all_its_parts(api: APIClient, start: Any) -> None:
    made = start()
    one = f"{ALL}{made['id']}/"
    assert api.delete(one).status_code == 409
    work_all()
    assert api.delete(one).status_code == 204
    assert api.get(one).status_code == 404
    assert api.get(ALL).json()["results"] == []
    assert not Run.objects.filter(deleted_at=None).exists()


def test_the_same_key_starts_it_once(api: APIClient, shared: Strategy) -> None:
    assert shared.head is not None
    body = {"version": str(shared.head.pk), "space": [{"name": "share", "values": ["0.3"]}], **SPAN}
    body |= {"train_days": 40, "test_days": 20}
    first, second = (api.post(ALL, body, format="json", HTTP_IDEMPOTENCY_KEY="k") for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 200)
    other = api.post(ALL, body | {"test_days": 10}, format="json", HTTP_IDEMPOTENCY_KEY="k")
    assert other.status_code >= 400


def test_days_between_stretches_of_data_are_no_trading_days(start: Callable[..., dict[str, Any]]) -> None:
    # The sample has shares until March 2013, and coins from 2018 on.
    made = start(start="2013-02-01", end="2018-03-31", calendar="every_day", train_days=60, test_days=30)
    at = [each[name] for each in made["windows"] for name in ("train_first", "train_last", "test_first", "test_last")]
    assert at[0] == "2013-02-01"
    assert not [day for day in at if "2013-03-02" <= day < "2018-01-01"]
    assert at[-1] > "2018-01-01"
    shares = start(start="2013-01-01", end=None, train_days=20, test_days=10)
    assert shares["windows"][-1]["test_last"] <= "2013-03-01"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"train_days": 70}, "train_days"),
        ({"train_days": 1}, "train_days"),
        ({"test_days": None}, "test_days"),
        ({"purge_days": -1}, "purge_days"),
        ({"start": "2010-06-01"}, "end"),
        ({"start": "2014-01-01", "end": "2015-01-01"}, "train_days"),
        ({"start": "2022-01-03", "end": "2022-06-01"}, "start"),
        ({"start": "1990-01-01", "end": "1991-01-01"}, "end"),
        ({"windows": []}, "windows"),
        ({"windows": [{"train_first": "2010-01-04"}]}, "windows.0.train_last"),
        ({"windows": [{"train_first": "2010-01-04", "train_last": "2010-02-01", "test_first": "2010-02-02",
                       "test_last": "2010-02-20"}]}, "train_days"),
        ({"calendar": "moon"}, "calendar"),
        ({"target_value": 3}, "target_value"),
        ({"node_type": "O2-8"}, "node_type"),
        ({"engine": "quantconnect"}, "engine"),
        ({"space_constraints": ["share < 0"]}, "space_constraints"),
        ({"space": [{"name": "size", "values": ["1"]}]}, "space.0.name"),
    ],
)  # fmt: skip
def test_what_cannot_be_walked_is_refused_by_its_field(
    given: dict[str, Any], field: str, api: APIClient, shared: Strategy
) -> None:
    assert shared.head is not None
    body = {
        "version": str(shared.head.pk), "space": [{"name": "share", "values": ["0.3", "0.9"]}],
        "train_days": 40, "test_days": 20, **SPAN, **given,
    }  # fmt: skip
    answer = api.post(ALL, body, format="json")
    assert answer.status_code == 400, answer.content
    assert field in [each["field"] for each in json.loads(answer.content)["errors"]]
    assert not Run.objects.exists()


def test_it_can_be_given_another_name_by_its_owner_alone(
    api: APIClient, start: Callable[..., dict[str, Any]], client_of: Callable[..., APIClient], other: User
) -> None:
    one = f"{ALL}{start()['id']}/"
    assert api.patch(one, {"name": "Second look"}, format="json").json()["name"] == "Second look"
    assert api.patch(one, {"name": "x" * 201}, format="json").status_code == 400
    assert api.patch(one, {"size": "no"}, format="json").status_code == 400
    assert client_of(other).patch(one, {"name": "Mine"}, format="json").status_code == 404
    assert api.get(one).json()["name"] == "Second look"
