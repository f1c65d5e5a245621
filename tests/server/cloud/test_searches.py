"""An optimization at QuantConnect from the request to the outcome, on a wire, in good weather and in bad."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from tests.quantconnect.fake import FakeCloud
from tests.quantconnect.faults import Fault, Script
from tests.server.cloud.driving import search_step, search_to_the_end, search_until, to_the_end

from tradinglab.server.accounts.models import AuditEntry, User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.cloud.models import CloudAccount, CloudOptimization, CloudProject
from tradinglab.server.cloud.searches.steps import OPTIMIZATIONS, cost_of
from tradinglab.server.optimizations.models import Optimization
from tradinglab.server.runs.claiming import claim_next
from tradinglab.server.runs.coordination import runs_coordinate
from tradinglab.server.runs.models import Run, RunState
from tradinglab.server.runs.reaping import runs_reap
from tradinglab.server.runs.supervision import held_run_carry_out
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db
_HERE = "/api/v1/optimizations/"
_THERE = "/api/v1/quantconnect/optimizations/"
_SOURCE = """
from AlgorithmImports import *

class Shared(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2010, 1, 4)
        self.set_end_date(2010, 3, 1)
        self.share = self.get_parameter("share", 0.5)
        self.flavour = self.get_parameter("flavour", "plain")
        self.symbol = self.add_equity("AAPL", Resolution.DAILY).symbol

    def on_data(self, data):
        if not self.portfolio.invested:
            self.set_holdings(self.symbol, self.share)
