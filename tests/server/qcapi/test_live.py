"""``live/…``: deployments as QuantConnect's clients see them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.server.qcapi.client import Signed

from tradinglab.server.accounts.models import User
from tradinglab.server.live.lease import live_claim_next
from tradinglab.server.live.models import Deployment, DeploymentCommand, Status
from tradinglab.server.live.recording import Recorder
from tradinglab.server.qcapi.deployments import deployment_listed, deployment_of, deployments_of
from tradinglab.server.qcapi.models import Compile, CompileState, Project

pytestmark = pytest.mark.django_db

HOLDING = {"symbol": "BTCUSD", "symbolId": "BTCUSD 2XR", "quantity": 1, "averagePrice": 100_000}


@pytest.fixture
def project(qc: Signed) -> int:
    return int(qc.done("projects/create", name="Mine", language="Py")["projects"][0]["projectId"])


@pytest.fixture
def ask(qc: Signed, project: int) -> dict[str, Any]:
    compiled = qc.done("compile/create", projectId=project)["compileId"]
    Compile.objects.update(state=CompileState.SUCCESS)
    node = qc.done("projects/nodes/read", projectId=project)["nodes"]["live"][0]["id"]
    brokerage = {"id": "QuantConnectBrokerage", "holdings": [HOLDING], "cash": [{"currency": "USD", "amount": 5}]}
    return {
        "projectId": project, "compileId": compiled, "nodeId": node, "versionId": "-1", "brokerage": brokerage,
        "automaticRedeploy": True,
    }  # fmt: skip


def plain(qc: Signed, path: str, **values: object) -> Any:
    """Ask what answers without ``errors``: clients of these ask again until there are none."""
    return qc.raw(path, data=json.dumps(values), content_type="application/json").json()


def told(*messages: tuple[str, Any]) -> Recorder:
    """Take the deployment up, and let its strategy tell something."""
    lease = live_claim_next(process="test")
    assert lease is not None
    recorder = Recorder(lease)
    recorder.store([("status", "Running"), *messages])
    return recorder


def test_a_deployment_from_its_beginning_to_its_end(qc: Signed, ask: dict[str, Any], project: int) -> None:
    assert "No live deployment found" in qc.refused("live/read", projectId=project)
    made = qc.done("live/create", **ask)
    assert (made["source"], made["live"]["brokerage"]) == ("api-v2", "PaperBrokerage")
    row = Deployment.objects.get()
    assert (row.deploy_id, row.cash, row.holdings[0]["symbol_id"]) == (made["deployId"], {"USD": "5"}, "BTCUSD 2XR")
    assert row.automatic_redeploy
    assert "deployed already" in qc.refused("live/create", **ask)
    told()
    read = qc.get("live/read", projectId=project)
    assert (read["status"], read["stopped"], read["launched"][10]) == ("Running", None, " ")
    qc.done("live/commands/create", projectId=project, command={"text": "foo"})
    qc.done("live/commands/broadcast", organizationId=qc.organization_id, command={"text": "all"})
    qc.done(
        "live/commands/broadcast", organizationId=qc.organization_id, command={"text": "no"}, excludeProjectId=project
    )
    assert [each.body["text"] for each in DeploymentCommand.objects.all()] == ["foo", "all"]
    qc.done("live/update/liquidate", projectId=project)
    qc.done("live/update/stop", projectId=project)
    row.refresh_from_db()
    assert row.liquidate_requested_at is not None
    assert row.stop_requested_at is not None


def test_what_it_has_told_is_read(qc: Signed, ask: dict[str, Any], project: int) -> None:
    deploy_id = qc.done("live/create", **ask)["deployId"]
    symbol = {"value": "BTCUSD", "id": "BTCUSD 2XR", "permtick": "BTCUSD"}
    order = {"id": 1, "symbol": symbol, "time": "2026-01-02T03:04:05Z", "quantity": 2.0, "price": 3.0}
    insight = {"id": "a" * 32, "generatedTime": 1.5, "createdTime": 1.5, "closeTime": 9.0, "period": 7.5}
    cash = {"BTC": {"symbol": "BTC", "amount": 1, "securitySymbols": ["BTCUSD 2XR"]}}
    holdings = {"BTCUSD 2XR": {"symbol": "BTCUSD", "q": 1, "a": 2}}
    told(
        ("log", f"{deploy_id} runs"),
        ("order", {"order": order, "events": [{"status": "filled"}]}),
        ("insight", insight),
        ("trade", {"id": "1", "profitLoss": 4}),
        ("portfolio", {"time": 10**18, "value": 9.0, "holdings": holdings, "cash": cash}),
        ("chart", {"chart": "Drawdown"}),
        ("points", {"chart": "SMA", "series": "x", "unit": "$", "type": 0, "values": [[1, 2], [2, 3], [3, 4]]}),
    )
    portfolio = qc.get("live/portfolio/read", projectId=project)["portfolio"]
    assert portfolio["holdings"]["BTCUSD 2XR"]["q"] == 1
    assert portfolio["cash"]["BTC"]["securitySymbols"] == [symbol]
    orders = plain(qc, "live/orders/read", projectId=project, start=0, end=1000)
    assert (orders["length"], orders["orders"][0]["events"], orders["orders"][0]["brokerId"]) == (
        1, [{"status": "filled"}], [],
    )  # fmt: skip
    assert "errors" not in orders
    assert qc.done("live/insights/read", projectId=project, end=1000)["insights"][0]["period"] == 7
    assert qc.done("live/trades/read", projectId=project, deployId=deploy_id, start=0, end=10)["length"] == 1
    chart = plain(qc, "live/chart/read", projectId=project, name="SMA", start=2, end=9, count=100)["chart"]
    assert chart["series"]["x"]["values"] == [[2, 3], [3, 4]]
    assert "errors" not in plain(qc, "live/chart/read", projectId=project, name="Drawdown")
    logs = qc.done("live/logs/read", projectId=project, algorithmId=deploy_id, startLine=0, endLine=250, format="json")
    assert (logs["deploymentOffset"], logs["length"]) == (0, len(logs["logs"]))
    assert any(deploy_id in each for each in logs["logs"])
    table = qc.raw("live/export/orders", data=f'{{"projectId": {project}}}', content_type="application/json")
    assert "BTCUSD" in table.content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"projectId": -1}, {"compileId": " "}, {"nodeId": " "}, {"brokerage": {"id": "TradierBrokerage"}},
        {"brokerage": {"id": "QuantConnectBrokerage", "holdings": [{"quantity": "x"}]}},
        {"brokerage": {"id": "QuantConnectBrokerage", "cash": 7}},
    ],
)  # fmt: skip
def test_what_cannot_be_deployed(qc: Signed, ask: dict[str, Any], wrong: dict[str, Any]) -> None:
    qc.refused("live/create", **ask | wrong)
    assert not Deployment.objects.exists()


@pytest.mark.parametrize("amount", [-5, "NaN", "-Infinity", 1e300, "lots", None, True])
def test_an_account_starts_with_money_there_is(qc: Signed, ask: dict[str, Any], amount: object) -> None:
    brokerage = {"id": "QuantConnectBrokerage", "cash": [{"currency": "USD", "amount": amount}]}
    refused = qc.refused("live/create", **ask | {"brokerage": brokerage})
    assert refused.startswith(("cash.USD was '", "brokerage.cash.amount was '"))
    assert f"'{'1' + '0' * 49 if amount == 1e300 else amount}'" in refused
    assert not Deployment.objects.exists()


@pytest.mark.parametrize(
    ("extra", "field"),
    [
        ({"cash": [{"currency": "$", "amount": 5}]}, "cash was '$'"),
        ({"cash": [{"amount": 5}]}, "cash: "),
        ({"cash": [{"currency": "USD", "amount": 5}, {"currency": "usd", "amount": 7}]}, "brokerage.cash.currency was"),
        ({"holdings": [HOLDING | {"averagePrice": -1}]}, "holdings.0.average_price was '-1'"),
    ],
)
def test_a_refused_account_says_what_is_wrong(
    qc: Signed, ask: dict[str, Any], extra: dict[str, Any], field: str
) -> None:
    brokerage = {"id": "QuantConnectBrokerage"} | extra
    assert qc.refused("live/create", **ask | {"brokerage": brokerage}).startswith(field)


def test_what_cannot_be_read(qc: Signed, ask: dict[str, Any], project: int) -> None:
    deploy_id = qc.done("live/create", **ask)["deployId"]
    told(("chart", {"chart": "Drawdown"}))
    for wrong in ({"name": " "}, {"start": 5, "end": 4}, {"projectId": -1}, {"count": 0}):
        qc.refused("live/chart/read", **{"projectId": project, "name": "Drawdown", "start": 0, "end": 1} | wrong)
    for path, most in (("live/orders/read", 1001), ("live/insights/read", 1001)):
        qc.refused(path, projectId=project, start=0, end=most)
        qc.refused(path, projectId=project, start=5, end=4)
    qc.refused("live/logs/read", projectId=project, algorithmId=deploy_id, startLine=0, endLine=251)
    assert "paper alone" in qc.refused("live/auth0/read", brokerage="alpaca")


def test_deployments_of_deleted_projects_stay(
    qc: Signed, stranger: Signed, ask: dict[str, Any], project: int, owner: User
) -> None:
    qc.done("live/create", **ask)
    qc.done("live/update/stop", projectId=project)
    qc.done("projects/delete", projectId=project)
    (listed,) = qc.done("live/list", status="Stopped")["live"]
    assert (listed["projectId"], listed["status"], listed["equity"]) == (project, Status.STOPPED, 0.0)
    assert qc.done("live/list", projectId=project)["live"] == [listed]
    assert qc.done("live/list", status="Running")["live"] == []
    assert stranger.done("live/list")["live"] == []


def test_of_two_deploys_at_once_one_is_refused(
    qc: Signed, ask: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def waited(*, user_id: int) -> None:
        # The other one had the owner's row, and has deployed meanwhile.
        monkeypatch.undo()
        qc.done("live/create", **ask)

    monkeypatch.setattr("tradinglab.server.qcapi.deployments.owner_lock", waited)
    assert "deployed already" in qc.refused("live/create", **ask)
    assert Deployment.objects.filter(status=Status.IN_QUEUE).count() <= 1


def test_a_broadcast_reaches_all_or_none(
    qc: Signed, ask: dict[str, Any], project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradinglab.server.live.services._MOST_WAITING_COMMANDS", 1)
    qc.done("live/create", **ask)
    qc.done("live/commands/create", projectId=project, command={"text": "waits"})
    older = Deployment.objects.get()
    newer = Deployment.objects.create(owner=older.owner, version=older.version)
    assert "wait already" in qc.refused(
        "live/commands/broadcast", organizationId=qc.organization_id, command={"text": "all"}
    )
    assert not newer.commands.exists()


def test_a_deployment_is_found_among_many_without_reading_files(
    qc: Signed, ask: dict[str, Any], project: int, django_assert_num_queries: Any
) -> None:
    deploy_id = qc.done("live/create", **ask)["deployId"]
    first = Deployment.objects.get()
    for _ in range(3):
        Deployment.objects.create(owner=first.owner, version=first.version, status=Status.STOPPED)
    of = Project.objects.select_related("strategy").get(pk=project)
    with django_assert_num_queries(1) as asked:
        assert deployment_of(project=of, deploy_id=deploy_id) == first
    assert "files" not in asked.captured_queries[0]["sql"]
    with django_assert_num_queries(1):
        assert {deployment_listed(each)["projectId"] for each in deployments_of(project=of)} == {project}
