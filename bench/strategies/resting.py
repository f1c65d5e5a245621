from AlgorithmImports import *
from cross import Cross


class RestingCross(Cross):
    """The same, with a limit order that waits all the while."""

    def on_data(self, data: Slice) -> None:
        if self.transactions.orders_count == 0:
            self.limit_order(self.coin, 1, 1)
        super().on_data(data)
