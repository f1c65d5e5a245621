"""Volume by price and by time of day."""

from __future__ import annotations

from collections import deque
from datetime import datetime, time
from math import ceil
from typing import TYPE_CHECKING, ClassVar

from tradinglab.algorithm.indicators.base import IndicatorBase, InputKind, TradeBarIndicator
from tradinglab.algorithm.indicators.moving_averages import SimpleMovingAverage, Sum
from tradinglab.algorithm.indicators.naming import named
from tradinglab.core.decimals import to_decimal

if TYPE_CHECKING:
    from decimal import Decimal

    from tradinglab.algorithm.bars import TradeBar


class MarketProfile(TradeBarIndicator):
    """How often, or with how much volume, each price was met in the last ``period`` bars.

    The value is the price met most, the point of control. Prices are rounded up to
    ``price_range_round_off``. The value area around it holds ``value_area_volume_percentage`` of all.
    """

    def __init__(
        self,
        name: str,
        period: int = 2,
        value_area_volume_percentage: float = 0.70,
        price_range_round_off: float = 0.05,
    ) -> None:
        if price_range_round_off <= 0:
            raise ValueError(f"The rounding of prices must be greater than zero; it was {price_range_round_off}.")
        super().__init__(name)
        self._warm_up_period = period
        self._share, self._steps = float(value_area_volume_percentage), 1 / to_decimal(price_range_round_off)
        self._points: deque[tuple[float, float]] = deque()
        self._total = Sum(name + "_Sum", period)
        self._parts = (self._total,)
        self._volumes: dict[float, float] = {}
        self._control = self._control_volume = self._area_volume = 0.0
        self._edges = self._area = (0.0, 0.0)

    @property
    def volume_per_price(self) -> dict[float, float]:
        """The volume at each price, from low to high."""
        return dict(sorted(self._volumes.items()))

    @property
    def profile_high(self) -> float:
        """The highest price."""
        return self._edges[1]

    @property
    def profile_low(self) -> float:
        """The lowest price."""
        return self._edges[0]

    @property
    def poc_price(self) -> float:
        """The price met most."""
        return self._control

    @property
    def poc_volume(self) -> float:
        """The volume at that price."""
        return self._control_volume

    @property
    def value_area_volume(self) -> float:
        """The volume that the value area is to hold."""
        return self._area_volume

    @property
    def value_area_high(self) -> float:
        """The highest price of the value area."""
        return self._area[1]

    @property
    def value_area_low(self) -> float:
        """The lowest price of the value area."""
        return self._area[0]

    def _volume_of(self, data: TradeBar) -> float:
        raise NotImplementedError

    def _next(self, data: TradeBar) -> float:
        self._take(data.time, data.close, self._volume_of(data))
        prices = sorted(self._volumes)
        volumes = [self._volumes[price] for price in prices]
        self._area_volume = self._total._value() * self._share
        if not prices:
            self._control = self._control_volume = 0.0
            self._edges = self._area = (0.0, 0.0)
            return 0.0
        control = _largest(volumes)
        low, high = _value_area(volumes, control, self._area_volume)
        self._control, self._control_volume = prices[control], volumes[control]
        self._edges, self._area = (prices[0], prices[-1]), (prices[low], prices[high])
        return self._control

    def _take(self, when: datetime, close: float, volume: float) -> None:
        """Count a bar, and take out the one that leaves the window."""
        self._points.append((close, volume))
        price = self._rounded(close)
        self._volumes[price] = self._volumes.get(price, 0.0) + volume
        self._total.update(when, volume)
        if len(self._points) > self._warm_up_period:
            close, volume = self._points.popleft()
            price = self._rounded(close)
            if price in self._volumes:
                self._volumes[price] -= volume
                if self._volumes[price] == 0:
                    del self._volumes[price]

    def _rounded(self, price: float) -> float:
        exact: Decimal = to_decimal(price)
        return float(ceil(exact * self._steps) / self._steps)

    def _clear(self) -> None:
        super()._clear()
        self._points.clear()
        self._volumes.clear()


def _largest(volumes: list[float]) -> int:
    """Return the place of the largest volume; of equal ones, that nearest the middle."""
    best, middle = 0, (len(volumes) - 1) // 2
    for place, volume in enumerate(volumes):
        nearer = volume == volumes[best] and abs(middle - place) < abs(middle - best)
        if volume > volumes[best] or nearer:
            best = place
    return best


def _value_area(volumes: list[float], control: int, wanted: float) -> tuple[int, int]:
    """Return the edges of the area around *control*, grown by the larger neighbour until it holds what is wanted."""
    low = high = control
    held = volumes[control]
    while held <= wanted and wanted != 0:
        below = volumes[low - 1] if low > 0 else 0.0
        above = volumes[high + 1] if high < len(volumes) - 1 else 0.0
        if below == 0 and above == 0:
            break
        if above == 0 or (below != 0 and below > above):
            low, held = low - 1, held + below
        else:
            high, held = high + 1, held + above
    return low, high


class VolumeProfile(MarketProfile):
    """Volume by price."""

    @named("VP({period},{value_area_volume_percentage},{price_range_round_off})")
    def __init__(
        self,
        name: str,
        period: int = 2,
        value_area_volume_percentage: float = 0.70,
        price_range_round_off: float = 0.05,
    ) -> None:
        super().__init__(name, period, value_area_volume_percentage, price_range_round_off)

    def _volume_of(self, data: TradeBar) -> float:
        return data.volume


class TimeProfile(MarketProfile):
    """Number of bars by price."""

    @named("TP({period},{value_area_volume_percentage},{price_range_round_off})")
    def __init__(
        self,
        name: str,
        period: int = 2,
        value_area_volume_percentage: float = 0.70,
        price_range_round_off: float = 0.05,
    ) -> None:
        super().__init__(name, period, value_area_volume_percentage, price_range_round_off)

    def _volume_of(self, data: TradeBar) -> float:
        return 1.0


class RelativeDailyVolume(IndicatorBase):
    """The day's volume so far by the average of ``period`` days at the same time of day."""

    input_kind: ClassVar[InputKind] = "trade_bar"

    @named("RDV({period})")
    def __init__(self, name: str, period: int = 2) -> None:
        super().__init__(name)
        self._period = period
        self._averages: dict[time, SimpleMovingAverage] = {}
        self._today: dict[datetime, float] = {}
        self._day, self._days = -1, -1

    @property
    def is_ready(self) -> bool:
        """Whether ``period`` days are over."""
        return self._days >= self._period

    def _next(self, data: TradeBar) -> float:
        when = data.time
        if when.day != self._day:
            self._end_day()
            self._day, self._days = when.day, self._days + 1
        self._today[when] = data.volume
        usual = self._usual(when.time()) if self.is_ready else 0.0
        total = 0.0
        for volume in self._today.values():
            total += volume
        return total / usual if usual else 0.0

    def _end_day(self) -> None:
        """Take the volumes of a day into the averages by time of day."""
        total = 0.0
        for when, volume in self._today.items():
            total += volume
            average = self._averages.setdefault(when.time(), SimpleMovingAverage(self._period))
            average.update(when, total)
        self._today.clear()

    def _usual(self, now: time) -> float:
        """Return the average at a time of day; at one that was never met, that of the time before it."""
        if now in self._averages:
            return self._averages[now]._value()
        times = sorted(self._averages)
        later = next((place for place in range(1, len(times)) if times[place] > now), None)
        return 0.0 if later is None else self._averages[times[later - 1]]._value()

    def _clear(self) -> None:
        self._averages.clear()
        self._today.clear()
        self._day, self._days = -1, -1
