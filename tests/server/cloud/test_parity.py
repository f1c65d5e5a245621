"""One version by two engines: what is told of where they part, with an engine that differs in a known way."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient
from tests.quantconnect.fake import FakeCloud
from tests.server.cloud.driving import to_the_end

from tradinglab.engine.result_json import result_text
from tradinglab.engine.run import backtest
from tradinglab.report.parity import Cause, ParityOrder, ParitySide, parity
from tradinglab.report.parity_sides import side_of_result
from tradinglab.server.accounts.models import User
from tradinglab.server.cloud.models import CloudAccount
from tradinglab.server.runs.models import Artefact
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create

_DAY = 86_400_000_000
_SOURCE = """
from AlgorithmImports import *

class Often(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2010, 1, 4)
        self.set_end_date(2010, 6, 1)
        self.symbol = self.add_equity("AAPL", Resolution.DAILY).symbol

    def on_data(self, data):
        if self.time.day % 7 == 0:
            self.set_holdings(self.symbol, 0 if self.portfolio.invested else 0.5)
"""


def order(
    number: int, day: float, quantity: float = 10, price: float = 100, fee: float = 1, **more: str
) -> ParityOrder:
    side = "Buy" if quantity > 0 else "Sell"
    return ParityOrder(
        id=number, symbol=more.get("symbol", "SPY"), side=side, time_us=int(day * _DAY), quantity=quantity, price=price,
        fee=fee,
    )  # fmt: skip


def compared(left: list[ParityOrder], right: list[ParityOrder]) -> Any:
    return parity(ParitySide(name="one", orders=left), ParitySide(name="two", orders=right))


_BOTH = [order(1, 10), order(2, 20, quantity=-10), order(3, 30)]


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        (order(2, 20, quantity=-10, fee=2), Cause.FEE),
        (order(2, 20, quantity=-10, price=100.1), Cause.FILL_PRICE),
        (order(2, 20, quantity=-10, price=120), Cause.DATA),
        (order(2, 20, quantity=-9), Cause.DATA),
        (order(2, 20.5, quantity=-10), Cause.TIMING),
        (order(2, 20, quantity=-10, symbol="QQQ"), Cause.MISSING_ORDER),
    ],
)
def test_each_cause_is_told_with_both_sides_state(changed: ParityOrder, cause: Cause) -> None:
    found = compared(_BOTH, [_BOTH[0], changed, _BOTH[2]])
    assert (found.cause, found.percent) == (cause, pytest.approx(200 / 3))
    assert found.first is not None
    assert found.first.left.holdings == found.first.right.holdings == {"SPY": 10}


def test_equity_before_an_order_is_without_what_it_costs() -> None:
    equity = [(9 * _DAY, 1000.0), (10 * _DAY, 999.0)]
    found = parity(ParitySide(name="one", orders=[]), ParitySide(name="two", orders=[order(1, 10)], equity=equity))
    assert found.first is not None
    assert (found.first.right.equity, found.first.right.holdings) == (1000, {})


def test_the_same_is_the_same() -> None:
    found = compared(_BOTH, list(reversed(_BOTH)))
    assert (found.percent, found.cause, found.first) == (100, Cause.NONE, None)
    assert compared([], []).percent == 100


def test_who_had_no_bars_misses_no_orders() -> None:
    lack = {"SPY": "There were no daily bars of SPY. The source sample has none at all."}
    left, right = ParitySide(name="one", without_bars=lack), ParitySide(name="two", orders=_BOTH)
    for found in (parity(left, right), parity(right, left)):
        assert (found.cause, found.percent, found.pairs[0].causes) == (Cause.DATA, 0, (Cause.DATA,))
        assert found.explanation == f"The bars differ: one had none to decide by. {lack['SPY']}"
    # One that has bars of it, and orders, might have placed this one, too.
    other = order(1, 10, symbol="QQQ")
    traded = ParitySide(name="one", orders=[other], without_bars=lack)
    found = parity(traded, ParitySide(name="two", orders=[other, order(2, 20, symbol="QQQ")]))
    assert (found.cause, found.explanation[:10]) == (Cause.MISSING_ORDER, "One engine")


def test_a_run_without_bars_says_of_what(tmp_path: Path) -> None:
    path = tmp_path / "main.py"
    path.write_text(_SOURCE.replace("AAPL", "NOSUCH"))
    ours = side_of_result(backtest(path), name="here")
    found = parity(ours, ParitySide(name="there", orders=[order(1, 14_613, symbol="NOSUCH")]))
    assert found.cause == Cause.DATA
    assert "here had none to decide by. There were no daily bars of NOSUCH." in found.explanation


def test_one_that_is_missing_shifts_no_others() -> None:
    every = [order(number, number) for number in range(1, 6)]
    found = compared(every, every[1:])
    assert [each.left.id for each in found.pairs if each.right is None] == [1]
    assert found.percent == 80


def test_the_same_orders_and_another_value_are_other_data() -> None:
    left = ParitySide(name="one", orders=_BOTH, equity=[(0, 100.0), (_DAY, 110.0)])
    right = ParitySide(name="two", orders=_BOTH, equity=[(0, 100.0), (_DAY, 130.0)])
    assert parity(left, right).cause == Cause.DATA


def test_values_at_other_instants_say_nothing() -> None:
    left = ParitySide(name="one", orders=_BOTH, equity=[(0, 100.0), (_DAY, 110.0), (3 * _DAY, 90.0)])
    right = ParitySide(name="two", orders=_BOTH, equity=[(0, 100.0), (2 * _DAY, 130.0), (3 * _DAY, 90.0)])
    assert parity(left, right).cause == Cause.NONE


class EngineCloud:
    """Makes a fake QuantConnect serve what our engine, or a variant of it, makes of the files that it was sent."""

    def __init__(self, cloud: FakeCloud, folder: Path, variant: Callable[[dict[str, Any]], None]) -> None:
        self._folder, self._variant, self._cloud = folder, variant, cloud
        self._state = cloud._state
        self._results: dict[str, dict[str, Any]] = {}
        cloud._state = self.state  # type: ignore[method-assign]
        cloud.do_backtests_orders_read = self.orders  # type: ignore[method-assign]
        cloud.do_backtests_chart_read = self.chart  # type: ignore[method-assign]
        cloud.do_backtests_read_insights = lambda body: {"insights": [], "length": 0}  # type: ignore[method-assign]

    def result(self, backtest_id: str) -> dict[str, Any]:
        if backtest_id not in self._results:
            (project,) = self._cloud.projects.values()
            path = self._folder / "main.py"
            path.write_text(project["files"]["main.py"])
            result = backtest(path)
            made = json.loads(result_text(result))
            for each in made["orders"].values():
                each["events"] = []
            for event in result.record.order_events:
                made["orders"][str(event.order_id)]["events"].append(
                    {
                        "orderId": event.order_id, "orderEventId": event.id, "time": event.utc_ns / 1e9,
                        "status": str(event.status)[:1].lower() + str(event.status)[1:], "direction": "buy",
                        "fillQuantity": event.fill_quantity, "fillPrice": event.fill_price,
                        "orderFeeAmount": float(event.order_fee.value.amount), "orderFeeCurrency": "USD",
                        "quantity": event.quantity, "symbolValue": event.symbol.value,
                    }
                )  # fmt: skip
            self._variant(made)
            self._results[backtest_id] = made
        return self._results[backtest_id]

    def state(self, backtest: Mapping[str, Any]) -> dict[str, Any]:
        shown = self._state(backtest)
        if shown["statistics"]:
            made = self.result(backtest["backtestId"])
            names = {name: {"name": name} for name in made["charts"]}
            shown |= {name: made[name] for name in ("statistics", "runtimeStatistics", "totalPerformance")}
            shown |= {"charts": names}
        return shown

    def orders(self, body: Mapping[str, Any]) -> dict[str, Any]:
        every = list(self.result(body["backtestId"])["orders"].values())
        return {"orders": every[body["start"] : body["end"]], "length": len(every)}

    def chart(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return {"chart": self.result(body["backtestId"])["charts"][body["name"]]}


def _dearer(result: dict[str, Any]) -> None:
    for each in result["orders"].values():
        for event in each["events"]:
            if event.get("fillQuantity"):
                event["orderFeeAmount"] = float(event.get("orderFeeAmount", 0)) + 1


def _later(result: dict[str, Any]) -> None:
    last = list(result["orders"].values())[-1]
    last["lastFillTime"] = last["time"] = "2010-05-29T20:00:00Z"


def _fewer(result: dict[str, Any]) -> None:
    del result["orders"]["2"]


_VARIANTS: list[tuple[Callable[[dict[str, Any]], None], str, float | None]] = [
    (lambda result: None, "none", 100.0),
    (_dearer, "fee", 0.0),
    (_fewer, "missing_order", None),
    (_later, "timing", None),
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("variant", "cause", "percent"), _VARIANTS, ids=["same", "dearer", "fewer", "later"])
def test_an_engine_that_differs_in_a_known_way(
    variant: Callable[[dict[str, Any]], None], cause: str, percent: float | None, owner: User, api: APIClient,
    cloud: FakeCloud, account: CloudAccount, tmp_path: Path,
) -> None:  # fmt: skip
    EngineCloud(cloud, tmp_path, variant)
    strategy: Strategy = strategy_create(owner=owner, name="Often", files={"main.py": _SOURCE})
    assert strategy.head is not None
    ids = []
    for engine in ("local", "quantconnect"):
        body = {"version": str(strategy.head.pk), "engine": engine}
        ids.append(UUID(api.post("/api/v1/backtests/", body, format="json").json()["id"]))
    assert run_carry_out(run_id=ids[0], worker="a")
    assert to_the_end(ids[1], cloud).state == "completed"
    answer = api.get(f"/api/v1/backtests/{ids[0]}/parity/")
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert (found["against"], found["left"], found["right"]) == (str(ids[1]), "local", "quantconnect")
    assert found["cause"] == cause, found["first_divergence"]
    assert found["compared"] > 3
    assert percent is None or found["percent"] == percent
    if cause == "none":
        assert found["first_divergence"] is None
        assert all(each["is_same"] for each in found["statistics"])
        left, right = found["equity"]["left"], found["equity"]["right"]
        assert left[-1] == pytest.approx(right[-1], rel=1e-6)
        figures = [api.get(f"/api/v1/backtests/{each}/").json() for each in ids]
        for name in (
            "sharpe_ratio",
            "net_profit",
            "drawdown",
            "total_trades",
            "total_fees",
            "total_orders",
            "win_rate",
        ):
            assert float(figures[0][name]) == pytest.approx(float(Decimal(str(figures[1][name]))), rel=1e-3), name
    page = api.get(f"/api/v1/backtests/{ids[0]}/parity/report/")
    assert page.headers["Content-Type"].startswith("text/html")
    said = f"Probable cause: {cause.replace('_', ' ')}"
    assert said in page.content.decode()
    # The report of either has the section, from its own side; nothing of it is stored.
    for own, names in zip(ids, ("local and quantconnect", "quantconnect and local"), strict=True):
        shown = b"".join(api.get(f"/api/v1/backtests/{own}/report/")).decode()
        assert f"Parity of {names}" in shown
        assert said in shown
        assert ("Where they part first" in shown) == (cause != "none")
        assert shown.count("<main>") == shown.count('id="parity"') == 1
        stored = b"".join(api.get(f"/api/v1/backtests/{own}/artefacts/report.html/")).decode()
        assert "Parity of" not in stored


@pytest.mark.django_db
def test_the_report_compares_with_what_is_named(
    api: APIClient, strategy: Strategy, other: User, client_of: Callable[..., APIClient]
) -> None:
    assert strategy.head is not None
    first, second, unfinished = (
        api.post("/api/v1/backtests/", {"version": str(strategy.head.pk), "name": name}, format="json").json()["id"]
        for name in ("one", "two", "three")
    )
    for each in (first, second):
        run_carry_out(run_id=UUID(each), worker="a")
    where = f"/api/v1/backtests/{first}/report/"
    assert b"Parity of" not in b"".join(api.get(where))
    answer = api.get(where, {"against": second})
    text = b"".join(answer)
    assert b"Parity of local one and local two" in text
    assert b"100 % parity" in text
    part: Any = api.get(where, {"against": second}, headers={"Range": "bytes=10-19"})
    assert (part.status_code, b"".join(part)) == (206, text[10:20])
    assert api.get(where, {"against": second}, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    for against, status in ((unfinished, 409), ("x", 400), (str(UUID(int=1)), 404)):
        assert api.get(where, {"against": against}).status_code == status
    assert client_of(other).get(where, {"against": second}).status_code == 404


@pytest.mark.django_db
def test_a_counterpart_that_cannot_be_read_costs_the_section_alone(
    owner: User, api: APIClient, cloud: FakeCloud, account: CloudAccount, tmp_path: Path
) -> None:
    EngineCloud(cloud, tmp_path, lambda result: None)
    strategy = strategy_create(owner=owner, name="Often", files={"main.py": _SOURCE})
    assert strategy.head is not None
    ids = [
        UUID(
            api.post("/api/v1/backtests/", {"version": str(strategy.head.pk), "engine": engine}, format="json").json()[
                "id"
            ]
        )
        for engine in ("local", "quantconnect")
    ]
    run_carry_out(run_id=ids[0], worker="a")
    to_the_end(ids[1], cloud)
    Artefact.objects.filter(run_id=ids[1], name="orders.parquet").delete()
    assert b"Parity of" not in b"".join(api.get(f"/api/v1/backtests/{ids[0]}/report/"))
    assert api.get(f"/api/v1/backtests/{ids[0]}/report/", {"against": ids[1]}).status_code == 404


@pytest.mark.django_db
def test_other_files_and_unfinished_runs_are_refused(
    api: APIClient, strategy: Strategy, owner: User, other: User, client_of: Callable[..., APIClient]
) -> None:
    assert strategy.head is not None
    other_files = strategy_create(owner=owner, name="Other", files={"main.py": _SOURCE})
    assert other_files.head is not None
    ids = [
        api.post("/api/v1/backtests/", {"version": str(each)}, format="json").json()["id"]
        for each in (strategy.head.pk, other_files.head.pk)
    ]
    assert api.get(f"/api/v1/backtests/{ids[0]}/parity/").status_code == 409
    for each in ids:
        run_carry_out(run_id=UUID(each), worker="a")
    for query in ("", f"?against={ids[1]}"):
        answer = api.get(f"/api/v1/backtests/{ids[0]}/parity/{query}")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "against")
    assert client_of(other).get(f"/api/v1/backtests/{ids[0]}/parity/").status_code == 404
