"""Optimizations: every combination once, the best of them, and one outcome whatever happens to workers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from tradinglab.server.accounts.models import AuditEntry, User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.optimizations.coordinating import optimization_advance
from tradinglab.server.optimizations.models import Trial
from tradinglab.server.runs.claiming import claim_next
from tradinglab.server.runs.coordination import runs_coordinate
from tradinglab.server.runs.lease import lease_claim
from tradinglab.server.runs.limits import limits_set
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.reaping import runs_reap
from tradinglab.server.runs.supervision import held_run_carry_out
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db
ALL = "/api/v1/optimizations/"
TESTS = "/api/v1/backtests/"
SHARED = """
from AlgorithmImports import *

class Shared(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2010, 1, 4)
        self.set_end_date(2010, 3, 1)
        self.share = self.get_parameter("share", 0.5)
        self.flavour = self.get_parameter("flavour", "plain")
        if self.flavour == "bad":
            raise ValueError("no such flavour")
        self.symbol = self.add_equity("AAPL", Resolution.DAILY).symbol

    def on_data(self, data):
        if not self.portfolio.invested:
            self.set_holdings(self.symbol, self.share)
"""
SHARES = {"name": "share", "min": "0.2", "max": "0.8", "step": "0.2"}


@pytest.fixture
def shared(owner: User) -> Strategy:
    return strategy_create(owner=owner, name="Shared", files={"main.py": SHARED})


@pytest.fixture
def start(api: APIClient, shared: Strategy) -> Callable[..., dict[str, Any]]:
    def post(**given: Any) -> dict[str, Any]:
        assert shared.head is not None
        body = {"version": str(shared.head.pk), "space": [SHARES], "target": "end_equity", **given}
        answer = api.post(ALL, body, format="json")
        assert answer.status_code == 202, answer.content
        return dict(answer.json())

    return post


def work(most: int = 100) -> int:
    """Carry out what there is, as a worker does, and return how many runs that were."""
    runs_coordinate()
    for done in range(most):
        lease = claim_next(worker="w")
        if lease is None:
            return done
        held_run_carry_out(lease=lease)
    return most


def read(api: APIClient, made: dict[str, Any]) -> dict[str, Any]:
    return dict(api.get(f"{ALL}{made['id']}/").json())


def trials(made: dict[str, Any]) -> list[dict[str, str]]:
    return [each.backtest.parameters for each in Trial.objects.filter(optimization=made["id"])]


def test_every_combination_is_tried_once_and_the_best_is_named(api: APIClient, start: Any) -> None:
    made = start(space=[SHARES, {"name": "flavour", "values": ["plain", "sweet"]}])
    assert (made["state"], made["total"], made["best"]) == ("queued", 8, None)
    assert work() == 8
    over = read(api, made)
    assert (over["state"], over["progress"], over["trials"]["completed"]) == ("completed", 1.0, 8)
    assert trials(made) == [
        {"share": share, "flavour": flavour} for share in ("0.2", "0.4", "0.6", "0.8") for flavour in ("plain", "sweet")
    ]
    equities = {test.pk: test.end_equity for test in Backtest.objects.filter(trial__optimization=made["id"])}
    best = UUID(over["best"]["backtest"])
    assert equities[best] == max(equities.values()) == over["best"]["value"]
    # Two came to the same: the first of them counts.
    assert over["best"]["parameters"]["flavour"] == "plain"


def test_each_trial_is_a_backtest_like_any_other(api: APIClient, start: Any, shared: Strategy) -> None:
    made = start(space=[{"name": "share", "values": [0.3]}])
    work()
    trial = api.get(f"{TESTS}?optimization={made['id']}").json()["results"][0]
    assert trial["optimization"] == made["id"]
    assert shared.head is not None
    body = {"version": str(shared.head.pk), "parameters": {"share": "0.3"}}
    alone = api.post(TESTS, body, format="json").json()
    work()
    alone = api.get(f"{TESTS}{alone['id']}/").json()
    assert alone["optimization"] is None
    assert alone["statistics"] == api.get(f"{TESTS}{trial['id']}/").json()["statistics"]


def test_trials_are_not_among_the_backtests_that_somebody_asked_for(api: APIClient, start: Any) -> None:
    start()
    work()
    assert api.get(TESTS).json()["results"] == []
    assert AuditEntry.objects.filter(action="optimization.submitted").count() == 1
    assert not AuditEntry.objects.filter(action="backtest.submitted").exists()


def test_no_more_trials_wait_or_run_than_may(start: Any) -> None:
    made = start(most_parallel=3)
    runs_coordinate()
    runs_coordinate()
    assert len(trials(made)) == 3
    assert work(most=1) == 1
    assert len(trials(made)) == 4


@pytest.mark.parametrize(
    ("constraint", "shares"),
    [
        ({"figure": "drawdown", "operator": "less", "value": 0.0}, None),
        ({"figure": "total_fees", "operator": "greater_or_equal", "value": 0}, "0.8"),
        ({"figure": "end_equity", "operator": "not_equal", "value": -1}, "0.8"),
    ],
)
def test_what_breaks_a_bound_is_not_the_best(
    constraint: dict[str, Any], shares: str | None, api: APIClient, start: Any
) -> None:
    # In these two months the share fell: with all the money in it, least is left.
    made = start(direction="min", constraints=[constraint])
    work()
    best = read(api, made)["best"]
    assert (None if best is None else best["parameters"]["share"]) == shares


def test_a_search_is_over_when_its_target_is_reached(api: APIClient, start: Any) -> None:
    made = start(target_value=1.0, most_parallel=1)
    work()
    over = read(api, made)
    assert (over["state"], over["trials"]["completed"]) == ("completed", 1)


def test_trials_that_fail_are_counted(api: APIClient, start: Any) -> None:
    made = start(space=[{"name": "flavour", "values": ["bad", "plain"]}])
    work()
    over = read(api, made)
    assert (over["state"], over["trials"]["completed"], over["trials"]["failed"]) == ("completed", 1, 1)


def test_if_none_completes_the_first_error_is_told(api: APIClient, start: Any) -> None:
    made = start(space=[{"name": "flavour", "values": ["bad"]}])
    work()
    over = read(api, made)
    assert (over["state"], over["error"]["code"]) == ("failed", "no_trial_completed")
    assert "no such flavour" in over["error"]["message"]


def test_what_is_done_when_it_is_cancelled_is_kept(api: APIClient, start: Any) -> None:
    made = start(most_parallel=2)
    assert work(most=1) == 1
    answer = api.post(f"{ALL}{made['id']}/cancel/")
    assert (answer.status_code, answer.json()["is_cancel_requested"]) == (202, True)
    assert work() == 0
    over = read(api, made)
    assert (over["state"], over["trials"]["completed"], over["trials"]["cancelled"]) == ("cancelled", 1, 2)
    assert over["best"]["parameters"] == {"share": "0.2"}
    again = api.post(f"{ALL}{made['id']}/cancel/")
    assert again.status_code == 202  # as a backtest's


def test_one_that_nobody_began_is_cancelled_at_once(api: APIClient, start: Any) -> None:
    made = start()
    assert api.post(f"{ALL}{made['id']}/cancel/").json()["state"] == "cancelled"
    assert work() == 0
    assert trials(made) == []


def test_a_worker_that_dies_costs_the_trial_in_flight_and_nothing_else(start: Any, api: APIClient) -> None:
    made = start(most_parallel=2)
    assert work(most=1) == 1
    lost = claim_next(worker="dies")
    assert lost is not None
    Run.objects.filter(pk=lost.run_id).update(lease_until=None, state="queued")  # as if its lease had run out
    assert work() == 4 - 1
    assert read(api, made)["trials"]["completed"] == 4
    assert len(trials(made)) == 4


def test_workers_do_not_take_it_for_a_run_of_theirs(start: Any) -> None:
    made = start()
    run_id = UUID(made["id"])
    assert claim_next(worker="w") is None
    assert lease_claim(run_id=run_id, worker="w") is None
    assert run_id not in runs_reap()
    runs_coordinate()
    assert run_id not in runs_reap()


def test_a_full_queue_lets_trials_wait(owner: User, api: APIClient, start: Any) -> None:
    limits_set(user=owner, changes={"most_queued": 1})
    made = start(most_parallel=4)
    work()
    assert read(api, made)["trials"]["completed"] == 4


def test_moving_it_on_twice_changes_nothing(start: Any, api: APIClient) -> None:
    made = start()
    work()
    before = read(api, made)
    optimization_advance(UUID(made["id"]))
    assert read(api, made) == before
    kinds = [event.kind for event in Run.objects.get(pk=made["id"]).events.all()]
    assert (kinds[:2], kinds[-1], kinds.count("finished")) == (["queued", "started"], "finished", 1)


def test_one_that_cannot_be_moved_on_fails(start: Any, api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    made = start()
    runs_coordinate()
    with monkeypatch.context() as patch:
        patch.setattr("tradinglab.server.optimizations.coordinating.counts_of", lambda **_: 1 / 0)
        runs_coordinate()
    over = read(api, made)
    assert over["error"]["code"] == "server"
    assert (over["trials"]["queued"], over["trials"]["cancelled"]) == (0, 4)


def test_a_list_asks_the_database_no_more_for_many_than_for_few(
    api: APIClient, start: Any, django_assert_max_num_queries: Any
) -> None:
    wanted = [
        start(space=[{"name": "share", "values": values}], direction=direction, target=target)
        for values in (["0.2", "0.8"], ["0.8", "0.2"])
        for direction in ("max", "min")
        for target in ("end_equity", "drawdown")
    ]
    work()
    alone = [read(api, made) for made in wanted]
    assert all(each["best"] for each in alone)
    with django_assert_max_num_queries(12):
        listed = api.get(ALL).json()["results"]
    assert listed == alone[::-1]


def test_it_is_renamed_and_deleted_with_its_trials(api: APIClient, start: Any) -> None:
    made = start()
    one = f"{ALL}{made['id']}/"
    assert api.patch(one, {"name": "Shares"}, format="json").json()["name"] == "Shares"
    assert api.delete(one).status_code == 409
    work()
    assert [each["name"] for each in api.get(f"{ALL}?state=completed&name=shar").json()["results"]] == ["Shares"]
    assert api.delete(one).status_code == 204
    assert api.get(one).status_code == 404
    assert api.get(ALL).json()["results"] == []
    assert api.get(f"{TESTS}?optimization={made['id']}").json()["results"] == []
    assert list(AuditEntry.objects.filter(action__endswith=".deleted").values_list("action", flat=True)) == [
        "optimization.deleted"
    ]


@pytest.mark.parametrize("where", [ALL, "/api/v1/walk-forwards/"])
def test_names_notes_tags_and_stars(
    api: APIClient, shared: Strategy, where: str, other: User, client_of: Callable[..., APIClient]
) -> None:
    assert shared.head is not None
    body: dict[str, Any] = {"version": str(shared.head.pk), "space": [{"name": "share", "values": ["0.5", "1"]}]}
    if where != ALL:
        body |= {"train_days": 40, "test_days": 20, "start": "2010-01-04", "end": "2010-05-03"}
    made = [api.post(where, body, format="json") for _ in range(2)]
    assert [each.status_code for each in made] == [202, 202], made[0].content
    first, second = (f"{where}{each.json()['id']}/" for each in made)
    said = {"notes": "Look at May.", "tags": ["best", "may", "best"], "is_starred": True}
    found = api.patch(first, said, format="json").json()
    assert (found["notes"], found["tags"], found["is_starred"]) == ("Look at May.", ["best", "may"], True)
    assert api.patch(second, {"name": "Second", "tags": ["best"]}, format="json").json()["notes"] == ""

    def listed(**query: object) -> list[str]:
        return [f"{where}{each['id']}/" for each in api.get(where, query).json()["results"]]

    assert listed(tag="best") == [second, first]
    assert listed(tag=["best", "may"]) == listed(is_starred="true") == listed(notes="at may") == [first]
    assert listed(is_starred="false") == listed(name="secon") == [second]
    assert api.get(where, {"is_starred": "perhaps"}).status_code == 400
    assert api.patch(first, {"name": "Other", "tags": []}, format="json").json()["is_starred"] is True
    assert listed(tag="may") == []
    for bad, field in (({"tags": ["x" * 51]}, "tags.0"), ({"notes": "\x00"}, "notes"), ({"size": 1}, "size")):
        answer = api.patch(first, bad, format="json")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    assert client_of(other).patch(first, {"tags": ["x"]}, format="json").status_code == 404


def test_the_same_key_starts_it_once(api: APIClient, shared: Strategy) -> None:
    assert shared.head is not None
    body = {"version": str(shared.head.pk), "space": [SHARES]}
    first, second = (api.post(ALL, body, format="json", HTTP_IDEMPOTENCY_KEY="k") for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json()["id"] == second.json()["id"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"space": []}, "space"),
        ({"space": [{"name": "share"}]}, "space.0.min"),
        ({"space": [{"name": "share", "min": 1, "max": 2}]}, "space.0.step"),
        ({"space": [{"name": "share", "min": 2, "max": 1, "step": 1}]}, "space.0.max"),
        ({"space": [{"name": "share", "min": 1, "max": 2, "step": 0}]}, "space.0.step"),
        ({"space": [{"name": "share", "min": 1, "max": 2, "step": "1e-9"}]}, "space.0.step"),
        ({"space": [{"name": "share", "min": "NaN", "max": 2, "step": 1}]}, "space.0.min"),
        ({"space": [SHARES, SHARES]}, "space.0.name"),
        ({"space": [{"name": "share", "min": 1, "max": 20_000, "step": 1}]}, "space.0.step"),
        ({"space": [{"name": name, "min": 1, "max": 200, "step": 1} for name in ("share", "size")]}, "space"),
        ({"space": [{"name": "share", "values": ["0.1", "much", "0.9"]}]}, "space.0.values"),
        ({"space": [SHARES, {"name": "flavor", "values": ["plain"]}]}, "space.1.name"),
        ({"space": [{"name": "a b", "values": ["1"]}]}, "space.0.name"),
        ({"space": [SHARES | {"values": ["1"]}]}, "space.0.min"),
        ({"space": [SHARES | {"stop": 3}]}, "space.0.stop"),
        ({"target": "luck"}, "target"),
        ({"direction": "up"}, "direction"),
        ({"target_value": "inf"}, "target_value"),
        ({"constraints": [{"figure": "luck", "operator": "less", "value": 1}]}, "constraints.0.figure"),
        ({"constraints": [{"figure": "alpha", "operator": "<", "value": 1}]}, "constraints.0.operator"),
        ({"most_parallel": 0}, "most_parallel"),
        ({"parameters": {"share": "0.5"}}, "parameters.share"),
        ({"start": "2010-03-01", "end": "2010-01-04"}, "end"),
        ({"start": "2022-01-03", "end": "2022-06-01"}, "start"),
        ({"start": "1990-01-02", "end": "1990-06-01"}, "end"),
        ({"space_constraints": ["share ** share ** 9999999 < 1"]}, "space_constraints"),
        ({"data": "nowhere"}, "data"),
        ({"seeds": 3}, "seeds"),
        ({"engine": "quantconnect"}, "engine"),
    ],
)
def test_what_cannot_be_searched_is_refused_by_its_field(
    given: dict[str, Any], field: str, api: APIClient, shared: Strategy
) -> None:
    assert shared.head is not None
    answer = api.post(ALL, {"version": str(shared.head.pk), "space": [SHARES], **given}, format="json")
    assert answer.status_code == 400, answer.content
    assert field in [each["field"] for each in json.loads(answer.content)["errors"]]
    assert not Run.objects.exists()


def test_a_name_that_no_parameter_can_have(api: APIClient, shared: Strategy) -> None:
    assert shared.head is not None
    space = [{"name": "a share", "values": ["1"]}]
    answer = api.post(ALL, {"version": str(shared.head.pk), "space": space}, format="json")
    (told,) = json.loads(answer.content)["errors"]
    assert (told["field"], told["value"]) == ("space.0.name", "a share")
    assert "up to 100 letters, digits" in told["message"]
