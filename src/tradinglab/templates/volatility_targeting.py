"""Hold more of a stock when it is calm and less when it is wild, for a steady risk.

`volatility` is the risk that is aimed at: the standard deviation of a year's return. Each week the holding is changed
if it is more than a tenth of the account from what that risk allows.

Tags: volatility, risk, weekly.
"""

from AlgorithmImports import *


class VolatilityTargeting(QCAlgorithm):
    TRADING_DAYS = 252

    def initialize(self):
        self.set_start_date(2001, 1, 1)
        self.set_end_date(2013, 3, 1)
        self.set_cash(100_000)
        self.target = float(self.get_parameter("volatility", 0.15))
        self.symbol = self.add_equity("IBM", Resolution.DAILY).symbol
        self.set_benchmark(self.symbol)
        returns = self.roc(self.symbol, 1, Resolution.DAILY)
        self.deviation = IndicatorExtensions.of(StandardDeviation(20), returns)
        self.set_warm_up(30, Resolution.DAILY)
        self.schedule.on(
            self.date_rules.week_start(self.symbol),
            self.time_rules.before_market_close(self.symbol, 30),
            self.rebalance,
        )

    def rebalance(self):
        if self.is_warming_up or not self.deviation.is_ready:
            return
        volatility = self.deviation.current.value * math.sqrt(self.TRADING_DAYS)
        if volatility <= 0:
            return
        wanted = min(1.5, self.target / volatility)
        held = self.portfolio[self.symbol].holdings_value / self.portfolio.total_portfolio_value
        if abs(wanted - held) > 0.1:
            self.set_holdings(self.symbol, wanted)
