"""Hold a stock while its fast moving average is above the slow one.

`fast` and `slow` are the days of the two averages.

Tags: moving average, trend, daily.
"""

from AlgorithmImports import *


class SmaCross(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2001, 1, 1)
        self.set_end_date(2013, 3, 1)
        self.set_cash(100_000)
        self.symbol = self.add_equity("AAPL", Resolution.DAILY).symbol
        self.set_benchmark(self.symbol)
        self.fast = self.sma(self.symbol, int(self.get_parameter("fast", 50)), Resolution.DAILY)
        slow = int(self.get_parameter("slow", 200))
        self.slow = self.sma(self.symbol, slow, Resolution.DAILY)
        self.set_warm_up(slow, Resolution.DAILY)

    def on_data(self, data):
        if self.is_warming_up or not self.slow.is_ready:
            return
        up = self.fast.current.value > self.slow.current.value
        if up and not self.portfolio[self.symbol].invested:
            self.set_holdings(self.symbol, 1)
        elif not up and self.portfolio[self.symbol].invested:
            self.liquidate(self.symbol)
