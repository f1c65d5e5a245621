"""Daily bars made of hourly ones are the daily bars of history; it quits once that is seen."""

from AlgorithmImports import *


class HoursToDays(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2020, 5, 1)
        self.set_end_date(2020, 6, 5)
        self.spy = self.add_equity("SPY", Resolution.HOUR).symbol
        self.live = RelativeStrengthIndex(15, MovingAverageType.WILDERS)
        self.register_indicator(self.spy, self.live, Resolution.DAILY, self.middle)
        self.seen, self.compared = {}, 0

    @staticmethod
    def middle(bar):
        return (bar.close + bar.open) / 2

    def on_data(self, data):
        if self.time.month == self.end_date.month:
            self.compare()
        elif self.time.hour == 16:
            self.seen[self.time.date()] = self.live.current.value

    def compare(self):
        again = RelativeStrengthIndex(15, MovingAverageType.WILDERS)
        for bar in self.history[TradeBar](self.spy, len(self.seen), Resolution.DAILY):
            again.update(bar.end_time, self.middle(bar))
            assert again.current.value == self.seen[bar.end_time.date()]
            self.compared += 1
        self.quit()

    def on_end_of_algorithm(self):
        assert self.compared == 20
