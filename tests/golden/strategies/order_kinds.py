"""Sends each kind of order; pairs of resting orders are moved towards the market until one of them fills."""

from AlgorithmImports import *


class Pair:
    """A purchase and a sale that rest; once one is filled the other is cancelled."""

    def __init__(self, algorithm, at, send, step):
        self.algorithm, self.at, self.send, self.step = algorithm, at, send, step
        self.tickets = []

    def look(self):
        now = self.algorithm.time
        if (now.day, now.hour, now.minute) == self.at:
            close = self.algorithm.securities["SPY"].close
            self.tickets = self.send(close)
            if self.step == "trailing":
                return
        if self.tickets:
            self.work(now)

    def work(self, now):
        purchase, sale = self.tickets
        for done, other in ((purchase, sale), (sale, purchase)):
            if done.status == OrderStatus.FILLED:
                other.cancel("Long filled." if done is purchase else "Short filled")
                self.tickets = []
                return
        if self.step == "trailing":
            minutes = (self.algorithm.utc_time - purchase.time).total_seconds() / 60
            if minutes % 5:
                return
        for ticket, sign in ((purchase, 1), (sale, -1)):
            fields = UpdateOrderFields()
            fields.tag = f"Update #{len(ticket.update_requests) + 1}"
            if self.step == "trailing":
                fields.trailing_amount = max(ticket.get(OrderField.TRAILING_AMOUNT) - 0.0001, 0.0001)
            if "limit" in self.step:
                fields.limit_price = ticket.get(OrderField.LIMIT_PRICE) + sign * 0.01
            if "stop" in self.step:
                fields.stop_price = ticket.get(OrderField.STOP_PRICE) - sign * 0.01
            ticket.update(fields)


class OrderKinds(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 11)
        self.set_cash(100_000)
        self.spy = spy = self.add_equity("SPY").symbol
        limit, stop = self.limit_order, self.stop_market_order
        both, trail = self.stop_limit_order, self.trailing_stop_order
        self.pairs = [
            Pair(self, (7, 12, 0), lambda c: [limit(spy, 10, c * 0.999), limit(spy, -10, c * 1.001)], "limit"),
            Pair(self, (7, 16, 0), lambda c: [stop(spy, 10, c * 1.0025), stop(spy, -10, c * 0.9975)], "stop"),
            Pair(
                self, (8, 12, 1),
                lambda c: [both(spy, 10, c * 1.001, c - 0.03), both(spy, -10, c * 0.999, c + 0.03)], "stop limit",
            ),
            Pair(
                self, (7, 12, 0),
                lambda c: [trail(spy, 10, c * 1.0025, 0.0025, True), trail(spy, -10, c * 0.9975, 0.0025, True)],
                "trailing",
            ),
        ]  # fmt: skip
        self.auctions = {}

    def is_now(self, day, hour, minute):
        return (self.time.day, self.time.hour, self.time.minute) == (day, hour, minute)

    def on_data(self, data):
        if self.is_now(7, 9, 31):
            self.market_order(self.spy, 10)
            self.market_order(self.spy, 10, asynchronous=True).cancel("Attempt to cancel async order")
        for pair in self.pairs:
            pair.look()
        if self.is_now(8, 16, 0):
            self.auctions["open"] = self.market_on_open_order(self.spy, 50)
        self.one_more("open")
        if self.is_now(9, 12, 0):
            held = self.portfolio[self.spy].quantity
            self.auctions["close"] = self.market_on_close_order(self.spy, 2 * held or 100)
        self.one_more("close")
        if self.is_now(11, 15, 45):
            self.market_on_close_order(self.spy, -self.portfolio[self.spy].quantity, tag="Liquidate end of algorithm")

    def one_more(self, which):
        """Add a share to an order for an auction, each hour until it is filled."""
        ticket = self.auctions.get(which)
        if ticket is None or self.time.minute != 59:
            return
        if ticket.status == OrderStatus.FILLED:
            del self.auctions[which]
            return
        fields = UpdateOrderFields()
        fields.quantity = ticket.quantity + 1
        fields.tag = f"Update #{len(ticket.update_requests) + 1}"
        ticket.update(fields)
