"""The process that looks after a deployment is killed: another takes it up, as if nothing had been."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.server.installation import Installation, until

from tradinglab.core.clock import NEW_YORK_ZONE, zone
from tradinglab.engine.live.link import SilentLink
from tradinglab.engine.live.options import LiveOptions
from tradinglab.engine.live.pace import UNPACED, Pace
from tradinglab.engine.live.run import run_live

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

START = datetime(2012, 1, 9, 9, 40)
NEW_YORK = zone(NEW_YORK_ZONE)
#: Buys one share each five minutes, marks when, and has one order that waits for ever.
STRATEGY = """
from AlgorithmImports import *

class Steady(QCAlgorithm):
    def initialize(self):
        self.set_cash(1000000)
        self.ibm = self.add_equity("IBM", Resolution.MINUTE).symbol

    def on_warmup_finished(self):
        for ticket in self.transactions.get_open_order_tickets():
            self.log(f"has open {ticket.order_id} {ticket.tag}")

    def on_data(self, data):
        if self.ibm not in data.bars or self.time.minute % 5:
            return
        if not self.portfolio.invested:
            self.limit_order(self.ibm, -1, 10000, tag="waits")
        self.market_order(self.ibm, 1, tag=str(self.time))
"""


@pytest.fixture
def lab(tmp_path: Path, tables: Path) -> Iterator[Installation]:
    made = Installation(tmp_path / "home", {"TRADINGLAB_LEASE_S": "6"}, tables=tables)
    made.owner()
    said = made.command("token", "create", "--user", "admin@localhost", "--scope", "read,run,trade", "--json")
    made.token = json.loads(said)["token"]
    made.serve()
    yield made
    made.stop()


def every_tag(path: Path) -> list[str]:
    """Return when a run that nobody kills buys."""
    path.write_text(STRATEGY)
    link = SilentLink()
    end_ns = NEW_YORK.to_utc(datetime(2012, 1, 13, 16))
    options = LiveOptions(pace=Pace(NEW_YORK.to_utc(START), UNPACED), end_ns=end_ns, link=link)
    assert run_live(path, data="sample", options=options).status == "Stopped"
    orders = {value["order"]["id"]: value["order"]["tag"] for kind, value in link.sent if kind == "order"}  # type: ignore[index]
    return [tag for tag in orders.values() if tag != "waits"]


def events_of(lab: Installation, where: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = lab.call(f"{where}events/?limit=1000&after={len(found)}")
        found += page["events"]
        if not page["events"]:
            return found


def test_no_order_is_lost_or_sent_twice(lab: Installation, tmp_path: Path) -> None:
    expected = every_tag(tmp_path / "main.py")
    version = lab.call("/strategies/", {"name": "Steady", "files": {"main.py": STRATEGY}})["head"]["id"]
    start = NEW_YORK.to_utc(START) // 10**9
    body = {"version": version, "start": f"{datetime.utcfromtimestamp(start).isoformat()}Z", "speed": 600,
            "automatic_redeploy": True, "name": "killed"}  # fmt: skip
    where = f"/deployments/{lab.call('/deployments/', body)['id']}/"

    def bought() -> int:
        return int(lab.call(f"{where}orders/?limit=1")["total"])

    attempts = 3
    for attempt in range(1, attempts + 1):
        process = lab.start("live")
        before = bought()
        until(lambda before=before: bought() >= before + 6)
        if attempt < attempts:
            # In the middle of whatever it does.
            time.sleep(0.05 * attempt)
            process.kill()
            process.wait(20)
    lab.call(f"{where}stop/", {})
    until(lambda: lab.call(where)["status"] == "Stopped")

    orders = lab.call(f"{where}orders/")["items"]
    assert [each["id"] for each in orders] == list(range(1, len(orders) + 1))
    waiting, *market = sorted(orders, key=lambda each: each["tag"] != "waits")
    assert (waiting["tag"], waiting["status"], len(waiting["events"])) == ("waits", 1, 1)
    assert [each["tag"] for each in market] == expected[: len(market)]
    assert {each["status"] for each in market} == {3}
    assert all([event["status"] for event in each["events"]] == ["submitted", "filled"] for each in market)

    # The account is what these fills make of it.
    portfolio = lab.call(f"{where}portfolio/")
    (holding,) = portfolio["holdings"].values()
    assert holding["q"] == len(market)
    fills = [event for each in market for event in each["events"] if event["status"] == "filled"]
    paid = sum(each["fillQuantity"] * each["fillPrice"] + each["orderFeeAmount"] for each in fills)
    assert portfolio["cash"]["USD"]["amount"] == pytest.approx(1_000_000 - paid, abs=0.01)

    events = events_of(lab, where)
    assert [each["sequence"] for each in events] == list(range(1, len(events) + 1))
    begun = [each["data"]["attempt"] for each in events if "attempt" in each["data"]]
    # On a machine that is busy a lease may end by itself, too.
    assert begun == list(range(1, max(attempts, len(begun)) + 1))
    alerts = [each["data"]["code"] for each in events if each["kind"] == "alert"]
    assert alerts == ["redeployed"] * (len(begun) - 1)
    assert events[-1]["kind"] == "finished"
    lines = [each["text"] for each in lab.call(f"{where}logs/")["lines"]]
    assert {each.split(" ", 2)[2] for each in lines if "has open" in each} == {"has open 1 waits"}
    assert "Traceback" not in lab.log()
