"""Kinds of orders whose modules nothing else in a strategy has loaded: each in a Python of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_STRATEGY = """
from AlgorithmImports import *

class Alone(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 1, 2)
        self.set_end_date(2013, 2, 1)
        self.add_equity("IBM", Resolution.DAILY)
        self.set_benchmark("IBM")

    def on_data(self, data):
        if not self.portfolio.invested and not self.transactions.orders_count:
            price = self.securities["IBM"].price
            {order}
"""
#: What is sent, and the number of its kind in LEAN's results.
ORDERS = {
    "trailing": ('self.trailing_stop_order("IBM", 10, price * 1.03, 0.03, True)', 11),
    "trailing_by_name": ('self.trailing_stop_order("IBM", 10, 0.03, True, stop_price=price * 1.03)', 11),
    "touched": ('self.limit_if_touched_order("IBM", 10, price * 0.99, price)', 7),
    "stop_limit": ('self.stop_limit_order("IBM", 10, price * 1.01, price * 1.02)', 3),
}


@pytest.mark.parametrize("kind", ORDERS)
def test_it_is_taken(kind: str, tmp_path: Path) -> None:
    order, number = ORDERS[kind]
    path = tmp_path / "main.py"
    path.write_text(_STRATEGY.format(order=order))
    call = [sys.executable, "-m", "tradinglab.cli.main", "backtest", str(path), "--json", str(tmp_path / "result.json")]
    done = subprocess.run(call, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    orders = json.loads((tmp_path / "result.json").read_text())["orders"]
    assert [each["type"] for each in orders.values()][:1] == [number]
