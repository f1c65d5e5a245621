"""What the trials of an optimization show: the table, the map, the neighbours of the best, the front."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient
from tests.server.test_optimizations import ALL, SHARED, work

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.optimizations.models import Trial
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db


@pytest.fixture
def one(api: APIClient, owner: User) -> str:
    """The address of an optimization with trials of all kinds, whose figures were put there."""
    head = strategy_create(owner=owner, name="Shared", files={"main.py": SHARED}).head
    assert head is not None
    body = {
        "version": str(head.pk),
        "space": [
            {"name": "share", "values": ["0.2", "0.4", "0.6"]},
            {"name": "flavour", "values": ["plain", "bad"]},
        ],
        "constraints": [{"figure": "drawdown", "operator": "less", "value": 0.5}],
        "other_targets": [{"figure": "drawdown"}],
        "most_parallel": 8,
    }
    made = api.post(ALL, body, format="json").json()
    work()
    figures = {"0.2": (1.0, 0.1), "0.4": (3.0, 0.2), "0.6": (9.0, 0.9)}
    for trial in Trial.objects.filter(optimization=made["id"], backtest__parameters__flavour="plain"):
        sharpe, drawdown = figures[trial.backtest.parameters["share"]]
        Backtest.objects.filter(pk=trial.backtest_id).update(sharpe_ratio=sharpe, drawdown=drawdown)
    return f"{ALL}{made['id']}/"


def numbers(answer: Any) -> list[int]:
    return [each["number"] for each in answer.json()["results"]]


def test_the_table_is_sorted_and_filtered(api: APIClient, one: str) -> None:
    table = api.get(f"{one}trials/?sort=-score").json()
    assert (table["total"], table["offset"], table["limit"]) == (6, 0, 100)
    assert [each["number"] for each in table["results"]] == [4, 2, 0, 1, 3, 5]
    best = table["results"][1]
    assert best["parameters"] == {"share": "0.4", "flavour": "plain"}
    assert (best["score"], best["within_bounds"], best["state"]) == (3.0, True, "completed")
    assert best["figures"] == {"sharpe_ratio": 3.0, "drawdown": 0.2}
    assert table["results"][0]["within_bounds"] is False
    failed = table["results"][3]
    assert (failed["score"], failed["within_bounds"], failed["figures"], failed["state"]) == (None, None, {}, "failed")
    assert api.get(f"/api/v1/backtests/{best['backtest']}/").json()["parameters"]["share"] == "0.4"
    assert numbers(api.get(f"{one}trials/?sort=score&state=completed")) == [0, 2, 4]
    assert numbers(api.get(f"{one}trials/?within_bounds=true")) == [0, 2]
    assert numbers(api.get(f"{one}trials/?within_bounds=false")) == [4]
    page = api.get(f"{one}trials/?sort=-number&offset=1&limit=2")
    assert (numbers(page), page.json()["total"]) == ([4, 3], 6)


def test_a_map_of_two_parameters(api: APIClient, one: str) -> None:
    found = api.get(f"{one}heat-map/?x=share&y=flavour").json()
    assert found == {
        "x": "share", "y": "flavour", "xs": ["0.2", "0.4", "0.6"], "ys": ["plain", "bad"],
        "scores": [[1.0, 3.0, None], [None, None, None]], "counts": [[1, 1, 0], [0, 0, 0]],
    }  # fmt: skip
    assert api.get(f"{one}heat-map/?x=flavour&y=share&aggregate=median").json()["scores"] == [
        [1.0, None], [3.0, None], [None, None],
    ]  # fmt: skip


def test_the_neighbours_of_the_best(api: APIClient, one: str) -> None:
    found = api.get(f"{one}stability/").json()
    best = found.pop("best")
    assert (best["value"], best["parameters"]["share"]) == (3.0, "0.4")
    assert found == {"neighbours": 2, "without_score": 1, "median": 1.0, "worst": 1.0, "drop": pytest.approx(2 / 3)}


def test_the_front(api: APIClient, one: str) -> None:
    assert [each["number"] for each in api.get(f"{one}pareto-front/").json()] == [0, 2]


def test_before_anything_is_done_there_is_nothing(api: APIClient, owner: User) -> None:
    head = strategy_create(owner=owner, name="Shared", files={"main.py": SHARED}).head
    assert head is not None
    body = {"version": str(head.pk), "space": [{"name": "share", "values": ["0.2"]}]}
    one = f"{ALL}{api.post(ALL, body, format='json').json()['id']}/"
    assert api.get(f"{one}trials/").json()["results"] == []
    assert api.get(f"{one}pareto-front/").json() == []
    found = api.get(f"{one}stability/").json()
    assert (found["best"], found["neighbours"], found["drop"]) == (None, 0, None)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("trials/?sort=luck", "sort"),
        ("trials/?limit=0", "limit"),
        ("trials/?state=lost", "state"),
        ("trials/?within_bounds=perhaps", "within_bounds"),
        ("trials/?size=3", "size"),
        ("heat-map/", "x"),
        ("heat-map/?x=share&y=size", "y"),
        ("heat-map/?x=share&y=share", "y"),
        ("heat-map/?x=share&y=flavour&aggregate=mean", "aggregate"),
    ],
)
def test_what_cannot_be_asked_is_refused(api: APIClient, owner: User, asked: str, field: str) -> None:
    head = strategy_create(owner=owner, name="Shared", files={"main.py": SHARED}).head
    assert head is not None
    space = [{"name": "share", "values": ["0.2"]}, {"name": "flavour", "values": ["plain"]}]
    made = api.post(ALL, {"version": str(head.pk), "space": space}, format="json").json()
    answer = api.get(f"{ALL}{made['id']}/{asked}")
    assert answer.status_code == 400
    assert field in [each["field"] for each in answer.json()["errors"]]
