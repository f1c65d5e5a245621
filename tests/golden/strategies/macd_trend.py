"""Eleven years of SPY, held while its MACD is above the signal by more than a hair."""

from AlgorithmImports import *


class MacdTrend(QCAlgorithm):
    hair = 0.0025

    def initialize(self):
        self.set_start_date(2004, 1, 1)
        self.set_end_date(2015, 1, 1)
        self.set_cash(100_000)
        self.add_equity("SPY", Resolution.DAILY)
        self.trend = self.macd("SPY", 12, 26, 9, MovingAverageType.EXPONENTIAL, Resolution.DAILY)

    def on_data(self, data):
        if not self.trend.is_ready:
            return
        gap = (self.trend.current.value - self.trend.signal.current.value) / self.trend.fast.current.value
        held = self.portfolio["SPY"].quantity
        if gap > self.hair and held <= 0:
            self.set_holdings("SPY", 1.0)
        elif gap < -self.hair and held >= 0:
            self.liquidate("SPY")
