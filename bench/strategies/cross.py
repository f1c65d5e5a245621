from AlgorithmImports import *

FAST, SLOW, UNITS = 20, 50, 100
FEE_RATE = 0.001


class NotionalFee(FeeModel):
    """A fraction of what changes hands."""

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        notional = parameters.order.absolute_quantity * parameters.security.price
        return OrderFee(CashAmount(notional * FEE_RATE, "USD"))


class Cross(QCAlgorithm):
    """Long while the fast average is above the slow one."""

    def initialize(self) -> None:
        self.set_time_zone(TimeZones.UTC)
        self.set_start_date(2020, 1, 1)
        self.set_end_date(*map(int, self.get_parameter("end").split("-")))
        self.set_cash(int(self.get_parameter("cash", 1_000_000)))
        security = self.add_crypto("BTCUSD", Resolution.MINUTE, Market.COINBASE, fill_forward=False)
        security.set_fee_model(NotionalFee())
        self.coin = security.symbol
        self.set_benchmark(lambda time: 0)
        self.fast = self.sma(self.coin, FAST, Resolution.MINUTE)
        self.slow = self.sma(self.coin, SLOW, Resolution.MINUTE)
        self.before: float | None = None
        self.holds = False

    def on_data(self, data: Slice) -> None:
        if not self.slow.is_ready:
            return
        now = self.fast.current.value - self.slow.current.value
        before, self.before = self.before, now
        if before is None:
            return
        if now > 0 and before <= 0:
            if not self.holds:
                self.holds = True
                self.market_order(self.coin, UNITS)
        elif now < 0 and before >= 0 and self.holds:
            self.holds = False
            self.market_order(self.coin, -UNITS)
