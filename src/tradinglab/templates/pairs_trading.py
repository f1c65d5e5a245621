"""Trade the gap between two stocks back to its mean, long one and short the other.

The gap is the logarithm of the ratio of their prices. It is entered when it is `enter` standard deviations from its
mean over `window` days, and left when less than `leave` remain.

Tags: pairs, mean reversion, long and short, daily.
"""

from AlgorithmImports import *


class PairsTrading(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2000, 3, 1)
        self.set_end_date(2013, 3, 1)
        self.set_cash(100_000)
        self.first = self.add_equity("IBM", Resolution.DAILY).symbol
        self.second = self.add_equity("MSFT", Resolution.DAILY).symbol
        self.set_benchmark(self.first)
        self.enter = float(self.get_parameter("enter", 2.0))
        self.leave = float(self.get_parameter("leave", 0.5))
        self.spreads = RollingWindow[float](int(self.get_parameter("window", 60)))

    def on_data(self, data):
        if self.first not in data.bars or self.second not in data.bars:
            return
        self.spreads.add(math.log(data.bars[self.first].close / data.bars[self.second].close))
        if not self.spreads.is_ready:
            return
        spreads = np.array(list(self.spreads))
        score = (spreads[0] - spreads.mean()) / spreads.std()
        if self.portfolio.invested:
            if abs(score) < self.leave:
                self.liquidate()
        elif abs(score) > self.enter:
            side = -1 if score > 0 else 1
            self.set_holdings(self.first, 0.45 * side)
            self.set_holdings(self.second, -0.45 * side)
        self.plot("Pair", "Score", score)
