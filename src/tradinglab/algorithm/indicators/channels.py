"""Channels and bands around prices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.algorithm.indicators.average_types import moving_average
from tradinglab.algorithm.indicators.banded import Banded
from tradinglab.algorithm.indicators.base import BarIndicator, Indicator, IndicatorBase, WarmingIndicator
from tradinglab.algorithm.indicators.composites import Line
from tradinglab.algorithm.indicators.extremes import Maximum, Minimum
from tradinglab.algorithm.indicators.naming import named
from tradinglab.algorithm.indicators.tracks import BarSeries, Link, Series
from tradinglab.algorithm.indicators.volatility import AverageTrueRange, BollingerBands
from tradinglab.core.enums import MovingAverageType

if TYPE_CHECKING:
    from tradinglab.algorithm.bars import TradeBar
    from tradinglab.algorithm.base_data import IndicatorDataPoint
    from tradinglab.data.columns import Floats


class MidPoint(Indicator):
    """The middle between the largest and the smallest of the last ``period`` values."""

    @named("MIDPOINT({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name)
        self._warm_up_period = period
        self._parts = self._largest, self._smallest = Maximum(period), Minimum(period)

    def _next(self, data: IndicatorDataPoint) -> float:
        self._largest.consume(data)
        self._smallest.consume(data)
        return (self._largest._value() + self._smallest._value()) / 2

    def _vectorize(self, link: Link, source: Series) -> Series:
        largest, smallest = (part._follow(link, source) for part in self._parts)
        return Series(source.first, lambda: (largest.values + smallest.values) / 2)


class MidPrice(BarIndicator):
    """The middle between the highest high and the lowest low of the last ``period`` bars."""

    @named("MIDPRICE({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name)
        self._warm_up_period = period
        self._parts = self._highest, self._lowest = Maximum(period), Minimum(period)

    def _next(self, data: TradeBar) -> float:
        end = data.end_time
        self._highest.update(end, data.high)
        self._lowest.update(end, data.low)
        return (self._highest._value() + self._lowest._value()) / 2

    def _vectorize(self, link: Link, source: BarSeries) -> Series:
        highest = self._highest._follow(link, Series(0, lambda: source.high))
        lowest = self._lowest._follow(link, Series(0, lambda: source.low))
        return Series(0, lambda: (highest.values + lowest.values) / 2)


def _lower(given: Mapping[str, object]) -> object:
    """Return the lower period, which LEAN's name has twice."""
    return given["upper_period"] if given["lower_period"] is None else given["lower_period"]


class DonchianChannel(BarIndicator):
    """The highest high (``upper_band``) and the lowest low (``lower_band``), and the middle between them.

    ``DonchianChannel([name,] period)`` or ``([name,] upper_period, lower_period)``.
    """

    @named(lambda given: f"DCH({_lower(given)},{_lower(given)})", period="upper_period")
    def __init__(self, name: str, upper_period: int, lower_period: int | None = None) -> None:
        super().__init__(name)
        lower_period = upper_period if lower_period is None else lower_period
        self._warm_up_period = max(upper_period, lower_period)
        self._upper = Maximum(name + "_UpperBand", upper_period)
        self._lower = Minimum(name + "_LowerBand", lower_period)
        self._parts = (self._upper, self._lower)

    @property
    def upper_band(self) -> IndicatorBase:
        """The highest high."""
        return self._upper

    @property
    def lower_band(self) -> IndicatorBase:
        """The lowest low."""
        return self._lower

    def _next(self, data: TradeBar) -> float:
        end = data.end_time
        self._upper.update(end, data.high)
        self._lower.update(end, data.low)
        return (self._upper._value() + self._lower._value()) / 2

    def _vectorize(self, link: Link, source: BarSeries) -> Series:
        upper = self._upper._follow(link, Series(0, lambda: source.high))
        lower = self._lower._follow(link, Series(0, lambda: source.low))
        return Series(0, lambda: (upper.values + lower.values) / 2)


class KeltnerChannels(Banded, BarIndicator):
    """An average of typical prices (``middle_band``) and bands ``k`` average true ranges around it."""

    @named("KC({period},{k})")
    def __init__(
        self, name: str, period: int, k: float, moving_average_type: MovingAverageType = MovingAverageType.SIMPLE
    ) -> None:
        super().__init__(name)
        self._warm_up_period, self._k = period, float(k)
        self._range = AverageTrueRange(name + "_AverageTrueRange", period, MovingAverageType.SIMPLE)
        self._middle: WarmingIndicator = moving_average(moving_average_type, name + "_MiddleBand", period)
        self._lower = Line(name + "_LowerBand", lambda: self._middle.is_ready)
        self._upper = Line(name + "_UpperBand", lambda: self._middle.is_ready)
        self._parts = (self._range, self._middle, self._lower, self._upper)

    @property
    def average_true_range(self) -> IndicatorBase:
        """The average true range."""
        return self._range

    @property
    def is_ready(self) -> bool:
        """Whether the averages are."""
        return self._middle.is_ready and self._range.is_ready

    def _next(self, data: TradeBar) -> float:
        self._range.consume(data)
        is_ready = self._middle.update(data.end_time, (data.high + data.low + data.close) / 3)
        middle, reach = self._middle._value(), self._k * self._range._value()
        self._lower.put(data, middle - reach if is_ready else 0.0)
        self._upper.put(data, middle + reach if is_ready else 0.0)
        return middle

    def _vectorize(self, link: Link, source: BarSeries) -> Series:
        spread = self._range._follow(link, source)
        typical = Series(0, lambda: (source.high + source.low + source.close) / 3)
        middle = self._middle._follow(link, typical)
        self._lower._join(link, Series(0, lambda: self._band(middle.values, -self._k * spread.values)))
        self._upper._join(link, Series(0, lambda: self._band(middle.values, self._k * spread.values)))
        return Series(0, lambda: middle.values)

    def _band(self, middle: Floats, reach: Floats) -> Floats:
        return np.where(np.arange(len(middle)) >= self._middle.warm_up_period - 1, middle + reach, 0.0)


