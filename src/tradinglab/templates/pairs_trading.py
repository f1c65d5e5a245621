"""Trade the gap between two stocks back to its mean, long one and short the other."""

from AlgorithmImports import *


class PairsTrading(QCAlgorithm):
    WINDOW = 60
    ENTER = 2.0
    LEAVE = 0.5

    def initialize(self):
        self.set_start_date(2000, 3, 1)
        self.set_end_date(2013, 3, 1)
        self.set_cash(100_000)
        self.first = self.add_equity("IBM", Resolution.DAILY).symbol
        self.second = self.add_equity("MSFT", Resolution.DAILY).symbol
        self.set_benchmark(self.first)
        self.spreads = RollingWindow[float](self.WINDOW)

    def on_data(self, data):
        if self.first not in data.bars or self.second not in data.bars:
            return
        self.spreads.add(math.log(data.bars[self.first].close / data.bars[self.second].close))
        if not self.spreads.is_ready:
            return
        spreads = np.array(list(self.spreads))
        score = (spreads[0] - spreads.mean()) / spreads.std()
        if self.portfolio.invested:
            if abs(score) < self.LEAVE:
                self.liquidate()
        elif abs(score) > self.ENTER:
            side = -1 if score > 0 else 1
            self.set_holdings(self.first, 0.45 * side)
            self.set_holdings(self.second, -0.45 * side)
        self.plot("Pair", "Score", score)
