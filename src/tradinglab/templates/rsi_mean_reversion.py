"""Buy a dip in a rising stock, sell when it has recovered.

A stock rises while it is above its average of `trend` days; a dip is an RSI of `period` days below `oversold`. It is
sold when the RSI is above `recovered`, or after `longest_stay` days.

Tags: mean reversion, rsi, stocks, daily.
"""

from AlgorithmImports import *


class RsiMeanReversion(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2001, 1, 1)
        self.set_end_date(2013, 3, 1)
        self.set_cash(100_000)
        self.set_benchmark("MSFT")
        self.oversold = float(self.get_parameter("oversold", 10))
        self.recovered = float(self.get_parameter("recovered", 65))
        self.longest_stay = timedelta(days=int(self.get_parameter("longest_stay", 15)))
        period = int(self.get_parameter("period", 2))
        trend = int(self.get_parameter("trend", 200))
        self.entered = {}
        self.rsi_of = {}
        self.trend_of = {}
        for ticker in ("AAPL", "IBM", "MSFT"):
            symbol = self.add_equity(ticker, Resolution.DAILY).symbol
            self.rsi_of[symbol] = self.rsi(symbol, period, MovingAverageType.WILDERS, Resolution.DAILY)
            self.trend_of[symbol] = self.sma(symbol, trend, Resolution.DAILY)
        self.set_warm_up(trend, Resolution.DAILY)

    def on_data(self, data):
        if self.is_warming_up:
            return
        for symbol, rsi in self.rsi_of.items():
            if symbol in data.bars and self.trend_of[symbol].is_ready:
                self.decide(symbol, rsi.current.value)

    def decide(self, symbol, rsi):
        if self.portfolio[symbol].invested:
            if rsi > self.recovered or self.time - self.entered[symbol] > self.longest_stay:
                self.liquidate(symbol)
        elif rsi < self.oversold and self.securities[symbol].price > self.trend_of[symbol].current.value:
            self.entered[symbol] = self.time
            self.set_holdings(symbol, 0.33)
