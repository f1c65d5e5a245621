"""Running a backtest again: identical, or the first difference."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from rest_framework.test import APIClient
from tests.server.conftest import QUICK

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.carrying_out import BacktestKind
from tradinglab.server.backtests.differences import figure_differences, manifest_differences, table_differences
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.backtests.services import backtest_submit
from tradinglab.server.runs.models import Artefact, Run
from tradinglab.server.runs.store import store
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies.models import Strategy, StrategyVersion
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db
V1 = "/api/v1/backtests"


@pytest.fixture
def done(owner: User, strategy: Strategy) -> Run:
    assert strategy.head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run
    assert run_carry_out(run_id=run.pk, worker="a")
    run.refresh_from_db()
    assert run.state == "completed"
    return run


def verify(api: APIClient, run: Run) -> dict[str, Any]:
    made = api.post(f"{V1}/{run.pk}/verify/")
    assert made.status_code == 202, made.content
    where = f"{V1}/{run.pk}/verifications/{made.json()['id']}/"
    assert (made.json()["state"], made.json()["outcome"]) == ("queued", "")
    run_carry_out(run_id=uuid.UUID(made.json()["id"]), worker="a")
    found: dict[str, Any] = api.get(where).json()
    assert (found["state"], found["error"]) == ("completed", {})
    assert api.get(f"{V1}/{run.pk}/verifications/").json()[0] == found
    return found


def test_the_same_again_is_identical(api: APIClient, done: Run) -> None:
    found = verify(api, done)
    assert (found["outcome"], found["first_difference"], found["differences"]) == ("identical", None, [])
    kinds = [each["kind"] for each in api.get(f"/api/v1/runs/{found['id']}/events/").json()["events"]]
    assert (kinds[:2], kinds[-1]) == (["queued", "started"], "finished")
    assert [each["id"] for each in api.get(f"{V1}/").json()["results"]] == [str(done.pk)]


def test_other_code_is_the_first_difference_and_its_figures_come_after_it(api: APIClient, done: Run) -> None:
    text = QUICK.replace("self.symbol, 1)", "self.symbol, 0.5)")
    StrategyVersion.objects.update(files={"main.py": text})
    found = verify(api, done)
    assert found["outcome"] == "different"
    first = found["first_difference"]
    assert (first["kind"], first["where"]) == ("code", "main.py")
    assert first["was"] != first["is"]
    assert "figure" in [each["kind"] for each in found["differences"]]


def test_other_data_engine_and_figures_are_named_in_this_order(api: APIClient, done: Run) -> None:
    test = Backtest.objects.get(run=done)
    test.statistics["Sharpe Ratio"] = "99"
    test.save()
    assert verify(api, done)["first_difference"].items() >= {
        "kind": "figure", "where": "Sharpe Ratio", "was": "99",
    }.items()  # fmt: skip
    done.manifest["versions"]["numpy"] = "0.1"
    done.save()
    assert verify(api, done)["first_difference"].items() >= {
        "kind": "engine", "where": "versions.numpy", "was": "0.1",
    }.items()  # fmt: skip
    done.manifest["data"]["sha256"] = "0" * 64
    done.save()
    assert verify(api, done)["first_difference"].items() >= {
        "kind": "data", "where": "sha256", "was": "0" * 64,
    }.items()  # fmt: skip


def test_a_table_that_differs_is_named_by_row_and_column(api: APIClient, done: Run, tmp_path: Path) -> None:
    orders = Artefact.objects.get(run=done, name="orders.parquet")
    table = pl.read_parquet(store().path(orders.sha256)).with_columns(pl.lit(1.5).alias("price"))
    table.write_parquet(tmp_path / "orders.parquet")
    orders.sha256 = store().put(tmp_path / "orders.parquet", most_bytes=1_000_000).sha256
    orders.save()
    found = verify(api, done)["first_difference"]
    assert (found["kind"], found["where"], found["was"]) == ("figure", "orders[0].price", "1.5")


def test_a_run_of_before_a_table_was_kept_is_identical_all_the_same(api: APIClient, done: Run) -> None:
    Artefact.objects.get(run=done, name="insights.parquet").delete()
    assert verify(api, done)["outcome"] == "identical"


LOTS = {
    "random": "__import__('random').random()",
    "numpy": "float(__import__('numpy').random.rand())",
    "the order of a set": "0.01 * (1 + [*{str(each) for each in range(90)}].index('7'))",
}


@pytest.mark.parametrize("share", LOTS.values(), ids=LOTS)
def test_lots_fall_the_same_way_again(api: APIClient, owner: User, share: str) -> None:
    run, sandboxes = drawn(owner, share), BacktestKind.sandboxes
    sandboxes[0].close()  # another process draws the second time
    assert verify(api, run)["outcome"] == "identical"


def drawn(owner: User, share: str, seed: int | None = None, cash: int = 100_000) -> Run:
    text = QUICK.replace("self.symbol, 1)", f"self.symbol, {share})")
    strategy = strategy_create(owner=owner, name=f"Lots {uuid.uuid4()}", files={"main.py": text})
    assert strategy.head is not None
    run = backtest_submit(
        owner=owner, request=BacktestRequest(version=strategy.head, seed=seed, cash=Decimal(cash))
    ).run
    run_carry_out(run_id=run.pk, worker="a")
    return run


def test_another_seed_draws_other_lots(api: APIClient, owner: User) -> None:
    first, second, third = (drawn(owner, LOTS["random"], seed) for seed in (7, 7, 8))
    ends = [Backtest.objects.get(run=run).end_equity for run in (first, second, third)]
    assert ends[0] == ends[1] != ends[2]
    assert first.manifest["seed"] == 7
    again = api.post(f"{V1}/{first.pk}/rerun/", {"name": "again"}, format="json").json()
    assert again["manifest"]["seed"] == 7


def test_the_same_request_has_the_same_seed(api: APIClient, strategy: Strategy) -> None:
    assert strategy.head is not None
    body = {"version": str(strategy.head.pk)}
    asked = (body, body | {"name": "x"}, body | {"parameters": {"cash": "5"}})
    seeds = [api.post(f"{V1}/", each, format="json").json()["manifest"]["seed"] for each in asked]
    assert seeds[0] == seeds[1] != seeds[2]
    for wrong in (-1, 1 << 32, "x", 1.5):
        answer = api.post(f"{V1}/", body | {"seed": wrong}, format="json")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "seed")


def test_what_the_machine_draws_is_found_out(api: APIClient, owner: User) -> None:
    # So rich that the same number of shares is not drawn twice.
    run = drawn(owner, "__import__('random').SystemRandom().random()", cash=10**10)
    found = verify(api, run)
    assert (found["outcome"], found["first_difference"]["kind"]) == ("different", "figure")


class TestRefusals:
    def test_what_has_not_completed_is_not_verified(self, api: APIClient, owner: User, strategy: Strategy) -> None:
        assert strategy.head is not None
        run = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run
        for state in ("queued", "running", "failed", "cancelled", "timed_out"):
            Run.objects.update(state=state)
            answer = api.post(f"{V1}/{run.pk}/verify/")
            assert answer.status_code == 409
            assert state in answer.json()["detail"]

    def test_data_that_are_no_longer_there(self, api: APIClient, done: Run) -> None:
        Backtest.objects.update(data="gone")
        answer = api.post(f"{V1}/{done.pk}/verify/")
        assert answer.status_code == 409
        assert "'gone'" in answer.json()["detail"]

    def test_others_see_nothing_of_it(
        self, api: APIClient, done: Run, other: User, owner: User, client_of: Callable[..., APIClient]
    ) -> None:
        stranger = client_of(other)
        made = api.post(f"{V1}/{done.pk}/verify/").json()
        assert stranger.post(f"{V1}/{done.pk}/verify/").status_code == 404
        assert stranger.post(f"{V1}/{done.pk}/rerun/", {}, format="json").status_code == 404
        assert stranger.get(f"{V1}/{done.pk}/verifications/").status_code == 404
        assert stranger.get(f"{V1}/{done.pk}/verifications/{made['id']}/").status_code == 404
        assert stranger.delete(f"{V1}/{done.pk}/verifications/{made['id']}/").status_code == 404
        assert client_of(owner, ("read",)).post(f"{V1}/{done.pk}/verify/").status_code == 403
        assert api.get(f"{V1}/{done.pk}/verifications/{uuid.uuid4()}/").status_code == 404


def test_a_key_starts_one_verification(api: APIClient, done: Run) -> None:
    first, second = (api.post(f"{V1}/{done.pk}/verify/", headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json()["id"] == second.json()["id"]


def test_a_verification_is_cancelled(api: APIClient, done: Run) -> None:
    made = api.post(f"{V1}/{done.pk}/verify/").json()
    where = f"{V1}/{done.pk}/verifications/{made['id']}/"
    answer = api.delete(where)
    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")
    verified = verify(api, done)
    assert api.delete(f"{V1}/{done.pk}/verifications/{verified['id']}/").status_code == 409


def test_it_is_gone_with_its_backtest(api: APIClient, done: Run) -> None:
    api.post(f"{V1}/{done.pk}/verify/")
    done.delete()
    assert Run.objects.count() == 0


def test_a_rerun_is_as_the_first_was_but_for_what_is_given(api: APIClient, strategy: Strategy) -> None:
    assert strategy.head is not None
    body = {"version": str(strategy.head.pk), "parameters": {"cash": "5000"}, "name": "one", "start": "2010-02-01",
            "cash": "7000", "priority": "batch", "timeout_s": 60}  # fmt: skip
    first = api.post(f"{V1}/", body, format="json").json()
    again = api.post(f"{V1}/{first['id']}/rerun/", {"name": "two", "cash": None, "memory_mb": 512}, format="json")
    assert again.status_code == 202
    made = again.json()
    assert made["id"] != first["id"]
    same = ("version", "parameters", "start", "end", "data", "priority", "timeout_s")
    assert {name: made[name] for name in same} == {name: first[name] for name in same}
    assert (made["name"], made["cash"], made["memory_mb"]) == ("two", None, 512)
    wrong = api.post(f"{V1}/{first['id']}/rerun/", {"files": {"main.py": ""}}, format="json")
    assert wrong.status_code == 400


class TestDifferences:
    def test_files_that_came_and_went(self) -> None:
        was, now = (
            {"strategy": {"files": {"a.py": "1", "b.py": "2"}}},
            {"strategy": {"files": {"b.py": "2", "c.py": "3"}}},
        )
        found = [(each.kind, each.where, each.was, each.now) for each in manifest_differences(was, now)]
        assert found == [("code", "a.py", "1", "none"), ("code", "c.py", "none", "3")]

    def test_slices_of_data(self) -> None:
        was, now = {"data": {"slices": {"spy.zip": "1"}}}, {"data": {"slices": {"spy.zip": "2"}}}
        assert [(each.kind, each.where) for each in manifest_differences(was, now)] == [("data", "spy.zip")]

    def test_figures(self) -> None:
        assert list(figure_differences({"a": 1.0, "b": None}, {"a": 1.0, "b": None})) == []
        (found,) = figure_differences({"a": 0.1}, {"a": 0.1 + 1e-17 + 2e-17})
        assert found.as_json() == {"kind": "figure", "where": "a", "was": "0.1", "is": "0.10000000000000003"}

    @pytest.mark.parametrize(
        ("was", "now", "where"),
        [
            ({"a": [1, 2], "b": [1.0, None]}, {"a": [1, 2], "b": [1.0, None]}, None),
            ({"a": [1, 2], "b": [1, 2]}, {"a": [1, 3], "b": [0, 2]}, "t[0].b"),
            ({"a": [1, 2]}, {"a": [1, 2, 3]}, "t.rows"),
            ({"a": [1]}, {"b": [1]}, "t.columns"),
            ({"a": [1.0, None]}, {"a": [1.0, 2.0]}, "t[1].a"),
            ({"a": [1]}, {"a": ["1"]}, "t[0].a"),
        ],
    )
    def test_tables(self, tmp_path: Path, was: Any, now: Any, where: str | None) -> None:
        for name, columns in (("was", was), ("now", now)):
            pl.DataFrame(columns).write_parquet(tmp_path / name)
        found = [each.where for each in table_differences("t", tmp_path / "was", tmp_path / "now")]
        assert found == ([] if where is None else [where])
