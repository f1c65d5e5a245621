"""Buy three stocks in equal parts and hold them."""

from AlgorithmImports import *


class BuyAndHold(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2000, 3, 1)
        self.set_end_date(2013, 3, 1)
        self.set_cash(100_000)
        self.symbols = [self.add_equity(ticker, Resolution.DAILY).symbol for ticker in ("AAPL", "IBM", "MSFT")]
        self.set_benchmark("IBM")

    def on_data(self, data):
        if self.portfolio.invested or not all(symbol in data.bars for symbol in self.symbols):
            return
        weight = 1 / len(self.symbols)
        self.set_holdings([PortfolioTarget(symbol, weight) for symbol in self.symbols])
