"""SPY, with the weight that insights give it."""

from AlgorithmImports import *


class WeightyWords(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 11)
        tickers = ["SPY"]
        listed = [Symbol.create(ticker, SecurityType.EQUITY, Market.USA) for ticker in tickers]
        self.set_universe_selection(ManualUniverseSelectionModel(listed))
        self.set_alpha(
            ConstantAlphaModel(InsightType.PRICE, InsightDirection.UP, timedelta(minutes=20), 0.025, None, 0.25)
        )
        self.set_portfolio_construction(InsightWeightingPortfolioConstructionModel())
