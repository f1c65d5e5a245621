from AlgorithmImports import *

SYMBOLS = 100
FEE_RATE = 0.001


class NotionalFee(FeeModel):
    """A fraction of what changes hands."""

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        notional = parameters.order.absolute_quantity * parameters.security.price
        return OrderFee(CashAmount(notional * FEE_RATE, "USD"))


class Rebalance(QCAlgorithm):
    """Equal weights, set anew on the first bar of each month."""

    def initialize(self) -> None:
        self.set_start_date(2014, 1, 1)
        self.set_end_date(*map(int, self.get_parameter("end").split("-")))
        self.set_cash(1_000_000)
        self.settings.free_portfolio_value_percentage = 0.005
        self.settings.minimum_order_margin_portfolio_percentage = 0
        self.set_benchmark(lambda time: 0)
        self.stocks = []
        for number in range(SYMBOLS):
            security = self.add_equity(f"A{number}", Resolution.DAILY)
            security.set_fee_model(NotionalFee())
            self.stocks.append(security.symbol)
        self.month = 0

    def on_data(self, data: Slice) -> None:
        if self.time.month == self.month:
            return
        self.month = self.time.month
        weight = 1 / len(self.stocks)
        self.set_holdings([PortfolioTarget(stock, weight) for stock in self.stocks])
