from AlgorithmImports import *
from cross import Cross


class RestingCross(Cross):
    """The same, with a limit order of another coin that waits all the while."""

    def initialize(self) -> None:
        super().initialize()
        self.other = self.add_crypto("ETHUSD", Resolution.MINUTE, Market.COINBASE, fill_forward=False).symbol

    def on_data(self, data: Slice) -> None:
        if self.transactions.orders_count == 0:
            self.limit_order(self.other, 1, 1)
        super().on_data(data)
