"""SPY, with the confidence of insights as its weight."""

from AlgorithmImports import *


class QuarterSure(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 11)
        tickers = ["SPY"]
        listed = [Symbol.create(ticker, SecurityType.EQUITY, Market.USA) for ticker in tickers]
        self.set_universe_selection(ManualUniverseSelectionModel(listed))
        self.set_alpha(ConstantAlphaModel(InsightType.PRICE, InsightDirection.UP, timedelta(minutes=20), 0.025, 0.25))
        self.set_portfolio_construction(ConfidenceWeightedPortfolioConstructionModel())
