"""Buy a dip in a rising stock, sell when it has recovered."""

from AlgorithmImports import *


class RsiMeanReversion(QCAlgorithm):
    OVERSOLD = 10
    RECOVERED = 65
    LONGEST_STAY = timedelta(days=15)

    def initialize(self):
        self.set_start_date(2001, 1, 1)
        self.set_end_date(2013, 3, 1)
        self.set_cash(100_000)
        self.set_benchmark("MSFT")
        self.entered = {}
        self.rsi_of = {}
        self.trend_of = {}
        for ticker in ("AAPL", "IBM", "MSFT"):
            symbol = self.add_equity(ticker, Resolution.DAILY).symbol
            self.rsi_of[symbol] = self.rsi(symbol, 2, MovingAverageType.WILDERS, Resolution.DAILY)
            self.trend_of[symbol] = self.sma(symbol, 200, Resolution.DAILY)
        self.set_warm_up(200, Resolution.DAILY)

    def on_data(self, data):
        if self.is_warming_up:
            return
        for symbol, rsi in self.rsi_of.items():
            if symbol in data.bars and self.trend_of[symbol].is_ready:
                self.decide(symbol, rsi.current.value)

    def decide(self, symbol, rsi):
        if self.portfolio[symbol].invested:
            if rsi > self.RECOVERED or self.time - self.entered[symbol] > self.LONGEST_STAY:
                self.liquidate(symbol)
        elif rsi < self.OVERSOLD and self.securities[symbol].price > self.trend_of[symbol].current.value:
            self.entered[symbol] = self.time
            self.set_holdings(symbol, 0.33)
