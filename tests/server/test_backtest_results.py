"""What a backtest has left, as JSON, CSV and Parquet, whole and in part."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from tradinglab import backtest
from tradinglab.engine.result import BacktestResult
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests import tables
from tradinglab.server.backtests.exports import as_columns, as_csv
from tradinglab.server.backtests.services import BacktestRequest, backtest_submit
from tradinglab.server.backtests.tables import tables_of
from tradinglab.server.runs.models import Artefact
from tradinglab.server.runs.store import store
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db
PARQUET = "application/vnd.apache.parquet"
TRADER = """
from AlgorithmImports import *

class Trader(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2010, 1, 4)
        self.set_end_date(2011, 1, 4)
        self.set_cash(100000)
        self.symbol = self.add_equity("AAPL", Resolution.DAILY).symbol
        self.day = 0
        self.log("=HYPERLINK(1)")
        self.log("2010-99-99 10:00:00 looks like a time")

    def on_data(self, data):
        self.day += 1
        self.plot("Mine/Own", "Day", self.day)
        if self.day % 50 == 1:
            direction = InsightDirection.UP if self.day % 100 == 1 else InsightDirection.DOWN
            self.emit_insights(Insight.price(self.symbol, timedelta(days=7), direction, weight=0.5, tag="=1"))
        if self.day % 20 == 1:
            self.set_holdings(self.symbol, 0.5, tag='=1+1,"x"')
        elif self.day % 20 == 11:
            self.liquidate()
