"""The REST API: resources, manners, and what is another user's."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient
from tests.server.conftest import QUICK

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.services import BacktestRequest, backtest_submit
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies.models import Strategy, StrategyVersion

pytestmark = pytest.mark.django_db
V1 = "/api/v1"


@pytest.fixture
def done(owner: User, strategy: Strategy) -> Run:
    assert strategy.head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run
    run_carry_out(run_id=run.pk, worker="a")
    run.refresh_from_db()
    return run


def post(api: APIClient, path: str, body: object, **headers: str) -> Any:
    return api.post(V1 + path, body, format="json", headers=headers)


def problem(answer: Any, status: int, field: str | None = None) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(answer.content)
    assert body["status"] == status
    assert body["request_id"] == answer.headers["X-Request-ID"]
    if field is not None:
        assert field in [each["field"] for each in body["errors"]]
        assert all(each["message"] for each in body["errors"])
    return body


def test_strategies_are_made_read_changed_and_put_away(api: APIClient) -> None:
    made = post(api, "/strategies/", {"name": "Mine", "files": {"main.py": QUICK}, "tags": ["a"], "message": "m"})
    assert made.status_code == 201
    where = f"{V1}/strategies/{made.json()['id']}/"
    changed = api.patch(where, {"description": "d", "is_archived": True}, format="json").json()
    assert (changed["description"], changed["is_archived"], changed["name"]) == ("d", True, "Mine")
    assert api.get(where).json() == changed
    assert api.get(f"{V1}/strategies/?is_archived=false").json()["results"] == []
    assert len(api.get(f"{V1}/strategies/?is_archived=true").json()["results"]) == 1
    problem(post(api, f"/strategies/{changed['id']}/versions/", {"files": {"main.py": "x"}}), 409)


def test_versions_have_parents_and_the_same_content_is_the_same_version(api: APIClient, strategy: Strategy) -> None:
    where = f"/strategies/{strategy.pk}/versions/"
    assert strategy.head is not None
    first = strategy.head.content_hash
    second = post(api, where, {"files": {"main.py": QUICK + "#", "lib/a.py": ""}, "message": "two"})
    assert second.status_code == 201
    assert second.json()["parent"] == first
    again = post(api, where, {"files": {"main.py": QUICK}})
    assert (again.status_code, again.json()["content_hash"]) == (200, first)
    assert api.get(f"{V1}/strategies/{strategy.pk}/").json()["head"]["content_hash"] == first
    assert [each["message"] for each in api.get(V1 + where).json()["results"]] == ["two", ""]
    assert api.get(f"{V1}{where}{second.json()['content_hash']}/").json()["files"]["lib/a.py"] == ""
    assert StrategyVersion.objects.count() == 2


def test_a_backtest_and_its_pieces(api: APIClient, strategy: Strategy) -> None:
    assert strategy.head is not None
    body = {"version": str(strategy.head.pk), "parameters": {"cash": "5000"}, "start": "2010-02-01"}
    made = post(api, "/backtests/", body, **{"Idempotency-Key": "one"})
    assert made.status_code == 202
    where = made.headers["Location"]
    assert made.json()["manifest"]["strategy"]["content_hash"] == strategy.head.content_hash
    replay = post(api, "/backtests/", body, **{"Idempotency-Key": "one"})
    assert (replay.status_code, replay.json()["id"]) == (200, made.json()["id"])
    problem(post(api, "/backtests/", body | {"name": "x"}, **{"Idempotency-Key": "one"}), 422)
    problem(api.get(f"{where}equity/"), 404)
    run_carry_out(run_id=uuid.UUID(made.json()["id"]), worker="a")
    result = api.get(where).json()
    assert (result["state"], result["total_orders"]) == ("completed", 1)
    assert result["statistics"]["Start Equity"] == "5000"
    equity = api.get(f"{where}equity/").json()
    assert len(equity["time"]) == len(equity["equity"]) == len(equity["drawdown"])
    assert equity["time"][0] >= "2010-02-01"
    assert api.get(f"{where}orders/").json()["results"][0]["symbol"] == "AAPL"
    assert any("ready" in line["text"] for line in api.get(f"{where}log/").json()["results"])
    assert json.loads(b"".join(api.get(f"{where}result/")))["statistics"] == result["statistics"]
    assert b"<html" in b"".join(api.get(f"{where}report/"))
    assert {each["name"] for each in api.get(f"{where}artefacts/").json()} >= {"result.json", "report.html"}
    problem(api.post(f"{where}cancel/"), 409)


def test_events_by_number(api: APIClient, done: Run) -> None:
    where = f"{V1}/runs/{done.pk}/events/"
    everything = api.get(where).json()
    assert [each["sequence"] for each in everything["events"]] == list(range(1, done.last_sequence + 1))
    assert everything["is_final"]
    part = api.get(f"{where}?after=1&limit=1").json()
    assert ([each["sequence"] for each in part["events"]], part["next_after"], part["is_final"]) == ([2], 2, False)
    problem(api.get(f"{where}?after=-1"), 400, "after")
    problem(api.get(f"{where}?after=99999999999999999999"), 400, "after")


def test_lists_are_sorted_filtered_and_paged(api: APIClient, owner: User, strategy: Strategy) -> None:
    assert strategy.head is not None
    for place in range(5):
        run = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head, name=str(place))).run
        if place:
            Backtest.objects.filter(pk=run.pk).update(sharpe_ratio=-place)
    found, address = [], f"{V1}/backtests/?sort=-sharpe_ratio&page_size=3"
    while address:
        page = api.get(address).json()
        found += [each["name"] for each in page["results"]]
        address = page["next"]
    assert found == ["1", "2", "3", "4"]
    assert [each["name"] for each in api.get(f"{V1}/backtests/").json()["results"]] == ["4", "3", "2", "1", "0"]
    assert len(api.get(f"{V1}/backtests/?min_sharpe_ratio=-2").json()["results"]) == 2
    assert api.get(f"{V1}/backtests/?state=completed").json()["results"] == []
    problem(api.get(f"{V1}/backtests/?sort=notes"), 400, "sort")
    problem(api.get(f"{V1}/backtests/?state=asleep"), 400, "state")
    problem(api.get(f"{V1}/backtests/?cursor=x"), 404)


def test_keys_are_made_listed_and_revoked(api: APIClient) -> None:
    made = post(api, "/api-keys/", {"name": "ci", "scopes": ["read"]}).json()
    reader = APIClient()
    reader.credentials(HTTP_AUTHORIZATION=f"Bearer {made['token']}")
    assert reader.get(f"{V1}/me/").json()["scopes"] == ["read"]
    problem(post(reader, "/strategies/", {"name": "x", "files": {"main.py": QUICK}}), 403)
    problem(post(reader, "/api-keys/", {"name": "more", "scopes": ["run"]}), 400, "scopes")
    assert "token" not in api.get(f"{V1}/api-keys/").content.decode()
    assert api.delete(f"{V1}/api-keys/{made['id']}/").status_code == 204
    problem(reader.get(f"{V1}/me/"), 401)


def endpoints() -> list[tuple[str, str]]:
    """Return every address below /api/v1/, with its name."""
    api = next(each for each in get_resolver().url_patterns if str(each.pattern) == "api/v1/")
    assert isinstance(api, URLResolver)
    patterns = [each for each in api.url_patterns if isinstance(each, URLPattern)]
    return [(str(each.pattern), str(each.name)) for each in patterns]


def test_another_users_version_cannot_be_run(
    strategy: Strategy, other: User, client_of: Callable[..., APIClient]
) -> None:
    assert strategy.head is not None
    problem(post(client_of(other), "/backtests/", {"version": str(strategy.head.pk)}), 404)


STRATEGY = {"name": "n", "files": {"main.py": "x"}}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ([], ""),
        ("text", ""),
        (STRATEGY | {"nmae": "x"}, "nmae"),
        (STRATEGY | {"name": "x" * 201}, "name"),
        (STRATEGY | {"name": "a\0b"}, "name"),
        (STRATEGY | {"name": {"a": 1}}, "name"),
        (STRATEGY | {"tags": "x"}, "tags"),
        (STRATEGY | {"tags": ["x"] * 21}, "tags"),
        (STRATEGY | {"files": {}}, "files"),
        (STRATEGY | {"files": {"other.py": ""}}, "files"),
        (STRATEGY | {"files": {"main.py": 1.5}}, "files.main.py"),
        (STRATEGY | {"files": {"main.py": "", "../x.py": ""}}, "files"),
        (STRATEGY | {"files": {"main.py": "", "/etc/passwd.py": ""}}, "files"),
        (STRATEGY | {"files": {"main.py": "", "a/../../x.py": ""}}, "files"),
        (STRATEGY | {"files": {"main.py": "", "x.so": ""}}, "files"),
        (STRATEGY | {"files": {"main.py": "", "main.py/x.py": ""}}, "files"),
        (STRATEGY | {"files": {"main.py": "", "Main.py": ""}}, "files"),
        (STRATEGY | {"files": {"main.py": "a\0"}}, "files.main.py"),
        (STRATEGY | {"files": {"main.py": "x" * 1_000_001}}, "files"),
        (STRATEGY | {"files": {"main.py": None}}, "files.main.py"),
    ],
)
def test_strategies_that_cannot_be_stored(body: Any, field: str, api: APIClient) -> None:
    problem(post(api, "/strategies/", body), 400, field)
    assert Strategy.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"version": "x"}, "version"),
        ({"parameters": {"a b": "1"}}, "parameters.a b"),
        ({"parameters": {"a": {"b": 1}}}, "parameters.a"),
        ({"parameters": {f"p{n}": "1" for n in range(201)}}, "parameters"),
        ({"parameters": "x"}, "parameters"),
        ({"start": "yesterday"}, "start"),
        ({"start": "2010-13-01"}, "start"),
        ({"start": 5}, "start"),
        ({"start": "2011-01-01", "end": "2010-01-01"}, "end"),
        ({"cash": 0}, "cash"),
        ({"cash": -5}, "cash"),
        ({"cash": "NaN"}, "cash"),
        ({"cash": "1e999"}, "cash"),
        ({"cash": 10**30}, "cash"),
        ({"cash": "<b>"}, "cash"),
        ({"name": ["x"]}, "name"),
        ({"timeout_s": "nan"}, "timeout_s"),
        ({"timeout_s": "-Infinity"}, "timeout_s"),
        ({"timeout_s": 1e300}, "timeout_s"),
        ({"name": 1}, "name"),
        ({"version": 1}, "version"),
        ({"timeout_s": True}, "timeout_s"),
        ({"memory_mb": True}, "memory_mb"),
    ],
)
def test_backtests_that_cannot_be_run(change: dict[str, Any], field: str, api: APIClient, strategy: Strategy) -> None:
    assert strategy.head is not None
    problem(post(api, "/backtests/", {"version": str(strategy.head.pk)} | change), 400, field)
    assert Run.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'{"name": NaN}', 400),
        (b'{"timeout_s": 1e999}', 400),
        (b'{"timeout_s": 1%s}' % (b"0" * 400), 400),
        (b'{"name": "a", "name": "b"}', 400),
        (b'{"name": "\\ud800"}', 400),
        (b'{"\\ud800": 1}', 400),
        (b"[" * 100_000, 400),
        (b" " * 2_000_001, 413),
    ],
)
@pytest.mark.parametrize("path", ["/strategies/", "/backtests/", "/api-keys/"])
def test_bodies_that_cannot_be_read(path: str, body: bytes, status: int, api: APIClient) -> None:
    problem(api.post(V1 + path, body, content_type="application/json"), status)


def test_other_manners(api: APIClient, strategy: Strategy) -> None:
    problem(api.post(f"{V1}/strategies/", b"x=1", content_type="application/x-www-form-urlencoded"), 415)
    problem(api.put(f"{V1}/strategies/", {}, format="json"), 405)
    problem(api.get(f"{V1}/strategies/{uuid.uuid4()}/"), 404)
    problem(api.get(f"{V1}/strategies/not-a-uuid/"), 404)
    problem(post(api, "/strategies/", {"name": strategy.name, "files": {"main.py": ""}}), 400, "name")
    problem(post(api, "/backtests/", {"version": str(uuid.uuid4())}), 404)
    assert strategy.head is not None
    body = {"version": str(strategy.head.pk)}
    problem(post(api, "/backtests/", body, **{"Idempotency-Key": "x" * 201}), 400, "Idempotency-Key")
    assert api.get(f"{V1}/me/", headers={"X-Request-ID": "mine-1"}).headers["X-Request-ID"] == "mine-1"
    assert api.get(f"{V1}/me/", headers={"X-Request-ID": "no\tgood"}).headers["X-Request-ID"] != "no\tgood"


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer x", "Basic eDp5", "Bearer tl_a_b", "Bearer tl_é_b", "Bearer a b c"]
)
def test_keys_that_are_none(header: str) -> None:
    answer = APIClient().get(f"{V1}/me/", headers={"Authorization": header})
    problem(answer, 401)
    assert answer.headers["WWW-Authenticate"]


def test_the_schema_is_valid_and_without_warnings(client: Any) -> None:
    from django.core.management import call_command

    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")
    answer = client.get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert answer.status_code == 200
    document = json.loads(answer.content)
    assert document["openapi"].startswith("3.1")
    described = {path.removeprefix("/api/v1/") for path in document["paths"]} - {"/api/schema/"}
    plain = {re.sub(r"<\w+:(\w+)>", r"{\1}", pattern) for pattern, _ in endpoints()}
    assert described & plain == plain
