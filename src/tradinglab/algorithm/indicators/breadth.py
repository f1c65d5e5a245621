"""Breadth of a market: how many securities rise, and how many fall."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.indicators.base import BarIndicator, IndicatorBase, TradeBarIndicator
from tradinglab.algorithm.indicators.composites import CompositeIndicator, Line
from tradinglab.algorithm.indicators.extensions import minus, over
from tradinglab.algorithm.indicators.extremes import Maximum, Minimum
from tradinglab.algorithm.indicators.moving_averages import ExponentialMovingAverage
from tradinglab.algorithm.indicators.naming import named
from tradinglab.algorithm.indicators.two_symbols import as_symbol

if TYPE_CHECKING:
    from tradinglab.algorithm.bars import TradeBar
    from tradinglab.core.security_identifier import SecurityIdentifier
    from tradinglab.core.symbol import Symbol


def _by_volume(bars: list[TradeBar]) -> float:
    total = 0.0
    for bar in bars:
        total += bar.volume
    return total


def _ratio(advance: float, decline: float) -> float:
    return advance / decline if decline else advance


class AdvanceDeclineIndicator(TradeBarIndicator):
    """What rises compared with what falls, among the securities that were added.

    There is a value when all securities have a bar of the same time, and had one before.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._warm_up_period = 2
        self._before: dict[SecurityIdentifier, TradeBar | None] = {}
        self._now: dict[SecurityIdentifier, TradeBar | None] = {}
        self._time: datetime | None = None

    def add(self, asset: Symbol | str) -> None:
        """Count a security."""
        self._now.setdefault(as_symbol(asset).id, None)

    def remove(self, asset: Symbol | str) -> None:
        """Count a security no longer."""
        self._now.pop(as_symbol(asset).id, None)

    def add_stock(self, asset: Symbol | str) -> None:
        """Count a security."""
        self.add(asset)

    def remove_stock(self, asset: Symbol | str) -> None:
        """Count a security no longer."""
        self.remove(asset)

    @property
    def is_ready(self) -> bool:
        """Whether there were bars before the present ones."""
        return bool(self._before)

    def _next(self, data: TradeBar) -> float | None:
        self._take(data)
        if not self._before or None in self._now.values():
            return None
        advances: list[TradeBar] = []
        declines: list[TradeBar] = []
        for key, bar in self._now.items():
            earlier = self._before.get(key)
            if bar is not None and earlier is not None and bar.close != earlier.close:
                (advances if bar.close > earlier.close else declines).append(bar)
        return self._compare(self._measure(advances), self._measure(declines))

    def _measure(self, bars: list[TradeBar]) -> float:
        """Return how much securities count."""
        return float(len(bars))

    def _compare(self, advance: float, decline: float) -> float:
        return _ratio(advance, decline)

    def _take(self, data: TradeBar) -> None:
        key, time = data.symbol.id, data.time
        if data.end_time == self._time:
            self._before[key] = data
            return
        if self._time is not None and time > self._time:
            self._before = dict(self._now)
            self._now = dict.fromkeys(self._now)
            self._time = time
        if key in self._now and (self._time is None or time == self._time):
            self._now[key] = data
            self._time = time

    def _clear(self) -> None:
        self._before.clear()
        self._now = dict.fromkeys(self._now)
        self._time = None


class AdvanceDeclineRatio(AdvanceDeclineIndicator):
    """The number of securities that rise by that of those that fall."""

    @named("A/D Ratio")
    def __init__(self, name: str) -> None:
        super().__init__(name)


class AdvanceDeclineVolumeRatio(AdvanceDeclineIndicator):
    """The volume of securities that rise by that of those that fall."""

    @named("A/D Volume Rate")
    def __init__(self, name: str) -> None:
        super().__init__(name)

    def _measure(self, bars: list[TradeBar]) -> float:
        return _by_volume(bars)


class AdvanceDeclineDifference(AdvanceDeclineIndicator):
    """The number of securities that rise less that of those that fall."""

    @named("A/D Difference")
    def __init__(self, name: str) -> None:
        super().__init__(name)

    def _compare(self, advance: float, decline: float) -> float:
        return advance - decline