"""


@pytest.fixture
def where(owner: User) -> str:
    strategy = strategy_create(owner=owner, name="Trader", files={"main.py": TRADER})
    assert strategy.head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run
    run_carry_out(run_id=run.pk, worker="a")
    run.refresh_from_db()
    assert run.state == "completed", run.error
    return reverse("backtest", args=[run.pk])


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> BacktestResult:
    path = tmp_path_factory.mktemp("trader") / "main.py"
    path.write_text(TRADER)
    return backtest(str(path), data="sample")


def read(api: APIClient, address: str, **headers: str) -> Any:
    answer = api.get(address, headers=headers)
    assert answer.status_code == 200, answer.content
    return answer.json()


def refused(answer: Any, field: str, status: int = 400) -> None:
    body = json.loads(answer.content)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), body
    assert field in [each["field"] for each in body.get("errors", [{"field": ""}])]
    assert body["detail"]


def table(answer: Any) -> pl.DataFrame:
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == PARQUET
    return pl.read_parquet(io.BytesIO(answer.content))


def test_the_series_are_those_of_the_run(api: APIClient, where: str, result: BacktestResult) -> None:
    found = read(api, f"{where}equity/")
    assert found["equity"] == [float(candle.close) for candle in result.record.sampler.candles]
    assert found["total"] == len(found["time"]) == len(found["open"]) == len(found["high"]) == len(found["low"])
    assert all(
        low <= close <= high for low, close, high in zip(found["low"], found["equity"], found["high"], strict=True)
    )
    highest = np.maximum.accumulate(found["equity"])
    assert found["drawdown"] == pytest.approx(list(np.array(found["equity"]) / highest - 1))
    assert read(api, f"{where}drawdown/").keys() == {"total", "time", "drawdown"}
    days = read(api, f"{where}days/")
    assert days["equity"] == [float(day.value) for day in result.record.sampler.days]
    assert max(days["long_exposure"]) == pytest.approx(0.5, abs=0.1)
    assert set(days["short_exposure"]) == {0.0}
    known = [
        (a, b, change) for a, b, change in zip(days["equity"], days["equity"][1:], days["return"][1:], strict=False)
    ]
    assert [after / before - 1 for before, after, _ in known] == pytest.approx([each for *_, each in known], abs=1e-9)


def test_the_rows_are_those_of_the_run(api: APIClient, where: str, result: BacktestResult) -> None:
    orders = read(api, f"{where}orders/?limit=1000")
    assert orders["total"] == len(orders["results"]) == result.total_orders > 20
    assert [each["id"] for each in orders["results"]] == list(range(1, result.total_orders + 1))
    assert orders["results"][0]["tag"] == '=1+1,"x"'
    events = read(api, f"{where}order-events/?limit=1000")["results"]
    assert len(events) == len(result.record.order_events) > result.total_orders
    for order in orders["results"]:
        fills = [each for each in events if each["order_id"] == order["id"] and each["fill_quantity"]]
        assert sum(each["fill_quantity"] for each in fills) == order["quantity"]
        assert (fills[-1]["fill_price"], fills[-1]["time"]) == (order["price"], order["last_fill_time"])
    paid = sum(each["fee"] for each in events)
    assert paid == pytest.approx(read(api, where)["total_fees"])
    trades = read(api, f"{where}trades/")
    assert trades["total"] == len(result.closed_trades)
    assert [each["profit_loss"] for each in trades["results"]] == [each.profit_loss for each in result.closed_trades]
    assert all(each["mae"] <= 0 <= each["mfe"] for each in trades["results"])
    positions = read(api, f"{where}positions/?symbol=AAPL&limit=5000")["results"]
    assert positions
    assert all(each["weight"] == pytest.approx(0.5, abs=0.15) for each in positions)
    statistics = read(api, f"{where}statistics/")
    exact = result.statistics_results.total_performance.portfolio_statistics.exact
    assert Decimal(statistics["portfolio"]["sharpe_ratio"]) == exact["sharpe_ratio"]
    assert statistics["summary"] == result.statistics
    growth = np.prod([1 + each["return"] for each in statistics["monthly"]])
    assert growth == pytest.approx(np.prod([1 + each["return"] for each in statistics["yearly"]]))
    assert growth == pytest.approx(float(exact["end_equity"] / exact["start_equity"]), rel=1e-3)
    assert {each["months"] for each in statistics["rolling"]} == {1, 3, 6, 12}
    depths = [each["depth"] for each in statistics["drawdowns"]]
    assert depths == sorted(depths)
    daily = np.array(read(api, f"{where}days/")["equity"])
    assert depths[0] == pytest.approx(min(daily / np.maximum.accumulate(daily) - 1))
    assert set(statistics["left_out"].values()) == {0}


def test_the_insights_are_those_of_the_run(api: APIClient, where: str, result: BacktestResult) -> None:
    found = read(api, f"{where}insights/")
    kept = result.record.insights
    assert found["total"] == len(found["results"]) == len(kept) == 6
    assert [each["id"] for each in found["results"]] == [each.id for each in kept]
    first = found["results"][0]
    assert (first["direction"], first["type"], first["weight"], first["magnitude"]) == ("Up", "Price", 0.5, None)
    assert (first["group_id"], first["source_model"], first["tag"]) == (None, "NullAlphaModel", "=1")
    assert (first["generated_time"], first["close_time"]) == ("2010-01-04T21:00:00Z", "2010-01-13T21:00:00Z")
    assert first["period_s"] == 7 * 86_400
    assert first["reference_value"] == float(kept[0].reference_value)
    down = read(api, f"{where}insights/?direction=Down&symbol=AAPL&source_model=NullAlphaModel&limit=2")
    assert (down["total"], len(down["results"])) == (3, 2)
    assert read(api, f"{where}insights/?source_model=Other")["total"] == 0
    late = read(api, f"{where}insights/?from=2010-07-01&to=2010-12-31")
    assert [each["id"] for each in late["results"]] == [each["id"] for each in found["results"]][-late["total"] :]
    assert 0 < late["total"] < 6
    rows = table(api.get(f"{where}insights/?format=parquet"))
    assert rows["generated_time"].dtype == pl.Datetime("us", "UTC")
    assert rows["id"].to_list() == [each.id for each in kept]
    text = api.get(f"{where}insights/?format=csv").content.decode()
    assert [each["tag"] for each in csv.DictReader(io.StringIO(text))] == ["'=1"] * 6
    assert json.loads(body(api.get(f"{where}artefacts/result.json/")))["state"]["InsightCount"] == "6"
    refused(api.get(f"{where}insights/?direction=Sideways"), "direction")


def test_points_are_left_out(api: APIClient, where: str) -> None:
    every = read(api, f"{where}equity/")
    for method in ("lttb", "min_max"):
        few = read(api, f"{where}equity/?points=20&method={method}")
        assert 10 < len(few["time"]) <= 20
        assert few["total"] == every["total"]
        assert (few["time"][0], few["time"][-1]) == (every["time"][0], every["time"][-1])
        points = dict(zip(every["time"], every["equity"], strict=True))
        assert all(points[time] == value for time, value in zip(few["time"], few["equity"], strict=True))
    assert min(read(api, f"{where}drawdown/?points=4&method=min_max")["drawdown"]) == min(every["drawdown"])
    assert table(api.get(f"{where}equity/?points=7&format=parquet")).height == 7
    for points in ("1", "5001", "0", "-3", "x", "1e3", ""):
        refused(api.get(f"{where}equity/?points={points}"), "points")
    refused(api.get(f"{where}equity/?method=best"), "method")
    refused(api.get(f"{where}equity/?point=5"), "point")


def test_ranges_of_days_and_instants(api: APIClient, where: str) -> None:
    every = read(api, f"{where}equity/")["time"]
    some = read(api, f"{where}equity/?from=2010-03-01&to=2010-03-31")["time"]
    assert some == [each for each in every if "2010-03-01" <= each < "2010-04-01"]
    edge = some[3]
    assert read(api, f"{where}equity/?from={edge}&to={some[5]}")["time"] == some[3:5]
    in_new_york = edge.replace("Z", "%2B00:00")
    assert read(api, f"{where}equity/?from={in_new_york}")["time"][0] == edge
    assert read(api, f"{where}equity/?from=2030-01-01")["time"] == []
    late = read(api, f"{where}trades/?from=2010-07-01")
    assert 0 < late["total"] < read(api, f"{where}trades/")["total"]
    assert all(each["entry_time"] >= "2010-07-01" for each in late["results"])
    for value in ("soon", "2010-02-30", "9999-12-31T99:00", "2010-01-01T00:00:00%2B99:00", "x" * 300, "%00"):
        refused(api.get(f"{where}equity/?from={value}"), "from")
    refused(api.get(f"{where}equity/?to=9999-12-31"), "to")
    refused(api.get(f"{where}equity/?from=2010-02-01&to=2010-01-01"), "to")


def test_rows_are_paged_and_chosen(api: APIClient, where: str) -> None:
    every = read(api, f"{where}orders/?limit=5000")["results"]
    page = read(api, f"{where}orders/?offset=5&limit=3")
    assert page["results"] == every[5:8]
    assert (page["total"], page["offset"], page["limit"], page["left_out"]) == (len(every), 5, 3, 0)
    assert read(api, f"{where}orders/?offset=9999")["results"] == []
    assert read(api, f"{where}orders/?symbol=SPY")["total"] == 0
    assert read(api, f"{where}orders/?status={every[0]['status']}&symbol=AAPL")["total"] > 0
    lines = read(api, f"{where}log/?contains=hyperlink")
    assert [each["text"][-13:] for each in lines["results"]] == ["=HYPERLINK(1)"]
    assert lines["results"][0]["time"] == "2010-01-04T05:00:00Z"
    assert read(api, f"{where}log/?contains=.*")["total"] == 0
    for query, field in (("limit=0", "limit"), ("limit=5001", "limit"), ("offset=-1", "offset"), ("page=2", "page")):
        refused(api.get(f"{where}orders/?{query}"), field)


def test_forms_by_name_and_by_header(api: APIClient, where: str) -> None:
    rows = table(api.get(f"{where}orders/", headers={"Accept": PARQUET}))
    assert rows.schema["time"] == pl.Datetime("us", "UTC")
    arrow = pq.read_table(io.BytesIO(api.get(f"{where}orders/?format=parquet").content))
    assert arrow.num_rows == rows.height == read(api, f"{where}orders/")["total"]
    answer = api.get(f"{where}orders/", headers={"Accept": "text/csv, application/json;q=0.5"})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="orders.csv"'
    read_back = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [int(each["id"]) for each in read_back] == rows["id"].to_list()
    assert [float(each["quantity"]) for each in read_back] == rows["quantity"].to_list()
    assert read_back[0]["tag"] == '\'=1+1,"x"'
    assert read(api, f"{where}orders/", Accept="text/html, */*;q=0.1")["total"] == rows.height
    refused(api.get(f"{where}orders/?format=xml"), "format")
    refused(api.get(f"{where}orders/", headers={"Accept": "image/png"}), "", 406)
    # What goes wrong is JSON, whatever was asked for.
    refused(api.get(f"{where}orders/?format=csv&limit=x"), "limit")


def test_charts(api: APIClient, where: str) -> None:
    charts = {each["name"]: each for each in read(api, f"{where}charts/")["charts"]}
    assert charts.keys() >= {"Strategy Equity", "Benchmark", "Drawdown", "Exposure", "Mine/Own"}
    mine = read(api, f"{where}charts/Mine/Own/")["series"][0]
    assert (mine["name"], mine["value"][0], mine["points"]) == ("Day", 1.0, len(mine["value"]))
    assert "open" not in mine
    equity = read(api, f"{where}charts/Strategy%20Equity/?points=10")
    candles = next(each for each in equity["series"] if each["name"] == "Equity")
    assert len(candles["time"]) == len(candles["open"]) == len(candles["value"]) == 10
    rows = table(api.get(f"{where}charts/Strategy%20Equity/?format=parquet"))
    assert rows.height == sum(each["points"] for each in charts["Strategy Equity"]["series"])
    answer = api.get(f"{where}charts/None/")
    assert answer.status_code == 404
    assert "'Mine/Own'" in json.loads(answer.content)["detail"]


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_artefacts_in_parts(api: APIClient, where: str) -> None:
    address = f"{where}artefacts/result.json/"
    whole = api.get(address)
    content = body(whole)
    size, etag = len(content), whole.headers["ETag"]
    assert (whole.headers["Accept-Ranges"], int(whole.headers["Content-Length"])) == ("bytes", size)
    for wanted, first, last in (
        ("bytes=0-9", 0, 9),
        ("bytes=100-", 100, size - 1),
        ("bytes=-7", size - 7, size - 1),
        (f"bytes=5-{size * 2}", 5, size - 1),
        (f"bytes=-{size * 2}", 0, size - 1),
        (f"bytes={size - 1}-", size - 1, size - 1),
    ):
        part = api.get(address, headers={"Range": wanted})
        assert part.status_code == 206, wanted
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert int(part.headers["Content-Length"]) == last - first + 1
        assert body(part) == content[first : last + 1]
    assert body(api.get(address, headers={"Range": "bytes=0-4", "If-Range": etag})) == content[:5]
    # A range is of the bytes that are stored: it is not sent in another coding.
    part = api.get(address, headers={"Range": "bytes=0-999", "Accept-Encoding": "gzip"})
    assert (part.headers.get("Content-Encoding"), body(part)) == (None, content[:1000])
    assert body(api.get(address, headers={"Range": "bytes=0-4", "If-Range": '"old"'})) == content
    for wanted in ("bytes=9-5", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6", "bytes=-", "bytes=٣-٤"):
        answer = api.get(address, headers={"Range": wanted})
        assert (answer.status_code, body(answer)) == (200, content), wanted
    for wanted in (f"bytes={size}-", "bytes=-0", f"bytes={'9' * 19}-"):
        answer = api.get(address, headers={"Range": wanted})
        assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{size}"), wanted
        refused(answer, "", 416)
    assert api.get(address, headers={"If-None-Match": etag}).status_code == 304
    assert api.get(address, headers={"If-Match": '"old"'}).status_code == 412
    assert api.get(f"{where}artefacts/nothing.txt/").status_code == 404
    assert pl.read_parquet(io.BytesIO(body(api.get(f"{where}artefacts/days.parquet/")))).height > 200


def test_fields_of_series_and_rows(api: APIClient, where: str) -> None:
    assert list(read(api, f"{where}equity/?fields=time,drawdown&points=5")) == ["time", "drawdown"]
    page = read(api, f"{where}orders/?fields=symbol,quantity&limit=2")
    assert [sorted(row) for row in page["results"]] == [["quantity", "symbol"]] * 2
    assert page["limit"] == 2
    refused(api.get(f"{where}orders/?fields=colour"), "fields")


@pytest.mark.parametrize("damage", [lambda found: b"", lambda found: found[:-9], lambda found: b"x" * len(found)])
def test_what_is_damaged_in_the_store_says_so(damage: Callable[[bytes], bytes], api: APIClient, where: str) -> None:
    for sha256 in Artefact.objects.values_list("sha256", flat=True):
        path = store().path(sha256)
        path.write_bytes(damage(path.read_bytes()))
    for end in ("equity", "days", "orders", "log", "charts", "charts/Strategy Equity", "statistics"):
        answer = api.get(f"{where}{end}/")
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json"), end
        assert answer.json()["code"] == "result_damaged"


def test_a_run_without_results_says_so(api: APIClient, owner: User, other: User, client_of: Callable[..., Any]) -> None:
    strategy = strategy_create(owner=owner, name="Trader", files={"main.py": TRADER})
    assert strategy.head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run
    ends = ("equity", "orders", "insights", "charts", "charts/Benchmark", "statistics", "log", "artefacts/result.json")
    for end in ends:
        answer = api.get(f"/api/v1/backtests/{run.pk}/{end}/")
        assert answer.status_code == 404
        assert "queued" in json.loads(answer.content)["detail"]
        assert client_of(other).get(f"/api/v1/backtests/{run.pk}/{end}/").status_code == 404


def test_tables_that_are_too_long_say_what_they_leave_out(
    result: BacktestResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", dict.fromkeys(tables.MOST_ROWS, 3))
    kept = tables_of(result)
    assert {frame.height for frame in kept.values()} <= {0, 3}
    assert kept.left_out["orders"] == result.total_orders - 3
    assert kept["orders"]["id"].to_list() == [1, 2, 3]


def test_cells_that_a_spreadsheet_would_carry_out() -> None:
    texts = ["=1", "+1", "-1", "@x", "\t=1", " =1", "\rx", "＝1", "a=1", "", "it's", 'q"q', "a,b", "a\r\nb", None]
    frame = pl.DataFrame({"text": texts, "number": [-1.5] * len(texts)})
    found = list(csv.reader(io.StringIO(as_csv(frame).decode(), newline="")))[1:]
    assert [row[0] for row in found[:8]] == [f"'{text}" for text in texts[:8]]
    assert [row[0] for row in found[8:]] == [text or "" for text in texts[8:]]
    assert {row[1] for row in found} == {"-1.5"}


def test_what_is_no_number_is_nothing_in_json() -> None:
    frame = pl.DataFrame({"value": [1.0, float("nan"), float("inf"), None]})
    assert as_columns(frame) == {"value": [1.0, None, None, None]}
