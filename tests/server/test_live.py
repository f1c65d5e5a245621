"""Deployments: a strategy that trades on paper in the sandbox, and what is asked of it and told by it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from tests.server.conftest import set_environment

from tradinglab.sandbox.errors import BadAnswerError
from tradinglab.server.accounts.models import AuditEntry, User
from tradinglab.server.errors import ConflictError, InputError, LimitReachedError
from tradinglab.server.live.conversation import Conversation
from tradinglab.server.live.lease import live_claim_next, live_finish, live_renew
from tradinglab.server.live.models import Deployment, DeploymentCommand, DeploymentEvent, DeploymentLine, Status
from tradinglab.server.live.process import LiveProcess
from tradinglab.server.live.recording import Recorder
from tradinglab.server.live.selectors import chart_names, deployment_list, portfolio_of, record_list
from tradinglab.server.live.services import (
    DeploymentRequest,
    deployment_command,
    deployment_create,
    deployment_liquidate,
    deployment_stop,
)
from tradinglab.server.live.supervision import Supervisor
from tradinglab.server.runs.lease import LeaseLost
from tradinglab.server.strategies.models import StrategyVersion
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db

STRATEGY = """
from AlgorithmImports import *

class Live(QCAlgorithm):
    def initialize(self):
        self.set_cash(50000)
        self.ibm = self.add_equity("IBM", Resolution.DAILY).symbol
        self.log(f"live {self.live_mode}")

    def on_data(self, data):
        if not self.portfolio.invested and not self.transactions.orders_count:
            self.market_order(self.ibm, 10)
        if self.get_parameter("fail", "") == "yes":
            raise ValueError("that was it")

    def on_command(self, data):
        self.log(f"heard {data.text}")
