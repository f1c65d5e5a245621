"""Sends orders for the close before and after the last moment for them, and one in the evening by schedule."""

from AlgorithmImports import *


class ClosingBuffer(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 8)
        self.add_equity("SPY", Resolution.MINUTE)
        MarketOnCloseOrder.submission_time_buffer = timedelta(minutes=10)
        self.tickets = {}
        self.schedule.on(self.date_rules.today, self.time_rules.at(17, 0), lambda: self.send("evening"))

    def send(self, name):
        self.tickets.setdefault(name, self.market_on_close_order("SPY", 2))

    def on_data(self, data):
        for minute, name in ((49, "in time"), (51, "late")):
            if (self.time.hour, self.time.minute) == (15, minute) and name not in self.tickets:
                self.send(name)

    def on_end_of_algorithm(self):
        states = {name: ticket.status for name, ticket in self.tickets.items()}
        assert states == {
            "in time": OrderStatus.FILLED, "late": OrderStatus.INVALID, "evening": OrderStatus.FILLED,
        }  # fmt: skip
