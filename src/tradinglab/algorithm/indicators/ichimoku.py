"""Ichimoku Kinko Hyo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.indicators.base import BarIndicator, IndicatorBase
from tradinglab.algorithm.indicators.composites import CompositeIndicator, Delay
from tradinglab.algorithm.indicators.extremes import Maximum, Minimum
from tradinglab.algorithm.indicators.naming import named
from tradinglab.algorithm.indicators.tracks import BarSeries, Link, Series

if TYPE_CHECKING:
    from tradinglab.algorithm.bars import TradeBar


def _middle(left: IndicatorBase, right: IndicatorBase) -> CompositeIndicator:
    name = f"COMPOSE(COMPOSE({left.name},{right.name}),2)"
    return CompositeIndicator(name, left, right, lambda a, b: (a._value() + b._value()) / 2)


class IchimokuKinkoHyo(BarIndicator):
    """Ichimoku's lines; the value of the indicator is the close.

    ``tenkan`` and ``kijun`` are middles of the range of their periods. ``senkou_a``, the middle of
    these two, and ``senkou_b``, the middle of a longer range, are delayed, as is ``chikou``, the close.
    """

    @named(
        "ICHIMOKU({tenkan_period},{kijun_period},{senkou_a_period},{senkou_b_period},"
        "{senkou_a_delay_period},{senkou_b_delay_period})"
    )
    def __init__(
        self,
        name: str,
        tenkan_period: int = 9,
        kijun_period: int = 26,
        senkou_a_period: int = 26,
        senkou_b_period: int = 52,
        senkou_a_delay_period: int = 26,
        senkou_b_delay_period: int = 26,
    ) -> None:
        super().__init__(name)
        self._warm_up_period = max(
            max(tenkan_period, kijun_period) + senkou_a_delay_period, senkou_b_period + senkou_b_delay_period
        )
        self._tenkan_max = Maximum(name + "_TenkanMax", tenkan_period)
        self._tenkan_min = Minimum(name + "_TenkanMin", tenkan_period)
        self._kijun_max = Maximum(name + "_KijunMax", kijun_period)
        self._kijun_min = Minimum(name + "_KijunMin", kijun_period)
        self._b_max = Maximum(name + "_SenkouBMaximum", senkou_b_period)
        self._b_min = Minimum(name + "_SenkouBMinimum", senkou_b_period)
        self._late_b_max = Delay(name + "DelayedMax", senkou_b_delay_period)._fed_by(self._b_max)
        self._late_b_min = Delay(name + "DelayedMin", senkou_b_delay_period)._fed_by(self._b_min)
        self._tenkan = _middle(self._tenkan_max, self._tenkan_min)
        self._late_tenkan = Delay(name + "DelayedTenkan", senkou_a_delay_period)._fed_by(self._tenkan)
        self._kijun = _middle(self._kijun_max, self._kijun_min)
        self._late_kijun = Delay(name + "DelayedKijun", senkou_a_delay_period)._fed_by(self._kijun)
        self._senkou_a = _middle(self._late_tenkan, self._late_kijun)
        self._senkou_b = _middle(self._late_b_max, self._late_b_min)
        self._chikou = Delay(name + "_Chikou", senkou_a_delay_period)
        self._parts = (
            self._tenkan, self._kijun, self._senkou_a, self._b_max, self._b_min, self._senkou_b, self._chikou,
        )  # fmt: skip

    @property
    def tenkan(self) -> IndicatorBase:
        """The conversion line."""
        return self._tenkan

    @property
    def kijun(self) -> IndicatorBase:
        """The base line."""
        return self._kijun

    @property
    def senkou_a(self) -> IndicatorBase:
        """The first edge of the cloud."""
        return self._senkou_a

    @property
    def senkou_b(self) -> IndicatorBase:
        """The second edge of the cloud."""
        return self._senkou_b

    @property
    def chikou(self) -> IndicatorBase:
        """The close, delayed."""
        return self._chikou

    @property
    def tenkan_maximum(self) -> IndicatorBase:
        """The highest high of the conversion line."""
        return self._tenkan_max

    @property
    def tenkan_minimum(self) -> IndicatorBase:
        """The lowest low of the conversion line."""
        return self._tenkan_min

    @property
    def kijun_maximum(self) -> IndicatorBase:
        """The highest high of the base line."""
        return self._kijun_max

    @property
    def kijun_minimum(self) -> IndicatorBase:
        """The lowest low of the base line."""
        return self._kijun_min

    @property
    def senkou_b_maximum(self) -> IndicatorBase:
        """The highest high of the second edge."""
        return self._b_max

    @property
    def senkou_b_minimum(self) -> IndicatorBase:
        """The lowest low of the second edge."""
        return self._b_min

    @property
    def delayed_tenkan_senkou_a(self) -> IndicatorBase:
        """The conversion line, delayed."""
        return self._late_tenkan

    @property
    def delayed_kijun_senkou_a(self) -> IndicatorBase:
        """The base line, delayed."""
        return self._late_kijun

    @property
    def delayed_maximum_senkou_b(self) -> IndicatorBase:
        """The highest high of the second edge, delayed."""
        return self._late_b_max

    @property
    def delayed_minimum_senkou_b(self) -> IndicatorBase:
        """The lowest low of the second edge, delayed."""
        return self._late_b_min

    @property
    def is_ready(self) -> bool:
        """Whether all lines but ``chikou`` are."""
        return all(line.is_ready for line in (self._tenkan, self._kijun, self._senkou_a, self._senkou_b))

    def _next(self, data: TradeBar) -> float:
        end, high, low, close = data.end_time, data.high, data.low, data.close
        for highest, lowest in (
            (self._tenkan_max, self._tenkan_min),
            (self._kijun_max, self._kijun_min),
            (self._b_max, self._b_min),
        ):
            highest.update(end, high)
            lowest.update(end, low)
        self._chikou.update(end, close)
        return close

    def _vectorize(self, link: Link, source: BarSeries) -> Series:
        high, low, close = (Series(0, lambda name=name: getattr(source, name)) for name in ("high", "low", "close"))  # type: ignore[misc]
        extremes = [
            (top._follow(link, high), bottom._follow(link, low), top.period - 1)
            for top, bottom in (
                (self._tenkan_max, self._tenkan_min),
                (self._kijun_max, self._kijun_min),
                (self._b_max, self._b_min),
            )
        ]
        tenkan, kijun, b = extremes
        lines = [_middle_series(0, tenkan[0], tenkan[1]), _middle_series(0, kijun[0], kijun[1])]
        self._tenkan._join(link, lines[0])
        self._kijun._join(link, lines[1])
        late_tenkan = self._late_tenkan._follow(link, lines[0].since(tenkan[2]))
        late_kijun = self._late_kijun._follow(link, lines[1].since(kijun[2]))
        late_max = self._late_b_max._follow(link, b[0].since(b[2]))
        late_min = self._late_b_min._follow(link, b[1].since(b[2]))
        first = max(tenkan[2], kijun[2])
        self._senkou_a._join(link, _middle_series(first, late_tenkan, late_kijun))
        self._senkou_b._join(link, _middle_series(b[2], late_max, late_min))
        self._chikou._follow(link, close)
        return close


def _middle_series(first: int, upper: Series, lower: Series) -> Series:
    return Series(first, lambda: (upper.values + lower.values) / 2)
