"""A deployment in another installation of ours, which is the QuantConnect: real processes, a real wire, and kills."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.server.installation import Installation, until

from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.data.store import store_synthetic_bars
from tradinglab.data.synthetic import SyntheticModel

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
_HERE = "/quantconnect/live/deployments"
_STRATEGY = """
from AlgorithmImports import *

class Often(QCAlgorithm):
    def initialize(self):
        self.symbol = self.add_crypto("BTCUSD", Resolution.SECOND, Market.COINBASE).symbol
        self.bars = 0

    def on_data(self, data):
        self.bars += 1
        if self.bars % 4 == 1:
            self.market_order(self.symbol, 0.01)
            self.log(f"bar {self.bars}")
"""
_TRADER = """
from tradinglab.server.accounts.models import User
from tradinglab.server.accounts.services import api_key_create
user = User.objects.create_user("admin@localhost", "a long password 1", role="admin")
made = api_key_create(user=user, name="test", scopes=("read", "run", "trade"), by=user.scopes)
print(json.dumps(made.token))
"""
_CONNECT = """
from tradinglab.server.accounts.models import User
from tradinglab.server.cloud.credentials import account_connect
account_connect(user=User.objects.get(), remote_user="{user}", token="{token}")
print(json.dumps("connected"))
"""
_THERE = """
from tradinglab.server.live.models import Deployment, DeploymentLine, DeploymentRecord
found = [str(each) for each in Deployment.objects.values_list("pk", flat=True)]
orders = DeploymentRecord.objects.filter(kind="order").order_by("pk").values_list("data__id", flat=True)
lines = DeploymentLine.objects.order_by("number").values_list("text", flat=True)
print(json.dumps({"deployments": found, "orders": list(orders), "lines": list(lines)}))
"""


@pytest.fixture
def cloud(tmp_path: Path, tables: Path) -> Iterator[Installation]:
    """The other installation, with seconds of a coin that is traded round the clock."""
    made = Installation(tmp_path / "cloud", {"TRADINGLAB_LEASE_S": "60"}, tables=tables)
    try:
        made.said(_TRADER)
        store_synthetic_bars(
            tmp_path / "cloud" / "bars", "BTCUSD", Resolution.SECOND, date(2024, 12, 2), date(2024, 12, 15), seed=1,
            market="coinbase", security_type=SecurityType.CRYPTO, model=SyntheticModel(first_price=60_000.0),
        )  # fmt: skip
        made.serve()
        made.start("live")
        made.start("worker")
        yield made
    finally:
        made.stop()


@pytest.fixture
def mine(tmp_path: Path, tables: Path, cloud: Installation) -> Iterator[Installation]:
    """The user's own."""
    settings = {
        "QUANTCONNECT_API_URL": f"http://127.0.0.1:{cloud.port}/api/v2/", "QUANTCONNECT_POLL_S": "3",
        "QUANTCONNECT_SILENT_S": "5",
    }  # fmt: skip
    made = Installation(tmp_path / "mine", settings, tables=tables)
    try:
        made.token = made.said(_TRADER)
        made.serve()
        yield made
    finally:
        made.stop()


def _kill(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(20)


def _events(mine: Installation, deployment: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while page := mine.call(f"{_HERE}/{deployment}/events/?limit=1000&after={len(found)}")["events"]:
        found += page
    assert [each["sequence"] for each in found] == list(range(1, len(found) + 1))
    return found


def _of(events: list[dict[str, Any]], kind: str) -> list[Any]:
    return [each["data"] for each in events if each["kind"] == kind]


def test_one_deployment_through_kills_silence_and_its_end(cloud: Installation, mine: Installation) -> None:
    token = json.loads(
        cloud.command("token", "create", "--user", "admin@localhost", "--kind", "quantconnect", "--json")
    )
    mine.said(_CONNECT.format(user=token["user_id"], token=token["token"]))
    version = mine.call("/strategies/", {"name": "Often", "files": {"main.py": _STRATEGY}})["head"]["id"]
    worker = mine.start("worker")
    made = mine.call(f"{_HERE}/", {"version": version, "name": "Mine"})["id"]

    def seen(kind: str) -> list[Any]:
        return _of(_events(mine, made), kind)

    # Killed in the middle of deploying, and again while it is followed, by two at once.
    until(lambda: any(each["step"] in ("compiling", "start", "follow") for each in seen("step")))
    _kill(worker)
    workers = [mine.start("worker"), mine.start("worker")]
    until(lambda: seen("order"))
    for each in workers:
        _kill(each)
    before = len(seen("order"))
    mine.start("worker")
    until(lambda: len(seen("order")) > before)

    web = next(each for each in cloud.processes if "serve" in each.args)  # type: ignore[operator]
    _kill(web)
    until(lambda: seen("alert"))
    cloud.serve()
    until(lambda: seen("recovered"))
    assert [each["code"] for each in seen("alert")] == ["silent"]

    mine.call(f"{_HERE}/{made}/liquidate/", {"confirm": "Mine", "lasts_s": 120})
    until(lambda: mine.call(f"{_HERE}/{made}/")["liquidation"] != "under_way")
    shown = mine.call(f"{_HERE}/{made}/")
    assert (shown["liquidation"], shown["status"], shown["is_ended"]) == ("flat", "Liquidated", True)

    there = cloud.said(_THERE)
    assert len(there["deployments"]) == 1
    until(lambda: [line for each in seen("log") for line in each["lines"]] == there["lines"])
    new = [each["order"]["id"] for each in seen("order") if each["is_new"]]
    assert new == there["orders"]
    fills = [each for order in seen("order") for each in order["events"] if each["status"] == "filled"]
    assert sorted(each["orderId"] for each in fills) == there["orders"]
    assert mine.call(f"{_HERE}/{made}/portfolio/")["holdings"] == {}
