"""Eleven years of SPY, long or short by its MACD, each turn said beforehand."""

from AlgorithmImports import *


class SaidTrend(QCAlgorithm):
    fast, slow, hair = 12, 26, 0.0025

    def initialize(self):
        self.set_start_date(2004, 1, 1)
        self.set_end_date(2015, 1, 1)
        self.spy = self.add_security(SecurityType.EQUITY, "SPY", Resolution.DAILY).symbol
        self.trend = self.macd(self.spy, self.fast, self.slow, 9, MovingAverageType.EXPONENTIAL, Resolution.DAILY)

    def on_data(self, data):
        if not self.trend.is_ready or not data.contains_key(self.spy) or data[self.spy] is None:
            return
        gap = float(self.trend.current.value - self.trend.signal.current.value) / self.trend.fast.current.value
        held = self.portfolio[self.spy].quantity
        if gap > self.hair and held <= 0:
            self.turn(InsightDirection.UP, 1)
        elif gap < -self.hair and held >= 0:
            self.turn(InsightDirection.DOWN, -1)

    def turn(self, direction, share):
        self.emit_insights(Insight.price(self.spy, timedelta(self.fast), direction))
        self.set_holdings(self.spy, share)
