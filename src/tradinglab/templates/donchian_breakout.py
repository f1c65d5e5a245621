"""Buy a new high, protect it with a stop order that follows the price up.

`entry` and `exit` are the days of the channel, `risk` is the part of the account that lies between the price and the
stop, and `distance` says how many average true ranges the stop keeps from the price.

Tags: breakout, trend, stop orders, daily.
"""

from AlgorithmImports import *


class DonchianBreakout(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2001, 1, 1)
        self.set_end_date(2013, 3, 1)
        self.set_cash(100_000)
        self.symbol = self.add_equity("MSFT", Resolution.DAILY).symbol
        self.set_benchmark(self.symbol)
        entry = int(self.get_parameter("entry", 55))
        self.channel = self.dch(self.symbol, entry, int(self.get_parameter("exit", 20)), Resolution.DAILY)
        self.range = self.atr(self.symbol, 20, MovingAverageType.WILDERS, Resolution.DAILY)
        self.risk = float(self.get_parameter("risk", 0.01))
        self.distance = float(self.get_parameter("distance", 3))
        self.ceiling = None
        self.stop = None
        self.set_warm_up(entry + 1, Resolution.DAILY)

    def on_data(self, data):
        if self.symbol not in data.bars or not self.channel.is_ready:
            return
        price = data.bars[self.symbol].close
        if not self.is_warming_up:
            if self.stop is not None:
                self.follow(price)
            elif (
                self.ceiling is not None and price > self.ceiling and not self.transactions.get_open_orders(self.symbol)
            ):
                self.enter(price)
        self.ceiling = self.channel.upper_band.current.value

    def enter(self, price):
        """Risk a small part of the account between the price and the stop."""
        risk = self.risk * self.portfolio.total_portfolio_value
        affordable = 0.95 * self.portfolio.total_portfolio_value / price
        quantity = int(min(affordable, risk / (self.distance * self.range.current.value)))
        if quantity > 0:
            self.market_on_open_order(self.symbol, quantity)

    def follow(self, price):
        level = round(price - self.distance * self.range.current.value, 2)
        if level > self.stop.get(OrderField.STOP_PRICE):
            fields = UpdateOrderFields()
            fields.stop_price = level
            self.stop.update(fields)

    def on_order_event(self, event):
        if event.status != OrderStatus.FILLED:
            return
        if self.stop is not None and event.order_id == self.stop.order_id:
            self.stop = None
        elif event.fill_quantity > 0:
            level = round(event.fill_price - self.distance * self.range.current.value, 2)
            self.stop = self.stop_market_order(self.symbol, -event.fill_quantity, level, tag="protect")
