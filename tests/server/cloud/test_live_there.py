"""Deployments at QuantConnect: looked at, stopped and liquidated, once it is sure that they are meant."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient
from tests.quantconnect.fake import FakeCloud

from tradinglab.server.accounts.models import AuditEntry, User
from tradinglab.server.cloud.live import there
from tradinglab.server.cloud.models import CloudAccount

pytestmark = pytest.mark.django_db
_HERE = "/api/v1/quantconnect/live/"


@pytest.fixture
def project(cloud: FakeCloud, account: CloudAccount) -> int:
    number = int(cloud.do_projects_create({"name": "Momentum", "language": "Py"})["projects"][0]["projectId"])
    cloud.deploy(number)
    return number


@pytest.fixture
def trader(owner: User, client_of: Callable[..., APIClient], monkeypatch: pytest.MonkeyPatch) -> APIClient:
    monkeypatch.setattr(there, "_LOOK_EVERY_S", 0.01)
    return client_of(owner, scopes=("read", "trade"))


def test_what_is_there_is_shown(api: APIClient, project: int) -> None:
    (listed,) = api.get(_HERE).json()
    assert (listed["project_id"], listed["status"], listed["is_over"]) == (project, "Running", False)
    assert api.get(f"{_HERE}{project}/").json()["deploy_id"] == listed["deploy_id"]
    held = api.get(f"{_HERE}{project}/portfolio/").json()
    assert (held["is_flat"], held["holdings"][0]["quantity"]) == (False, 10)


@pytest.mark.parametrize("way", ["stop", "liquidate"])
def test_without_the_projects_name_nothing_happens(trader: APIClient, project: int, cloud: FakeCloud, way: str) -> None:
    answer = trader.post(f"{_HERE}{project}/{way}/", {"confirm": "momentum"}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "confirm")
    assert "'Momentum'" in answer.json()["detail"]
    assert cloud.deployments[project]["status"] == "Running"
    assert not AuditEntry.objects.filter(action__startswith="quantconnect_deployment").exists()


def test_stopping_keeps_what_is_held(trader: APIClient, project: int) -> None:
    answer = trader.post(f"{_HERE}{project}/stop/", {"confirm": "Momentum"}, format="json")
    assert (answer.status_code, answer.json()["is_over"]) == (200, True)
    assert trader.get(f"{_HERE}{project}/portfolio/").json()["is_flat"] is False
    assert AuditEntry.objects.get(action="quantconnect_deployment.stopped").details["project_id"] == project


def test_liquidating_is_repeated_until_it_is_flat(trader: APIClient, project: int, cloud: FakeCloud) -> None:
    cloud.deployments[project]["unwilling"] = 2
    shown = trader.post(f"{_HERE}{project}/liquidate/", {"confirm": "Momentum"}, format="json").json()
    assert (shown["is_flat"], shown["asked"], shown["why_not"]) == (True, 3, "")
    noted = set(
        AuditEntry.objects.filter(action__startswith="quantconnect_deployment").values_list("action", flat=True)
    )
    assert noted == {"quantconnect_deployment.liquidation_asked", "quantconnect_deployment.liquidated"}


def test_one_that_is_not_flat_says_why(trader: APIClient, project: int, cloud: FakeCloud) -> None:
    cloud.deployments[project]["unwilling"] = 10_000
    body = {"confirm": "Momentum", "wait_s": 0}
    shown = trader.post(f"{_HERE}{project}/liquidate/", body, format="json").json()
    assert shown["is_flat"] is False
    assert "SPY" in shown["why_not"]
    assert AuditEntry.objects.filter(action="quantconnect_deployment.not_flat").exists()


def test_that_needs_the_scope_to_trade(api: APIClient, project: int, cloud: FakeCloud) -> None:
    for way in ("stop", "liquidate"):
        assert api.post(f"{_HERE}{project}/{way}/", {"confirm": "Momentum"}, format="json").status_code == 403
    assert cloud.deployments[project]["status"] == "Running"


def test_one_that_is_over_is_not_waited_for(trader: APIClient, project: int, cloud: FakeCloud) -> None:
    cloud.deployments[project] |= {"status": "Stopped", "stopped": "2026-11-20 10:00:00"}
    shown = trader.post(f"{_HERE}{project}/liquidate/", {"confirm": "Momentum", "wait_s": 60}, format="json").json()
    assert (shown["is_flat"], shown["deployment"]["is_over"], shown["asked"]) == (False, True, 0)
    assert "SPY" in shown["why_not"]