"""
START = datetime(2012, 1, 9, 14, 40, tzinfo=UTC)


@pytest.fixture
def version(owner: User) -> StrategyVersion:
    head = strategy_create(owner=owner, name="live", files={"main.py": STRATEGY}).head
    assert head is not None
    return head


def deploy(owner: User, version: StrategyVersion, **options: Any) -> Deployment:
    request = DeploymentRequest(version=version, **{"start_at": START, "speed": 100_000.0, **options})
    return deployment_create(owner=owner, request=request)[0]


def carry_out(deployment: Deployment, *actions: Callable[[], object]) -> Deployment:
    """Look after a deployment; the actions happen one by one, each when the one before is a second old."""
    waiting = list(actions)

    def act() -> bool:
        deployment.refresh_from_db()
        if deployment.status == Status.RUNNING and deployment.portfolio.get("holdings") and waiting:
            return bool(waiting.pop(0)() is True)
        return False

    lease = live_claim_next(process="test")
    assert lease is not None
    Supervisor(lease, act).carry_out()
    deployment.refresh_from_db()
    return deployment


def kinds(deployment: Deployment) -> list[str]:
    return list(DeploymentEvent.objects.filter(deployment=deployment).values_list("kind", flat=True))


def test_a_strategy_trades_hears_and_stops(owner: User, version: StrategyVersion) -> None:
    made = deploy(owner, version)
    done = carry_out(
        made,
        lambda: deployment_command(deployment=made, body={"text": "foo"}, actor=owner) and None,
        lambda: None,
        lambda: deployment_stop(deployment=made, actor=owner) and None,
    )
    assert (done.status, done.error) == (Status.STOPPED, {})
    assert done.stopped_at is not None
    (order,) = [each.data for each in record_list(deployment=done, kind="order")]
    assert (order["quantity"], order["status"]) == (10, 3)
    assert [each["status"] for each in order["events"]] == ["submitted", "filled"]
    assert portfolio_of(deployment=done)["holdings"]["IBM R735QTJ8XC9X"]["q"] == 10
    assert done.figures["Equity"].startswith("$")
    lines = list(DeploymentLine.objects.filter(deployment=done).values_list("text", flat=True))
    assert done.deploy_id in lines[0]
    assert any(each.endswith("live True") for each in lines)
    assert any(each.endswith("heard foo") for each in lines)
    assert DeploymentCommand.objects.get(deployment=done).is_done is True
    assert {"Strategy Equity", "Drawdown", "Benchmark", "Portfolio Turnover"} <= set(chart_names(deployment=done))
    told = kinds(done)
    assert told[-1] == "finished"
    assert [each.sequence for each in DeploymentEvent.objects.filter(deployment=done)] == list(range(1, len(told) + 1))
    actions = set(AuditEntry.objects.filter(actor=owner).values_list("action", flat=True))
    assert {"deployment.created", "deployment.commanded", "deployment.stopped"} <= actions


def test_all_is_sold_before_it_stops(owner: User, version: StrategyVersion) -> None:
    made = deploy(owner, version)
    done = carry_out(made, lambda: deployment_liquidate(deployment=made, actor=owner) and None)
    assert done.status == Status.LIQUIDATED
    assert portfolio_of(deployment=done)["holdings"] == {}


def test_what_it_dies_of_is_told(owner: User, version: StrategyVersion) -> None:
    done = carry_out(deploy(owner, version, parameters={"fail": "yes"}))
    assert (done.status, done.error["code"], done.error["phase"]) == (Status.RUNTIME_ERROR, "strategy", "on_data")
    assert "that was it" in done.message
    assert kinds(done)[-2:] == ["alert", "finished"]


def test_it_goes_on_from_its_snapshot(owner: User, version: StrategyVersion) -> None:
    made = deploy(owner, version, automatic_redeploy=True)
    left = carry_out(made, lambda: True)
    assert left.status == Status.IN_QUEUE
    held = portfolio_of(deployment=left)
    done = carry_out(made, lambda: None, lambda: deployment_stop(deployment=made, actor=owner) and None)
    assert done.status == Status.STOPPED
    assert done.fence == 2
    assert portfolio_of(deployment=done)["holdings"].keys() == held["holdings"].keys()
    cash = portfolio_of(deployment=done)["cash"]["USD"]["amount"]
    assert cash == pytest.approx(held["cash"]["USD"]["amount"])


@pytest.mark.parametrize(("redeploys", "status"), [(True, Status.INITIALIZING), (False, Status.RUNTIME_ERROR)])
def test_a_lost_process(owner: User, version: StrategyVersion, redeploys: bool, status: Status) -> None:
    made = deploy(owner, version, automatic_redeploy=redeploys)
    first = live_claim_next(process="one")
    assert first is not None
    assert live_claim_next(process="two") is None
    Deployment.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    second = live_claim_next(process="two")
    made.refresh_from_db()
    assert (second is not None, made.status) == (redeploys, status)
    assert "alert" in kinds(made)
    if not redeploys:
        assert made.message == "the process was lost"
    with pytest.raises(LeaseLost):
        live_renew(lease=first)
    with pytest.raises(LeaseLost):
        live_finish(lease=first, status=Status.STOPPED)
    with pytest.raises(LeaseLost):
        Recorder(first).store([("log", "too late")])
    lines = DeploymentLine.objects.count()
    with pytest.raises(LeaseLost):
        Recorder(first).note(["too late as well: the next process has these numbers"])
    assert DeploymentLine.objects.count() == lines


def test_silence_is_an_alert(owner: User, version: StrategyVersion) -> None:
    made = deploy(owner, version)
    lease = live_claim_next(process="one")
    assert lease is not None
    Deployment.objects.update(reported_at=timezone.now() - timedelta(seconds=90))
    assert Supervisor(lease, lambda: False).is_cancelled() is False
    made.refresh_from_db()
    assert made.is_silent
    assert DeploymentEvent.objects.get(deployment=made, kind="alert").data["code"] == "silent"
    Deployment.objects.update(reported_at=timezone.now() - timedelta(seconds=900))
    assert Supervisor(lease, lambda: False).is_cancelled() is True


@pytest.mark.parametrize(
    "told",
    [
        b"no json\n", b"[1]\n", b'{"unknown": 1}\n', b'{"log": NaN}\n', b'{"log": "' + b"x" * 300_000 + b'"}\n',
        b'{"log":' + b"[" * 30 + b"]" * 30 + b"}\n",
        b'{"together": -1}\n', b'{"together": true}\n', b'{"together": 20000}\n', b'{"together": 1, "log": "x"}\n',
        b'{"together": 2}\n{"together": 2}\n',
        b'{"together": 200}\n' + (b'{"log": "' + b"x" * 200_000 + b'"}\n') * 100,
    ],
)  # fmt: skip
def test_a_process_that_says_nonsense_is_not_listened_to(told: bytes) -> None:
    source, sink = os.pipe()
    for each in (source, sink):
        os.set_blocking(each, False)
    conversation = Conversation(source, lambda _: None)

    def listen() -> None:
        rest = told
        while True:
            rest = rest[os.write(sink, rest) :] if rest else rest
            conversation.read()

    try:
        with pytest.raises(BadAnswerError):
            listen()
    finally:
        os.close(source)
        os.close(sink)


def test_what_belongs_together_is_heard_together() -> None:
    """A fill without the account after it would be a wrong place to go on from."""
    source, sink = os.pipe()
    os.set_blocking(source, False)
    heard: list[list[str]] = []
    conversation = Conversation(source, lambda told: heard.append([kind for kind, _ in told]))
    try:
        for piece in (b'{"log": "a"}\n{"toge', b'ther": 3}\n{"order": 1}\n{"beat": 1}\n', b'{"portfolio"', b": 1}\n",
                      b'{"together": 0}\n{"log": "b"}\n'):  # fmt: skip
            os.write(sink, piece)
            conversation.read()
    finally:
        os.close(source)
        os.close(sink)
    assert heard == [["log"], [], [], ["order", "beat", "portfolio"], ["log"]]


@pytest.mark.parametrize(
    "told",
    [("order", {}), ("order", {"order": {"id": "x"}, "events": []}), ("portfolio", 1), ("points", {}), ("beat", {}),
     ("answer", {"id": []}), ("beat", {"time": 10**26}), ("beat", {"time": "5"}),
     ("order", {"order": {"id": "7" * 100}, "events": []}),
     ("portfolio", {"time": 1, "value": "nan", "holdings": {}, "cash": {}}),
     ("portfolio", {"time": 1, "value": 1, "holdings": {"IBM R735QTJ8XC9X": 5}, "cash": {}}),
     ("portfolio", {"time": 1, "value": 1, "holdings": {}, "cash": {"USD": {"amount": "inf"}}}),
     ("points", {"chart": "c", "series": "s", "values": [[1, "nan"]]})],
)  # fmt: skip
def test_a_value_of_another_form_is_refused(owner: User, version: StrategyVersion, told: tuple[str, Any]) -> None:
    deploy(owner, version)
    lease = live_claim_next(process="one")
    assert lease is not None
    with pytest.raises(BadAnswerError):
        Recorder(lease).store([told])


def test_what_a_process_does_not_listen_to_yet_is_not_lost(owner: User, version: StrategyVersion) -> None:
    made = deploy(owner, version)
    lease = live_claim_next(process="one")
    assert lease is not None
    Deployment.objects.update(status=Status.RUNNING)
    for _ in range(100):
        deployment_command(deployment=made, body={"text": "x" * 16_000}, actor=owner)
    ours, theirs = socket.socketpair()
    for each in (ours, theirs):
        each.setblocking(False)
    with ours, theirs:
        supervisor = Supervisor(lease, lambda: False)
        conversation = supervisor.listen(ours.fileno())
        heard = b""

        def look(times: int) -> None:
            for _ in range(times):
                supervisor._next_renewal = 0.0
                assert supervisor.is_cancelled() is False
                conversation.read()

        look(6)
        assert 0 < DeploymentCommand.objects.filter(sent_at=None).count() < 100
        deployment_liquidate(deployment=made, actor=owner)
        look(1)
        for _ in range(20):
            with contextlib.suppress(BlockingIOError):
                while piece := theirs.recv(1 << 20):
                    heard += piece
            look(1)
    told = [json.loads(line)["kind"] for line in heard.splitlines()]
    assert (told.count("command"), told.count("liquidate")) == (100, 1)


def test_a_deployment_that_the_server_cannot_look_after_has_failed(
    owner: User, version: StrategyVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = deploy(owner, version, automatic_redeploy=True)
    monkeypatch.setattr("tradinglab.server.live.supervision._request", lambda row: 1 / 0)
    # Its connection is the test's.
    monkeypatch.setattr("tradinglab.server.live.process.connection.close", lambda: None)
    lease = live_claim_next(process="one")
    assert lease is not None
    LiveProcess()._look_after(lease)
    made.refresh_from_db()
    assert (made.status, made.error["code"]) == (Status.RUNTIME_ERROR, "server")
    assert live_claim_next(process="two") is None


def test_limits(owner: User, version: StrategyVersion, settings: Any) -> None:
    set_environment(settings, user_deployments=1)
    made = deploy(owner, version)
    with pytest.raises(LimitReachedError):
        deploy(owner, version)
    deployment_stop(deployment=made, actor=owner)
    assert made.status == Status.STOPPED
    with pytest.raises(ConflictError):
        deployment_liquidate(deployment=made, actor=owner)
    with pytest.raises(ConflictError):
        deployment_command(deployment=made, body={}, actor=owner)
    deploy(owner, version)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"data": "nothing"}, "data"),
        ({"speed": 0.0}, "speed"),
        ({"start_at": None, "speed": 2.0}, "speed"),
        ({"start_at": timezone.now() + timedelta(days=1)}, "start"),
        *(({"cash": {"USD": Decimal(each)}}, "cash.USD") for each in ("Infinity", "NaN", "-0.01", "1e13")),
        ({"cash": {"usd": Decimal(1)}}, "cash"),
        ({"holdings": [{"quantity": "1", "average_price": "-1"}]}, "holdings.0.average_price"),
        ({"holdings": [{"quantity": "-1e13", "average_price": "1"}]}, "holdings.0.quantity"),
    ],
)
def test_what_cannot_be_deployed(owner: User, version: StrategyVersion, options: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as refused:
        deploy(owner, version, **options)
    assert refused.value.field == field


def test_the_api(client_of: Callable[..., APIClient], owner: User, other: User, version: StrategyVersion) -> None:
    trader = client_of(owner, ("read", "trade"))
    body = {"version": str(version.pk), "cash": {"USD": "1000"}, "holdings": [
        {"ticker": "IBM", "quantity": "1", "average_price": "100"}]}  # fmt: skip
    assert client_of(owner).post("/api/v1/deployments/", body, format="json").status_code == 403
    assert trader.post("/api/v1/deployments/", {**body, "oops": 1}, format="json").status_code == 400
    for amount in ("-5", "NaN", "-Infinity", "1e300", "2000000000000", "lots"):
        refused = trader.post("/api/v1/deployments/", {**body, "cash": {"USD": amount}}, format="json")
        (wrong,) = refused.json()["errors"]
        assert (refused.status_code, wrong["field"], wrong["value"]) == (400, "cash.USD", amount)
    first = trader.post("/api/v1/deployments/", body, format="json", headers={"Idempotency-Key": "k"})
    again = trader.post("/api/v1/deployments/", body, format="json", headers={"Idempotency-Key": "k"})
    assert (first.status_code, again.status_code, first.json()["id"]) == (202, 200, again.json()["id"])
    path = f"/api/v1/deployments/{first.json()['id']}/"
    stranger = client_of(other, ("read", "trade"))
    for each in ("", "portfolio/", "orders/", "insights/", "trades/", "logs/", "charts/", "events/", "commands/"):
        assert trader.get(path + each).status_code == 200, each
        assert stranger.get(path + each).status_code == 404, each
    assert trader.get(path + "charts/none/").status_code == 404
    for each in ("stop/", "liquidate/", "commands/"):
        assert stranger.post(path + each, {}, format="json").status_code == 404
        assert client_of(owner).post(path + each, {}, format="json").status_code == 403
    assert trader.post(path + "commands/", {"command": {"text": "x"}}, format="json").status_code == 202
    assert trader.post(path + "liquidate/", {"confirm": "no"}, format="json").status_code == 400
    assert trader.post(path + "liquidate/", {"confirm": first.json()["deploy_id"]}, format="json").status_code == 202
    assert trader.post(path + "stop/").json()["status"] == "Stopped"
    assert [each["kind"] for each in trader.get(path + "events/").json()["events"]] == [
        "status", "liquidate_requested", "finished",
    ]  # fmt: skip
    assert [each["id"] for each in trader.get("/api/v1/deployments/?status=Stopped").json()["results"]] == [
        first.json()["id"]
    ]


def test_lists_read_no_files(owner: User, version: StrategyVersion, django_assert_num_queries: Any) -> None:
    made = deploy(owner, version)
    with django_assert_num_queries(1) as asked:
        (listed,) = deployment_list(user=owner)
        assert (listed, listed.version.strategy.name) == (made, "live")
    assert '"files"' not in asked.captured_queries[0]["sql"]
