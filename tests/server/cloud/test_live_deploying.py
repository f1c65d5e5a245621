"""Deploying to QuantConnect: once, whatever becomes of answers and workers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient
from tests.quantconnect.fake import FakeCloud
from tests.server.cloud.live_driving import DEPLOYMENTS, deploy, following, kinds, told

from tradinglab.server.accounts.models import AuditEntry, User
from tradinglab.server.cloud.live.models import CloudDeployment
from tradinglab.server.cloud.models import CloudAccount
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db


@pytest.fixture
def trader(owner: User, account: CloudAccount, client_of: Callable[..., APIClient]) -> APIClient:
    return client_of(owner, scopes=("read", "trade"))


@pytest.fixture
def strategy(owner: User) -> Strategy:
    files = {"main.py": "from AlgorithmImports import *\n\nclass A(QCAlgorithm):\n    pass\n", "config.json": "{}"}
    return strategy_create(owner=owner, name="Momentum", files=files)


def test_a_version_is_deployed_in_a_project_of_its_strategys(
    trader: APIClient, strategy: Strategy, cloud: FakeCloud
) -> None:
    row = following(deploy(trader, strategy, parameters={"fast": 3}), cloud)
    assert (row.step, row.status, row.deploy_id) == ("follow", "Running", cloud.live_started[0])
    (project,) = cloud.projects.values()
    assert project["name"].startswith("TradingLab/Live/Momentum tl-")
    assert set(project["files"]) == {"main.py"}
    (body,) = [body for path, body in cloud.calls if path == "live/create"]
    assert (body["brokerage"], body["parameters"]) == ({"id": "QuantConnectBrokerage"}, {"fast": "3"})
    assert body["dataProviders"] == {"QuantConnectBrokerage": {"id": "QuantConnectBrokerage"}}
    steps = [data["step"] for _, data in told(row, "step")]
    assert steps == ["files", "compile", "compiling", "start", "follow"]
    assert kinds(row)[0] == "queued"
    shown = trader.get(f"{DEPLOYMENTS}{row.pk}/").json()
    assert (shown["status"], shown["environment"], shown["project_id"]) == ("Running", "paper", row.remote_project)
    noted = AuditEntry.objects.filter(action__startswith="quantconnect_deployment").values_list("action", flat=True)
    assert set(noted) == {"quantconnect_deployment.requested", "quantconnect_deployment.started"}


def test_the_same_request_under_the_same_key_deploys_once(
    trader: APIClient, strategy: Strategy, cloud: FakeCloud
) -> None:
    assert strategy.head is not None
    body = {"version": str(strategy.head.pk)}
    first, again = (trader.post(DEPLOYMENTS, body, format="json", headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["id"] == again.json()["id"]
    other = trader.post(DEPLOYMENTS, {**body, "name": "x"}, format="json", headers={"Idempotency-Key": "k"})
    assert other.status_code == 422
    assert CloudDeployment.objects.count() == 1