class _Group(TradeBarIndicator):
    """An indicator that passes the securities that are added on to its parts."""

    _members: tuple[AdvanceDeclineIndicator, ...] = ()

    def add(self, asset: Symbol | str) -> None:
        """Count a security."""
        for member in self._members:
            member.add(asset)

    def remove(self, asset: Symbol | str) -> None:
        """Count a security no longer."""
        for member in self._members:
            member.remove(asset)

    def add_stock(self, asset: Symbol | str) -> None:
        """Count a security."""
        self.add(asset)

    def remove_stock(self, asset: Symbol | str) -> None:
        """Count a security no longer."""
        self.remove(asset)


class ArmsIndex(_Group):
    """Arms' TRIN: the ratio of risers to fallers, by the ratio of their volumes."""

    @named("TRIN")
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._warm_up_period = 2
        self._ratio = AdvanceDeclineRatio(name + "_A/D Ratio")
        self._volume_ratio = AdvanceDeclineVolumeRatio(name + "_A/D Volume Ratio")
        self._members = (self._ratio, self._volume_ratio)
        self._index = CompositeIndicator(name, self._ratio, self._volume_ratio, over)
        self._parts = (self._ratio, self._volume_ratio, self._index)

    @property
    def ad_ratio(self) -> AdvanceDeclineRatio:
        """The number of risers by that of fallers."""
        return self._ratio

    @property
    def adv_ratio(self) -> AdvanceDeclineVolumeRatio:
        """The volume of risers by that of fallers."""
        return self._volume_ratio

    @property
    def is_ready(self) -> bool:
        """Whether both ratios are."""
        return self._ratio.is_ready and self._volume_ratio.is_ready

    def _next(self, data: TradeBar) -> float:
        self._ratio.consume(data)
        self._volume_ratio.consume(data)
        return self._index._value() if self._volume_ratio._value() else 0.0


class McClellanOscillator(_Group):
    """A fast average of risers less fallers, less a slow one."""

    @named("McClellanOscillator")
    def __init__(self, name: str, fast_period: int = 19, slow_period: int = 39) -> None:
        if fast_period > slow_period:
            raise ValueError(f"The fast period must be below the slow one; they were {fast_period} and {slow_period}.")
        super().__init__(name)
        self._difference = AdvanceDeclineDifference("ADD")
        self._fast = ExponentialMovingAverage(f"EMA{fast_period}_Of_ADD", fast_period)._fed_by(self._difference)
        self._slow = ExponentialMovingAverage(f"EMA{slow_period}_Of_ADD", slow_period)._fed_by(self._difference)
        self._delta = CompositeIndicator(self._fast, self._slow, minus)
        self._members = (self._difference,)
        self._parts = (self._difference, self._fast, self._slow, self._delta)
        self._warm_up_period = self._slow.warm_up_period + self._difference.warm_up_period

    @property
    def ema_fast(self) -> ExponentialMovingAverage:
        """The fast average."""
        return self._fast

    @property
    def ema_slow(self) -> ExponentialMovingAverage:
        """The slow average."""
        return self._slow

    @property
    def ad_difference(self) -> AdvanceDeclineDifference:
        """Risers less fallers."""
        return self._difference

    @property
    def is_ready(self) -> bool:
        """Whether the slow average is."""
        return self._slow.is_ready

    def _next(self, data: TradeBar) -> float:
        self._difference.consume(data)
        return self._delta._value()


class McClellanSummationIndex(_Group):
    """The running sum of the McClellan oscillator."""

    @named("McClellanSummationIndex")
    def __init__(self, name: str, fast_period: int = 19, slow_period: int = 39) -> None:
        super().__init__(name)
        self._oscillator = McClellanOscillator(fast_period, slow_period)
        self._oscillator._listen(self._add_up, self)
        self._parts = (self._oscillator,)
        self._warm_up_period = self._oscillator.warm_up_period
        self._total, self._time = 0.0, datetime.min

    @property
    def mc_clellan_oscillator(self) -> McClellanOscillator:
        """The oscillator that is summed up."""
        return self._oscillator

    @property
    def is_ready(self) -> bool:
        """Whether the oscillator is."""
        return self._oscillator.is_ready

    def add(self, asset: Symbol | str) -> None:
        """Count a security."""
        self._oscillator.add(asset)

    def remove(self, asset: Symbol | str) -> None:
        """Count a security no longer."""
        self._oscillator.remove(asset)

    def _add_up(self, _: IndicatorBase, point: Any) -> None:
        if point.end_time != self._time:
            self._time = point.end_time
            self._total += point.value

    def _next(self, data: TradeBar) -> float:
        self._oscillator.consume(data)
        return self._total + self._oscillator._value()


