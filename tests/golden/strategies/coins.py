"""A day of coins in a cash account that holds dollars, euros, bitcoin and ether."""

from AlgorithmImports import *


class Coins(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2018, 4, 4)
        self.set_end_date(2018, 4, 4)
        self.set_cash(10_000)
        for currency, amount in (("EUR", 10_000), ("BTC", 1), ("ETH", 5)):
            self.set_cash(currency, amount)
        self.set_brokerage_model(BrokerageName.GDAX, AccountType.CASH)
        for pair in ("BTCUSD", "ETHUSD", "BTCEUR", "LTCUSD"):
            self.add_crypto(pair, Resolution.MINUTE)
        self.fast = self.ema("LTCUSD", 30, Resolution.MINUTE)
        self.slow = self.ema("LTCUSD", 60, Resolution.MINUTE)
        self.agenda = {(1, 0): self.sell_ether, (2, 0): self.bid_for_bitcoin, (2, 1): self.bid_for_ether,
                       (11, 0): lambda: self.set_holdings("BTCUSD", 0), (12, 0): self.trade_in_euros,
                       (13, 0): lambda: self.transactions.cancel_open_orders("BTCEUR")}  # fmt: skip

    def held(self, currency):
        return self.portfolio.cash_book[currency].amount

    def price(self, pair, factor):
        return round(self.securities[pair].price * factor, 2)

    def on_data(self, data):
        task = self.agenda.get((self.time.hour, self.time.minute))
        if task:
            task()
        elif self.time.hour > 13:
            self.follow_litecoin()

    def sell_ether(self):
        self.limit_order("ETHUSD", -self.held("ETH"), self.price("ETHUSD", 1.01))

    def bid_for_bitcoin(self):
        limit = self.price("BTCUSD", 0.95)
        self.limit_order("BTCUSD", self.held("USD") * 0.5 / limit, limit)

    def bid_for_ether(self):
        """Bid with all dollars that are free, which is refused, and with half of them."""
        free = self.held("USD") - sum(
            order.quantity * order.limit_price
            for order in self.transactions.get_open_orders()
            if order.direction == OrderDirection.BUY and order.type == OrderType.LIMIT
        )
        limit = self.price("ETHUSD", 1.01)
        self.limit_order("ETHUSD", free / limit, limit)
        self.limit_order("ETHUSD", free * 0.5 / limit, limit)

    def trade_in_euros(self):
        self.buy("BTCEUR", 1)
        self.limit_order("BTCEUR", -1, self.price("BTCEUR", 1.1))

    def follow_litecoin(self):
        held = self.held("LTC")
        if self.fast > self.slow:
            if held == 0:
                self.buy("LTCUSD", 10)
        elif held > 0:
            self.liquidate("LTCUSD")
