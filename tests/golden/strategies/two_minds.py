"""Four shares as two alpha models see them, one after the other."""

from AlgorithmImports import *


class TwoMinds(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 11)
        for ticker in ("SPY", "IBM", "BAC", "AIG"):
            self.add_equity(ticker)
        self.add_alpha(RsiAlphaModel())
        self.add_alpha(EmaCrossAlphaModel())
        self.set_portfolio_construction(EqualWeightingPortfolioConstructionModel())
