"""What lists are asked: cursors that were made up, sizes that are none, names and values that no list knows."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from rest_framework.test import APIClient

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.services import BacktestRequest, backtest_submit
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create, strategy_update

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _listed(strategy: Strategy, owner: User) -> None:
    assert strategy.head is not None
    backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head))


@pytest.mark.parametrize("position", ["\0", "x", "9999-99-99", "9" * 400, "-1e999", "0001-01-01T00:00:00+23:59"])
@pytest.mark.parametrize("sort", ["", "-name", "sharpe_ratio", "-total_orders", "updated_at"])
@pytest.mark.parametrize("path", ["strategies", "backtests", "audit"])
def test_a_cursor_that_was_made_up(path: str, sort: str, position: str, api: APIClient) -> None:
    cursor = base64.b64encode(urlencode({"p": position}).encode()).decode()
    asked = {"cursor": cursor} | ({"sort": sort} if sort else {})
    answer = api.get(f"/api/v1/{path}/?{urlencode(asked)}")
    assert answer.status_code in {200, 400, 404}, answer.content
    if answer.status_code != 200:
        assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("size", ["0", "-1", "x", "1.5", "²", "9" * 5000])
def test_a_size_that_is_none(size: str, api: APIClient) -> None:
    answer = api.get(f"/api/v1/strategies/?{urlencode({'page_size': size})}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "page_size"


def test_a_page_has_a_largest_size(api: APIClient) -> None:
    assert len(api.get("/api/v1/strategies/?page_size=100000").json()["results"]) == 1


_LISTS = {
    "strategies": {"cursor", "page_size", "fields", "format", "sort", "name", "search", "tag", "is_archived"},
    "strategies/deleted": {"cursor", "page_size", "fields", "format"},
    "strategies/{strategy}/versions": {"cursor", "page_size", "fields", "format"},
    "backtests": {"cursor", "sort", "is_starred", "is_deleted", "min_sharpe_ratio", "max_created_at"},
    "backtests/{run}/artefacts": {"fields", "format"},
    "backtests/{run}/verifications": {"fields", "format"},
    "users": {"cursor", "page_size", "fields", "format", "email", "role", "is_active"},
    "invitations": {"cursor", "page_size"},
    "api-keys": {"cursor", "page_size"},
    "audit": {"cursor", "page_size", "since", "until"},
    "data-sources": {"fields", "format"},
    "strategies/templates": {"fields", "format"},
}


@pytest.mark.parametrize("path", _LISTS)
def test_what_a_list_does_not_know(path: str, other: User, client_of: Callable[..., APIClient]) -> None:
    strategy = strategy_create(owner=other, name="Theirs", files={"main.py": "1"})
    assert strategy.head is not None
    run = backtest_submit(owner=other, request=BacktestRequest(version=strategy.head)).run
    client = client_of(other, ("read", "admin"))
    where = f"/api/v1/{path.format(strategy=strategy.pk, run=run.pk)}/"
    for name in ("nope", "IS_ARCHIVED", "sort " if "sort" in _LISTS[path] else "sort", ""):
        answer = client.get(f"{where}?{urlencode({name: '1'})}")
        assert answer.status_code == 400, answer.content
        assert answer.json()["errors"][0]["field"] == name
        told = answer.json()["detail"].partition("Known are ")[2].rstrip(".").split(", ")
        assert _LISTS[path] <= set(told)
        if "sort" not in _LISTS[path]:
            assert "sort" not in told
    assert client.get(f"{where}?fields=&nope=1").status_code == 400
    assert client.get(f"{where}?format=json").status_code == 200


@pytest.mark.parametrize(
    "asked", ["strategies/?is_archived", "backtests/?is_starred", "backtests/?is_deleted", "users/?is_active"]
)
def test_neither_true_nor_false(asked: str, other: User, client_of: Callable[..., APIClient]) -> None:
    client = client_of(other, ("read", "admin"))
    for value in ("maybe", "2", "yes", "%20", "null", "-1", "true%00"):
        answer = client.get(f"/api/v1/{asked}={value}")
        assert answer.status_code == 400, (value, answer.content)
        assert answer.json()["errors"][0]["field"] == asked.partition("?")[2]
        assert "true or false" in answer.json()["detail"]
    for value in ("true", "True", "1", "false", "FALSE", "0", ""):
        assert client.get(f"/api/v1/{asked}={value}").status_code == 200, value


def test_true_and_false_are_what_they_say(api: APIClient, owner: User, strategy: Strategy) -> None:
    strategy_update(strategy=strategy_create(owner=owner, name="Old", files={"main.py": "1"}), is_archived=True)

    def names(query: str) -> list[str]:
        return sorted(each["name"] for each in api.get(f"/api/v1/strategies/?{query}").json()["results"])

    assert names("is_archived=true") == names("is_archived=1") == ["Old"]
    assert names("is_archived=false") == names("is_archived=0") == ["Quick"]
    assert names("is_archived=") == names("") == ["Old", "Quick"]
