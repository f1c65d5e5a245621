"""A backtest at QuantConnect from the request to the result, on a wire, in good weather and in bad."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError
from django.utils import timezone
from rest_framework.test import APIClient
from tests.quantconnect.fake import FakeCloud
from tests.quantconnect.faults import Fault, Script
from tests.server.cloud.driving import due, to_the_end

from tradinglab.core.enums import Resolution
from tradinglab.data.store import store_synthetic_bars
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.services import backtest_run_here
from tradinglab.server.cloud import collecting, projects
from tradinglab.server.cloud.holding import carry_out
from tradinglab.server.cloud.models import CloudAccount, CloudBacktest, CloudProject
from tradinglab.server.cloud.polling import cloud_step
from tradinglab.server.cloud.steps import BACKTESTS
from tradinglab.server.runs.models import Run, RunState
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies.models import Strategy

pytestmark = pytest.mark.django_db
_HERE = "/api/v1/backtests/"


def submit(api: APIClient, strategy: Strategy, **more: object) -> Any:
    assert strategy.head is not None
    body = {"version": str(strategy.head.pk), "engine": "quantconnect", **more}
    return api.post(_HERE, body, format="json")


@pytest.fixture
def run_id(api: APIClient, account: CloudAccount, strategy: Strategy) -> UUID:
    answer = submit(api, strategy, name="First", parameters={"cash": "5000"})
    assert answer.status_code == 202, answer.content
    return UUID(answer.json()["id"])


def test_a_backtest_there_ends_as_one_of_ours(
    api: APIClient, run_id: UUID, cloud: FakeCloud, strategy: Strategy
) -> None:
    assert to_the_end(run_id, cloud).state == RunState.COMPLETED
    shown = api.get(f"{_HERE}{run_id}/").json()
    assert (shown["engine"], shown["data"], shown["verification"]) == ("quantconnect", "quantconnect", "not_checked")
    assert (shown["sharpe_ratio"], shown["total_orders"], shown["progress"]) == (1.5, 250, 1.0)
    assert shown["statistics"]["Sharpe Ratio"] == "1.5"
    orders = api.get(f"{_HERE}{run_id}/orders/?limit=1000").json()
    assert orders["total"] == 250
    assert len(api.get(f"{_HERE}{run_id}/log/?limit=1000").json()["results"]) == 250
    for name in ("equity", "days", "positions", "order-events", "trades", "insights", "charts", "statistics", "report"):
        assert api.get(f"{_HERE}{run_id}/{name}/").status_code == 200, name
    (project,) = cloud.projects.values()
    assert project["name"].startswith("TradingLab/Quick tl-")
    assert project["files"] == {"main.py": strategy.head.files["main.py"]}  # type: ignore[union-attr]
    (backtest,) = cloud.backtests.values()
    assert backtest["parameterSet"] == {"cash": "5000"}
    assert backtest["name"].startswith("First tl-")


def test_its_steps_are_events_with_the_ids(run_id: UUID, cloud: FakeCloud) -> None:
    run = to_the_end(run_id, cloud)
    told = [(each.kind, each.data.get("step", "")) for each in run.events.all() if each.kind != "progress"]
    assert told == [
        ("queued", ""), ("started", ""), ("step", "files"), ("step", "compile"), ("step", "compiling"),
        ("step", "start"), ("step", "running"), ("step", "results"), ("finished", ""),
    ]  # fmt: skip
    last = run.events.get(kind="finished").data
    assert (last["backtest_id"], last["project_id"]) == (cloud.started[0], next(iter(cloud.projects)))


def test_the_second_run_uses_the_project_again_and_sends_what_changed(
    api: APIClient, run_id: UUID, cloud: FakeCloud, strategy: Strategy
) -> None:
    to_the_end(run_id, cloud)
    cloud.calls.clear()
    second = UUID(submit(api, strategy, name="Second").json()["id"])
    assert to_the_end(second, cloud).state == RunState.COMPLETED
    paths = [path for path, _ in cloud.calls]
    assert len(cloud.projects) == 1
    assert not {"projects/create", "files/create", "files/update", "files/delete"} & set(paths)


def test_dates_and_cash_stand_in_what_is_sent(
    api: APIClient, account: CloudAccount, cloud: FakeCloud, strategy: Strategy
) -> None:
    asked = {"start": "2011-02-03", "end": "2011-12-30", "cash": "2500.50"}
    run_id = UUID(submit(api, strategy, **asked).json()["id"])
    to_the_end(run_id, cloud)
    (project,) = cloud.projects.values()
    text = project["files"]["main.py"]
    for wanted in ("set_start_date(2011, 2, 3)", "set_end_date(2011, 12, 30)", "set_cash(2500.5)"):
        assert f"self.{wanted}" in text
    assert strategy.head is not None
    assert "set_start_date(2010, 1, 4)" in strategy.head.files["main.py"]


def test_what_quantconnect_cannot_follow_is_refused(
    api: APIClient, account: CloudAccount, strategy: Strategy, settings: Any
) -> None:
    store_synthetic_bars(settings.HOME.bars, "SPY", Resolution.DAILY, date(2010, 1, 4), date(2010, 1, 8))
    bare = api.post("/api/v1/strategies/", {"name": "Bare", "files": {"main.py": "x = 1\n"}}, format="json").json()
    version = bare["head"]["id"] if isinstance(bare["head"], dict) else bare["head"]
    body = {"version": version, "engine": "quantconnect", "start": "2011-02-03"}
    answer = api.post(_HERE, body, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "start")
    assert "set_start_date" in answer.json()["detail"]
    for field, value in (("seed", 3), ("memory_mb", 512), ("data", "local")):
        answer = submit(api, strategy, **{field: value})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
        assert submit(api, strategy, fallback="local", **{field: value}).status_code == 202


def test_without_an_account_it_is_refused(api: APIClient, strategy: Strategy) -> None:
    answer = submit(api, strategy)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "engine")


def test_the_list_can_be_filtered_by_engine(api: APIClient, run_id: UUID, strategy: Strategy) -> None:
    assert strategy.head is not None
    api.post(_HERE, {"version": str(strategy.head.pk)}, format="json")
    found = {name: api.get(f"{_HERE}?engine={name}").json()["results"] for name in ("local", "quantconnect")}
    assert [each["id"] for each in found["quantconnect"]] == [str(run_id)]
    assert [each["engine"] for each in found["local"]] == ["local"]


def test_it_is_neither_verified_nor_run_by_a_worker(api: APIClient, run_id: UUID, cloud: FakeCloud) -> None:
    assert run_carry_out(run_id=run_id, worker="a") is False
    to_the_end(run_id, cloud)
    assert api.post(f"{_HERE}{run_id}/verify/").status_code == 409


def test_a_rerun_goes_there_again(api: APIClient, run_id: UUID, cloud: FakeCloud) -> None:
    answer = api.post(f"{_HERE}{run_id}/rerun/", {"name": "Again"}, format="json")
    assert answer.status_code == 202
    assert (answer.json()["engine"], answer.json()["parameters"]) == ("quantconnect", {"cash": "5000"})


def test_a_compile_error_names_file_and_line(run_id: UUID, cloud: FakeCloud) -> None:
    cloud.build_error = True
    run = to_the_end(run_id, cloud)
    assert (run.state, run.error["code"]) == (RunState.FAILED, "compile_error")
    assert "main.py:3" in run.error["message"]
    assert cloud.started == []


def test_a_strategy_that_fails_there_fails_here_with_its_log(api: APIClient, run_id: UUID, cloud: FakeCloud) -> None:
    cloud.runtime_error = True
    run = to_the_end(run_id, cloud)
    assert (run.state, run.error["code"]) == (RunState.FAILED, "strategy")
    assert "During the algorithm initialization" in run.error["message"]
    assert len(api.get(f"{_HERE}{run_id}/log/?limit=1000").json()["results"]) == 250


def test_what_is_too_large_to_be_kept_is_named(
    api: APIClient, run_id: UUID, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "_LARGEST_ARTEFACT", 20_000)
    assert to_the_end(run_id, cloud).state == RunState.COMPLETED
    shown = api.get(f"{_HERE}{run_id}/").json()
    kept = {each["name"] for each in api.get(f"{_HERE}{run_id}/artefacts/").json()}
    assert "result.json" not in kept
    assert "orders.parquet" in kept
    (warning,) = (each for each in shown["warnings"] if each["text"].startswith("result.json"))
    assert "20,000" in warning["text"]
    statistics = api.get(f"{_HERE}{run_id}/statistics/").json()
    assert {"kind": "engine", "text": warning["text"]} in statistics["warnings"]


def test_a_step_that_always_breaks_off_ends_the_run(
    run_id: UUID, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_off(*given: object, **named: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(projects, "files_with_terms", break_off)
    for _ in range(21):
        assert Run.objects.get(pk=run_id).state != RunState.FAILED
        due(run_id)
        fence = BACKTESTS.claim(run_id)
        assert fence is not None
        carry_out(run_id, BACKTESTS, fence)
    run = Run.objects.get(pk=run_id)
    assert (run.state, run.error["code"]) == (RunState.FAILED, "server")
    assert "'files'" in run.error["message"]
    assert "ZeroDivisionError" in caplog.text


def test_a_database_that_is_away_is_no_fault_of_the_run(
    run_id: UUID, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(*given: object, **named: object) -> None:
        raise OperationalError

    monkeypatch.setattr(projects, "files_with_terms", break_off)
    fence = BACKTESTS.claim(run_id)
    assert fence is not None
    carry_out(run_id, BACKTESTS, fence)
    assert CloudBacktest.objects.get(pk=run_id).failures == 0


def test_a_compile_that_never_ends_is_given_up(run_id: UUID, cloud: FakeCloud) -> None:
    cloud.compile_s = 1e9
    cloud_step(run_id)
    CloudBacktest.objects.filter(pk=run_id).update(step_at=timezone.now() - timedelta(minutes=16))
    due(run_id)
    cloud_step(run_id)
    assert Run.objects.get(pk=run_id).error["code"] == "compile_timeout"


def test_busy_nodes_are_waited_for(run_id: UUID, cloud: FakeCloud) -> None:
    cloud.nodes = 0
    for _ in range(4):
        due(run_id)
        for each in cloud.compiles.values():
            each["at"] -= 15
        cloud_step(run_id)
    run = Run.objects.get(pk=run_id)
    assert run.state == RunState.RUNNING
    assert "no spare nodes" in run.events.get(kind="waiting").data["reason"]
    cloud.nodes = 1
    assert to_the_end(run_id, cloud).state == RunState.COMPLETED
    assert len(cloud.started) == 1


def test_a_quantconnect_that_is_away_is_waited_for_and_that_is_said(
    run_id: UUID, settings: Any, cloud: FakeCloud
) -> None:
    url = settings.ENVIRONMENT.quantconnect_url
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"quantconnect_url": "http://127.0.0.1:9/api/v2/"})
    cloud_step(run_id)
    run = Run.objects.get(pk=run_id)
    assert run.state == RunState.QUEUED
    assert run.events.get(kind="waiting").data["failures"] == 1
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"quantconnect_url": url})
    assert to_the_end(run_id, cloud).state == RunState.COMPLETED


def test_or_it_is_run_here_and_that_is_said(
    api: APIClient, account: CloudAccount, strategy: Strategy, settings: Any
) -> None:
    run_id = UUID(submit(api, strategy, fallback="local").json()["id"])
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"quantconnect_url": "http://127.0.0.1:9/api/v2/"})
    cloud_step(run_id)
    run = Run.objects.get(pk=run_id)
    assert (run.kind, run.state) == ("backtest", RunState.QUEUED)
    assert run.events.get(kind="fallback").data["engine"] == "local"
    assert run_carry_out(run_id=run_id, worker="a")
    shown = api.get(f"{_HERE}{run_id}/").json()
    assert (shown["state"], shown["engine"], shown["data"]) == ("completed", "local", "sample")
    assert "was run here" in next(each["text"] for each in shown["warnings"] if each["kind"] == "engine")


def test_cancelling_leaves_nothing_there(api: APIClient, run_id: UUID, cloud: FakeCloud) -> None:
    for _ in range(2):
        due(run_id)
        for each in cloud.compiles.values():
            each["at"] -= 15
        cloud_step(run_id)
    assert len(cloud.backtests) == 1
    assert api.post(f"{_HERE}{run_id}/cancel/").status_code == 202
    due(run_id)
    cloud_step(run_id)
    assert Run.objects.get(pk=run_id).state == RunState.CANCELLED
    assert cloud.backtests == {}
    assert CloudProject.objects.get().held_by is None


def test_what_may_be_there_is_looked_for_now_and_then(api: APIClient, run_id: UUID, cloud: FakeCloud) -> None:
    for _ in range(2):
        due(run_id)
        for each in cloud.compiles.values():
            each["at"] -= 15
        cloud_step(run_id)
    # Its creation was asked for, the answer was lost, and the list does not have it yet.
    CloudBacktest.objects.filter(pk=run_id).update(backtest_id="", is_lost=True, step="start")
    cloud.backtests.clear()
    api.post(f"{_HERE}{run_id}/cancel/")
    assert cloud_step(run_id) is True
    assert Run.objects.get(pk=run_id).state == RunState.RUNNING
    assert cloud_step(run_id) is False


def test_cancelling_before_anything_is_there_asks_nobody(api: APIClient, run_id: UUID, cloud: FakeCloud) -> None:
    assert api.post(f"{_HERE}{run_id}/cancel/").json()["state"] == "cancelled"
    assert cloud_step(run_id) is False
    assert cloud.calls == []


def test_what_takes_too_long_is_stopped_there(
    api: APIClient, account: CloudAccount, strategy: Strategy, cloud: FakeCloud
) -> None:
    run_id = UUID(submit(api, strategy, timeout_s=60).json()["id"])
    for _ in range(2):
        due(run_id)
        for each in cloud.compiles.values():
            each["at"] -= 15
        cloud_step(run_id)
    Run.objects.filter(pk=run_id).update(started_at=timezone.now() - timedelta(seconds=61))
    due(run_id)
    cloud_step(run_id)
    run = Run.objects.get(pk=run_id)
    assert (run.state, run.error["code"], cloud.backtests) == (RunState.TIMED_OUT, "time_limit", {})


def test_it_may_take_longer_than_a_run_here(api: APIClient, account: CloudAccount, strategy: Strategy) -> None:
    assert submit(api, strategy, timeout_s=20_000).json()["timeout_s"] == 20_000
    assert submit(api, strategy).json()["timeout_s"] == 24 * 3600
    refused = submit(api, strategy, timeout_s=24 * 3600 + 1)
    (wrong,) = refused.json()["errors"]
    assert (refused.status_code, wrong["field"], float(wrong["value"])) == (400, "timeout_s", 86401)
    assert "86400 s" in wrong["message"]
    assert submit(api, strategy, timeout_s=-1).status_code == 400
    assert submit(api, strategy, engine="local", timeout_s=20_000).status_code == 400


@pytest.mark.parametrize(("asked", "taken"), [(20_000, 600), (60, 60), (None, 600)])
def test_run_here_after_all_it_takes_no_longer_than_others(
    api: APIClient, account: CloudAccount, strategy: Strategy, asked: int | None, taken: int
) -> None:
    run_id = UUID(submit(api, strategy, fallback="local", timeout_s=asked).json()["id"])
    assert backtest_run_here(test=Backtest.objects.get(pk=run_id), why="It is away.")
    assert Run.objects.get(pk=run_id).timeout_s == taken


def test_one_that_is_deleted_there_ends_here(run_id: UUID, cloud: FakeCloud) -> None:
    for _ in range(2):
        due(run_id)
        for each in cloud.compiles.values():
            each["at"] -= 15
        cloud_step(run_id)
    cloud.backtests.clear()
    assert to_the_end(run_id, cloud).error["code"] == "quantconnect_deleted"


def test_a_project_that_is_deleted_there_is_made_anew(
    api: APIClient, run_id: UUID, cloud: FakeCloud, strategy: Strategy
) -> None:
    to_the_end(run_id, cloud)
    cloud.projects.clear()
    second = UUID(submit(api, strategy).json()["id"])
    assert to_the_end(second, cloud).state == RunState.COMPLETED
    assert len(cloud.projects) == 1


def test_two_runs_of_a_strategy_do_not_mix_their_files(
    api: APIClient, run_id: UUID, cloud: FakeCloud, strategy: Strategy
) -> None:
    cloud_step(run_id)
    second = UUID(submit(api, strategy, start="2012-01-03").json()["id"])
    cloud_step(second)
    (project,) = cloud.projects.values()
    assert "2012" not in project["files"]["main.py"]
    assert CloudBacktest.objects.get(pk=second).step == "project"
    # Whoever waits leaves the account's requests to who goes on.
    asked = len(cloud.calls)
    due(second)
    assert cloud_step(second)
    assert len(cloud.calls) == asked
    to_the_end(run_id, cloud)
    assert to_the_end(second, cloud).state == RunState.COMPLETED
    assert "set_start_date(2012, 1, 3)" in project["files"]["main.py"]


def test_wrong_credentials_end_it_before_it_began(run_id: UUID, cloud: FakeCloud) -> None:
    cloud._is_signed = lambda headers: False  # type: ignore[method-assign]
    cloud_step(run_id)
    assert Run.objects.get(pk=run_id).error["code"] == "quantconnect_credentials"


def test_disconnecting_gives_up_what_runs_there(api: APIClient, run_id: UUID, cloud: FakeCloud) -> None:
    cloud_step(run_id)
    assert api.delete("/api/v1/quantconnect/credentials/").status_code == 204
    run = Run.objects.get(pk=run_id)
    assert (run.state, run.error["code"]) == (RunState.CANCELLED, "quantconnect_account_removed")
    assert not CloudBacktest.objects.exists()


def test_a_worker_that_was_given_up_writes_nothing(run_id: UUID, cloud: FakeCloud) -> None:
    cloud_step(run_id)
    CloudBacktest.objects.filter(pk=run_id).update(fence=90)
    BACKTESTS.carry_out(run_id, 89)
    assert CloudBacktest.objects.get(pk=run_id).step == "compiling"
    assert Backtest.objects.get(pk=run_id).run.state == RunState.RUNNING


_LOST = (Fault.RESET_AFTER, Fault.PAGE_AFTER)
_OTHERS = (Fault.RESET_BEFORE, Fault.PAGE_BEFORE, Fault.TRUNCATED, Fault.TOO_MANY_WAIT)
_PATHS = (
    "projects/create", "files/update", "compile/create", "compile/read", "backtests/create", "backtests/read",
    "backtests/orders/read",
)  # fmt: skip
_BEFALLING = [(path, fault) for path in _PATHS for fault in _LOST] + [("backtests/create", each) for each in _OTHERS]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("path", "fault"), _BEFALLING, ids=lambda each: str(each).replace(" ", "-"))
def test_whatever_befalls_a_call_one_backtest_is_there(
    path: str, fault: Fault, run_id: UUID, cloud: FakeCloud, faults: Script
) -> None:
    faults._faults[path] = [fault]
    assert to_the_end(run_id, cloud).state == RunState.COMPLETED
    assert (len(cloud.projects), len(cloud.backtests)) == (1, 1)
    assert CloudBacktest.objects.get(pk=run_id).backtest_id in cloud.backtests
