"""A live run over stored bars that waits for nothing comes to what a backtest of the same bars comes to."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tradinglab.algorithm.orders.serialization import order_json
from tradinglab.core.clock import NEW_YORK_ZONE, zone
from tradinglab.engine.live.link import LiveStatus, SilentLink
from tradinglab.engine.live.options import LiveOptions
from tradinglab.engine.live.pace import UNPACED, Pace
from tradinglab.engine.live.run import run_live
from tradinglab.engine.result import BacktestResult
from tradinglab.engine.run import backtest
from tradinglab.templates import all_templates

NEW_YORK = zone(NEW_YORK_ZONE)
SCRIPT = """
from AlgorithmImports import *

class Scripted(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2012, 1, 9)
        self.set_cash(100000)
        self.set_warm_up({warm_up}, Resolution.DAILY)
        self.names = [self.add_equity(t, Resolution.{resolution}).symbol for t in ("IBM", "AAPL")]
        self.steps = 0
        self.schedule.on(self.date_rules.every_day(), self.time_rules.at({hour}, 17), self.at_noon)

    def at_noon(self):
        if not self.is_warming_up and self.steps % {every} == 0:
            self.set_holdings(self.names[self.steps % 2], {weight})

    def on_data(self, data):
        self.steps += 1
        if self.is_warming_up or self.steps % {every}:
            return
        one = self.names[self.steps // {every} % 2]
        if self.portfolio[one].invested:
            self.liquidate(one)
        elif self.securities[one].price:
            self.limit_order(one, 7, round(self.securities[one].price * {limit}, 2))
            self.stop_market_order(one, -3, round(self.securities[one].price * 0.98, 2))
"""


def both(strategy: Path, start: date, end: date) -> tuple[BacktestResult, BacktestResult, SilentLink]:
    """Run a strategy as a backtest, and live as fast as it goes."""
    link = SilentLink()
    begin = NEW_YORK.to_utc(datetime(start.year, start.month, start.day))
    last = NEW_YORK.to_utc(datetime(end.year, end.month, end.day) + timedelta(days=1) - timedelta(microseconds=1))
    ended = run_live(
        strategy, data="sample", options=LiveOptions(pace=Pace(begin, UNPACED), end_ns=last, link=link, seed=1)
    )
    assert ended.status == LiveStatus.STOPPED, ended.message
    assert ended.result is not None
    return backtest(strategy, start=start, end=end, seed=1), ended.result, link


def assert_same(tested: BacktestResult, live: BacktestResult) -> None:
    assert [order_json(order) for order in live.record.orders] == [order_json(order) for order in tested.record.orders]
    assert [(e.utc_ns, e.status, e.exact_fill_price, e.exact_fill_quantity) for e in live.record.order_events] == [
        (e.utc_ns, e.status, e.exact_fill_price, e.exact_fill_quantity) for e in tested.record.order_events
    ]
    assert live.record.statistics_input.equity == tested.record.statistics_input.equity
    assert live.statistics == tested.statistics


@pytest.mark.parametrize("template", [each.name for each in all_templates()])
def test_templates(template: str, tmp_path: Path) -> None:
    text = next(each.path for each in all_templates() if each.name == template).read_text()
    path = tmp_path / "main.py"
    # Shares have the identifiers of the strategy's own start: it is to be that of the live run.
    path.write_text(re.sub(r"set_start_date\(.*?\)", "set_start_date(2011, 1, 3)", text))
    tested, live, link = both(path, date(2011, 1, 3), date(2012, 3, 30))
    assert tested.record.orders
    assert_same(tested, live)
    told = {value["order"]["id"] for kind, value in link.sent if kind == "order"}
    assert told == {order.id for order in live.record.orders}
    assert [value for kind, value in link.sent if kind == "status"][-1] == "Stopped"


# Runs are long: an example that fails is shown as it is.
@settings(max_examples=8, phases=[Phase.explicit, Phase.generate])
@given(
    warm_up=st.integers(0, 8),
    resolution=st.sampled_from(["DAILY", "HOUR", "MINUTE"]),
    hour=st.integers(8, 17),
    every=st.integers(1, 40),
    weight=st.floats(-0.5, 0.9).map(lambda x: round(x, 2)),
    limit=st.floats(0.97, 1.02).map(lambda x: round(x, 3)),
)
def test_scripts(tmp_path_factory: pytest.TempPathFactory, **script: object) -> None:
    path = tmp_path_factory.mktemp("script") / "main.py"
    path.write_text(SCRIPT.format(**script))
    days = 90 if script["resolution"] == "DAILY" else 9
    first = date(2012, 1, 9)
    tested, live, _ = both(path, first, first + timedelta(days=days))
    assert_same(tested, live)
