"""Execution models that wait for a good moment."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.framework.execution_models import WaitingExecutionModel
from tradinglab.algorithm.framework.indicator_alphas import Followed, past_bars
from tradinglab.algorithm.indicators import IntradayVwap, SimpleMovingAverage, StandardDeviation
from tradinglab.algorithm.orders.order_sizing import OrderSizing, unordered_quantity
from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.dual import second_spelling
from tradinglab.core.enums import Resolution

if TYPE_CHECKING:
    from tradinglab.algorithm.portfolio_target import PortfolioTarget
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.algorithm.security_changes import SecurityChanges
    from tradinglab.core.symbol import Symbol


class SpreadExecutionModel(WaitingExecutionModel):
    """Orders all that is missing while the market is open and ask and bid are close.

    Parameters
    ----------
    accepting_spread_percent
        The widest distance of ask and bid, as a fraction of the price.
    """

    def __init__(self, accepting_spread_percent: Number = Decimal("0.005"), asynchronous: bool = True) -> None:
        super().__init__(asynchronous)
        self._widest = abs(to_decimal(accepting_spread_percent))

    def price_is_favorable(self, security: Security) -> bool:
        """Return whether to order a security now."""
        price, bid, ask = security.exact_price, security.exact_bid_price, security.exact_ask_price
        if not security.exchange.exchange_open or min(price, bid, ask) <= 0:
            return False
        return (ask - bid) / price <= self._widest

    def _approach(self, algorithm: QCAlgorithm, target: PortfolioTarget) -> None:
        security = algorithm.securities[target.symbol]
        quantity = unordered_quantity(algorithm, target, security)
        if quantity and self.price_is_favorable(security):
            self._order(algorithm, target, quantity)


class FollowingExecutionModel(WaitingExecutionModel):
    """Base of the models that compare prices with indicators of each security."""

    SymbolData = second_spelling("symbol_data")

    def __init__(self, asynchronous: bool = True) -> None:
        super().__init__(asynchronous)
        self.symbol_data: dict[Symbol, Followed] = {}

    def on_securities_changed(self, algorithm: QCAlgorithm, changes: SecurityChanges) -> None:
        """Begin to follow securities that were added, and let go those that were removed."""
        for security in changes.added_securities:
            if security.symbol not in self.symbol_data:
                self.symbol_data[security.symbol] = self._follow(algorithm, security)
        for security in changes.removed_securities:
            if security.symbol in self.symbol_data and self.is_safe_to_remove(algorithm, security.symbol):
                self.symbol_data.pop(security.symbol).let_go(algorithm)

    def is_safe_to_remove(self, algorithm: QCAlgorithm, symbol: Symbol) -> bool:
        """Return whether a security that was removed needs to be followed no more."""
        return True

    def price_is_favorable(self, data: Followed, unordered_quantity: float) -> bool:
        """Return whether to order a security now."""
        raise NotImplementedError

    def _follow(self, algorithm: QCAlgorithm, security: Security) -> Followed:
        raise NotImplementedError

    def _size(self, security: Security, quantity: Decimal) -> float:
        """Return how much of a quantity to order at once."""
        raise NotImplementedError

    def _approach(self, algorithm: QCAlgorithm, target: PortfolioTarget) -> None:
        data = self.symbol_data.get(target.symbol)
        if data is None:
            return
        quantity = unordered_quantity(algorithm, target, data.security)
        if self.price_is_favorable(data, float(quantity)):
            self._order(algorithm, target, self._size(data.security, quantity))


class StandardDeviationExecutionModel(FollowingExecutionModel):
    """Orders while the price is some standard deviations better than its mean, up to a value at a time.

    Parameters
    ----------
    period, resolution
        The bars that mean and deviation are of.
    deviations
        How many deviations the bid has to be below the mean to buy, or the ask above it to sell.

    Attributes
    ----------
    maximum_order_value
        The most that one order is worth, in the account's currency.
    """

    MaximumOrderValue = second_spelling("maximum_order_value")

    def __init__(
        self,
        period: int = 60,
        deviations: Number = 2,
        resolution: Resolution = Resolution.MINUTE,
        asynchronous: bool = True,
    ) -> None:
        super().__init__(asynchronous)
        self._period, self._deviations, self._resolution = period, float(deviations), resolution
        self.maximum_order_value: Number = 20_000

    def price_is_favorable(self, data: Followed, unordered_quantity: float) -> bool:
        """Return whether the price is far enough from its mean."""
        mean, deviation = data.indicators
        if not deviation.is_ready:
            return False
        margin = self._deviations * deviation.current.value
        if unordered_quantity > 0:
            return bool(data.security.bid_price < mean.current.value - margin)
        return bool(data.security.ask_price > mean.current.value + margin)

    def _follow(self, algorithm: QCAlgorithm, security: Security) -> Followed:
        indicators: tuple[Any, ...] = (SimpleMovingAverage(self._period), StandardDeviation(self._period))
        followed = Followed(algorithm, security, self._resolution, *indicators)
        for bar in past_bars(algorithm, security.symbol, self._period, self._resolution):
            for indicator in indicators:
                indicator.update(bar.end_time, bar.value)
        return followed

    def _size(self, security: Security, quantity: Decimal) -> float:
        return OrderSizing.get_order_size_for_maximum_value(security, self.maximum_order_value, quantity)


class VolumeWeightedAveragePriceExecutionModel(FollowingExecutionModel):
    """Orders while the price is better than the day's mean by volume, up to a share of the bar's volume at a time.

    Attributes
    ----------
    maximum_order_quantity_percent_volume
        The most that one order has of the present bar's volume, as a fraction.
    """

    MaximumOrderQuantityPercentVolume = second_spelling("maximum_order_quantity_percent_volume")

    def __init__(self, asynchronous: bool = True) -> None:
        super().__init__(asynchronous)
        self.maximum_order_quantity_percent_volume: Number = Decimal("0.01")

    def price_is_favorable(self, data: Followed, unordered_quantity: float) -> bool:
        """Return whether the price is on the better side of the day's mean."""
        mean = data.indicators[0].current.value
        if unordered_quantity > 0:
            return bool(data.security.bid_price < mean)
        return bool(data.security.ask_price > mean)

    def _follow(self, algorithm: QCAlgorithm, security: Security) -> Followed:
        return Followed(algorithm, security, security.resolution, IntradayVwap())

    def _size(self, security: Security, quantity: Decimal) -> float:
        return OrderSizing.get_order_size_for_percent_volume(
            security, self.maximum_order_quantity_percent_volume, quantity
        )
