"""Optimizations by other samplers than the grid: what comes next follows from the tables, whoever asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient
from tests.server.test_optimizations import ALL, SHARED, read, trials, work

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.optimizations.models import Optimization, Trial
from tradinglab.server.optimizations.requests import request_of
from tradinglab.server.runs.claiming import claim_next
from tradinglab.server.runs.coordination import runs_coordinate
from tradinglab.server.runs.models import Run
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db
WIDE = {"name": "share", "min": "0.01", "max": "0.9", "step": "0.01"}
EULER = {"name": "share", "min": "0.1", "max": "0.9", "step": "0.4", "min_step": "0.1"}


@pytest.fixture
def shared(owner: User) -> Strategy:
    return strategy_create(owner=owner, name="Shared", files={"main.py": SHARED})


@pytest.fixture
def start(api: APIClient, shared: Strategy) -> Callable[..., dict[str, Any]]:
    def post(**given: Any) -> dict[str, Any]:
        assert shared.head is not None
        body = {"version": str(shared.head.pk), "space": [WIDE], "target": "end_equity", **given}
        answer = api.post(ALL, body, format="json")
        assert answer.status_code == 202, answer.content
        return dict(answer.json())

    return post


def test_some_are_tried_by_lot_and_none_twice(api: APIClient, start: Any) -> None:
    made = start(sampler="random", most_trials=5, seed=3)
    assert (made["sampler"], made["most_trials"], made["seed"], made["total"]) == ("random", 5, 3, 5)
    work()
    over = read(api, made)
    assert (over["state"], over["progress"], over["trials"]["completed"]) == ("completed", 1.0, 5)
    shares = [each["share"] for each in trials(made)]
    assert len(set(shares)) == 5
    again = start(sampler="random", most_trials=5, seed=3)
    other = start(sampler="random", most_trials=5, seed=4)
    work()
    assert [each["share"] for each in trials(again)] == shares
    assert [each["share"] for each in trials(other)] != shares


def test_an_euler_search_refines_around_the_best(api: APIClient, start: Any) -> None:
    # In these months the share fell: the less money is in it, the better. 0.1, 0.5, 0.9; then by tenths around 0.1.
    made = start(sampler="euler", space=[EULER], most_parallel=3)
    assert made["space"][0] | {"values": []} == EULER | {"values": []}
    assert made["total"] == 8
    work()
    over = read(api, made)
    assert [each["share"] for each in trials(made)] == ["0.1", "0.5", "0.9", "0.2", "0.3"]
    assert (over["state"], over["progress"], over["best"]["parameters"]["share"]) == ("completed", 1.0, "0.1")


def test_an_euler_search_waits_for_its_grid_to_end(start: Any) -> None:
    made = start(sampler="euler", space=[EULER], most_parallel=4)
    runs_coordinate()
    assert [each["share"] for each in trials(made)] == ["0.1", "0.5", "0.9"]
    assert work(most=2) == 2
    assert len(trials(made)) == 3


def test_a_bayesian_search_is_the_same_whoever_is_killed_meanwhile(api: APIClient, start: Any) -> None:
    given = {"sampler": "bayesian", "most_trials": 14, "seed": 2, "most_parallel": 1}
    whole = start(**given)
    work()
    killed = start(**given)
    for _ in range(4):
        assert work(most=3) == 3
        lost = claim_next(worker="dies")
        assert lost is not None
        Run.objects.filter(pk=lost.run_id).update(lease_until=None, state="queued")  # as if its lease had run out
        runs_coordinate()
    work()
    over = read(api, killed)
    assert (over["state"], over["trials"]["completed"], over["total"]) == ("completed", 14, 14)
    assert trials(killed) == trials(whole)
    assert Backtest.objects.filter(trial__optimization=killed["id"]).count() == 14


def test_constraints_leave_combinations_out(api: APIClient, start: Any) -> None:
    axes = [{"name": "share", "values": ["0.2", "0.5", "0.8"]}, {"name": "flavour", "values": ["plain", "sweet"]}]
    made = start(space=axes, space_constraints=["share < 0.6", "flavour == 'sweet' or share > 0.3"])
    assert made["space_constraints"] == ["share < 0.6", "flavour == 'sweet' or share > 0.3"]
    assert made["total"] == 3
    work()
    assert trials(made) == [
        {"share": "0.2", "flavour": "sweet"},
        {"share": "0.5", "flavour": "plain"},
        {"share": "0.5", "flavour": "sweet"},
    ]
    assert read(api, made)["state"] == "completed"


def test_a_range_without_a_step_is_searched_by_lot(api: APIClient, start: Any) -> None:
    made = start(space=[{"name": "share", "min": "0.001", "max": "0.9", "log": True}], sampler="random", most_trials=3)
    assert made["space"] == [{"name": "share", "values": [], "min": "0.001", "max": "0.9", "log": True}]
    work()
    assert all(0.001 <= float(each["share"]) <= 0.9 for each in trials(made))
    assert read(api, made)["trials"]["completed"] == 3


def test_penalties_make_another_one_the_best(api: APIClient, start: Any) -> None:
    axes = [{"name": "share", "values": ["0.2", "0.8"]}]
    plain = start(space=axes, target="drawdown", direction="max")
    punished = start(space=axes, target="drawdown", direction="max", penalties=[{"figure": "exposure", "weight": 9}])
    work()
    best = read(api, plain)["best"]
    assert best["parameters"]["share"] == "0.8"
    found = read(api, punished)["best"]
    assert found["parameters"]["share"] == "0.2"
    test = Backtest.objects.get(pk=found["backtest"])
    assert test.drawdown is not None
    assert test.exposure is not None
    assert found["value"] == pytest.approx(test.drawdown - 9 * test.exposure)
    assert [each["best"]["parameters"]["share"] for each in api.get(ALL).json()["results"]] == ["0.2", "0.8"]


def test_what_is_stored_is_what_was_asked_for(start: Any) -> None:
    made = start(
        space=[EULER], sampler="euler", most_trials=7, seed=5, space_constraints=["share > 0"],
        other_targets=[{"figure": "drawdown"}], penalties=[{"figure": "total_fees", "weight": 0.5}],
    )  # fmt: skip
    stored = request_of(Optimization.objects.get(pk=made["id"]))
    assert stored.search() == Run.objects.get(pk=made["id"]).manifest["search"]
    assert made["other_targets"] == [{"figure": "drawdown", "direction": "min"}]
    assert Trial.objects.count() == 0


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"space_constraints": ["share <"]}, "space_constraints"),
        ({"space_constraints": ["size < 1"]}, "space_constraints"),
        ({"space_constraints": ["share < 0"]}, "space_constraints"),
        ({"space_constraints": "share < 1"}, "space_constraints"),
        ({"sampler": "luck"}, "sampler"),
        ({"sampler": "euler"}, "space.0.min_step"),
        ({"space": [EULER]}, "space.0.min_step"),
        ({"sampler": "euler", "space": [EULER | {"min_step": "0.8"}]}, "space.0.min_step"),
        ({"sampler": "bayesian", "most_trials": 5000}, "most_trials"),
        ({"most_trials": 0}, "most_trials"),
        ({"most_trials": 3}, "space"),
        ({"seed": -1}, "seed"),
        ({"space": [{"name": "share", "min": 0, "max": 1}]}, "space.0.step"),
        ({"space": [{"name": "share", "min": 0, "max": 1, "log": True}], "sampler": "random"}, "space.0.min"),
        ({"space": [WIDE | {"log": True}]}, "space.0.log"),
        ({"space": [{"name": "share", "min": 0, "max": 1, "min_step": "0.1"}]}, "space.0.step"),
        ({"space": [{"name": "flavour", "min": 0, "max": 1}], "sampler": "random"}, "space.0.step"),
        ({"penalties": [{"figure": "luck", "weight": 1}]}, "penalties.0.figure"),
        ({"penalties": [{"figure": "alpha", "weight": "inf"}]}, "penalties.0.weight"),
        ({"other_targets": [{"figure": "end_equity"}]}, "other_targets.0.figure"),
        ({"other_targets": [{"figure": "alpha", "direction": "up"}]}, "other_targets.0.direction"),
    ],
)
def test_what_cannot_be_searched_is_refused_by_its_field(
    given: dict[str, Any], field: str, api: APIClient, shared: Strategy
) -> None:
    assert shared.head is not None
    body = {"version": str(shared.head.pk), "space": [WIDE], "target": "end_equity", **given}
    answer = api.post(ALL, body, format="json")
    assert answer.status_code == 400, answer.content
    assert field in [each["field"] for each in json.loads(answer.content)["errors"]]
    assert not Run.objects.exists()


def test_a_thousand_millions_are_refused_with_their_count_and_drawn_from(api: APIClient, shared: Strategy) -> None:
    assert shared.head is not None
    space = [WIDE | {"name": name, "max": "10"} for name in ("share", "flavour")]
    body = {"version": str(shared.head.pk), "space": space, "target": "end_equity"}
    answer = api.post(ALL, body, format="json")
    assert "there are 1,000,000:" in answer.json()["errors"][0]["message"]
    body |= {"sampler": "random", "most_trials": 2}
    assert api.post(ALL, body, format="json").status_code == 202
