"""What a deployment at QuantConnect does, read through the API: pages, events, and what QuantConnect may answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient
from tests.quantconnect.fake import FakeCloud
from tests.quantconnect.faults import Fault, Script
from tests.server.cloud.live_driving import DEPLOYMENTS, deploy, following, step, until

from tradinglab.server.accounts.models import Role, User
from tradinglab.server.cloud.live.models import CloudDeployment
from tradinglab.server.strategies.models import Strategy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("impatient")]


@pytest.fixture
def row(trader: APIClient, momentum: Strategy, cloud: FakeCloud) -> CloudDeployment:
    """A deployment that has done something."""
    row = following(deploy(trader, momentum), cloud)
    there = cloud.deployments[row.remote_project or 0]
    there["quantity"] = 10
    there["lines"] += [f"line {number}" for number in range(250)]
    there["orders"] += [{"id": number, "status": 3, "quantity": 1} for number in range(1, 151)]
    there["insights"] += [{"id": f"i{number}", "direction": "up"} for number in range(3)]
    return step(row)


def _get(client: APIClient, row: CloudDeployment, what: str, **query: Any) -> Any:
    return client.get(f"{DEPLOYMENTS}{row.pk}/{what}", query)


@pytest.mark.parametrize(("what", "count", "limit"), [("orders", 150, 60), ("logs", 250, 200), ("insights", 3, 2)])
def test_long_lists_are_read_page_by_page(
    trader: APIClient, row: CloudDeployment, what: str, count: int, limit: int
) -> None:
    found: list[Any] = []
    start: int | None = 0
    while start is not None:
        page = _get(trader, row, f"{what}/", start=start, limit=limit).json()
        found += page["items"]
        start = page["next_start"]
    assert len(found) == count
    assert len({str(each) for each in found}) == count


def test_what_it_holds_and_its_charts_are_shown(trader: APIClient, row: CloudDeployment) -> None:
    portfolio = _get(trader, row, "portfolio/").json()
    assert portfolio["holdings"]["SPY R735QTJ8XC9X"]["quantity"] == 10
    assert portfolio["cash"] == {"USD": {"amount": 5.0, "value": None}}
    chart = _get(trader, row, "charts/Strategy Equity/", count=10).json()
    assert chart["series"][0]["values"] == [[1, 1000.0], [2, 1001.0]]
    assert _get(trader, row, "charts/").json() == []
    assert _get(trader, row, "trades/").json() == {"items": [], "next_start": None}
    assert _get(trader, row, "charts/None/").status_code in (404, 409)
    assert _get(trader, row, "charts/x/", start=5, end=4).status_code == 400


def test_before_it_is_there_nothing_is_asked(trader: APIClient, momentum: Strategy, cloud: FakeCloud) -> None:
    row = until(deploy(trader, momentum), cloud, lambda each: each.step == "compiling")
    for what in ("portfolio", "orders", "insights", "trades", "logs", "charts", "charts/x"):
        answer = _get(trader, row, f"{what}/")
        assert (answer.status_code, "next step is" in answer.json()["detail"]) == (409, True)


def test_one_that_another_has_taken_the_place_of_shows_nothing_of_that(
    trader: APIClient, row: CloudDeployment, cloud: FakeCloud
) -> None:
    cloud.deploy(row.remote_project or 0, quantity=77)
    step(row)
    assert row.is_superseded
    assert _get(trader, row, "portfolio/").json()["holdings"]["SPY R735QTJ8XC9X"]["quantity"] == 10
    for what in ("insights", "logs", "charts/x"):
        assert _get(trader, row, f"{what}/").status_code == 409


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault.PAGE_BEFORE, 502, "quantconnect_unreachable"),
        (Fault.RESET_BEFORE, 502, "quantconnect_unreachable"),
        (Fault.TRUNCATED, 502, "quantconnect_unreachable"),
        (Fault.TOO_MANY_WAIT, 429, "quantconnect_rate_limit"),
        (Fault.REFUSED, 409, "quantconnect_refused"),
    ],
)
def test_what_quantconnect_cannot_answer_is_told_as_what_it_is(
    trader: APIClient, row: CloudDeployment, faults: Script, fault: Fault, status: int, code: str
) -> None:
    faults._faults["live/portfolio/read"] = [fault] * 3
    answer = _get(trader, row, "portfolio/")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ("Retry-After" in answer.headers) == (status in (429, 502))


def test_what_was_deleted_there_is_not_found(trader: APIClient, row: CloudDeployment, cloud: FakeCloud) -> None:
    cloud.projects.clear()
    assert _get(trader, row, "orders/").status_code == 404


def test_events_are_read_from_a_number_on(trader: APIClient, row: CloudDeployment) -> None:
    every = _get(trader, row, "events/").json()
    assert [each["sequence"] for each in every["events"]] == list(range(1, row.last_sequence + 1))
    assert every["is_final"] is False
    rest = _get(trader, row, "events/", after=3, limit=2).json()
    assert ([each["sequence"] for each in rest["events"]], rest["next_after"]) == ([4, 5], 5)


def test_another_user_sees_and_does_nothing(row: CloudDeployment, client_of: Callable[..., APIClient]) -> None:
    other = User.objects.create_user("other@example.com", "a long password 3", role=Role.TRADER)
    client = client_of(other, scopes=("read", "trade"))
    assert client.get(DEPLOYMENTS).json()["results"] == []
    assert client.get(f"{DEPLOYMENTS}{row.pk}/").status_code == 404
    for what in ("stop", "liquidate", "commands"):
        assert client.post(f"{DEPLOYMENTS}{row.pk}/{what}/", {}, format="json").status_code == 404
    row.refresh_from_db()
    assert row.stop_requested_at is None


def test_the_list_is_filtered(trader: APIClient, row: CloudDeployment, momentum: Strategy) -> None:
    assert len(trader.get(DEPLOYMENTS, {"is_ended": "false", "strategy": str(momentum.pk)}).json()["results"]) == 1
    assert trader.get(DEPLOYMENTS, {"is_ended": "true"}).json()["results"] == []
    assert trader.get(DEPLOYMENTS, {"status": "x"}).status_code == 400
