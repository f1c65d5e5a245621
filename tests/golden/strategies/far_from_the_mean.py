"""Four shares by their strength of the hour, ordered while prices are far from their mean."""

from AlgorithmImports import *


class FarFromTheMean(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 11)
        self.set_cash(1_000_000)
        tickers = ["AIG", "BAC", "IBM", "SPY"]
        listed = [Symbol.create(ticker, SecurityType.EQUITY, Market.USA) for ticker in tickers]
        self.set_universe_selection(ManualUniverseSelectionModel(listed))
        self.set_alpha(RsiAlphaModel(14, Resolution.HOUR))
        self.set_portfolio_construction(EqualWeightingPortfolioConstructionModel())
        self.set_execution(StandardDeviationExecutionModel())
