"""Tags where strategies put them that were written before orders could be asynchronous: behind the prices."""

from __future__ import annotations

from typing import Any

import pytest

from tradinglab import backtest
from tradinglab.algorithm.imports import OrderProperties, QCAlgorithm, Resolution, TimeInForce

CALLS: dict[str, Any] = {
    "limit": lambda a, s, p, *rest: a.limit_order(s, 1, p * 2, *rest),
    "stop": lambda a, s, p, *rest: a.stop_market_order(s, 1, p * 2, *rest),
    "stop limit": lambda a, s, p, *rest: a.stop_limit_order(s, 1, p * 2, p * 2, *rest),
    "touched": lambda a, s, p, *rest: a.limit_if_touched_order(s, 1, p * 2, p * 2, *rest),
    "open": lambda a, s, p, *rest: a.market_on_open_order(s, 1, *rest),
    "close": lambda a, s, p, *rest: a.market_on_close_order(s, 1, *rest),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("with_properties", [False, True])
def test_a_tag_may_come_in_place_of_the_flag(call: str, with_properties: bool) -> None:
    class Tagged(QCAlgorithm):
        def initialize(self) -> None:
            self.set_start_date(2010, 1, 4)
            self.set_end_date(2010, 1, 8)
            self.symbol = self.add_equity("AAPL", Resolution.DAILY).symbol

        def on_data(self, data: Any) -> None:
            if self.transactions.orders_count == 0:
                properties = OrderProperties()
                properties.time_in_force = TimeInForce.DAY
                rest = ("mine", properties) if with_properties else ("mine",)
                price = self.securities[self.symbol].price
                ticket = CALLS[call](self, self.symbol, price, *rest)
                assert ticket.submit_request.asynchronous is False

    (order,) = backtest(Tagged).record.orders
    assert order.tag == "mine"
    assert (order.time_in_force == TimeInForce.DAY) is with_properties
