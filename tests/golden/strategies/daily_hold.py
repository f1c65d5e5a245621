"""Puts everything into SPY at the first daily close."""

from AlgorithmImports import *


class DailyHold(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 8)
        self.set_end_date(2013, 10, 17)
        self.set_cash(100_000)
        self.spy = self.add_equity("SPY", Resolution.DAILY).symbol

    def on_data(self, slice):
        if not self.portfolio[self.spy].invested:
            self.set_holdings(self.spy, 1)
