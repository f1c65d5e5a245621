"""A share that is delisted while it is held."""

from __future__ import annotations

from pathlib import Path

from tradinglab import backtest
from tradinglab.core.enums import OrderStatus

HOLDER = """
from AlgorithmImports import *

class Holder(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2007, 5, 15)
        self.set_end_date(2007, 5, 25)
        self.set_benchmark(lambda time: 1)
        self.symbol = self.add_equity("AAA.1", Resolution.DAILY).symbol
        self.add_equity("SPY", Resolution.DAILY)

    def on_data(self, data):
        if self.transactions.orders_count == 0:
            self.market_order(self.symbol, 100)
        for delisting in data.delistings.values():
            self.log(f"{delisting.type} {self.portfolio[self.symbol].quantity:g}")
            if delisting.type == DelistingType.DELISTED:
                refused = self.market_order(self.symbol, 1)
                self.log(f"refused {refused.status == OrderStatus.INVALID}")
"""


def test_a_position_is_closed_once_before_the_strategy_sees_the_delisting(lean_data: Path, tmp_path: Path) -> None:
    path = tmp_path / "holder.py"
    path.write_text(HOLDER)
    result = backtest(path, data=f"lean:{lean_data}", timeout_s=60)
    bought, closed = result.record.orders
    assert (bought.quantity, closed.quantity) == (100, -100)
    assert closed.status == OrderStatus.FILLED
    assert closed.tag == "Liquidate from delisting"
    seen = [line.split(" ", 2)[2] for line in result.logs]
    told = [text for text in seen if text.endswith((" 100", " 0")) or text.startswith("refused")]
    assert [text.split(" ")[-1] for text in told] == ["100", "0", "True"]
