"""Searches of rules: trials are simulated many at once, each is computed once, and any opens as the same backtest."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from tests.server.test_optimizations import ALL, TESTS, read, work

from tradinglab.data.source import open_source
from tradinglab.rules import load_bars, read_rules, simulate
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.optimizations.coordinating import _advance, optimization_advance
from tradinglab.server.optimizations.models import Optimization, Trial
from tradinglab.server.optimizations.recording import SimulatedTrial, trials_record
from tradinglab.server.optimizations.simulating import SimulationKind
from tradinglab.server.optimizations.thinking import optimization_think, thought_end
from tradinglab.server.runs.claiming import claim_next
from tradinglab.server.runs.coordination import runs_coordinate
from tradinglab.server.runs.lease import LeaseLost, lease_claim
from tradinglab.server.runs.models import Run, RunEvent, RunState
from tradinglab.server.runs.supervision import Supervisor, held_run_carry_out
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db
RULES = """
rules "Cross"
universe AAPL, IBM daily
from 2010-01-04 to 2011-03-01
cash 100000
parameter fast = 5 from 2 to 10 step 1
parameter slow = 20 from 12 to 40 step 4
enter long when SMA(fast) crosses above SMA(slow)
exit long when SMA(fast) crosses below SMA(slow)
size equal weight of 95 % of equity
"""
FAST = {"name": "fast", "min": "2", "max": "10", "step": "1"}
SLOW = {"name": "slow", "min": "12", "max": "40", "step": "4"}


@pytest.fixture
def cross(owner: User) -> Strategy:
    return strategy_create(owner=owner, name="Cross", files={"main.rules": RULES})


@pytest.fixture
def start(api: APIClient, cross: Strategy) -> Callable[..., dict[str, Any]]:
    def post(**given: Any) -> dict[str, Any]:
        assert cross.head is not None
        answer = api.post(ALL, {"version": str(cross.head.pk), "space": [FAST, SLOW], **given}, format="json")
        assert answer.status_code == 202, answer.content
        return dict(answer.json())

    return post


def finish(api: APIClient, made: dict[str, Any]) -> dict[str, Any]:
    for _ in range(30):
        work()
        if (found := read(api, made))["finished_at"]:
            return found
    raise AssertionError(found)


def trials(api: APIClient, made: dict[str, Any], **asked: Any) -> list[dict[str, Any]]:
    return list(api.get(f"{ALL}{made['id']}/trials/", {"limit": 1000, **asked}).json()["results"])


def test_all_trials_are_simulated_and_none_is_a_backtest(api, start):
    made = start()
    assert (made["method"], made["total"], made["warnings"]) == ("simulation", 72, [])
    done = finish(api, made)
    assert done["state"] == "completed"
    assert done["trials"] == {"queued": 0, "running": 0, "completed": 72, "failed": 0, "cancelled": 0}
    assert not Backtest.objects.exists()
    table = trials(api, made)
    assert [each["number"] for each in table] == list(range(72))
    assert {each["state"] for each in table} == {"completed"}
    best = max(table, key=lambda each: each["score"])
    assert done["best"] == {
        "trial": best["number"], "backtest": None, "parameters": best["parameters"], "value": best["score"],
    }  # fmt: skip


def test_a_trial_opens_as_a_backtest_of_the_same_figures_once(api, start):
    made = start(name="Crossing")
    finish(api, made)
    answer = api.post(f"{ALL}{made['id']}/trials/17/backtest/")
    assert answer.status_code == 202
    assert answer["Location"].endswith(f"{TESTS}{answer.json()['id']}/")
    assert answer.json()["name"] == "Crossing, trial 17"
    work()
    test = api.get(f"{TESTS}{answer.json()['id']}/").json()
    trial = Trial.objects.get(optimization=made["id"], number=17)
    assert test["state"] == "completed"
    row = Backtest.objects.get(pk=test["id"])
    for name, value in trial.figures.items():
        assert math.isclose(getattr(row, name), value, rel_tol=2e-6, abs_tol=1e-9), name
    again = api.post(f"{ALL}{made['id']}/trials/17/backtest/")
    assert (again.status_code, again.json()["id"]) == (200, test["id"])
    assert trials(api, made)[17]["backtest"] == test["id"]
    assert read(api, made)["trials"]["completed"] == 72


def test_opening_refuses_what_is_not_there(api, start, client_of, other):
    made = start()
    assert api.post(f"{ALL}{made['id']}/trials/99/backtest/").status_code == 404
    assert client_of(other).post(f"{ALL}{made['id']}/trials/0/backtest/").status_code == 404
    runs_coordinate()
    waiting = api.post(f"{ALL}{made['id']}/trials/0/backtest/")
    assert (waiting.status_code, waiting.json()["code"]) == (409, "conflict")


def test_simulation_and_backtests_find_the_same_best(api, start):
    axes = [{"name": "fast", "values": ["3", "8"]}, {"name": "slow", "values": ["16", "32"]}]
    given = {
        "space": axes,
        "target": "net_profit",
        "penalties": [{"figure": "drawdown", "weight": 0.5}],
        "constraints": [{"figure": "total_trades", "operator": "greater", "value": 2}],
    }
    quick, slow = start(**given), start(**given, method="backtests")
    assert (quick["method"], slow["method"]) == ("simulation", "backtests")
    one, other = finish(api, quick), finish(api, slow)
    assert one["best"]["parameters"] == other["best"]["parameters"]
    assert math.isclose(one["best"]["value"], other["best"]["value"], rel_tol=1e-6)
    for mine, theirs in zip(trials(api, quick), trials(api, slow), strict=True):
        assert mine["parameters"] == theirs["parameters"]
        assert math.isclose(mine["score"], theirs["score"], rel_tol=1e-6, abs_tol=1e-9)
        assert mine["within_bounds"] == theirs["within_bounds"]


@pytest.mark.parametrize("sampler", ["random", "bayesian", "euler"])
def test_every_sampler_goes_through(api, start, sampler):
    axes = [{**FAST, "step": "4", "min_step": "1"}, SLOW] if sampler == "euler" else [FAST, SLOW]
    done = finish(api, start(space=axes, sampler=sampler, most_trials=24))
    assert (done["state"], done["method"]) == ("completed", "simulation")
    assert 12 < done["trials"]["completed"] <= 24


def test_a_front_of_several_targets_and_a_map(api, start):
    made = start(other_targets=[{"figure": "drawdown"}])
    finish(api, made)
    front = api.get(f"{ALL}{made['id']}/pareto-front/").json()
    table = trials(api, made)
    for each in front:
        mine = each["figures"]
        assert not any(
            other["figures"]["sharpe_ratio"] > mine["sharpe_ratio"] and other["figures"]["drawdown"] < mine["drawdown"]
            for other in table
        )
    grid = api.get(f"{ALL}{made['id']}/heat-map/", {"x": "fast", "y": "slow"}).json()
    assert (len(grid["xs"]), len(grid["ys"])) == (9, 8)
    near = api.get(f"{ALL}{made['id']}/stability/").json()
    assert near["best"]["trial"] == read(api, made)["best"]["trial"]
    assert near["neighbours"] > 1


def test_a_figure_that_cannot_be_simulated_leads_to_the_engine_and_says_so(api, start):
    made = start(target="capacity", space=[{"name": "fast", "values": ["3", "8"]}])
    assert made["method"] == "backtests"
    (warning,) = made["warnings"]
    assert warning["kind"] == "engine"
    assert "does not come to capacity" in warning["text"]
    assert finish(api, made)["trials"]["completed"] == 2
    assert Backtest.objects.count() == 2


def test_a_simulation_that_cannot_be_is_refused(api, cross, strategy):
    assert cross.head is not None
    assert strategy.head is not None
    asked = {"space": [FAST], "method": "simulation"}
    figure = api.post(ALL, {"version": str(cross.head.pk), "target": "capacity", **asked}, format="json")
    assert figure.status_code == 400
    assert figure.json()["errors"][0]["field"] == "method"
    code = api.post(
        ALL, {"version": str(strategy.head.pk), **asked, "space": [{"name": "cash", "values": ["1"]}]}, format="json"
    )
    assert (code.status_code, "told as code" in code.json()["errors"][0]["message"]) == (400, True)
    assert not Optimization.objects.exists()


def test_bars_that_cannot_be_simulated_lead_to_the_engine_and_it_says_so(api, start, monkeypatch):
    refuse(monkeypatch, {"refusal": "AAPL has quotes in sample", "can_run": True})
    made = start(space=[{"name": "fast", "values": ["3", "8"]}])
    done = finish(api, made)
    assert (done["state"], done["method"], done["trials"]["completed"]) == ("completed", "backtests", 2)
    assert "AAPL has quotes" in done["warnings"][0]["text"]
    assert RunEvent.objects.filter(run=made["id"], kind="fallback").count() == 1
    assert Trial.objects.filter(optimization=made["id"], backtest=None).count() == 0


def test_what_nobody_can_carry_out_fails_with_the_reason(api, start):
    made = start()
    # Their submission is refused; an older server's may have stored one.
    Optimization.objects.filter(pk=made["id"]).update(start=date(2011, 6, 1))
    done = finish(api, made)
    assert (done["state"], done["error"]["code"]) == ("failed", "simulation_refused")
    assert "before the first" in done["error"]["message"]


def test_a_start_after_the_rules_end_is_refused_before_anything_starts(api, cross):
    assert cross.head is not None
    body = {"version": str(cross.head.pk), "space": [FAST], "start": "2011-06-01"}
    answer = api.post(ALL, body, format="json")
    assert answer.status_code == 400, answer.content
    (error,) = answer.json()["errors"]
    assert (error["field"], error["value"]) == ("start", "2011-06-01")
    assert error["message"] == "The rules end on 2011-03-01, before it; start earlier, or give an end."
    assert not Run.objects.exists()


def refuse(monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]) -> None:
    monkeypatch.setattr(
        "tradinglab.server.strategies.simulators.Simulator.carry_out", lambda *args, **options: iter([answer])
    )


def test_a_worker_that_is_lost_costs_what_it_was_at_alone(api, start, monkeypatch):
    """The first worker writes some of its batch down and dies; the next simulates what is left, and nothing else."""
    made = start(most_parallel=1)
    asked: list[list[int]] = []
    tell = _counted(monkeypatch, asked)
    runs_coordinate()
    lease = claim_next(worker="first")
    assert lease is not None
    batch = Run.objects.get(pk=lease.run_id)
    tell.dies_after = 7
    with pytest.raises(_Killed):
        SimulationKind().execute(batch, None, Supervisor(lease))  # type: ignore[arg-type]
    kept = set(Trial.objects.exclude(outcome="").values_list("number", flat=True))
    assert kept == set(range(7))
    tell.dies_after = None
    Run.objects.filter(pk=batch.pk).update(lease_until=batch.created_at)
    again = lease_claim(run_id=batch.pk, worker="second")
    assert again is not None
    assert again.fence == lease.fence + 1
    with pytest.raises(LeaseLost):
        Supervisor(lease).keep(lambda: trials_record(run_id=made["id"], done=[SimulatedTrial(number=8)]) and None)
    held_run_carry_out(lease=again)
    assert finish(api, made)["trials"]["completed"] == 72
    assert sorted(number for each in asked[1:] for number in each) == list(range(7, 72))


class _Killed(BaseException):
    """What ends a worker."""


class _Teller:
    dies_after: int | None = None


def _counted(monkeypatch: pytest.MonkeyPatch, asked: list[list[int]]) -> _Teller:
    """Have a simulator that answers trial by trial, notes what it was asked, and may die."""
    teller = _Teller()

    def carry_out(self: Any, order: dict[str, Any], **_: Any) -> Any:
        asked.append([number for number, _ in order["trials"]])
        for place, (number, parameters) in enumerate(order["trials"]):
            if teller.dies_after == place:
                raise _Killed
            yield {"done": [[number, {"sharpe_ratio": float(parameters["fast"])}, ""]]}
        yield {"done": [], "is_over": True}

    monkeypatch.setattr("tradinglab.server.strategies.simulators.Simulator.carry_out", carry_out)
    return teller


def test_what_is_told_twice_counts_once_and_the_first_of_equals_is_best(start):
    made = start()
    runs_coordinate()
    done = [SimulatedTrial(number=number, figures={"sharpe_ratio": 1.0}) for number in (3, 2)]
    assert trials_record(run_id=made["id"], done=done) == 2
    again = [SimulatedTrial(number=2, figures={"sharpe_ratio": 9.0}), SimulatedTrial(number=4, error="no")]
    assert trials_record(run_id=made["id"], done=again) == 1
    found = Optimization.objects.get(pk=made["id"])
    assert (found.best_number, found.best_score) == (2, 1.0)
    assert (found.settled_completed, found.settled_failed) == (2, 1)


def test_no_number_is_never_the_best(api, start, monkeypatch):
    made = start(space=[{"name": "fast", "values": ["2", "3", "4"]}], target="sharpe_ratio")
    runs_coordinate()
    figures = [{}, {"sharpe_ratio": -1.0}, {"net_profit": 5.0}]
    trials_record(run_id=made["id"], done=[SimulatedTrial(number=at, figures=each) for at, each in enumerate(figures)])
    assert read(api, made)["best"]["trial"] == 1


def test_cancelling_keeps_what_is_done(api, start):
    made = start(most_parallel=1)
    runs_coordinate()
    lease = claim_next(worker="w")
    assert lease is not None
    held_run_carry_out(lease=lease)
    before = read(api, made)["trials"]["completed"]
    assert 0 < before < 72
    assert api.post(f"{ALL}{made['id']}/cancel/").status_code == 202
    done = finish(api, made)
    assert (done["state"], done["trials"]["completed"]) == ("cancelled", before)
    assert done["best"] is not None
    assert {each["state"] for each in trials(api, made)} == {"completed", "cancelled"}


def test_a_value_that_is_good_enough_ends_the_search(api, start):
    done = finish(api, start(target_value=-100.0, most_parallel=1))
    assert done["state"] == "completed"
    assert 0 < done["trials"]["completed"] < 72


def test_parameters_that_rules_refuse_fail_alone(api, start):
    done = finish(api, start(space=[{"name": "fast", "values": ["3", "2.5"]}]))
    assert done["trials"]["completed"] == 1
    assert done["trials"]["failed"] == 1
    failed = trials(api, done, state="failed")
    assert all(each["error"] for each in failed)


def test_progress_tells_the_best_so_far(api, start):
    made = start(most_parallel=1)
    finish(api, made)
    told = [each.data for each in RunEvent.objects.filter(run=made["id"], kind="progress")]
    assert told
    assert all(each["best"]["value"] <= read(api, made)["best"]["value"] for each in told)


def test_a_walk_forward_over_rules_is_simulated_and_tested_by_the_engine(api, owner):
    text = RULES.replace("cash", "warm up 50 bars\ncash").replace("crosses above", ">").replace("crosses below", "<")
    warm = strategy_create(owner=owner, name="Warm", files={"main.rules": text})
    assert warm.head is not None
    body = {
        "version": str(warm.head.pk), "space": [FAST, SLOW], "target": "net_profit",
        "start": "2010-01-04", "end": "2011-03-01", "train_days": 120, "test_days": 60,
    }  # fmt: skip
    answer = api.post("/api/v1/walk-forwards/", body, format="json")
    assert answer.status_code == 202, answer.content
    made = answer.json()
    for _ in range(40):
        work()
        state = api.get(f"/api/v1/walk-forwards/{made['id']}/").json()["state"]
        if state == "completed":
            break
    assert state == "completed"
    steps = api.get(f"/api/v1/walk-forwards/{made['id']}/steps/").json()
    assert len(steps) == 2
    differ = []
    for step in steps:
        search = Optimization.objects.get(pk=step["search"])
        assert search.method == "simulation"
        best = Trial.objects.get(optimization=search, number=search.best_number)
        assert step["train_growth"] == best.figures["compounding_annual_return"]
        assert step["test_growth"] is not None
        # Both begin warm: as the rules do over the window's days.
        days, values = step["window"], {name: float(text) for name, text in step["parameters"].items()}
        for part, equity in (("train", best.figures["end_equity"]),
                             ("test", Backtest.objects.get(pk=step["test"]).end_equity)):  # fmt: skip
            first, last = (date.fromisoformat(days[f"{part}_{name}"]) for name in ("first", "last"))
            rules = read_rules(text).model_copy(update={"start": first, "end": last})
            run = simulate(rules, load_bars(rules, open_source("sample")), values)
            assert equity == pytest.approx(run.final_equity, abs=0.01)
            cold = rules.model_copy(update={"warm_up": None})
            differ.append(
                run.final_equity != simulate(cold, load_bars(cold, open_source("sample")), values).final_equity
            )
    assert any(differ)
    assert Backtest.objects.count() == 2


def test_without_dates_a_walk_forward_over_rules_goes_by_their_own(api, cross):
    assert cross.head is not None
    body = {"version": str(cross.head.pk), "space": [FAST], "target": "net_profit"}

    def windows(**given):
        lengths = {} if "windows" in given else {"train_days": 120, "test_days": 60}
        answer = api.post("/api/v1/walk-forwards/", {**body, **lengths, **given}, format="json")
        assert answer.status_code == 202, answer.content
        return answer.json()["windows"]

    found = windows()
    # From 4 January 2010 to 1 March 2011 there are 292 trading days.
    assert [(each["train_first"], each["test_first"]) for each in found] == [
        ("2010-01-04", "2010-06-25"), ("2010-03-31", "2010-09-21"),
    ]  # fmt: skip
    assert found[-1]["test_last"] <= "2011-03-01"
    assert windows(start="2010-02-01")[0]["train_first"] == "2010-02-01"
    assert windows(end="2011-12-30")[-1]["test_last"] > "2011-03-01"
    assert windows(start="2009-01-02", end="2009-12-31")[0]["train_first"] == "2009-01-02"
    days = {"train_first": "2012-01-03", "train_last": "2012-03-01", "test_first": "2012-03-02",
            "test_last": "2012-04-02"}  # fmt: skip
    assert windows(windows=[days]) == [days]


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"start": "2011-03-02"}, "start", "The rules end on 2011-03-01"),
        ({"end": "2010-01-03"}, "end", "The rules begin on 2010-01-04"),
        ({"train_days": 300}, "train_days", "there are 292 with data"),
    ],
)
def test_dates_that_do_not_go_with_those_of_the_rules_are_refused(api, cross, given, field, said):
    assert cross.head is not None
    body = {"version": str(cross.head.pk), "space": [FAST], "target": "net_profit", "train_days": 120, "test_days": 60}
    answer = api.post("/api/v1/walk-forwards/", {**body, **given}, format="json")
    assert answer.status_code == 400, answer.content
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert said in error["message"]


@pytest.mark.parametrize("where", [ALL, "/api/v1/walk-forwards/"])
@pytest.mark.parametrize(
    ("space", "field", "said"),
    [
        ({"name": "fast", "values": ["3", "8", "40000"]}, "space.0.values", "with fast = 40000 this is known after"),
        ({"name": "fast", "min": 3, "max": 39000, "step": 1000}, "space.0.max", "with fast = "),
    ],
)
def test_windows_longer_than_the_data_are_refused_before_anything_starts(api, owner, where, space, field, said):
    free = RULES.replace("fast = 5 from 2 to 10 step 1", "fast = 5")
    head = strategy_create(owner=owner, name="Free", files={"main.rules": free}).head
    assert head is not None
    more = {"train_days": 60, "test_days": 40} if where != ALL else {}
    answer = api.post(where, {"version": str(head.pk), "space": [space], **more}, format="json")
    assert answer.status_code == 400, answer.content
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert said in error["message"]
    assert not Run.objects.exists()


def test_nothing_is_left_waiting_when_a_batch_fails(api, start, monkeypatch):
    made = start(most_parallel=1)
    runs_coordinate()
    batch = Run.objects.get(parent=made["id"])
    Run.objects.filter(pk=batch.pk).update(
        state=RunState.FAILED, error_code="worker_lost", error={"code": "worker_lost", "message": "gone"}
    )
    optimization_advance(batch.parent_id)
    done = finish(api, made)
    assert done["state"] == "completed"
    assert done["trials"]["failed"] + done["trials"]["completed"] == 72
    assert done["trials"]["failed"] > 0


def test_what_a_sampler_thought_of_is_dropped_if_trials_were_started_since(api, start):
    made = start(sampler="bayesian", most_trials=12, most_parallel=2)
    thought = optimization_think(made["id"])
    assert thought is not None
    assert optimization_think(made["id"]) is None  # one at a time
    assert thought.after == 0
    assert len(thought.asked.combinations) == 2
    thought_end(made["id"])
    optimization_advance(made["id"])
    assert Trial.objects.count() == 2
    _advance(made["id"], thought)
    assert Trial.objects.count() == 2
    assert finish(api, made)["trials"]["completed"] == 12


def test_who_dies_while_thinking_is_followed_after_a_while(api, start):
    made = start(sampler="bayesian", most_trials=12)
    assert optimization_think(made["id"]) is not None
    optimization_advance(made["id"])
    assert not Trial.objects.exists()
    Optimization.objects.filter(pk=made["id"]).update(thinking_until=timezone.now() - timedelta(seconds=1))
    assert finish(api, made)["trials"]["completed"] == 12
