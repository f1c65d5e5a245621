"""Backtests through QuantConnect's API: the shapes its clients read, over the runs of this installation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.server.conftest import QUICK
from tests.server.qcapi.client import Signed

from tradinglab.server.backtests.models import Backtest
from tradinglab.server.qcapi.models import Compile
from tradinglab.server.runs.claiming import claim_next
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.supervision import held_run_carry_out

pytestmark = pytest.mark.django_db
BUSY = """
from AlgorithmImports import *

class Busy(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2010, 1, 4)
        self.set_end_date(2010, 2, 1)
        self.symbol = self.add_equity("AAPL", Resolution.DAILY).symbol
        self.plot_indicator("SMA", self.sma(self.symbol, 3))
        self.log("begun")

    def on_data(self, data):
        if self.portfolio.invested:
            self.liquidate(tag="out")
        else:
            self.limit_order(self.symbol, 3, self.securities[self.symbol].price * 2, "in")
            self.emit_insights(Insight.price(self.symbol, timedelta(days=2), InsightDirection.UP, 0.1, 0.2))
"""
WRONG = """
from AlgorithmImports import *

class Wrong(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2010, 1, 4)
        self.set_end_date(2010, 2, 1)
        raise ValueError("no such thing")
"""


class Project:
    """A project with a strategy that is compiled."""

    def __init__(self, qc: Signed, source: str) -> None:
        self.qc = qc
        self.number = qc.done("projects/create", name="Mine", language="Py")["projects"][0]["projectId"]
        qc.done("files/update", projectId=self.number, name="main.py", content=source)
        self.compile_id = qc.done("compile/create", projectId=self.number)["compileId"]
        work()

    def started(self, **more: object) -> dict[str, Any]:
        asked = {"projectId": self.number, "compileId": self.compile_id, "backtestName": "First"}
        return dict(self.qc.done("backtests/create", **asked, **more)["backtest"])

    def finished(self, **more: object) -> str:
        backtest_id = str(self.started(**more)["backtestId"])
        work()
        return backtest_id

    def read(self, backtest_id: str) -> dict[str, Any]:
        return dict(self.qc.get("backtests/read", projectId=self.number, backtestId=backtest_id)["backtest"])

    def rows(self, path: str, backtest_id: str, **more: object) -> dict[str, Any]:
        asked = {"projectId": self.number, "backtestId": backtest_id, "start": 0, "end": 100, **more}
        return self.qc.done(f"backtests/{path}", **asked)


def work() -> None:
    while (lease := claim_next(worker="w")) is not None:
        held_run_carry_out(lease=lease)


@pytest.fixture
def project(qc: Signed) -> Callable[[str], Project]:
    return lambda source: Project(qc, source)


def test_one_that_waits_has_what_the_command_line_reads(project: Any) -> None:
    mine = project(QUICK)
    made = mine.started(parameters={"cash": 50_000, "b": 0.5, "c": "foo"})
    assert (made["name"], made["projectId"], made["status"]) == ("First", mine.number, "In Queue...")
    assert (made["completed"], made["progress"], made["statistics"], made["charts"]) == (False, 0.0, None, {})
    assert made["parameterSet"] == {"cash": 50_000, "b": 0.5, "c": "foo"}
    assert len(made["created"]) == len("2026-01-01 00:00:00")
    assert mine.started()["parameterSet"] == []


def test_what_came_out_is_what_the_run_came_to(project: Any) -> None:
    mine = project(QUICK)
    read = mine.read(mine.finished(parameters={"cash": "50000"}))
    test = Backtest.objects.get(name="First")
    assert (read["status"], read["completed"], read["progress"], read["error"]) == ("Completed.", True, 1.0, None)
    assert read["statistics"] == test.statistics
    assert read["runtimeStatistics"]["Equity"].startswith("$")
    assert read["totalPerformance"]["portfolioStatistics"]["startEquity"] == "50000"
    assert {"M1_20100131", "M12_20100301"} <= set(read["rollingWindow"])
    assert (read["backtestStart"], read["backtestEnd"]) == ("2010-01-04 00:00:00", "2010-03-01 23:59:59")
    assert read["tradeableDates"] == 41
    assert set(read["charts"]) >= {
        "Strategy Equity", "Capacity", "Drawdown", "Benchmark", "Exposure", "Assets Sales Volume",
        "Portfolio Turnover", "Portfolio Margin",
    }  # fmt: skip


def test_what_fails_in_initialize_says_so(project: Any) -> None:
    mine = project(WRONG)
    read = mine.read(mine.finished())
    assert (read["status"], read["completed"], read["hasInitializeError"]) == ("Runtime Error", True, True)
    assert read["error"].startswith("During the algorithm initialization, the following exception has occurred:")
    assert "no such thing" in read["error"]
    assert "main.py" in read["stacktrace"]
    assert read["statistics"] is None


def test_a_list_has_the_newest_first_and_figures_if_asked_for(project: Any) -> None:
    mine = project(QUICK)
    first, second = mine.finished(), mine.finished()
    asked = {"projectId": mine.number}
    listed = mine.qc.done("backtests/list", **asked)
    assert ([each["backtestId"] for each in listed["backtests"]], listed["count"]) == ([second, first], 2)
    assert "alpha" not in listed["backtests"][0]
    figures = mine.qc.done("backtests/list", **asked, includeStatistics=True)["backtests"][0]
    test = Backtest.objects.get(pk=second)
    assert (figures["alpha"], figures["sharpeRatio"], figures["trades"]) == (test.alpha, test.sharpe_ratio, 1)
    assert figures["alpha"] is not None


def test_orders_come_with_their_events(project: Any) -> None:
    mine = project(BUSY)
    backtest_id = mine.finished()
    answer = mine.rows("orders/read", backtest_id)
    orders = answer["orders"]
    assert answer["length"] == len(orders) > 4
    bought = orders[0]
    assert (bought["type"], bought["quantity"], bought["tag"], bought["direction"]) == (1, 3.0, "in", 0)
    assert bought["symbol"]["value"] == "AAPL"
    assert [each["status"] for each in bought["events"]] == ["submitted", "filled"]
    fill = bought["events"][-1]
    assert fill["id"] == f"{backtest_id}-{bought['id']}-{fill['orderEventId']}"
    assert (fill["fillQuantity"], fill["direction"], fill["symbol"]) == (3.0, "buy", bought["symbol"]["id"])
    assert bought["brokerId"] == ["1"]
    assert bought["lastFillTime"].endswith("Z")
    parts = [mine.rows("orders/read", backtest_id, start=at, end=at + 2)["orders"] for at in range(0, len(orders), 2)]
    assert [each["id"] for part in parts for each in part] == [each["id"] for each in orders]


def test_insights_come_from_both_paths_with_identifiers(project: Any) -> None:
    mine = project(BUSY)
    backtest_id = mine.finished()
    answer = mine.rows("read/insights", backtest_id)
    assert answer == mine.rows("insights/read", backtest_id)
    first = answer["insights"][0]
    assert answer["length"] == len(answer["insights"]) > 1
    assert (first["ticker"], first["type"], first["direction"]) == ("AAPL", "price", "up")
    assert first["symbol"].startswith("AAPL R")
    assert (first["magnitude"], first["confidence"], first["period"]) == (0.1, 0.2, 2 * 86_400)


def test_trades_come_with_their_orders(project: Any) -> None:
    mine = project(BUSY)
    answer = mine.rows("trades/read", mine.finished())
    first = answer["trades"][0]
    assert answer["length"] == len(answer["trades"]) > 1
    assert [each["id"] for each in first["orders"]] == first["orderIds"]
    assert first["symbol"] == first["symbols"][0]


def test_the_log_is_read_in_parts_searched_and_exported(project: Any) -> None:
    mine = project(BUSY)
    backtest_id = mine.finished()
    answer = mine.rows("read/log", backtest_id, query="BEGUN")
    assert (answer["length"], len(answer["logs"])) == (1, 1)
    assert answer["logs"][0].endswith("begun")
    assert mine.rows("read/log", backtest_id, query="nowhere")["logs"] == []
    asked = {"projectId": mine.number, "backtestId": backtest_id}
    text = mine.qc.http.post("/api/v2/backtests/export/logs", asked, "application/json", headers=mine.qc.headers())
    assert text["Content-Type"].startswith("text/plain")
    assert "begun" in text.content.decode()


def test_a_chart_has_its_points_between_two_times(project: Any) -> None:
    mine = project(BUSY)
    asked = {"projectId": mine.number, "backtestId": mine.finished(), "name": "SMA"}
    whole = mine.qc.done("backtests/chart/read", **asked)["chart"]
    (points,) = (each["values"] for each in whole["series"].values())
    assert (whole["name"], len(points) > 5) == ("SMA", True)
    start, end = points[2][0], points[4][0]
    part = mine.qc.done("backtests/chart/read", **asked, start=start, end=end, count=100)["chart"]
    assert next(iter(part["series"].values()))["values"] == points[2:5]
    few = mine.qc.done("backtests/chart/read", **asked, count=3)["chart"]
    shown = next(iter(few["series"].values()))["values"]
    assert (len(shown), shown[0], shown[-1]) == (3, points[0], points[-1])


def test_a_chart_that_every_run_has_may_be_empty(project: Any) -> None:
    mine = project(QUICK.replace("self.set_holdings(self.symbol, 1)", "pass"))
    backtest_id = mine.finished()
    asked = {"projectId": mine.number, "backtestId": backtest_id}
    for name in mine.read(backtest_id)["charts"]:
        assert mine.qc.done("backtests/chart/read", **asked, name=name)["chart"]["name"] == name
    volume = mine.qc.done("backtests/chart/read", **asked, name="Assets Sales Volume")["chart"]
    assert volume["series"] == {}


def test_the_report_is_a_page(project: Any) -> None:
    mine = project(QUICK)
    backtest_id = mine.started()["backtestId"]
    asked = {"projectId": mine.number, "backtestId": backtest_id}
    waiting = mine.qc.ask("backtests/read/report", **asked)
    assert (waiting["success"], waiting["generating"]) == (False, True)
    work()
    assert "<html" in mine.qc.done("backtests/read/report", **asked)["report"]


def test_while_it_waits_its_parts_are_loading(project: Any) -> None:
    mine = project(QUICK)
    backtest_id = mine.started()["backtestId"]
    for path in ("orders/read", "read/insights", "trades/read"):
        answer = mine.rows(path, backtest_id)
        assert (answer["status"], answer["length"]) == ("loading", 0)
    asked = {"projectId": mine.number, "backtestId": backtest_id, "name": "Drawdown"}
    assert mine.qc.done("backtests/chart/read", **asked)["status"] == "loading"


def test_name_note_and_tags_are_its_users(project: Any) -> None:
    mine = project(QUICK)
    backtest_id = mine.started()["backtestId"]
    asked = {"projectId": mine.number, "backtestId": backtest_id}
    mine.qc.done("backtests/update", **asked, name="Second", note="Try again.")
    mine.qc.done("backtests/tags/update", **asked, tags=["a", "b", "a"])
    read = mine.read(backtest_id)
    assert (read["name"], read["note"], read["tags"]) == ("Second", "Try again.", ["a", "b"])
    mine.qc.done("backtests/update", **asked, note="")
    assert mine.read(backtest_id)["name"] == "Second"


def test_one_that_is_deleted_is_stopped_and_gone(project: Any) -> None:
    mine = project(QUICK)
    backtest_id = mine.started()["backtestId"]
    asked = {"projectId": mine.number, "backtestId": backtest_id}
    mine.qc.done("backtests/delete", **asked)
    assert "has no backtest" in mine.qc.refused("backtests/read", **asked)
    assert mine.qc.done("backtests/list", projectId=mine.number)["backtests"] == []
    assert Run.objects.get(pk=backtest_id).state == "cancelled"


def test_a_compile_stays_usable_when_the_files_go_on(project: Any) -> None:
    mine = project(QUICK)
    mine.qc.done("files/update", projectId=mine.number, name="main.py", content=WRONG)
    assert mine.read(mine.finished())["status"] == "Completed."


def test_what_did_not_compile_is_not_run(project: Any, qc: Signed) -> None:
    mine = project(QUICK)
    waiting = qc.done("compile/create", projectId=mine.number)["compileId"]
    if Compile.objects.get(pk=waiting).state == "InQueue":
        asked = {"projectId": mine.number, "compileId": waiting, "backtestName": "x"}
        assert "not ready" in qc.refused("backtests/create", **asked)
    bad = project("from AlgorithmImports import *\ndef f(:\n")
    asked = {"projectId": bad.number, "compileId": bad.compile_id, "backtestName": "x"}
    assert "BuildError" in qc.refused("backtests/create", **asked)


@pytest.mark.parametrize(
    ("path", "changes", "part"),
    [
        ("backtests/create", {"projectId": -1}, "no project -1"),
        ("backtests/create", {"compileId": " "}, "no compile"),
        ("backtests/create", {"backtestName": ""}, "name"),
        ("backtests/create", {"parameters": {"p": {"k": "v"}}}, "'p'"),
        ("backtests/read", {"backtestId": " "}, "no backtest"),
        ("backtests/orders/read", {"end": 200}, "At most 100"),
        ("backtests/orders/read", {"start": -1}, "start"),
        ("backtests/orders/read", {"start": 5, "end": 3}, "before the start"),
        ("backtests/read/insights", {"end": 200}, "At most 100"),
        ("backtests/read/log", {"end": 300}, "At most 200"),
        ("backtests/chart/read", {"name": " "}, "no chart"),
        ("backtests/chart/read", {"start": 2, "end": 1}, "before the start"),
        ("backtests/chart/read", {"count": 0}, "count"),
        ("backtests/tags/update", {"tags": ["x" * 51]}, "tags"),
        ("backtests/update", {"name": "a\nb"}, "name"),
        ("backtests/list", {"projectId": -1}, "no project"),
    ],
)
def test_what_cannot_be_is_refused(path: str, changes: dict[str, Any], part: str, project: Any) -> None:
    mine = project(QUICK)
    asked = {
        "projectId": mine.number, "compileId": mine.compile_id, "backtestName": "x", "backtestId": mine.finished(),
        "name": "Drawdown", "start": 0, "end": 100, "count": 10,
    } | changes  # fmt: skip
    assert part in mine.qc.refused(path, **asked)


def test_another_users_are_not_there(project: Any, stranger: Signed) -> None:
    mine = project(QUICK)
    asked = {"projectId": mine.number, "backtestId": mine.finished()}
    assert "no project" in stranger.refused("backtests/read", **asked)
    own = stranger.done("projects/create", name="Theirs", language="Py")["projects"][0]["projectId"]
    assert "no backtest" in stranger.refused("backtests/read", **(asked | {"projectId": own}))
