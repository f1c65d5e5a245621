"""A fill model of the strategy's own fills ten shares an hour."""

from AlgorithmImports import *


class TenAnHour(FillModel):
    def __init__(self):
        super().__init__()
        self.left = {}

    def market_fill(self, asset, order):
        fill = super().market_fill(asset, order)
        left = self.left.get(order.id, order.absolute_quantity)
        part = min(10, left)
        self.left[order.id] = left - part
        fill.fill_quantity = part if order.quantity > 0 else -part
        fill.status = OrderStatus.FILLED if part == left else OrderStatus.PARTIALLY_FILLED
        return fill


class PartialFills(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2019, 1, 1)
        self.set_end_date(2019, 3, 1)
        self.equity = self.add_equity("SPY", Resolution.HOUR)
        self.equity.set_fill_model(TenAnHour())

    def on_data(self, data):
        symbol, held = self.equity.symbol, self.equity.holdings.quantity
        if list(self.transactions.get_open_orders(symbol)):
            return
        if self.time.day > 10 and held <= 0:
            self.market_order(symbol, 105, True)
        elif self.time.day > 20 and held >= 0:
            self.market_order(symbol, -100, True)
