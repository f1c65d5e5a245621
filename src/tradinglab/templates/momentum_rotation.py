"""Each month, hold the two stocks that rose most over a quarter.

The five stocks of the sample were chosen long after 2000: the result says how the engine works,
not that the rule would have found them.

Tags: momentum, rotation, stocks, monthly.
"""

from AlgorithmImports import *


class MomentumRotation(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2001, 1, 1)
        self.set_end_date(2013, 3, 1)
        self.set_cash(100_000)
        self.holdings_count = int(self.get_parameter("holdings", 2))
        lookback = int(self.get_parameter("lookback", 63))

        tickers = ("AAPL", "FB", "GOOG", "IBM", "MSFT")
        self.stocks = [self.add_equity(ticker, Resolution.DAILY) for ticker in tickers]
        self.momentum = {stock.symbol: self.roc(stock.symbol, lookback, Resolution.DAILY) for stock in self.stocks}
        self.set_warm_up(lookback + 1, Resolution.DAILY)

        self.index = 100.0
        self.prices = []
        self.set_benchmark(self.equal_weight)
        self.month = None

    def equal_weight(self, time):
        """Grow an index by the mean daily change of the stocks."""
        prices = [stock.price for stock in self.stocks]
        changes = [price / before - 1 for price, before in zip(prices, self.prices, strict=False) if before > 0]
        if changes:
            self.index *= 1 + sum(changes) / len(changes)
        self.prices = prices
        return self.index

    def on_data(self, data):
        if self.is_warming_up or self.time.month == self.month:
            return
        self.month = self.time.month

        rising = {
            symbol: roc.current.value for symbol, roc in self.momentum.items() if roc.is_ready and roc.current.value > 0
        }
        best = sorted(rising, key=rising.get, reverse=True)[: self.holdings_count]
        targets = [PortfolioTarget(symbol, 1 / self.holdings_count) for symbol in best]
        self.set_holdings(targets, liquidate_existing_holdings=True)
        self.log(f"holding {', '.join(symbol.value for symbol in best) or 'cash'}")
