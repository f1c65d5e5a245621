"""Pages of lists: cursors that were made up, and sizes that are none."""

from __future__ import annotations

import base64
from urllib.parse import urlencode

import pytest
from rest_framework.test import APIClient

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.services import BacktestRequest, backtest_submit
from tradinglab.server.strategies.models import Strategy

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
    answer = api.get(f"/api/v1/{path}/?{urlencode({'cursor': cursor, 'sort': sort})}")
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
