"""Three securities for a day: raw, adjusted and with dividends added."""

from AlgorithmImports import *

MODES = {"SPY": "RAW", "IBM": "ADJUSTED", "AIG": "TOTAL_RETURN"}
RANGES = {"SPY": (167.28, 168.37), "IBM": (135.864131052, 136.819606508), "AIG": (48.73, 49.10)}


class PriceScales(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 7)
        for ticker, name in MODES.items():
            mode = getattr(DataNormalizationMode, name)
            equity = self.add_equity(ticker, Resolution.MINUTE, data_normalization_mode=mode)
            assert all(each.data_normalization_mode == mode for each in equity.subscriptions)
        self.seen = 0

    def on_data(self, data):
        for ticker, bar in data.bars.items():
            low, high = RANGES[ticker.value]
            assert low <= bar.close <= high
            self.seen += 1

    def on_end_of_algorithm(self):
        assert self.seen == 3 * 390
