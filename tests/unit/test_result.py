"""The result of a run: tables, the result file in LEAN's form, the notebook's view, the funnel."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tradinglab.algorithm.charting import CandlestickSeries, Chart, Series
from tradinglab.algorithm.colors import Color
from tradinglab.algorithm.orders import MarketOrder, OrderEvent, OrderFee
from tradinglab.algorithm.trade_builder import TradeBuilder
from tradinglab.cli.outcome import Outputs, show
from tradinglab.core.clock import DAY_NS, HOUR_NS, to_ns, zone
from tradinglab.core.decimals import ZERO
from tradinglab.core.enums import OrderDirection, OrderStatus, ScatterMarkerSymbol, SecurityType, SeriesType
from tradinglab.core.run_warnings import RunWarning, WarningKind
from tradinglab.core.symbol import Symbol
from tradinglab.engine.author_charts import merged_charts
from tradinglab.engine.capacity import CapacityEstimate
from tradinglab.engine.capacity_window import CapacityBar
from tradinglab.engine.result import BacktestResult, write_lean_json
from tradinglab.engine.result_funnel import Funnel
from tradinglab.engine.result_json import _chart
from tradinglab.engine.result_record import AccountFigures, Configuration, RunRecord
from tradinglab.engine.result_view import telling_statistics
from tradinglab.engine.sampling import HoldingSample, ResultSampler
from tradinglab.engine.statistics import StatisticsInput
from tradinglab.report.adapter import content_of
from tradinglab.report.page import render

NEW_YORK = zone("America/New_York")
START = to_ns(datetime(2020, 1, 1))
START_UTC = NEW_YORK.utc_ns(START)
END = START + 5 * DAY_NS - 100
SPY = Symbol.create("SPY", SecurityType.EQUITY, "usa")
VALUES = ["100000", "100500.5", "99000", "99500.25", "101000"]


class Account:
    """An account whose value a test sets."""

    is_warming_up = False
    value = Decimal(100_000)
    day = 0

    def portfolio_value(self) -> Decimal:
        return self.value

    def benchmark_value(self, utc_ns: int) -> Decimal:
        return Decimal(300 + self.day)

    def sale_volume(self) -> Decimal:
        return Decimal(1000 * self.day)

    def sales_by_name(self) -> Iterator[tuple[str, Decimal]]:
        yield "SPY", self.sale_volume()

    def security_types(self) -> list[SecurityType]:
        return [SecurityType.EQUITY]

    def holdings(self) -> list[HoldingSample]:
        held = [HoldingSample("SPY", SecurityType.EQUITY, Decimal(5000), Decimal(2500))]
        return held if 0 < self.day < 4 else []

    def bar(self, symbol: Symbol) -> CapacityBar | None:
        return None

    def conversion_rate(self, symbol: Symbol) -> Decimal:
        return Decimal(1)

    def contract_multiplier(self, symbol: Symbol) -> Decimal:
        return Decimal(1)

    def used_buying_power(self, symbol: Symbol) -> Decimal:
        return ZERO

    def is_invested(self, symbol: Symbol) -> bool:
        return False


def sampled() -> ResultSampler:
    account = Account()
    capacity = CapacityEstimate(account, START, END)
    sampler = ResultSampler(account, capacity, start_ns=START, end_ns=END, start_utc_ns=START_UTC,
                            starting_portfolio_value=account.value)  # fmt: skip
    for account.day, value in enumerate(VALUES):
        account.value = Decimal(value)
        sampler.sample(START_UTC + account.day * DAY_NS)
        sampler.process_synchronous_events(START_UTC + account.day * DAY_NS + HOUR_NS)
    return sampler


def traded() -> TradeBuilder:
    builder = TradeBuilder()
    for number, (hours, price, quantity) in enumerate([(15, "320.5", 10), (40, "321.0", -10)], start=1):
        direction = OrderDirection.BUY if quantity > 0 else OrderDirection.SELL
        event = OrderEvent(number, SPY, START_UTC + hours * HOUR_NS, OrderStatus.FILLED, direction, Decimal(price),
                           quantity, OrderFee.ZERO)  # fmt: skip
        builder.process_fill(event, 1, 1)
    return builder


def ordered() -> list[MarketOrder]:
    orders = []
    for number, (hours, quantity) in enumerate([(15, 10), (40, -10)], start=1):
        order = MarketOrder(SPY, quantity, datetime(2020, 1, 1, 15))
        order.id = number
        order.time_ns = order.last_fill_time_ns = START_UTC + hours * HOUR_NS
        order.status = OrderStatus.FILLED
        order.exact_price = Decimal("320.5")
        orders.append(order)
    return orders


@pytest.fixture
def result() -> BacktestResult:
    sampler, builder, orders = sampled(), traded(), ordered()
    source = StatisticsInput(
        equity=sampler.equity_points(),
        performance=sampler.performance_points(),
        benchmark=sampler.benchmark_points(),
        turnover=sampler.turnover_points(),
        profit_loss={START_UTC + 40 * HOUR_NS: Decimal("3.00")},
        wins=[START_UTC + 40 * HOUR_NS],
        trades=lambda: builder.closed_trades,
        starting_capital=sampler.starting_portfolio_value,
        total_fees=Decimal(2),
        total_orders=len(orders),
    )
    return BacktestResult(
        RunRecord(
            name="Alpha & Co",
            data="sample",
            start=datetime(2020, 1, 1),
            end=datetime(2020, 1, 5, 23, 59, 59),
            began=datetime(2026, 1, 2, 3, 4, 5),
            seconds=1.5,
            data_points=1234,
            statistics_input=source,
            sampler=sampler,
            orders=orders,
            account=AccountFigures(value=Decimal(101_000), fees=Decimal(2), net_profit=Decimal(3)),
            configuration=Configuration(parameters={"fast": "10"}),
            runtime_statistics={"Mood": "fine"},
            summary_statistics={"Own": "1", "Alpha": "never"},
            logs=["2020-01-01 00:00:00 hello", "2020-01-02 00:00:00 Warning: too small"],
            warnings=[
                RunWarning(WarningKind.STRATEGY, "too small"),
                RunWarning(WarningKind.DATA, "bars of A<B are made up"),
            ],
            funnel=Funnel(subscriptions=1, bars=10, steps=5, requests=2, orders=2, filled=2),
        )
    )


def test_the_statistics_have_the_hash_and_the_authors_own(result: BacktestResult) -> None:
    assert result.statistics["Own"] == "1"
    assert result.statistics["Alpha"] != "never"
    assert len(result.statistics["OrderListHash"]) == 32
    assert result.statistics["Total Orders"] == "2"
    assert "2 orders" in repr(result)


def test_warnings_are_typed_and_shown_beside_the_log(result: BacktestResult) -> None:
    assert [each.kind for each in result.warnings] == [WarningKind.STRATEGY, WarningKind.DATA]
    assert [str(each) for each in result.warnings] == ["too small", "bars of A<B are made up"]
    assert result.logs == [*result.record.logs, "Warning: bars of A<B are made up"]
    assert "<li>too small</li><li>bars of A&lt;B are made up</li>" in result._repr_html_()


def test_the_report_shows_warnings_once(result: BacktestResult) -> None:
    page = render(content_of(result))
    assert page.count("bars of A&lt;B are made up") == 1
    assert "<li>too small</li>" in page


@pytest.mark.parametrize("quiet", [False, True])
def test_the_command_shows_each_warning_once(
    result: BacktestResult, quiet: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    show(result, Outputs(quiet=quiet))
    told = capsys.readouterr().err
    assert told.count("Warning: bars of A<B are made up") == 1
    assert told.count("Warning: too small") == told.count("hello") == (0 if quiet else 1)


def test_runtime_statistics(result: BacktestResult) -> None:
    assert result.runtime_statistics == {
        "Equity": "$101,000.00",
        "Fees": "-$2.00",
        "Holdings": "$0.00",
        "Mood": "fine",
        "Net Profit": "$3.00",
        "Probabilistic Sharpe Ratio": result.statistics["Probabilistic Sharpe Ratio"],
        "Return": "1.00 %",
        "Unrealized": "$0.00",
        "Volume": "$0.00",
    }


def test_tables_have_the_algorithms_time(result: BacktestResult) -> None:
    assert list(result.equity["close"])[::2] == [float(value) for value in VALUES]
    assert result.equity.index[0] == datetime(2020, 1, 1)
    assert result.equity["drawdown"].min() == pytest.approx(99000 / 100500.5 - 1)
    assert list(result.daily["benchmark"]) == [300.0, 301.0, 302.0, 303.0, 304.0]
    assert result.daily["return"].iloc[1] == pytest.approx(0.005005)
    order = result.orders.loc[1]
    assert (order["symbol"], order["type"], order["status"], order["quantity"]) == ("SPY", "Market", "Filled", 10.0)
    assert order["last_fill_time"] == datetime(2020, 1, 1, 15)
    trade = result.trades.iloc[0]
    assert (trade["direction"], trade["profit_loss"], trade["exit_price"]) == ("long", 5.0, 321.0)
    assert trade["entry_time"] == datetime(2020, 1, 1, 15)


def test_tables_of_nothing_are_tables() -> None:
    sampler = sampled()
    none = StatisticsInput(equity=[], performance=[], benchmark=[], starting_capital=ZERO)
    now = datetime(2020, 1, 1)
    empty = BacktestResult(RunRecord(name="x", start=now, end=now, began=now, statistics_input=none, sampler=sampler))
    assert empty.orders.empty
    assert empty.trades.empty
    assert str(empty.trades["entry_time"].dtype) == "datetime64[ns]"
    assert empty.statistics == {"OrderListHash": "d41d8cd98f00b204e9800998ecf8427e"}


def test_charts(result: BacktestResult) -> None:
    assert set(result.charts) == {
        "Strategy Equity", "Benchmark", "Drawdown", "Exposure", "Capacity", "Portfolio Turnover", "Portfolio Margin",
        "Assets Sales Volume",
    }  # fmt: skip
    assert len(result.charts["Strategy Equity"].series["Equity"].values) == 10
    margin = result.charts["Portfolio Margin"].series["SPY"]
    assert [point[1] for point in margin.values][:2] == [Decimal("2.488"), Decimal("2.525")]
    assert set(result.charts["Exposure"].series) == {"Equity - Long Ratio", "Equity - Short Ratio"}


def test_the_result_file_is_leans(result: BacktestResult, tmp_path: Path) -> None:
    path = result.write_json(tmp_path / "out.json")
    written = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    assert list(written) == [
        "rollingWindow", "charts", "orders", "profitLoss", "statistics", "runtimeStatistics", "state",
        "serverStatistics", "algorithmConfiguration", "totalPerformance", "analysis",
    ]  # fmt: skip
    assert written["statistics"] == result.statistics
    assert written["profitLoss"] == {"2020-01-02T21:00:00Z": Decimal("3.00")}
    assert written["orders"]["1"]["symbol"]["value"] == "SPY"
    assert written["state"]["Status"] == "Completed"
    assert written["state"]["EndTime"] == "2026-01-02T03:04:06Z"
    assert written["algorithmConfiguration"]["parameters"] == {"fast": "10"}
    assert written["serverStatistics"]["Up Time"] == "0d 00:00:01"
    assert int(written["serverStatistics"]["Used RAM (MB)"]) > 10
    assert written["analysis"][1] == {
        "name": "DataWarning", "issue": "bars of A<B are made up", "sample": None, "solutions": []
    }  # fmt: skip
    assert written["rollingWindow"]["M1_20200105"]["closedTrades"] == []
    total = written["totalPerformance"]
    assert set(total) == {"tradeStatistics", "portfolioStatistics", "closedTrades"}
    assert total["closedTrades"][0]["duration"] == "1.01:00:00"
    assert total["closedTrades"][0]["profitLoss"] == Decimal("5.0")
    assert total["portfolioStatistics"]["endEquity"] == "101000"


def test_charts_in_the_result_file(result: BacktestResult, tmp_path: Path) -> None:
    charts = json.loads(write_lean_json(result, tmp_path / "out.json").read_text())["charts"]
    equity = charts["Strategy Equity"]["series"]["Equity"]
    assert (equity["seriesType"], equity["unit"], equity["index"]) == (2, "$", 0)
    assert equity["values"][0] == [START_UTC // 10**9, 100000.0, 100000.0, 100000.0, 100000.0]
    assert "color" not in equity
    returns = charts["Strategy Equity"]["series"]["Return"]
    assert (returns["seriesType"], returns["unit"], returns["scatterMarkerSymbol"]) == (3, "%", "none")
    assert returns["values"][1][1] == 0.5005
    assert charts["Portfolio Margin"]["legendDisabled"] is True
    assert len(charts["Portfolio Margin"]["series"]["SPY"]["values"]) == 3
    text = (tmp_path / "out.json").read_text()
    assert "100000.0," in text  # decimals keep a place


def test_the_authors_charts(result: BacktestResult) -> None:
    prices = Chart("Prices")
    prices.add_series(Series("Fast", SeriesType.SCATTER, "USD", Color.RED, ScatterMarkerSymbol.TRIANGLE_DOWN))
    prices.add_series(CandlestickSeries("Bars"))
    prices.series["Fast"].add_point(datetime(2020, 1, 1, 5), 1234.56789)
    prices.series["Bars"].add_point(datetime(2020, 1, 1, 5), 1, 2, 0.5, 1.5)
    slices = Chart("Slices")
    slices.add_series(Series("Cash", SeriesType.PIE))
    for hour, value in enumerate([1, 2, 4]):
        slices.series["Cash"].add_point(datetime(2020, 1, 1, hour), value)
    own = Chart("Strategy Equity")
    own.add_series(Series("Leverage"))
    own.series["Leverage"].add_point(datetime(2020, 1, 1, 5), 2)
    merged = merged_charts(result.charts, {chart.name: chart for chart in (prices, slices, own)})
    assert set(merged["Strategy Equity"].series) == {"Equity", "Return", "Leverage"}
    assert merged["Slices"].series["Cash"].values == ((START + 2 * HOUR_NS, Decimal(7)),)
    written = _chart(merged["Prices"])["series"]
    assert isinstance(written, dict)
    assert (written["Fast"]["color"], written["Fast"]["scatterMarkerSymbol"]) == ("#FF0000", "triangle-down")
    assert written["Fast"]["values"] == "[[1577854800,1234.5679]]"
    assert written["Bars"]["values"] == "[[1577854800,1.0,2.0,0.5,1.5]]"


def test_a_file_that_cannot_be_written_leaves_the_old_one(
    result: BacktestResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out.json"
    target.write_text("old")
    monkeypatch.setattr("tradinglab.engine.result_json.result_text", lambda *_: "\ud800")
    with pytest.raises(UnicodeEncodeError):
        result.write_json(target)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


def test_the_notebooks_view(result: BacktestResult) -> None:
    html = result._repr_html_()
    assert "Alpha &amp; Co" in html
    assert "Sharpe Ratio" in html
    assert "OrderListHash" not in html


def test_plot(result: BacktestResult) -> None:
    pytest.importorskip("matplotlib")
    figure = result.plot()
    assert [axes.get_title() for axes in figure.axes] == ["Alpha & Co", ""]
    assert len(figure.axes[0].lines) == 2


@pytest.mark.parametrize(
    ("funnel", "words"),
    [
        (Funnel(filled=1), ""),
        (Funnel(), "subscribed to no security"),
        (Funnel(subscriptions=1), "No bar reached"),
        (Funnel(subscriptions=1, bars=9, steps=9, warm_up_steps=9), "warm-up"),
        (Funnel(subscriptions=1, bars=9, steps=9), "never met"),
        (Funnel(subscriptions=1, bars=9, steps=9, never_ready=("SMA(200)",)), "SMA(200)"),
        (
            Funnel(subscriptions=1, bars=9, steps=9, requests=3, rejections={"too dear": 2, "closed": 1}),
            "2 of them: too",
        ),
        (Funnel(subscriptions=1, bars=9, steps=9, requests=1, orders=1, open=1), "rested until the end"),
        (Funnel(subscriptions=1, bars=9, steps=9, requests=1, orders=1, canceled=1), "cancelled before"),
    ],
)
def test_the_funnel_says_why_nothing_was_traded(funnel: Funnel, words: str) -> None:
    assert words in funnel.explanation
    assert bool(words) == bool(funnel.explanation)


@pytest.mark.parametrize("table", ["equity", "daily", "orders", "trades"])
def test_every_column_is_documented(result: BacktestResult, table: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "results.md").read_text()
    (section,) = (part for part in page.split("\n`result.")[1:] if part.startswith(f"{table}`"))
    frame = getattr(result, table)
    assert set(frame.columns) <= set(re.findall(r"`(\w+)`", section))


def test_the_funnel_ends_where_nothing_is_left() -> None:
    assert Funnel(bars=9, steps=9).telling() == [
        ("bars delivered to the strategy", 9),
        ("calls of on_data", 9),
        ("orders asked for", 0),
    ]
    full = Funnel(bars=9, steps=9, requests=2, orders=2, filled=2)
    assert full.telling() == list(full)


def test_of_a_run_without_trades_only_what_is_not_zero_is_shown(
    result: BacktestResult, capsys: pytest.CaptureFixture[str]
) -> None:
    assert telling_statistics(result) == result.statistics
    idle = BacktestResult(replace(result.record, orders=(), funnel=Funnel(subscriptions=1, bars=9, steps=9)))
    zero = [name for name, value in idle.statistics.items() if value in ("0", "0%", "$0.00", "$0", "")]
    shown = telling_statistics(idle)
    assert len(zero) > 5
    assert set(shown).isdisjoint(set(zero) - {"Total Orders"})
    assert {"Start Equity", "End Equity", "OrderListHash"} <= set(shown)
    show(idle, Outputs())
    out = capsys.readouterr().out
    assert f"{len(idle.statistics) - len(shown)} others are zero: nothing was traded" in out
    assert "orders asked for" in out
    assert "orders filled" not in out


def test_the_funnel_counts() -> None:
    rows = dict(Funnel(bars=10, steps=5, requests=4, rejections={"closed": 1, "dear": 3}, filled=0))
    assert list(rows) == [
        "bars delivered to the strategy", "calls of on_data", "orders asked for", "refused: dear", "refused: closed",
        "orders filled",
    ]  # fmt: skip