class AccelerationBands(Banded, BarIndicator):
    """Averages of the close (``middle_band``), and of high and low pushed apart by ``width`` relative ranges."""

    @named("ABANDS({period},{width},{moving_average_type})")
    def __init__(
        self,
        name: str,
        period: int,
        width: float = 4,
        moving_average_type: MovingAverageType = MovingAverageType.SIMPLE,
    ) -> None:
        super().__init__(name)
        self._warm_up_period, self._width, self._type = period, float(width), moving_average_type
        self._middle = moving_average(moving_average_type, name + "_MiddleBand", period)
        self._lower = moving_average(moving_average_type, name + "_LowerBand", period)
        self._upper = moving_average(moving_average_type, name + "_UpperBand", period)
        self._parts = (self._middle, self._lower, self._upper)

    @property
    def moving_average_type(self) -> MovingAverageType:
        """The kind of the averages."""
        return self._type

    @property
    def is_ready(self) -> bool:
        """Whether all averages are."""
        return all(part.is_ready for part in self._parts)

    def _next(self, data: TradeBar) -> float:
        high, low, end = data.high, data.low, data.end_time
        push = self._width * ((high - low) / (high + low) if high + low else 0.0)
        self._lower.update(end, low * (1 - push))
        self._upper.update(end, high * (1 + push))
        self._middle.update(end, data.close)
        return self._middle._value()


class ChandeKrollStop(BarIndicator):
    """Stops at the extremes of ``period`` bars, each ``atr_mult`` average true ranges from the range."""

    @named("CKS({atr_period},{atr_mult},{period})")
    def __init__(
        self,
        name: str,
        atr_period: int,
        atr_mult: float,
        period: int,
        moving_average_type: MovingAverageType = MovingAverageType.WILDERS,
    ) -> None:
        super().__init__(name)
        self._warm_up_period, self._multiple = atr_period + period - 1, float(atr_mult)
        self._range = AverageTrueRange(atr_period, moving_average_type)
        self._highest, self._lowest = Maximum(atr_period), Minimum(atr_period)
        self._short, self._long = Maximum(name + "_Short", period), Minimum(name + "_Long", period)
        self._parts = (self._range, self._highest, self._lowest, self._short, self._long)

    @property
    def short_stop(self) -> IndicatorBase:
        """The stop of a short position."""
        return self._short

    @property
    def long_stop(self) -> IndicatorBase:
        """The stop of a long position."""
        return self._long

    def _next(self, data: TradeBar) -> float:
        end = data.end_time
        self._range.consume(data)
        reach = self._range._value() * self._multiple
        self._highest.update(end, data.high)
        self._lowest.update(end, data.low)
        self._short.update(end, self._highest._value() - reach)
        self._long.update(end, self._lowest._value() + reach)
        return data.value


class SqueezeMomentum(BarIndicator):
    """1 while the Bollinger bands lie inside the Keltner channels, else -1; zero until both are ready."""

    @named("SM({bollinger_period},{bollinger_multiplier},{keltner_period},{keltner_multiplier})")
    def __init__(
        self,
        name: str,
        bollinger_period: int,
        bollinger_multiplier: float,
        keltner_period: int,
        keltner_multiplier: float,
    ) -> None:
        super().__init__(name)
        self._warm_up_period = max(bollinger_period, keltner_period)
        self._bands = BollingerBands(bollinger_period, bollinger_multiplier)
        self._channels = KeltnerChannels(keltner_period, keltner_multiplier, MovingAverageType.EXPONENTIAL)
        self._parts = (self._bands, self._channels)

    @property
    def bollinger_bands(self) -> BollingerBands:
        """The Bollinger bands."""
        return self._bands

    @property
    def keltner_channels(self) -> KeltnerChannels:
        """The Keltner channels."""
        return self._channels

    @property
    def is_ready(self) -> bool:
        """Whether both are."""
        return self._bands.is_ready and self._channels.is_ready

    def _next(self, data: TradeBar) -> float:
        bands, channels = self._bands, self._channels
        bands.consume(data)
        channels.consume(data)
        if not self.is_ready:
            return 0.0
        is_inside = channels.upper_band > bands.upper_band and channels.lower_band < bands.lower_band
        return 1.0 if is_inside else -1.0
