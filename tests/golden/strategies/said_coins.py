"""Half an account of euros in bitcoin, said each minute until it is held."""

from AlgorithmImports import *


class SaidCoins(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2018, 4, 4)
        self.set_end_date(2018, 4, 4)
        self.set_account_currency("EUR")
        self.set_cash("EUR", 10_000)
        self.coin = self.add_crypto("BTCEUR").symbol
        self.set_brokerage_model(BrokerageName.GDAX, AccountType.CASH)

    def on_data(self, data):
        if not self.portfolio.invested:
            self.emit_insights(Insight.price(self.coin, Resolution.DAILY, 1, InsightDirection.UP))
            self.set_holdings(self.coin, 0.5)
