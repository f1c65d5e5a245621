"""Buy three stocks in equal parts and hold them.

The yardstick for all others: they have to be worth their orders. `invested` is the part of the account that is put
into the stocks; the rest stays in cash.

Tags: buy and hold, stocks, daily.
"""

from AlgorithmImports import *


class BuyAndHold(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2000, 3, 1)
        self.set_end_date(2013, 3, 1)
        self.set_cash(100_000)
        self.symbols = [self.add_equity(ticker, Resolution.DAILY).symbol for ticker in ("AAPL", "IBM", "MSFT")]
        self.set_benchmark("IBM")
        self.invested = float(self.get_parameter("invested", 1.0))

    def on_data(self, data):
        if self.portfolio.invested or not all(symbol in data.bars for symbol in self.symbols):
            return
        weight = self.invested / len(self.symbols)
        self.set_holdings([PortfolioTarget(symbol, weight) for symbol in self.symbols])