"""
_SHARES = {"name": "share", "min": "0.2", "max": "0.8", "step": "0.2"}


@pytest.fixture
def shared(owner: User) -> Strategy:
    return strategy_create(owner=owner, name="Shared", files={"main.py": _SOURCE})


def body(strategy: Strategy, **more: object) -> dict[str, object]:
    assert strategy.head is not None
    return {"version": str(strategy.head.pk), "engine": "quantconnect", "space": [_SHARES], **more}


def submit(api: APIClient, strategy: Strategy, **more: object) -> Any:
    return api.post(_HERE, body(strategy, **more), format="json")


@pytest.fixture
def other_api(other: User, client_of: Callable[..., APIClient]) -> APIClient:
    return client_of(other)


@pytest.fixture
def run_id(api: APIClient, account: CloudAccount, shared: Strategy) -> UUID:
    answer = submit(api, shared, name="First", parameters={"flavour": "sweet"}, most_parallel=6)
    assert answer.status_code == 202, answer.content
    return UUID(answer.json()["id"])


def read(api: APIClient, run_id: UUID) -> dict[str, Any]:
    return dict(api.get(f"{_HERE}{run_id}/").json())


def trials(api: APIClient, run_id: UUID) -> list[dict[str, Any]]:
    found = api.get(f"/api/v1/backtests/?optimization={run_id}").json()["results"]
    return sorted(found, key=lambda each: each["parameters"]["share"])


def test_its_trials_are_stored_as_those_of_a_search_here(api: APIClient, run_id: UUID, cloud: FakeCloud) -> None:
    assert search_to_the_end(run_id, cloud).state == RunState.COMPLETED
    shown = read(api, run_id)
    assert (shown["engine"], shown["progress"], shown["total"], shown["warnings"]) == ("quantconnect", 1.0, 4, [])
    assert shown["trials"] == {"queued": 0, "running": 0, "completed": 4, "failed": 0, "cancelled": 0}
    # The third has the highest Sharpe ratio there.
    assert (shown["best"]["parameters"], shown["best"]["value"]) == ({"share": "0.6", "flavour": "sweet"}, 2.0)
    found = trials(api, run_id)
    assert [each["parameters"] for each in found] == [
        {"share": share, "flavour": "sweet"} for share in ("0.2", "0.4", "0.6", "0.8")
    ]
    assert {(each["engine"], each["state"], each["optimization"]) for each in found} == {
        ("quantconnect", "completed", str(run_id))
    }
    third = api.get(f"/api/v1/backtests/{found[2]['id']}/").json()
    assert (third["sharpe_ratio"], third["net_profit"], third["total_orders"]) == (2.0, 0.02, 6)
    assert (third["compounding_annual_return"], third["drawdown"]) == (pytest.approx(0.12), pytest.approx(0.048))
    assert (third["first_day"], third["last_day"]) == ("2010-01-04", "2010-03-01")
    assert third["statistics"]["Net Profit"] == "2%"


def test_what_is_sent_is_what_was_asked_for(
    api: APIClient, account: CloudAccount, shared: Strategy, cloud: FakeCloud
) -> None:
    asked = {
        "target": "drawdown", "target_value": 0.01, "node_type": "O4-12", "most_parallel": 12,
        "constraints": [{"figure": "sharpe_ratio", "operator": "greater_or_equal", "value": 0.5}],
        "parameters": {"flavour": "sweet"}, "start": "2010-01-05",
    }  # fmt: skip
    run_id = UUID(submit(api, shared, **asked).json()["id"])
    search_to_the_end(run_id, cloud)
    (search,) = cloud.searches.values()
    sent = search["asked"]
    path = "TotalPerformance.PortfolioStatistics."
    assert (sent["target"], sent["targetTo"], sent["targetValue"]) == (f"{path}Drawdown", "min", 0.01)
    (bound,) = sent["constraints"]
    assert (bound["target"], bound["operator"], bound["targetValue"]) == (f"{path}SharpeRatio", "GreaterOrEqual", 0.5)
    assert sent["parameters"] == [
        {"name": "share", "min": 0.2, "max": 0.8, "step": 0.2, "minStep": 0.2}, {"name": "flavour", "value": "sweet"},
    ]  # fmt: skip
    # Two hours of a node at 30 cents.
    assert (sent["nodeType"], sent["parallelNodes"], sent["estimatedCost"]) == ("O4-12", 12, 0.6)
    (project,) = cloud.projects.values()
    assert "set_start_date(2010, 1, 5)" in project["files"]["main.py"]


def test_its_steps_are_events_and_its_start_is_in_the_audit_log(run_id: UUID, cloud: FakeCloud) -> None:
    run = search_to_the_end(run_id, cloud)
    told = [(each.kind, each.data.get("step", "")) for each in run.events.all() if each.kind != "progress"]
    assert told == [
        ("queued", ""), ("started", ""), ("step", "files"), ("step", "compile"), ("step", "compiling"),
        ("step", "start"), ("estimate", ""), ("step", "running"), ("step", "results"), ("finished", ""),
    ]  # fmt: skip
    assert run.events.get(kind="estimate").data["cost"] == 0.3
    last = run.events.get(kind="finished").data
    assert (last["optimization_id"], last["completed"]) == (cloud.searched[0], 4)
    assert run.events.filter(kind="progress").exists()
    noted = AuditEntry.objects.filter(action__startswith="quantconnect_optimization").order_by("pk")
    assert [each.action for each in noted] == [
        "quantconnect_optimization.submitted",
        "quantconnect_optimization.started",
    ]
    assert noted[1].details["optimization_id"] == cloud.searched[0]


def test_where_it_stands_is_told_with_the_ids_there(
    api: APIClient, other_api: APIClient, run_id: UUID, cloud: FakeCloud
) -> None:
    before = api.get(f"{_THERE}{run_id}/")
    assert (before.status_code, before.json()["remote"]["optimization_id"]) == (202, "")
    search_to_the_end(run_id, cloud)
    after = api.get(f"{_THERE}{run_id}/")
    assert (after.status_code, after.json()["success"], after.json()["step"]) == (200, True, "")
    remote = after.json()["remote"]
    assert remote["optimization_id"] == cloud.searched[0]
    assert (remote["estimate_s"], remote["estimated_cost"]) == (7200.0, 0.3)
    assert other_api.get(f"{_THERE}{run_id}/").status_code == 404
    assert other_api.get(f"{_HERE}{run_id}/").status_code == 404
    trial = trials(api, run_id)[0]
    there = api.get(f"/api/v1/quantconnect/backtests/{trial['id']}/").json()["remote"]
    assert there["backtest_id"] == cloud.searches[cloud.searched[0]]["trials"][0]["id"]


def test_a_trial_is_imported_as_a_whole_backtest(api: APIClient, run_id: UUID, cloud: FakeCloud) -> None:
    search_to_the_end(run_id, cloud)
    trial = trials(api, run_id)[2]
    there = api.get(f"/api/v1/quantconnect/backtests/{trial['id']}/").json()["remote"]
    project, number = there["project_id"], there["backtest_id"]
    # QuantConnect reads a trial as it reads any backtest.
    cloud.backtests[number] = {
        "backtestId": number, "projectId": project, "name": "Trial 2", "created": "2026-01-01 00:00:00",
        "parameterSet": {"share": "0.600"}, "tags": [], "at": cloud._now() - 1000, "is_late_s": 0,
    }  # fmt: skip
    answer = api.post(f"/api/v1/quantconnect/projects/{project}/backtests/{number}/import/")
    assert answer.status_code == 202, answer.content
    made = UUID(answer.json()["backtest_id"])
    assert made != UUID(trial["id"])
    to_the_end(made, cloud)
    assert api.get(f"/api/v1/backtests/{made}/orders/?limit=1000").json()["total"] == 250
    # Again, it is the one that there is.
    again = api.post(f"/api/v1/quantconnect/projects/{project}/backtests/{number}/import/")
    assert again.json()["backtest_id"] == str(made)


def test_trials_take_nobodys_place_and_are_nobodys_to_run(run_id: UUID, cloud: FakeCloud) -> None:
    search_until(run_id, cloud, lambda row: Run.objects.filter(parent=run_id).exists(), gone_s=3)
    assert Run.objects.filter(parent=run_id, state=RunState.RUNNING).exists()
    assert claim_next(worker="w") is None
    assert runs_reap() == []


def test_progress_is_told_while_it_goes_on(api: APIClient, run_id: UUID, cloud: FakeCloud) -> None:
    search_until(run_id, cloud, lambda row: read(api, run_id)["trials"]["completed"] > 0, gone_s=3)
    shown = read(api, run_id)
    assert 0 < shown["progress"] < 1
    assert shown["trials"]["running"] + shown["trials"]["completed"] == 4
    assert shown["best"] is not None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"target": "sortino_ratio"}, "target"),
        ({"constraints": [{"figure": "alpha", "operator": "less", "value": 1}]}, "constraints.0.figure"),
        ({"direction": "up"}, "direction"),
        ({"space": [{"name": "share", "values": ["0.1", "0.2", "0.5"]}]}, "space.0.values"),
        ({"space": [{"name": "share", "values": ["0.2", "0.1"]}]}, "space.0.values"),
        ({"space": [_SHARES, {"name": "flavour", "values": ["plain", "sweet"]}]}, "space.1.values"),
        ({"node_type": "O1-1"}, "node_type"),
        ({"node_type": "O8-16", "most_parallel": 7}, "most_parallel"),
        ({"most_parallel": 25}, "most_parallel"),
        ({"most_cost": -1}, "most_cost"),
        ({"memory_mb": 512}, "memory_mb"),
        ({"data": "local"}, "data"),
        ({"cash": 5000}, "cash"),
        ({"engine": "local", "node_type": "O2-8"}, "node_type"),
        ({"engine": "local", "most_cost": 3}, "most_cost"),
    ],
)
def test_what_could_not_be_searched_there_is_refused_by_its_field(
    given: dict[str, Any], field: str, api: APIClient, account: CloudAccount, shared: Strategy, cloud: FakeCloud
) -> None:
    answer = submit(api, shared, **given)
    assert answer.status_code == 400, answer.content
    assert field in [each["field"] for each in answer.json()["errors"]]
    assert cloud.calls == []
    assert not Run.objects.exists()


def test_without_an_account_it_is_refused(api: APIClient, shared: Strategy) -> None:
    answer = submit(api, shared)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "engine")


def test_what_costs_more_than_it_may_is_not_started(
    api: APIClient, account: CloudAccount, shared: Strategy, cloud: FakeCloud
) -> None:
    run = search_to_the_end(UUID(submit(api, shared, most_cost="0.29").json()["id"]), cloud)
    assert (run.state, run.error["code"], cloud.searched) == (RunState.FAILED, "quantconnect_cost", [])
    assert "$0.30" in run.error["message"]
    assert search_to_the_end(UUID(submit(api, shared, most_cost="0.30").json()["id"]), cloud).state == "completed"


def test_without_an_estimate_it_is_started_unless_the_cost_is_bounded(
    api: APIClient, account: CloudAccount, shared: Strategy, cloud: FakeCloud
) -> None:
    cloud.estimate_s = None
    run = search_to_the_end(UUID(submit(api, shared, most_cost="5").json()["id"]), cloud)
    assert (run.error["code"], cloud.searched) == ("quantconnect_no_estimate", [])
    assert search_to_the_end(UUID(submit(api, shared).json()["id"]), cloud).state == RunState.COMPLETED


def test_what_it_would_cost_is_told_before(
    api: APIClient, other_api: APIClient, account: CloudAccount, shared: Strategy, run_id: UUID, cloud: FakeCloud
) -> None:
    wanted = body(shared, node_type="O8-16")
    del wanted["engine"]
    assert api.post(f"{_THERE}estimate/", wanted, format="json").status_code == 409
    search_to_the_end(run_id, cloud)
    told = api.post(f"{_THERE}estimate/", wanted, format="json")
    assert told.status_code == 200, told.content
    assert told.json() == {
        "combinations": 4, "seconds": 7200.0, "cost": 1.2, "balance": 12.0, "node_type": "O8-16",
        "price_per_hour": 0.6, "parallel_nodes": 4,
    }  # fmt: skip
    assert len(cloud.searched) == 1
    refused = api.post(f"{_THERE}estimate/", {**wanted, "target": "alpha"}, format="json")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "target")
    assert other_api.post(f"{_THERE}estimate/", wanted, format="json").status_code == 404


def test_costs_are_told_to_the_next_cent() -> None:
    assert [cost_of(seconds=each, node="O2-8") for each in (0, 240, 241, 3600)] == [0.01, 0.01, 0.02, 0.15]


def test_a_compile_error_names_file_and_line(run_id: UUID, cloud: FakeCloud) -> None:
    cloud.build_error = True
    run = search_to_the_end(run_id, cloud)
    assert (run.state, run.error["code"]) == (RunState.FAILED, "compile_error")
    assert "main.py:3" in run.error["message"]
    assert cloud.searched == []
    assert CloudProject.objects.get().held_by is None


def test_cancelling_aborts_there_and_keeps_what_is_done(api: APIClient, run_id: UUID, cloud: FakeCloud) -> None:
    search_until(run_id, cloud, lambda row: read(api, run_id)["trials"]["completed"] > 0, gone_s=3)
    done = read(api, run_id)["trials"]["completed"]
    assert api.post(f"{_HERE}{run_id}/cancel/").status_code == 202
    search_step(run_id, gone_s=0)
    shown = read(api, run_id)
    assert (shown["state"], shown["trials"]["running"]) == ("cancelled", 0)
    assert shown["trials"]["completed"] >= done
    assert sum(shown["trials"].values()) == 4
    assert shown["best"] is not None
    (search,) = cloud.searches.values()
    assert search["aborted"] is not None


def test_one_whose_start_may_be_under_way_is_looked_for_when_it_is_cancelled(
    api: APIClient, run_id: UUID, cloud: FakeCloud
) -> None:
    search_until(run_id, cloud, lambda row: bool(row.optimization_id), gone_s=3)
    # As if the process had died before the answer came.
    CloudOptimization.objects.update(optimization_id="", step="start", is_asked=True)
    api.post(f"{_HERE}{run_id}/cancel/")
    search_step(run_id, gone_s=0)
    assert Run.objects.get(pk=run_id).state == RunState.CANCELLED
    assert cloud.searches[cloud.searched[0]]["aborted"] is not None


def test_one_that_is_aborted_there_ends_here_and_says_so(api: APIClient, run_id: UUID, cloud: FakeCloud) -> None:
    search_until(run_id, cloud, lambda row: read(api, run_id)["trials"]["completed"] > 0, gone_s=3)
    cloud.do_optimizations_abort({"optimizationId": cloud.searched[0]})
    run = search_to_the_end(run_id, cloud)
    assert (run.state, run.error["code"]) == (RunState.CANCELLED, "quantconnect_aborted")
    counts = read(api, run_id)["trials"]
    assert counts["completed"] > 0
    assert counts["running"] == 0


def test_one_that_is_deleted_there_ends_here_with_what_was_done(api: APIClient, run_id: UUID, cloud: FakeCloud) -> None:
    search_until(run_id, cloud, lambda row: read(api, run_id)["trials"]["completed"] > 0, gone_s=3)
    cloud.searches.clear()
    run = search_to_the_end(run_id, cloud)
    assert (run.state, run.error["code"]) == (RunState.FAILED, "quantconnect_deleted")
    shown = read(api, run_id)
    assert shown["trials"]["completed"] > 0
    assert shown["trials"]["running"] == 0


def test_late_figures_are_waited_for(api: APIClient, run_id: UUID, cloud: FakeCloud) -> None:
    cloud.figures_late_s = 40
    assert search_to_the_end(run_id, cloud).state == RunState.COMPLETED
    assert all(each["sharpe_ratio"] is not None for each in trials(api, run_id))


def test_figures_that_never_come_are_left_out_and_that_is_said(api: APIClient, run_id: UUID, cloud: FakeCloud) -> None:
    cloud.figures_late_s = 1e9
    assert search_to_the_end(run_id, cloud).state == RunState.COMPLETED
    shown = read(api, run_id)
    assert (shown["trials"]["completed"], shown["best"]) == (4, None)
    assert "figures of 4 of the trials" in shown["warnings"][0]["text"]


def test_trials_that_fail_are_counted(api: APIClient, run_id: UUID, cloud: FakeCloud) -> None:
    cloud.bad_trials = (0, 2)
    assert search_to_the_end(run_id, cloud).state == RunState.COMPLETED
    assert (read(api, run_id)["trials"]["completed"], read(api, run_id)["trials"]["failed"]) == (2, 2)


def test_if_none_completes_it_fails(run_id: UUID, cloud: FakeCloud) -> None:
    cloud.bad_trials = (0, 1, 2, 3)
    run = search_to_the_end(run_id, cloud)
    assert (run.state, run.error["code"]) == (RunState.FAILED, "no_trial_completed")
    assert "failed at QuantConnect" in run.error["message"]


def _away(settings: Any) -> str:
    url = settings.ENVIRONMENT.quantconnect_url
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"quantconnect_url": "http://127.0.0.1:9/api/v2/"})
    return str(url)


def test_a_quantconnect_that_is_away_is_waited_for_and_that_is_said(
    api: APIClient, run_id: UUID, settings: Any, cloud: FakeCloud
) -> None:
    url = _away(settings)
    run = search_step(run_id)
    assert run.state == RunState.QUEUED
    assert run.events.get(kind="waiting").data["failures"] == 1
    assert api.get(f"{_THERE}{run_id}/").json()["waiting_for"]
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"quantconnect_url": url})
    assert search_to_the_end(run_id, cloud).state == RunState.COMPLETED


def test_or_it_is_searched_here_and_that_is_said(
    api: APIClient, account: CloudAccount, shared: Strategy, settings: Any
) -> None:
    space = [{"name": "share", "min": 0.2, "max": 0.4, "step": 0.2}]
    run_id = UUID(submit(api, shared, fallback="local", space=space, timeout_s=100_000).json()["id"])
    _away(settings)
    run = search_step(run_id)
    assert (run.kind, run.state, run.timeout_s) == ("optimization", RunState.QUEUED, 600)
    assert run.events.get(kind="fallback").data["engine"] == "local"
    runs_coordinate()
    while (lease := claim_next(worker="w")) is not None:
        held_run_carry_out(lease=lease)
    shown = read(api, run_id)
    assert (shown["state"], shown["engine"], shown["trials"]["completed"]) == ("completed", "local", 2)
    assert "was searched here" in shown["warnings"][0]["text"]
    assert {each["engine"] for each in trials(api, run_id)} == {"local"}


def test_it_may_take_longer_than_a_run_here(api: APIClient, account: CloudAccount, shared: Strategy) -> None:
    week = 7 * 24 * 3600
    for asked, taken in ((200_000, 200_000), (None, week)):
        made = submit(api, shared, timeout_s=asked).json()["id"]
        assert Run.objects.get(pk=made).timeout_s == taken
    refused = submit(api, shared, timeout_s=week + 1)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "timeout_s")


def test_what_takes_too_long_is_aborted_there(
    api: APIClient, account: CloudAccount, shared: Strategy, cloud: FakeCloud
) -> None:
    run_id = UUID(submit(api, shared, timeout_s=60).json()["id"])
    search_until(run_id, cloud, lambda row: bool(row.optimization_id), gone_s=3)
    Run.objects.filter(pk=run_id).update(started_at=timezone.now() - timedelta(seconds=61))
    run = search_step(run_id, cloud, gone_s=0)
    assert (run.state, run.error["code"]) == (RunState.TIMED_OUT, "time_limit")
    assert cloud.searches[cloud.searched[0]]["aborted"] is not None


def test_disconnecting_gives_up_what_runs_there(api: APIClient, run_id: UUID, cloud: FakeCloud) -> None:
    search_until(run_id, cloud, lambda row: Run.objects.filter(parent=run_id).exists(), gone_s=3)
    assert api.delete("/api/v1/quantconnect/credentials/").status_code == 204
    run = Run.objects.get(pk=run_id)
    assert (run.state, run.error["code"]) == (RunState.CANCELLED, "quantconnect_account_removed")
    assert not CloudOptimization.objects.exists()
    assert not Run.objects.filter(parent=run_id, state=RunState.RUNNING).exists()


def test_a_worker_that_was_given_up_writes_nothing(run_id: UUID, cloud: FakeCloud) -> None:
    search_step(run_id)
    CloudOptimization.objects.filter(pk=run_id).update(fence=90)
    OPTIMIZATIONS.carry_out(run_id, 89)
    assert CloudOptimization.objects.get(pk=run_id).step == "compiling"
    assert Run.objects.get(pk=run_id).state == RunState.RUNNING


def test_the_same_key_starts_it_once(api: APIClient, account: CloudAccount, shared: Strategy) -> None:
    first, second = (api.post(_HERE, body(shared), format="json", HTTP_IDEMPOTENCY_KEY="k") for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json()["id"] == second.json()["id"]
    other = api.post(_HERE, body(shared, node_type="O4-12"), format="json", HTTP_IDEMPOTENCY_KEY="k")
    assert other.status_code == 422


def test_the_list_can_be_filtered_by_engine(api: APIClient, run_id: UUID, shared: Strategy) -> None:
    submit(api, shared, engine="local")
    found = {name: api.get(f"{_HERE}?engine={name}").json()["results"] for name in ("local", "quantconnect")}
    assert [each["id"] for each in found["quantconnect"]] == [str(run_id)]
    assert [each["engine"] for each in found["local"]] == ["local"]


def test_deleting_takes_the_trials_out_of_sight(api: APIClient, run_id: UUID, cloud: FakeCloud) -> None:
    assert api.delete(f"{_HERE}{run_id}/").status_code == 409
    search_to_the_end(run_id, cloud)
    assert api.delete(f"{_HERE}{run_id}/").status_code == 204
    assert trials(api, run_id) == []


_FOUND = (Fault.RESET_AFTER, Fault.PAGE_AFTER, Fault.TRUNCATED, Fault.EMPTY, Fault.INTERNAL)
_REPEATED = (Fault.TOO_MANY, Fault.TOO_MANY_WAIT, Fault.SLOW_DOWN)
_PATHS = ("projects/create", "compile/create", "compile/read", "optimizations/estimate", "optimizations/read")
_BEFALLING = [(path, fault) for path in _PATHS for fault in (Fault.RESET_AFTER, Fault.PAGE_AFTER, Fault.TRUNCATED)]
_BEFALLING += [("optimizations/create", fault) for fault in (*_FOUND, *_REPEATED)]


@pytest.mark.parametrize(("path", "fault"), _BEFALLING, ids=lambda each: str(each).replace(" ", "-"))
def test_whatever_befalls_a_call_one_optimization_is_there(
    path: str, fault: Fault, run_id: UUID, cloud: FakeCloud, faults: Script
) -> None:
    faults._faults[path] = [fault]
    assert search_to_the_end(run_id, cloud).state == RunState.COMPLETED
    assert (len(cloud.projects), len(cloud.searched)) == (1, 1)
    assert CloudOptimization.objects.get(pk=run_id).optimization_id == cloud.searched[0]


@pytest.mark.parametrize("step", ["project", "files", "compile", "compiling", "start", "running", "results"])
def test_whoever_goes_on_after_a_death_starts_no_second_one(step: str, run_id: UUID, cloud: FakeCloud) -> None:
    """A process dies when all of a step is done, and nothing of it written down but what is kept in between."""
    search_until(run_id, cloud, lambda row: row.step == step, gone_s=3)
    before = CloudOptimization.objects.filter(pk=run_id).values("step", "step_at").first() or {"step": step}
    search_step(run_id, cloud, gone_s=3)
    CloudOptimization.objects.filter(pk=run_id).update(**before)
    if step == "start":
        CloudOptimization.objects.filter(pk=run_id).update(optimization_id="")
    run = search_to_the_end(run_id, cloud)
    assert run.state == RunState.COMPLETED, run.error
    assert (len(cloud.projects), len(cloud.searched)) == (1, 1)
    assert Optimization.objects.get().trials.count() == 4
    assert Backtest.objects.filter(trial__optimization=run_id).count() == 4


@pytest.mark.usefixtures("impatient")
def test_one_that_may_have_been_started_and_is_nowhere_is_not_started_again(
    run_id: UUID, cloud: FakeCloud, faults: Script
) -> None:
    faults._faults["optimizations/create"] = [Fault.RESET_BEFORE]
    search_until(run_id, cloud, lambda row: row.is_lost)
    assert Run.objects.get(pk=run_id).events.filter(kind="waiting").exists()
    run = search_until(run_id, cloud, lambda row: False, gone_s=100)
    assert (run.state, run.error["code"]) == (RunState.FAILED, "quantconnect_outcome_unknown")
    assert cloud.searched == []
