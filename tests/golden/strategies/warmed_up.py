"""A day of warm-up, after which it is told so once."""

from AlgorithmImports import *


class WarmedUp(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 8)
        self.set_end_date(2013, 10, 11)
        self.set_cash(100_000)
        self.add_equity("SPY", Resolution.MINUTE)
        self.set_warmup(timedelta(days=1))
        self.told, self.bars = 0, {True: 0, False: 0}

    def on_data(self, data):
        if "SPY" in data.bars:
            self.bars[self.is_warming_up] += 1

    def on_warmup_finished(self):
        self.told += 1

    def on_end_of_algorithm(self):
        assert (self.told, self.bars) == (1, {True: 390, False: 4 * 390})
