"""Answers in all the forms that they are known to take."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from tests.quantconnect.canned import Canned

from tradinglab.quantconnect.errors import DeadlineError, InvalidRequestError, MalformedAnswerError, NotFoundError
from tradinglab.quantconnect.models.backtests import Backtest, Order
from tradinglab.quantconnect.models.optimizations import Constraint, Optimization, Search, SearchRange
from tradinglab.quantconnect.models.projects import Project

_ORGANIZATION = "5cad178b20a1d52567b534553413b691"
_NOON = datetime(2023, 9, 15, 16, 23, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2023-09-15 16:23:31", "2023-09-15T16:23:31", "2023-09-15T16:23:31Z", "2023-09-15T18:23:31+02:00", 1694795011],
)
def test_dates_in_every_form_are_moments_in_utc(text: object) -> None:
    assert Project.model_validate({"projectId": 1, "created": text}).created == _NOON


@pytest.mark.parametrize("text", [None, "", "0001-01-01T00:00:00Z", "0000-00-00 00:00:00"])
def test_dates_that_are_none_are_none(text: object) -> None:
    assert Project.model_validate({"projectId": 1, "created": text}).created is None


def test_ten_millionths_of_a_second_are_cut() -> None:
    order = Order.model_validate({"id": 1, "time": "2023-09-15T16:23:31.1234567Z"})
    assert order.time == _NOON.replace(microsecond=123456)


@pytest.mark.parametrize("unstorable", ["\0", "\ud83d"])
def test_texts_hold_nothing_that_no_database_keeps(unstorable: str) -> None:
    said = {"backtestId": "b", "error": f"a{unstorable}b", "statistics": {f"Sh{unstorable}": unstorable}}
    body = json.dumps({"success": True, "backtest": {**said, "note": "\U0001f600"}}).encode()
    canned = Canned({"backtests/read": httpx2.Response(200, content=body)})
    read = canned.client.backtests.read(1, "b")
    assert (read.error, read.statistics) == ("a\ufffdb", {"Sh\ufffd": "\ufffd"})
    assert "\U0001f600" in str(read.model_dump())


def test_answers_without_end_are_malformed() -> None:
    body = b'{"success": true, "x": "\\u0000", "backtest": ' + b"[" * 900 + b"]" * 900 + b"}"
    canned = Canned({"backtests/read": httpx2.Response(200, content=body)})
    with pytest.raises(MalformedAnswerError):
        canned.client.backtests.read(1, "b")


@pytest.mark.parametrize("nothing", [[], {}, None])
def test_empty_maps_in_every_form_are_empty_maps(nothing: object) -> None:
    names = ("charts", "statistics", "runtimeStatistics", "parameterSet", "rollingWindow")
    backtest = Backtest.model_validate({"backtestId": "b", **dict.fromkeys(names, nothing)})
    assert (backtest.charts, backtest.statistics, backtest.parameter_set, backtest.rolling_window) == ({}, {}, {}, {})


@pytest.mark.parametrize(
    "parameters",
    [
        [{"key": "fast", "value": "3"}],
        [{"name": "fast", "value": "3"}],
        {"fast": "3"},
        {"fast": {"key": "fast", "value": "3", "min": 1}},
        {"0": {"name": "fast", "value": "3"}},
    ],
)
def test_parameters_in_every_form_are_names_and_values(parameters: object) -> None:
    assert Project.model_validate({"projectId": 1, "parameters": parameters}).parameters == {"fast": "3"}


def test_numbers_that_are_text_are_numbers() -> None:
    order = Order.model_validate({"id": "7", "quantity": "1,000.5", "price": "$12.50", "type": "1", "limitPrice": ""})
    assert (order.id, order.quantity, order.price, order.type, order.limit_price) == (7, 1000.5, 12.5, 1, None)


@pytest.mark.parametrize("text", ["Infinity", "-inf", "1e999", "nan", float("inf"), float("nan")])
def test_numbers_without_end_are_not_told(text: object) -> None:
    assert Order.model_validate({"id": 1, "price": text}).price is None


def test_fields_that_are_not_known_are_kept() -> None:
    project = Project.model_validate({"projectId": 1, "somethingNew": {"a": 1}, "name": None})
    assert project.model_extra == {"somethingNew": {"a": 1}}
    assert project.name == ""


def test_snapshot_has_two_spellings() -> None:
    for name in ("snapshotId", "snapShotId"):
        assert Backtest.model_validate({"backtestId": "b", name: 5}).snapshot_id == "5"


def test_statistics_of_an_optimization_are_a_list_or_a_map() -> None:
    for statistics in ([0.5, "1.5", None], {"0": 0.5, "1": "1.5"}):
        read = Optimization.model_validate(
            {
                "optimizationId": "O",
                "backtests": {"b": {"id": "b", "statistics": statistics, "parameterSet": {"a": "1"}}},
            }
        )
        assert read.backtests["b"].statistics["1"] == 1.5
    assert Optimization.model_validate({"optimizationId": "O", "backtests": []}).backtests == {}


def test_search_is_sent_as_every_client_of_the_api_reads_it() -> None:
    answers = {"optimizations/list": {"optimizations": []}}
    canned = Canned(answers | {"optimizations/create": {"optimizations": [{"optimizationId": "O-1"}]}})
    search = Search(
        parameters=(SearchRange(name="fast", min=1, max=5, step=1),),
        constraints=(Constraint(target="Drawdown", operator="LessOrEqual", value=0.2),),
    )
    made = canned.client.optimizations.create(1, "c", "Grid", search, token="run-0001-abcd")
    assert made.optimization_id == "O-1"
    body = canned.bodies()[-1]
    assert body["parameters"] == [{"name": "fast", "min": 1, "max": 5, "step": 1, "minStep": 1}]
    assert body["constraints"][0]["targetValue"] == body["constraints"][0]["target-value"] == 0.2
    assert body["name"] == "Grid run-0001-abcd"
    assert "targetValue" not in body


def test_project_among_others_is_found_and_a_missing_one_is_none() -> None:
    canned = Canned({"projects/read": {"projects": [{"projectId": 1}, {"projectId": 2, "name": "Mine"}]}})
    assert canned.client.projects.read(2).name == "Mine"
    with pytest.raises(NotFoundError):
        canned.client.projects.read(3)


@pytest.mark.parametrize("answer", [{}, {"backtest": None}, {"backtest": []}, {"backtest": {"name": "no id"}}])
def test_answer_without_what_it_should_hold_is_malformed_and_not_asked_for_again(answer: dict[str, Any]) -> None:
    canned = Canned({"backtests/read": answer})
    with pytest.raises(MalformedAnswerError) as caught:
        canned.client.backtests.read(1, "b")
    assert not caught.value.is_garbled
    assert len(canned.requests) == 1


def test_list_that_repeats_itself_is_malformed() -> None:
    page = {"orders": [{"id": each} for each in range(100)], "length": 500}
    with pytest.raises(MalformedAnswerError, match="does not go on"):
        Canned({"backtests/orders/read": page}).client.results.orders(1, "b")


def test_refusal_in_the_middle_of_a_list_is_no_end_of_it() -> None:
    def page(body: dict[str, Any], most: int) -> dict[str, Any]:
        if body["start"] == 100 and body["end"] == 200:
            return {"success": False, "errors": ["This is not allowed."]}
        ids = range(body["start"], min(body["end"], most))
        return {"insights": [{"id": each} for each in ids], "length": len(ids)}

    with pytest.raises(InvalidRequestError, match="not allowed"):
        Canned({"backtests/read/insights": lambda body: page(body, 150)}).client.results.insights(1, "b")
    # A window beyond the end is refused, too.
    assert len(Canned({"backtests/read/insights": lambda body: page(body, 100)}).client.results.insights(1, "b")) == 100


def test_pages_that_are_shorter_than_asked_for_are_read_on() -> None:
    def page(body: dict[str, Any]) -> dict[str, Any]:
        ids = range(body["start"], min(body["start"] + 40, 130))
        return {"orders": [{"id": each} for each in ids], "length": 130}

    assert len(Canned({"backtests/orders/read": page}).client.results.orders(1, "b")) == 130


def test_chart_that_is_never_loaded_ends_with_the_deadline() -> None:
    canned = Canned({"backtests/chart/read": {"status": "loading", "progress": 0.1}})
    with pytest.raises(DeadlineError, match="still being prepared"):
        canned.client.results.chart(1, "b", "Strategy Equity")


def test_live_portfolio_in_words() -> None:
    holdings = {"SPY R735QTJ8XC9X": {"a": "400.5", "q": 2, "p": 410, "v": 820, "u": 19, "up": 2.37}}
    answer = {"portfolio": {"holdings": holdings, "cash": {"USD": {"symbol": "USD", "amount": "100.5"}}}}
    portfolio = Canned({"live/portfolio/read": answer}).client.live_results.portfolio(1)
    assert portfolio.holdings["SPY R735QTJ8XC9X"].average_price == 400.5
    assert (portfolio.cash["USD"].amount, portfolio.is_flat) == (100.5, False)
    flat = Canned({"live/portfolio/read": {"portfolio": {"holdings": [], "cash": []}}}).client
    assert flat.live_results.portfolio(1).is_flat


def test_live_logs_are_read_to_their_end() -> None:
    def page(body: dict[str, Any]) -> dict[str, Any]:
        return {"logs": ["line"] * max(0, min(body["endLine"], 230) - body["startLine"]), "length": 9999}

    assert len(Canned({"live/logs/read": page}).client.live_results.logs(1, "L-1")) == 230


def test_nodes_and_versions() -> None:
    node = {"id": "LN-1", "price": {"monthly": 0, "yearly": None}, "hasGpu": 0, "busy": False, "usedBy": None}
    canned = Canned(
        {
            "nodes/read": {"backtest": [node], "research": [], "live": []},
            "projects/nodes/update": {"nodes": {"backtest": [{**node, "active": True}]}, "autoSelectNode": False},
            "lean/versions/read": {"versions": [{"id": 17000, "created": "2024-01-01 00:00:00"}]},
            "lean/environments/read": {"environments": [{"id": 1, "name": "Default"}]},
        }
    )
    assert canned.client.nodes.read(_ORGANIZATION).backtest[0].id == "LN-1"
    assert not canned.client.nodes.choose(1, ["LN-1"]).auto_select_node
    assert canned.client.lean.versions()[0].id == 17000
    assert canned.client.lean.environments()[0].name == "Default"


def _zip(content: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return packed.getvalue()


def test_objects_are_fetched_when_they_are_packed_and_without_credentials() -> None:
    url = "https://elsewhere.example/api/v2/packed.zip?sign=1"
    canned = Canned(
        {
            "object/get": [{"jobId": "j", "url": None}, {"jobId": "j", "url": ""}, {"url": url}],
            "packed.zip": [httpx2.ReadError("reset"), httpx2.Response(200, content=_zip({"a/b": b"1"}))],
        }
    )
    assert canned.client.object_store.get(_ORGANIZATION, ["a"]) == {"a/b": b"1"}
    assert "authorization" not in canned.requests[-1].headers
    assert canned.bodies()[1:3] == [{"organizationId": _ORGANIZATION, "jobId": "j"}] * 2


def test_objects_that_are_no_zip_are_malformed() -> None:
    url = "https://elsewhere.example/api/v2/packed.zip"
    for content in (b"<html>", _zip({"a": b"1" * 100})[:40]):
        canned = Canned({"object/get": {"url": url}, "packed.zip": httpx2.Response(200, content=content)})
        with pytest.raises(MalformedAnswerError):
            canned.client.object_store.get(_ORGANIZATION, ["a"])
    with pytest.raises(MalformedAnswerError, match="none of the web"):
        Canned({"object/get": {"url": "file:///etc/passwd"}}).client.object_store.get(_ORGANIZATION, ["a"])


def test_objects_of_all_pages_are_listed_and_both_names_of_the_flag_are_read() -> None:
    def page(body: dict[str, Any]) -> dict[str, Any]:
        number = body.get("page", 1)
        return {"objects": [{"key": f"k{number}", "isFolder": number == 2}], "page": number, "totalPages": 3}

    found = Canned({"object/list": page}).client.object_store.list(_ORGANIZATION)
    assert [(each.key, each.folder) for each in found] == [("k1", False), ("k2", True), ("k3", False)]


def test_object_is_sent_as_a_part_of_a_form() -> None:
    canned = Canned({"object/set": {}})
    canned.client.object_store.put(_ORGANIZATION, "models/a.bin", b"\x00\xff")
    content = canned.requests[-1].content
    assert b'name="key"\r\n\r\nmodels/a.bin' in content
    assert b'name="objectData"' in content
    assert b"\x00\xff" in content
