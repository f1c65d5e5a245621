"""Buys with each Renko brick of closes, and sells with each of a weighted price."""

from AlgorithmImports import *


class Bricks(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2012, 1, 1)
        self.set_end_date(2013, 1, 1)
        self.spy = self.add_equity("SPY", Resolution.DAILY).symbol
        closes = ClassicRenkoConsolidator(2.5)
        weighted = ClassicRenkoConsolidator(2.5, self.weigh, lambda bar: bar.volume)
        closes.data_consolidated += self.enter
        weighted.data_consolidated += self.leave
        for consolidator in (closes, weighted):
            self.subscription_manager.add_consolidator("SPY", consolidator)

    @staticmethod
    def weigh(bar):
        return (2 * bar.open + bar.high + bar.low + 3 * bar.close) / 7

    def enter(self, sender, brick):
        if not self.portfolio.invested:
            self.set_holdings(brick.symbol, 1)

    def leave(self, sender, brick):
        if self.portfolio.invested:
            self.liquidate(brick.symbol)
