"""Strategies of our own that trade as LEAN's regression algorithms do, and must give their order list hashes.

The hashes are those that QuantConnect/LEAN's regression tests expect (commit 24863901), each in the class named
in the test.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tradinglab.algorithm.models.buying_power import BuyingPowerModel, HasSufficientBuyingPowerForOrderResult
from tradinglab.algorithm.models.fees import FeeModel, OrderFeeParameters, fee_of
from tradinglab.algorithm.models.fills import ImmediateFillModel
from tradinglab.algorithm.models.market_impact import MarketImpactSlippageModel
from tradinglab.algorithm.orders import LimitIfTouchedOrder, OrderEvent, OrderTicket, SubmitOrderRequest
from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.core.dotnet_random import Random
from tradinglab.core.enums import OrderStatus, OrderType, Resolution, SecurityType
from tradinglab.engine.run import backtest

if TYPE_CHECKING:
    from tradinglab.algorithm.securities import Security

# LEAN's tests read the number of shares from a stand-in for fundamental data.
_SHARES = {"SPY": 1_331_000_000, "AAPL": 22_337_000_000_000}


class _WithKnownShares(MarketImpactSlippageModel):
    def _liquidity(self, asset: Security) -> float:
        assert self._market is not None
        return float((_SHARES[asset.symbol.value] / self._market.average_volume) ** self._delta)


class Impact(QCAlgorithm):
    def initialize(self) -> None:
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 13)
        self.set_cash(10_000_000)
        for ticker in ("SPY", "AAPL"):
            self.add_equity(ticker, Resolution.DAILY).set_slippage_model(_WithKnownShares(self))

    def on_data(self, data: Any) -> None:
        self.set_holdings("SPY", 0.5)
        self.set_holdings("AAPL", -0.5)


def test_market_impact(lean_data: Path) -> None:
    """MarketImpactSlippageModelRegressionAlgorithm: history, volatility and .NET's seeded noise to the last digit."""
    statistics = backtest(Impact, data=f"lean:{lean_data}").statistics
    assert (statistics["OrderListHash"], statistics["End Equity"]) == ("fc0626f660981cb698f6a9a5d5d1389a", "9649801.20")


class Touched(QCAlgorithm):
    """Chases the market with limit-if-touched orders: every minute one share less, and a rounder trigger."""

    def initialize(self) -> None:
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 11)
        self.set_cash(100_000)
        self.add_equity("SPY")
        self.ticket: OrderTicket | None = None
        self.sign = 1

    def on_data(self, data: Any) -> None:
        if not data.contains_key("SPY"):
            return
        if not self.transactions.get_open_orders():
            self.sign = sign = 1 if self.time.day < 9 else -1
            price = data["SPY"].price
            request = SubmitOrderRequest(
                OrderType.LIMIT_IF_TOUCHED, SecurityType.EQUITY, "SPY", sign * 10, 0, price - sign,
                price - 0.25 * sign, self.utc_time, f"LIT - Quantity: {sign * 10}",
            )  # fmt: skip
            self.ticket = self.transactions.add_order(request)
        elif self.ticket is not None and self.ticket.quantity == 1:
            self.transactions.cancel_open_orders()
            self.ticket = None
        elif self.ticket is not None:
            left = int(self.ticket.quantity - self.sign)
            self.ticket.update_quantity(left, f"LIT - Quantity: {left}")
            order = self.transactions.get_order_by_id(self.ticket.order_id)
            assert isinstance(order, LimitIfTouchedOrder)
            self.ticket.update_trigger_price(float(f"{order.trigger_price:.5g}"))


def test_limit_if_touched_orders_that_are_updated_every_minute(lean_data: Path) -> None:
    """LimitIfTouchedRegressionAlgorithm: 75 orders, updated and cancelled hundreds of times."""
    assert backtest(Touched, data=f"lean:{lean_data}").statistics["OrderListHash"] == "70e29c5d9168728385ee48b92f2ef56c"


class _RandomFills(ImmediateFillModel):
    def __init__(self) -> None:
        self.left: dict[int, float] = {}
        self.random = Random(387510346)

    def market_fill(self, asset: Any, order: Any) -> OrderEvent:
        fill = super().market_fill(asset, order)
        left = self.left.get(order.id, order.absolute_quantity)
        filled = int(min(left, self.random.next(0, 2 * int(order.absolute_quantity))))
        fill.fill_quantity = filled if order.quantity > 0 else -filled
        self.left[order.id] = left - filled
        fill.status = OrderStatus.FILLED if left == filled else OrderStatus.PARTIALLY_FILLED
        return fill


class _Fee(FeeModel):
    def get_order_fee(self, parameters: OrderFeeParameters) -> Any:
        return fee_of(max(1, parameters.security.price * parameters.order.absolute_quantity * 0.00001), "USD")


class _Slippage:
    def get_slippage_approximation(self, asset: Any, order: Any) -> float:
        return float(asset.price * 0.0001 * np.log10(2 * float(order.absolute_quantity)))


class _Enough(BuyingPowerModel):
    def has_sufficient_buying_power_for_order(self, parameters: Any) -> Any:
        return HasSufficientBuyingPowerForOrderResult(True)


class Models(QCAlgorithm):
    def initialize(self) -> None:
        self.set_start_date(2013, 10, 1)
        self.set_end_date(2013, 10, 31)
        self.security = self.add_equity("SPY", Resolution.HOUR)
        self.security.set_fee_model(_Fee())
        self.security.set_fill_model(_RandomFills())
        self.security.set_slippage_model(_Slippage())
        self.security.set_buying_power_model(_Enough())

    def on_data(self, data: Any) -> None:
        symbol, held = self.security.symbol, self.security.holdings.quantity
        if self.transactions.get_open_orders(symbol):
            return
        if self.time.day > 10 and held <= 0:
            self.market_order(symbol, self.calculate_order_quantity(symbol, 0.5), True)
        elif self.time.day > 20 and held >= 0:
            self.market_order(symbol, self.calculate_order_quantity(symbol, -0.5), True)


def test_models_of_a_strategy(lean_data: Path) -> None:
    """CustomModelsAlgorithm: random partial fills, fees, slippage and margin of the strategy's own."""
    statistics = backtest(Models, data=f"lean:{lean_data}").statistics
    assert (statistics["OrderListHash"], statistics["Total Fees"]) == ("fe01fe4923e8856fe3376ece636b4e23", "$62.23")
