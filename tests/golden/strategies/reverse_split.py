"""Buys one share on the day of a reverse split, in adjusted prices."""

from AlgorithmImports import *


class ReverseSplit(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 11, 7)
        self.set_end_date(2013, 11, 8)
        self.set_cash(100_000)
        self.set_benchmark(lambda time: 0)
        self.note = self.add_equity("VXX.1", Resolution.HOUR).symbol

    def on_data(self, slice):
        last_day = self.time.date() == self.end_date.date()
        if slice.bars and last_day and not self.portfolio.invested:
            self.buy(self.note, 1)
