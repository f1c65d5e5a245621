"""What a backtest is asked for with: code, data, dates, cash, parameters."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from tests.server.conftest import QUICK

from tradinglab.core.clock import day_of_date
from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.data.derivation import Action
from tradinglab.data.store import BarStore, store_synthetic_bars
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.data_sources import data_source_list, data_source_usual
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.config.data_sources import parse_data_sources
from tradinglab.server.runs.kinds import all_sandboxes
from tradinglab.server.runs.limits import limits_set
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies.models import Strategy, StrategyVersion

pytestmark = pytest.mark.django_db
V1 = "/api/v1"
FILES = {"main.py": QUICK}


def post(api: APIClient, body: object, **headers: str) -> Any:
    return api.post(f"{V1}/backtests/", body, format="json", headers=headers)


class TestFiles:
    def test_files_are_run_as_a_version_of_a_strategy_kept_for_them(self, api: APIClient) -> None:
        made = post(api, {"files": FILES})
        assert made.status_code == 202
        run_carry_out(run_id=uuid.UUID(made.json()["id"]), worker="a")
        done = api.get(f"{V1}/backtests/{made.json()['id']}/").json()
        assert (done["state"], done["total_orders"]) == ("completed", 1)
        assert done["strategy_name"] == "Unsaved files"
        listed = api.get(f"{V1}/strategies/").json()["results"]
        assert [each["tags"] for each in listed] == [["unsaved"]]

    def test_the_same_files_are_the_same_version(self, api: APIClient) -> None:
        first, second = post(api, {"files": FILES}).json(), post(api, {"files": FILES}).json()
        third = post(api, {"files": FILES | {"lib/a.py": ""}}).json()
        assert first["version"] == second["version"] != third["version"]
        assert first["strategy"] == third["strategy"]

    def test_the_same_request_under_a_key_starts_one_run(self, api: APIClient) -> None:
        headers = {"Idempotency-Key": "k"}
        first, second = (post(api, {"files": FILES}, **headers) for _ in range(2))
        assert (first.status_code, second.status_code) == (202, 200)
        assert first.json()["id"] == second.json()["id"]
        assert post(api, {"files": FILES | {"b.py": ""}}, **headers).status_code == 422

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "version"),
            ({"files": FILES, "version": str(uuid.uuid4())}, "version"),
            ({"files": {}}, "files"),
            ({"files": {"other.py": ""}}, "files"),
            ({"files": {"main.py": "", "../x.py": ""}}, "files"),
            ({"files": {"main.py": ["x"]}}, "files.main.py"),
            ({"files": "main.py"}, "files"),
            ({"files": FILES, "start": "2011-01-01", "end": "2010-01-01"}, "end"),
            ({"files": FILES, "data": "none"}, "data"),
        ],
    )
    def test_what_is_refused_leaves_nothing(self, api: APIClient, body: dict[str, Any], field: str) -> None:
        answer = post(api, body)
        assert answer.status_code == 400
        assert [each["field"] for each in answer.json()["errors"]] == [field]
        assert (Run.objects.count(), Strategy.objects.count(), StrategyVersion.objects.count()) == (0, 0, 0)

    def test_a_full_queue_leaves_no_version(self, api: APIClient, owner: User) -> None:
        limits_set(user=owner, changes={"most_queued": 1})
        post(api, {"files": FILES})
        assert post(api, {"files": FILES | {"b.py": ""}}).status_code == 429
        assert StrategyVersion.objects.count() == 1

    def test_each_user_has_a_strategy_of_his_own(
        self, api: APIClient, other: User, client_of: Callable[..., APIClient]
    ) -> None:
        mine, theirs = post(api, {"files": FILES}).json(), post(client_of(other), {"files": FILES}).json()
        assert mine["strategy"] != theirs["strategy"]


class TestValues:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("start", "1492-10-12"),
            ("start", "2010-13-01"),
            ("start", 20100101),
            ("end", "9999-12-31"),
            ("end", "next year"),
            ("cash", 0),
            ("cash", -5),
            ("cash", "lots"),
            ("cash", 10**13),
            ("cash", "NaN"),
            ("data", "lean:/etc"),
            ("data", "../sample"),
            ("data", 5),
        ],
    )
    def test_refused(self, api: APIClient, strategy: Strategy, field: str, value: Any) -> None:
        assert strategy.head is not None
        answer = post(api, {"version": str(strategy.head.pk), field: value})
        assert answer.status_code == 400
        (error,) = answer.json()["errors"]
        assert error["field"] == field
        assert error["message"]
        assert Run.objects.count() == 0

    @pytest.mark.parametrize("value", [None, True, ["1"], {"a": "1"}])
    def test_parameters_of_another_kind_are_refused(self, api: APIClient, strategy: Strategy, value: Any) -> None:
        assert strategy.head is not None
        answer = post(api, {"version": str(strategy.head.pk), "parameters": {"share": value}})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == "parameters.share"

    def test_numbers_are_parameters(self, api: APIClient, strategy: Strategy) -> None:
        assert strategy.head is not None
        made = post(api, {"version": str(strategy.head.pk), "parameters": {"cash": 5000, "b": 0.5}}).json()
        assert made["parameters"] == {"cash": "5000", "b": "0.5"}

    def test_a_day_to_come_is_refused(self, api: APIClient, strategy: Strategy) -> None:
        assert strategy.head is not None
        later = (timezone.now().date() + timedelta(days=3)).isoformat()
        answer = post(api, {"version": str(strategy.head.pk), "end": later})
        assert answer.status_code == 400
        assert "is to come" in answer.json()["detail"]


class TestData:
    def test_sources_are_named_by_the_operator(self, tmp_path: Path) -> None:
        found = parse_data_sources(f"us=lean:{tmp_path}, own=store:{tmp_path}")
        assert found == {"sample": "sample", "us": f"lean:{tmp_path}", "own": f"store:{tmp_path}"}
        assert parse_data_sources("") == {"sample": "sample"}

    @pytest.mark.parametrize(
        "text", ["us", "us=/tmp", "us=csv:/tmp", "us=lean:relative", "us=lean:/no/such/folder", "sample=lean:/tmp",
                 "U S=lean:/tmp", "=lean:/tmp", "a=lean:/tmp,a=lean:/tmp"],
    )  # fmt: skip
    def test_others_are_refused(self, text: str) -> None:
        with pytest.raises(ValueError):
            parse_data_sources(text)

    def test_sources_are_listed_without_their_folders(self, api: APIClient, settings: Any, tmp_path: Path) -> None:
        changes = {"named_data": f"us=lean:{tmp_path}"}
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=changes)
        answer = api.get(f"{V1}/data-sources/")
        assert [(each["name"], each["kind"]) for each in answer.json()] == [
            ("sample", "sample"), ("us", "lean"),
        ]  # fmt: skip
        assert str(tmp_path) not in answer.content.decode()
        refused = post(api, {"files": FILES, "data": "eu"}).json()
        assert "sample, us" in refused["detail"]

    @pytest.mark.parametrize("kind", ["lean", "store"])
    def test_a_source_that_went_away_holds_up_no_other(
        self, kind: str, api: APIClient, settings: Any, tmp_path: Path
    ) -> None:
        changes = {"named_data": f"us={kind}:{tmp_path}/gone"}
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=changes)
        answer = api.get(f"{V1}/data-sources/us/")
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert str(tmp_path) not in answer.content.decode()
        assert len(api.get(f"{V1}/data-sources/").json()) == 2
        assert post(api, {"files": FILES}).status_code == 202
        made = post(api, {"files": FILES, "data": "us"}).json()
        run_carry_out(run_id=uuid.UUID(made["id"]), worker="a")
        error = Run.objects.get(pk=made["id"]).error
        assert "'us'" in error["message"]
        assert str(tmp_path) not in str(error)

    def test_where_nobody_names_a_source_the_best_there_is_is_taken(self, settings: Any, tmp_path: Path) -> None:
        assert data_source_usual().name == "sample"
        first, last = date(2010, 1, 4), date(2010, 1, 8)
        store_synthetic_bars(settings.HOME.bars, "SPY", Resolution.DAILY, first, last)
        assert data_source_usual().name == "local"
        assert [each.name for each in data_source_list()] == ["sample", "local"]
        changes = {"named_data": f"us=lean:{tmp_path}"}
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=changes)
        assert data_source_usual().name == "us"

    def test_what_a_source_has(self, api: APIClient) -> None:
        answer = api.get(f"{V1}/data-sources/sample/").json()
        assert answer["is_complete"] is True
        assert {"AAPL", "GOOG", "IBM", "MSFT"} <= {each["ticker"] for each in answer["series"]}
        apple = next(each for each in answer["series"] if each["ticker"] == "AAPL")
        assert apple["resolution"] == "daily"
        assert apple["first_day"] < "2001-01-01" < "2012-01-01" < apple["last_day"]
        assert api.get(f"{V1}/data-sources/none/").status_code == 404

    def test_a_backtest_names_the_slices_of_a_bar_store(self, api: APIClient, settings: Any, owner: User) -> None:
        first, last = date(2009, 12, 1), date(2010, 3, 5)
        store_synthetic_bars(settings.HOME.bars, "AAPL", Resolution.DAILY, first, last)
        store = BarStore(settings.HOME.bars)
        store.add_actions(SecurityType.EQUITY, "usa", "AAPL", [Action(day_of_date(first) + 1, Decimal(1))], source="x")
        # What a sandbox may read is settled when it is put up.
        for keeper in all_sandboxes():
            keeper.close()
        made = post(api, {"files": {"main.py": QUICK}, "data": "local"}).json()
        run_carry_out(run_id=uuid.UUID(made["id"]), worker="a")
        shown = api.get(f"{V1}/backtests/{made['id']}/").json()
        assert (shown["state"], shown["error"], shown["data"]) == ("completed", {}, "local")
        slices = shown["manifest"]["data"]["slices"]
        bars = store.slices(store.series()[0])
        factors = {"equity/usa/factors/aapl": store.factor_versions(SecurityType.EQUITY, "usa", "AAPL")[-1].sha256}
        assert slices.items() <= (bars | factors).items()
        assert slices["equity/usa/daily/trade/aapl/2010"] == bars["equity/usa/daily/trade/aapl/2010"]
        assert factors.items() <= slices.items()

    @pytest.mark.lean
    def test_a_backtest_reads_the_source_that_it_names(
        self, api: APIClient, settings: Any, lean_data: Path, owner: User
    ) -> None:
        changes = {"named_data": f"us=lean:{lean_data.resolve()}"}
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=changes)
        # What a sandbox may read is settled when it is put up.
        for keeper in all_sandboxes():
            keeper.close()
        text = QUICK.replace('"AAPL", Resolution.DAILY', '"SPY", Resolution.MINUTE').replace(
            "2010, 1, 4", "2013, 10, 7"
        )
        made = post(api, {"files": {"main.py": text.replace("2010, 3, 1", "2013, 10, 11")}, "data": "us"}).json()
        run_carry_out(run_id=uuid.UUID(made["id"]), worker="a")
        test = Backtest.objects.get(pk=made["id"])
        assert (test.run.state, test.run.error, test.total_orders) == ("completed", {}, 1)
        shown = api.get(f"{V1}/backtests/{made['id']}/").json()
        assert shown["data"] == "us"
        slices = shown["manifest"]["data"]["slices"]
        bars = lean_data / "equity/usa/minute/spy/20131007_trade.zip"
        assert slices["equity/usa/minute/spy/20131007_trade.zip"] == hashlib.sha256(bars.read_bytes()).hexdigest()
        assert str(lean_data) not in str(shown)


def test_the_manifest_says_all_that_the_figures_depend_on(api: APIClient, strategy: Strategy) -> None:
    import exchange_calendars
    import numpy as np

    import tradinglab

    assert strategy.head is not None
    made = post(api, {"version": str(strategy.head.pk), "parameters": {"b": "2", "a": "1"}, "cash": "5000"}).json()
    manifest = made["manifest"]
    assert manifest["strategy"]["files"] == {"main.py": hashlib.sha256(QUICK.encode()).hexdigest()}
    assert (manifest["parameters"], manifest["cash"]) == ({"a": "1", "b": "2"}, "5000.0000")
    assert manifest["engine"] == tradinglab.__version__
    assert manifest["versions"]["numpy"] == np.__version__
    assert manifest["calendars"]["exchange_calendars"] == exchange_calendars.__version__
    assert (manifest["data"]["source"], len(manifest["data"]["sha256"])) == ("sample", 64)


def test_what_is_none_of_the_choices_is_told_the_choices(api: APIClient) -> None:
    (error,) = post(api, {"files": FILES, "engine": "cloud"}).json()["errors"]
    assert (error["field"], error["message"]) == ("engine", "Choose one of local, quantconnect.")
