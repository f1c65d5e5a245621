"""Finding backtests again: filters, sorts, and what their owner says of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.test import APIClient

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.api.serializers import BacktestDetailSerializer, BacktestSerializer
from tradinglab.server.backtests.figures import FIGURES, help_of
from tradinglab.server.backtests.models import Backtest, BacktestTag
from tradinglab.server.backtests.selectors import backtest_get
from tradinglab.server.backtests.services import BacktestRequest, backtest_submit
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies.models import Strategy

pytestmark = pytest.mark.django_db
LIST = "/api/v1/backtests/"


@pytest.fixture
def made(owner: User, strategy: Strategy) -> Callable[..., Backtest]:
    def make(name: str, *, parameters: dict[str, str] | None = None, **columns: Any) -> Backtest:
        assert strategy.head is not None
        request = BacktestRequest(version=strategy.head, name=name, parameters=parameters or {})
        run = backtest_submit(owner=owner, request=request).run
        Backtest.objects.filter(pk=run.pk).update(**columns)
        return Backtest.objects.get(pk=run.pk)

    return make


def names(api: APIClient, query: str) -> list[str]:
    answer = api.get(f"{LIST}?{query}")
    assert answer.status_code == 200, answer.content
    return sorted(each["name"] for each in answer.json()["results"])


def refused(answer: Any, field: str) -> str:
    assert answer.status_code == 400, answer.content
    assert field in [each["field"] for each in json.loads(answer.content)["errors"]]
    return str(json.loads(answer.content)["detail"])


@pytest.mark.parametrize("figure", ["total_orders", "duration_s", *FIGURES])
def test_every_figure_has_bounds_and_is_sorted_by(figure: str, api: APIClient, made: Any) -> None:
    made("none")
    for value in (1, 2, 3):
        made(str(value), **{figure: value})
    assert names(api, f"min_{figure}=2") == ["2", "3"]
    assert names(api, f"max_{figure}=2") == ["1", "2"]
    assert names(api, f"min_{figure}=1.5&max_{figure}=2.5") == ["2"]
    falling = api.get(f"{LIST}?sort=-{figure}&page_size=2").json()
    rest = api.get(falling["next"]).json()
    assert [each["name"] for each in falling["results"] + rest["results"]] == ["3", "2", "1"]
    assert [each["name"] for each in api.get(f"{LIST}?sort={figure}").json()["results"]] == ["1", "2", "3"]


def test_bounds_that_cannot_be_used(api: APIClient, made: Any) -> None:
    made("a", sharpe_ratio=1)
    assert "min_sharpe_ratio" in refused(api.get(f"{LIST}?min_sharp_ratio=1"), "min_sharp_ratio")
    for value in ("x", "NaN", "Infinity", "1e400"):
        refused(api.get(f"{LIST}?min_total_trades={value}"), "min_total_trades")
        refused(api.get(f"{LIST}?min_sharpe_ratio={value}"), "min_sharpe_ratio")
    assert names(api, "max_total_trades=99999999999999999999") == []
    refused(api.get(f"{LIST}?min_first_day=soon"), "min_first_day")
    refused(api.get(f"{LIST}?max_created_at=2010-99-01"), "max_created_at")
    refused(api.get(f"{LIST}?max_created_at=9999-12-31T23:59:59-14:00"), "max_created_at")
    refused(api.get(f"{LIST}?min_created_at=0001-01-01T00:00:00%2B14:00"), "min_created_at")
    refused(api.get(f"{LIST}?sort=sharp"), "sort")


def test_many_of_the_same_figure_are_all_listed(api: APIClient, made: Any) -> None:
    for place in range(25):
        made(f"{place:02}", sharpe_ratio=0)
    found, address = [], f"{LIST}?sort=-sharpe_ratio&page_size=4"
    while address:
        page = api.get(address).json()
        found += [each["name"] for each in page["results"]]
        address = page["next"]
    assert sorted(found) == [f"{place:02}" for place in range(25)]


def test_days_and_instants_are_bounds(api: APIClient, made: Any) -> None:
    made("early", first_day=date(2009, 1, 1), last_day=date(2010, 1, 1))
    late = made("late", first_day=date(2012, 1, 1), last_day=date(2013, 1, 1))
    Run.objects.filter(pk=late.pk).update(created_at=timezone.now() + timedelta(days=2))
    assert names(api, "min_first_day=2012-01-01") == ["late"]
    assert names(api, "max_last_day=2010-01-01") == ["early"]
    tomorrow = (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert names(api, f"min_created_at={tomorrow}") == ["late"]
    assert names(api, f"max_created_at={tomorrow}") == ["early"]
    assert [each["name"] for each in api.get(f"{LIST}?sort=created_at").json()["results"]] == ["early", "late"]
    assert [each["name"] for each in api.get(f"{LIST}?sort=-name").json()["results"]] == ["late", "early"]


def test_parameters_by_names_of_any_kind(api: APIClient, made: Any) -> None:
    made("a", parameters={"fast": "20", "5": "x", "a.b": "1:2"})
    made("b", parameters={"fast": "20", "slow": "50"})
    made("c", parameters={"fast": "2"})
    assert names(api, "parameter=fast:20") == ["a", "b"]
    assert names(api, "parameter=fast:20&parameter=slow:50") == ["b"]
    assert names(api, "parameter=5:x") == ["a"]
    assert names(api, "parameter=a.b:1:2") == ["a"]
    assert names(api, "parameter=a:x") == []
    refused(api.get(f"{LIST}?parameter=%22%20or%201=1:x"), "parameter")
    refused(api.get(f"{LIST}?parameter=:x"), "parameter")
    refused(api.get(f"{LIST}?parameter=fast"), "parameter")
    refused(api.get(f"{LIST}?parameter=fast%00:1&parameter=a:1"), "parameter")
    refused(api.get(LIST + "?" + "&".join(["parameter=a:1"] * 21)), "parameter")


def test_names_notes_tags_and_stars(api: APIClient, made: Any) -> None:
    first, second = made("First try"), made("Second")
    said = {"notes": "Looks <b>good</b>.\n", "tags": ["best", "équity", "best"], "is_starred": True}
    answer = api.patch(f"{LIST}{first.pk}/", said, format="json")
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in said} == said | {"tags": ["best", "équity"]}
    assert api.patch(f"{LIST}{second.pk}/", {"tags": ["best"]}, format="json").json()["is_starred"] is False
    assert names(api, "tag=best") == ["First try", "Second"]
    assert names(api, "tag=best&tag=équity") == ["First try"]
    assert names(api, "is_starred=true") == ["First try"]
    assert names(api, "is_starred=false") == ["Second"]
    assert names(api, "name=TRY") == ["First try"]
    assert names(api, "notes=good") == ["First try"]
    kept = api.patch(f"{LIST}{first.pk}/", {"name": "Other", "tags": []}, format="json").json()
    assert (kept["name"], kept["tags"], kept["notes"]) == ("Other", [], said["notes"])
    assert api.get(f"{LIST}{first.pk}/").json() == kept
    assert "notes" not in api.get(LIST).json()["results"][0]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"notes": "x" * 10_001}, "notes"),
        ({"notes": "a\0"}, "notes"),
        ({"name": "x" * 201}, "name"),
        ({"tags": [f"t{n}" for n in range(21)]}, "tags"),
        ({"tags": ["x" * 51]}, "tags.0"),
        ({"tags": [""]}, "tags.0"),
        ({"tags": "x"}, "tags"),
        ({"is_starred": "perhaps"}, "is_starred"),
        ({"is_starred": None}, "is_starred"),
        ({"sharpe_ratio": 9}, "sharpe_ratio"),
        ({"star": True}, "star"),
    ],
)
def test_what_cannot_be_said_of_a_backtest(body: Any, field: str, api: APIClient, made: Any) -> None:
    test = made("a")
    refused(api.patch(f"{LIST}{test.pk}/", {"tags": ["new"]} | body, format="json"), field)
    test.refresh_from_db()
    assert (test.name, test.notes, test.tags, test.is_starred) == ("a", "", [], False)


def test_only_its_owner_with_the_scope_says_anything(
    api: APIClient, made: Any, owner: User, other: User, client_of: Callable[..., APIClient]
) -> None:
    test = made("a")
    assert client_of(other).patch(f"{LIST}{test.pk}/", {"tags": ["x"]}, format="json").status_code == 404
    assert client_of(owner, ("read",)).patch(f"{LIST}{test.pk}/", {"tags": ["x"]}, format="json").status_code == 403
    assert APIClient().patch(f"{LIST}{test.pk}/", {"tags": ["x"]}, format="json").status_code == 401
    assert not BacktestTag.objects.exists()


def test_a_run_leaves_its_figures(api: APIClient, made: Any) -> None:
    test = made("a")
    run_carry_out(run_id=test.pk, worker="a")
    found = api.get(f"{LIST}{test.pk}/").json()
    lean = found["statistics"]
    assert found["start_equity"] == float(lean["Start Equity"])
    assert found["total_fees"] == float(lean["Total Fees"].strip("$"))
    assert found["drawdown_recovery"] == int(lean["Drawdown Recovery"])
    assert found["information_ratio"] == pytest.approx(float(lean["Information Ratio"]), abs=0.0005)
    assert found["treynor_ratio"] == pytest.approx(float(lean["Treynor Ratio"]), abs=0.0005)
    assert found["net_profit"] == pytest.approx(float(lean["Net Profit"].strip("%")) / 100, abs=0.000005)
    # One share, bought with all the money on the first day and held: nothing was closed.
    assert (found["total_trades"], found["profit_factor"]) == (0, 0)
    assert 0.9 < found["time_in_market"] < 1
    assert 0.9 < found["exposure"] <= 1.01
    assert found["longest_drawdown"] >= found["drawdown_recovery"]
    assert found["conditional_value_at_risk_95"] <= found["value_at_risk_95"] < 0
    assert (found["first_day"], found["last_day"]) == ("2010-01-04", "2010-03-01")
    assert found["duration_s"] > 0


def test_every_figure_says_what_it_is() -> None:
    assert {field.name for field in Backtest._meta.get_fields()} >= set(FIGURES)
    assert help_of("drawdown") == "Drawdown: a fraction. The deepest one, as a positive fraction."


def test_rows_and_objects_are_written_as_the_library_writes_them(owner: User, made: Any, api: APIClient) -> None:
    figures = dict.fromkeys(FIGURES, 3)
    full = made("full", parameters={"fast": "20"}, duration_s=0.5, first_day=date(2010, 1, 4), **figures)
    BacktestTag.objects.bulk_create(BacktestTag(backtest=full, name=name) for name in ("b", "a"))
    empty = made("empty", cash=Decimal("1234.5"), start=date(2010, 1, 4))
    Run.objects.filter(pk=full.pk).update(
        cancel_requested_at=timezone.now(), error={"code": "x"}, progress=0.5, priority=2
    )
    listed = {each["id"]: each for each in api.get(LIST).json()["results"]}
    for test in (full, empty):
        got = backtest_get(user=owner, run_id=test.pk)
        for serializer in (BacktestSerializer, BacktestDetailSerializer):
            of_library = serializers.Serializer.to_representation(serializer(got), got)
            assert serializer(got).data == of_library
        assert listed[str(test.pk)] == json.loads(JSONRenderer().render(BacktestSerializer(got).data))
    assert listed[str(full.pk)]["tags"] == ["b", "a"]
    assert (listed[str(full.pk)]["priority"], listed[str(full.pk)]["is_cancel_requested"]) == ("batch", True)


def test_a_longer_page_costs_no_more_queries(api: APIClient, made: Any) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            api.get(LIST)
        return len(captured)

    made("one")
    api.get(LIST)  # notes that the key is used
    few = queries()
    for number in range(5):
        made(str(number))
    assert queries() == few
