"""Adds two securities on Tuesday, buys them on Wednesday and removes them, held, on Thursday."""

from AlgorithmImports import *

TUESDAY, WEDNESDAY, THURSDAY = 1, 2, 3


class ComersAndGoers(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 11)
        self.set_cash(100_000)
        self.add_equity("SPY")
        self.acted = None

    def on_data(self, data):
        if self.acted == self.time.date():
            return
        today = self.time.weekday()
        if not self.portfolio.invested:
            self.set_holdings("SPY", 0.5)
            self.acted = self.time.date()
        for ticker in ("AIG", "BAC"):
            if today == TUESDAY:
                self.add_equity(ticker)
            elif today == WEDNESDAY:
                self.set_holdings(ticker, 0.25)
            elif today == THURSDAY:
                self.remove_security(ticker)
        if today in (TUESDAY, WEDNESDAY, THURSDAY):
            self.acted = self.time.date()
