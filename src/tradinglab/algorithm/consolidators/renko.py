"""Renko bars with wicks, and bars of equal volume."""

from __future__ import annotations

import builtins
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.consolidators.base import ConsolidatorBase
from tradinglab.algorithm.consolidators.brick_bars import BarDirection, RenkoBar, VolumeRenkoBar
from tradinglab.algorithm.consolidators.errors import ConsolidationError
from tradinglab.algorithm.events import EventMember
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.decimals import ZERO, Number, to_decimal
from tradinglab.core.enums import RenkoType, TickType

if TYPE_CHECKING:
    from datetime import datetime


class RenkoConsolidator(ConsolidatorBase):
    """Bars one brick high whose wicks tell how far the price went meanwhile.

    A bar follows the direction of the one before when the price has passed the next brick; it
    turns when the price has passed two bricks back. The first bar opens at a multiple of the size.
    """

    data_consolidated = EventMember("Raised with sender and bar when a bar is made, before the engine is told.")

    _working: RenkoBar | None = None
    _last: RenkoBar | None = None
    _open: Decimal | None = None
    _high = _low = ZERO
    _opened: datetime

    def __init__(self, bar_size: Number) -> None:
        self._bar_size = to_decimal(bar_size)
        if self._bar_size <= 0:
            raise ConsolidationError(f"The bar size of a Renko consolidator must be positive; it was {bar_size}.")

    @property
    def type(self) -> RenkoType:
        """The kind of the bars."""
        return RenkoType.WICKED

    @property
    def bar_size(self) -> float:
        """The size of a brick."""
        return float(self._bar_size)

    @property
    def working_data(self) -> BaseData | None:
        """The bar that was made last, as a copy."""
        return None if self._working is None else self._working.clone()

    @property
    def output_type(self) -> builtins.type[RenkoBar]:
        """The type of data that is made."""
        return RenkoBar

    def update(self, data: BaseData) -> None:
        """Take a data point in."""
        rate = data.exact_price
        if self._open is None:
            rate = self.get_closest_multiple(rate, self._bar_size)
            self._open = self._high = self._low = rate
            self._opened = data.time
            return
        if rate > self._high:
            self._high = rate
        if rate < self._low:
            self._low = rate
        if rate > self._open:
            self._move(data, rate, rising=True)
        elif rate < self._open:
            self._move(data, rate, rising=False)

    def _move(self, data: BaseData, rate: Decimal, *, rising: bool) -> None:
        """Make the bars of a price above (or below) the open."""
        last = self._last
        step = self._bar_size if rising else -self._bar_size
        wanted = BarDirection.RISING if rising else BarDirection.FALLING
        if last is not None and last.direction != wanted:
            limit = last.exact_open + step
            if not (rate > limit if rising else rate < limit):
                return
            self._make(data, last.exact_open, limit, rising=rising)
        assert self._open is not None
        limit = self._open + step
        while rate > limit if rising else rate < limit:
            self._make(data, self._open, limit, rising=rising)
            limit = self._open + step

    def _make(self, data: BaseData, start: Decimal, limit: Decimal, *, rising: bool) -> None:
        prices = (start, limit, self._low, limit) if rising else (start, self._high, limit, limit)
        time = data.time
        self._last = bar = RenkoBar.wicked(data.symbol, self._opened, time, self._bar_size, prices)
        self.on_data_consolidated(bar)
        self._opened, self._open = time, limit
        if rising:
            self._low = limit
        else:
            self._high = limit

    @staticmethod
    def get_closest_multiple(price: Number, bar_size: Number) -> Decimal:
        """Return the multiple of *bar_size* that is closest to a price."""
        value, size = to_decimal(price), to_decimal(bar_size)
        if size <= 0:
            raise ConsolidationError(f"The bar size must be positive; it was {bar_size}.")
        whole = (value / size).to_integral_value(ROUND_FLOOR)
        return size * (whole + ((value - size * whole) / size).to_integral_value())

    def _tell_author_first(self, consolidated: BaseData | None) -> None:
        self.data_consolidated(self, consolidated)
        assert isinstance(consolidated, RenkoBar)
        self._working = consolidated

    def dispose(self) -> None:
        """Let go of all listeners."""
        self.data_consolidated.clear()
        super().dispose()

    def reset(self) -> None:
        """Forget everything but who listens."""
        self._working = self._last = self._open = None
        self._high = self._low = ZERO
        super().reset()


WickedRenkoConsolidator = RenkoConsolidator


class VolumeRenkoConsolidator(ConsolidatorBase):
    """Bars of equal volume; what a data point has more goes into the next bars."""

    data_consolidated = EventMember("Raised with sender and bar when a bar is made, after the engine was told.")

    _current: VolumeRenkoBar | None = None

    def __init__(self, bar_size: Number) -> None:
        self._bar_size = to_decimal(bar_size)

    @property
    def working_data(self) -> BaseData | None:
        """The bar that is being made."""
        return self._current

    @property
    def output_type(self) -> type:
        """The type of data that is made."""
        return VolumeRenkoBar

    def update(self, data: BaseData) -> None:
        """Take a trade bar or a tick in; a tick that is not a trade is passed over."""
        close = data.exact_price
        if isinstance(data, TradeBar):
            start, high, low, volume = data.exact_open, data.exact_high, data.exact_low, data.exact_volume
        elif isinstance(data, Tick):
            if data.tick_type != TickType.TRADE:
                return
            start = high = low = close
            volume = data.exact_quantity
        else:
            raise ConsolidationError(
                f"{type(self).__name__} takes trade bars and ticks, but was given {type(data).__name__}."
            )
        end_time = data.end_time
        if self._current is None:
            self._current = VolumeRenkoBar(
                data.symbol, data.time, end_time, self._bar_size, (start, high, low, close), ZERO, RenkoType.CLASSIC
            )
        left = self._current.update(end_time, high, low, close, self.adjust_volume(volume, close))
        while left >= 0:
            self.on_data_consolidated(self._current)
            self._current = self._current.rollover()
            left = self._current.update(end_time, high, low, close, left)

    def adjust_volume(self, volume: Decimal, price: Decimal) -> Decimal:
        """Return what is counted: the volume."""
        return volume

    def on_data_consolidated(self, consolidated: BaseData | None) -> None:
        """Hand out a bar."""
        super().on_data_consolidated(consolidated)
        self.data_consolidated(self, consolidated)

    def reset(self) -> None:
        """Forget everything but who listens."""
        super().reset()
        self._current = None


class DollarVolumeRenkoConsolidator(VolumeRenkoConsolidator):
    """Bars of equal traded value."""

    def adjust_volume(self, volume: Decimal, price: Decimal) -> Decimal:
        """Return what is counted: the volume times the price."""
        return volume * price