class _Asset:
    """A security whose highs and lows are watched."""

    def __init__(self, period: int) -> None:
        self.bar: TradeBar | None = None
        self.high, self.low = Maximum(period), Minimum(period)

    def pass_on(self, time: datetime, bar: TradeBar | None) -> None:
        if bar is not None:
            self.high.update(time, bar.high)
            self.low.update(time, bar.low)

    def clear(self) -> None:
        self.bar = None
        self.high.reset()
        self.low.reset()


class NewHighsNewLows(BarIndicator):
    """How many securities make new highs of ``period`` bars less how many make new lows (``difference``).

    ``ratio`` is the former by the latter.
    """

    @named("NH/NL({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name)
        self._warm_up_period, self._period = period + 1, period
        self._assets: dict[SecurityIdentifier, _Asset] = {}
        self._time: datetime | None = None
        self._difference = Line(f"{name}_Difference", lambda: self.is_ready)
        self._ratio = Line(f"{name}_Ratio", lambda: self.is_ready)
        self._parts: tuple[IndicatorBase, ...] = (self._difference, self._ratio)

    @property
    def difference(self) -> IndicatorBase:
        """New highs less new lows."""
        return self._difference

    @property
    def ratio(self) -> IndicatorBase:
        """New highs by new lows."""
        return self._ratio

    def add(self, asset: Symbol | str) -> None:
        """Watch a security."""
        self._assets.setdefault(as_symbol(asset).id, _Asset(self._period))

    def remove(self, asset: Symbol | str) -> None:
        """Watch a security no longer."""
        self._assets.pop(as_symbol(asset).id, None)

    @property
    def is_ready(self) -> bool:
        """Whether all securities have enough bars before the present one."""
        assets = self._assets.values()
        return bool(assets) and all(asset.high.is_ready and asset.low.is_ready for asset in assets)

    def _next(self, data: TradeBar) -> float | None:
        self._take(data)
        if not self.is_ready or any(asset.bar is None for asset in self._assets.values()):
            return None
        highs = [a.bar for a in self._assets.values() if a.bar is not None and a.bar.high > a.high._value()]
        lows = [a.bar for a in self._assets.values() if a.bar is not None and a.bar.low < a.low._value()]
        return self._measure(data, highs, lows)

    def _measure(self, data: TradeBar, highs: list[TradeBar], lows: list[TradeBar]) -> float:
        self._difference.put(data, float(len(highs) - len(lows)))
        self._ratio.put(data, _ratio(float(len(highs)), float(len(lows))))
        return self._difference._value()

    def _take(self, data: TradeBar) -> None:
        asset, time = self._assets.get(data.symbol.id), data.time
        if self._time is not None and data.end_time == self._time:
            if asset is not None:
                asset.pass_on(self._time, data)
            return
        if self._time is not None and time > self._time:
            for other in self._assets.values():
                other.pass_on(self._time, other.bar)
                other.bar = None
            self._time = time
        if asset is not None and (self._time is None or time == self._time):
            asset.bar = data
            self._time = time

    def _clear(self) -> None:
        super()._clear()
        for asset in self._assets.values():
            asset.clear()
        self._time = None


class NewHighsNewLowsVolume(NewHighsNewLows):
    """The volume of securities at new highs by the volume of those at new lows."""

    input_kind = "trade_bar"

    @named("NH/NL Volume({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)
        self._volume_ratio = Line(f"{name}_VolumeRatio", lambda: self.is_ready)
        self._parts = (*self._parts, self._volume_ratio)

    @property
    def volume_ratio(self) -> IndicatorBase:
        """The volume at new highs by the volume at new lows."""
        return self._volume_ratio

    def _measure(self, data: TradeBar, highs: list[TradeBar], lows: list[TradeBar]) -> float:
        super()._measure(data, highs, lows)
        self._volume_ratio.put(data, _ratio(_by_volume(highs), _by_volume(lows)))
        return self._volume_ratio._value()
