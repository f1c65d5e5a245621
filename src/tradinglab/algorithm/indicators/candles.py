"""Candles: their parts, what counts as long, short or near, and what all candlestick patterns share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from tradinglab.algorithm.indicators.base import BarIndicator
from tradinglab.algorithm.indicators.naming import named
from tradinglab.core.dual import Dual, DualEnum
from tradinglab.core.values import dataclass

if TYPE_CHECKING:
    from tradinglab.algorithm.bars import TradeBar

#: Prices are held as whole numbers of this part of a unit, so that equal decimals are equal.
_UNITS = 1e8
#: Averages are rounded to this many places of such a unit.
_PLACES = 4


class CandleColor(DualEnum):
    """White if a bar closes at or above its open."""

    BLACK = -1
    WHITE = 1


class CandleRangeType(DualEnum):
    """The part of a candle that is averaged: the body, the whole, or both shadows."""

    REAL_BODY = 0
    HIGH_LOW = 1
    SHADOWS = 2


class CandleSettingType(DualEnum):
    """What a candle is compared with."""

    BODY_LONG = 0
    BODY_VERY_LONG = 1
    BODY_SHORT = 2
    BODY_DOJI = 3
    SHADOW_LONG = 4
    SHADOW_VERY_LONG = 5
    SHADOW_SHORT = 6
    SHADOW_VERY_SHORT = 7
    NEAR = 8
    FAR = 9
    EQUAL = 10


BODY_LONG = CandleSettingType.BODY_LONG
BODY_SHORT = CandleSettingType.BODY_SHORT
BODY_DOJI = CandleSettingType.BODY_DOJI
SHADOW_LONG = CandleSettingType.SHADOW_LONG
SHADOW_VERY_LONG = CandleSettingType.SHADOW_VERY_LONG
SHADOW_SHORT = CandleSettingType.SHADOW_SHORT
SHADOW_VERY_SHORT = CandleSettingType.SHADOW_VERY_SHORT
NEAR = CandleSettingType.NEAR
FAR = CandleSettingType.FAR
EQUAL = CandleSettingType.EQUAL


class CandleSetting(Dual):
    """A bound: *factor* times the average range of the *average_period* candles before.

    Without a period it is the candle's own range that counts.
    """

    def __init__(self, range_type: CandleRangeType, average_period: int, factor: float) -> None:
        self._range_type = CandleRangeType(range_type)
        self._average_period = average_period
        self._factor = float(factor)

    @property
    def range_type(self) -> CandleRangeType:
        """The part of the candles that is averaged."""
        return self._range_type

    @property
    def average_period(self) -> int:
        """How many candles are averaged."""
        return self._average_period

    @property
    def factor(self) -> float:
        """What the average is multiplied by."""
        return self._factor


#: Several bounds.
Bounds = tuple[CandleSettingType, ...]

_BODY, _HIGH_LOW, _SHADOWS = CandleRangeType
_settings = {
    BODY_LONG: CandleSetting(_BODY, 10, 1.0),
    CandleSettingType.BODY_VERY_LONG: CandleSetting(_BODY, 10, 3.0),
    BODY_SHORT: CandleSetting(_BODY, 10, 1.0),
    BODY_DOJI: CandleSetting(_HIGH_LOW, 10, 0.1),
    SHADOW_LONG: CandleSetting(_BODY, 0, 1.0),
    SHADOW_VERY_LONG: CandleSetting(_BODY, 0, 2.0),
    SHADOW_SHORT: CandleSetting(_SHADOWS, 10, 1.0),
    SHADOW_VERY_SHORT: CandleSetting(_HIGH_LOW, 10, 0.1),
    NEAR: CandleSetting(_HIGH_LOW, 5, 0.2),
    FAR: CandleSetting(_HIGH_LOW, 5, 0.6),
    EQUAL: CandleSetting(_HIGH_LOW, 5, 0.05),
}


class CandleSettings(Dual):
    """The bounds that patterns made from now on compare candles with."""

    @staticmethod
    def get(type: CandleSettingType) -> CandleSetting:
        """Return a bound."""
        return _settings[CandleSettingType(type)]

    @staticmethod
    def set(type: CandleSettingType, setting: CandleSetting) -> None:
        """Change a bound."""
        _settings[CandleSettingType(type)] = setting


class Candle:
    """A bar's prices, in whole units, and the parts of its candle."""

    __slots__ = ("body", "bottom", "close", "color", "high", "low", "lower", "open", "ranges", "top", "upper")

    def __init__(self, bar: TradeBar) -> None:
        self.open, self.close = opening, close = round(bar.open * _UNITS), round(bar.close * _UNITS)
        self.high, self.low = high, low = round(bar.high * _UNITS), round(bar.low * _UNITS)
        is_white = close >= opening
        self.color = 1 if is_white else -1
        self.top, self.bottom = top, bottom = (close, opening) if is_white else (opening, close)
        self.body, self.upper, self.lower = top - bottom, high - top, bottom - low
        #: The ranges, by ``CandleRangeType``.
        self.ranges = (self.body, high - low, self.upper + self.lower)

    @property
    def is_white(self) -> bool:
        """Whether the bar closed at or above its open."""
        return self.color > 0

    @property
    def is_black(self) -> bool:
        """Whether the bar closed below its open."""
        return self.color < 0

    def is_above(self, other: Candle) -> bool:
        """Whether the bodies leave a gap, and this one's is the higher."""
        return self.bottom > other.top

    def is_below(self, other: Candle) -> bool:
        """Whether the bodies leave a gap, and this one's is the lower."""
        return self.top < other.bottom

    def is_inside(self, other: Candle) -> bool:
        """Whether this body lies within the other."""
        return self.top < other.top and self.bottom > other.bottom


@dataclass(frozen=True, slots=True)
class Carried:
    """How LEAN carries a total of ranges that is not the sum of the last ones.

    Attributes
    ----------
    started
        The part, and the index of the candle, that is added before the pattern is ready.
    samples
        The samples at which it is.
    begin
        The sample from which on a candle comes in and another goes out.
    added, dropped
        Their indices.
    """

    started: tuple[CandleRangeType, int]
    samples: range
    begin: int
    added: int
    dropped: int


class CandlestickPattern(BarIndicator):
    """A pattern of candles: +1 where it is found and means a rise, -1 where it means a fall, else 0.

    Some patterns only say that they are there: +1, or the colour of the candle. Index 0 is the
    newest candle, 1 the one before. The definitions are TA-Lib's, as LEAN has them.
    """

    #: The bounds whose averages are needed.
    _bounds: ClassVar[Bounds] = ()
    #: How many candles there are besides those that are averaged.
    _length: ClassVar[int] = 1
    #: One if LEAN is ready a candle later than its period says.
    _late: ClassVar[int] = 0

    @named(lambda given: type(given["self"]).__name__.upper())
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._settings = dict(_settings)
        longest = max((self._settings[bound].average_period for bound in self._bounds), default=0)
        self._warm_up_period = longest + self._length
        self._candles: list[Candle] = []
        self._carried = self._carry()
        self._clear()

    def _clear(self) -> None:
        self._candles.clear()
        self._totals = dict.fromkeys(self._carried, 0)

    @property
    def period(self) -> int:
        """How many bars are looked at."""
        return self._warm_up_period

    @property
    def is_ready(self) -> bool:
        """Whether enough bars were seen."""
        return self._samples >= self._warm_up_period + self._late

    def _next(self, bar: TradeBar) -> float:
        candles = self._candles
        candles.insert(0, Candle(bar))
        del candles[self._warm_up_period :]
        value = self._watch(candles)
        for (bound, index), rule in self._carried.items():
            self._totals[bound, index] += self._change(bound, rule, candles)
        return float(value)

    def _watch(self, candles: list[Candle]) -> int:
        """Return the value, given the candles so far."""
        return self._find(candles) if self.is_ready else 0

    def _find(self, candles: list[Candle]) -> int:
        """Return the value, given all candles, newest first."""
        raise NotImplementedError

    # What candles are compared with

    def _average(self, bound: CandleSettingType, index: int) -> float:
        """Return a bound for the candle of that index."""
        setting = self._settings[bound]
        part, period = setting.range_type, setting.average_period
        if not period:
            mean: float = self._candles[index].ranges[part]
        elif (bound, index) in self._totals:
            mean = self._totals[bound, index] / period
        else:
            mean = sum(candle.ranges[part] for candle in self._candles[index + 1 : index + 1 + period]) / period
        return round(setting.factor * mean / (2 if part is _SHADOWS else 1), _PLACES)

    def _is_long(self, index: int) -> bool:
        return self._candles[index].body > self._average(BODY_LONG, index)

    def _is_short(self, index: int) -> bool:
        return self._candles[index].body < self._average(BODY_SHORT, index)

    def _is_not_short(self, index: int) -> bool:
        return self._candles[index].body > self._average(BODY_SHORT, index)

    def _is_not_long(self, index: int) -> bool:
        return self._candles[index].body <= self._average(BODY_SHORT, index)

    def _is_doji(self, index: int) -> bool:
        return self._candles[index].body <= self._average(BODY_DOJI, index)

    def _has_no_upper(self, index: int) -> bool:
        return self._candles[index].upper < self._average(SHADOW_VERY_SHORT, index)

    def _has_no_lower(self, index: int) -> bool:
        return self._candles[index].lower < self._average(SHADOW_VERY_SHORT, index)

    def _are_equal(self, price: int, other: int, index: int) -> bool:
        """Whether two prices are equal, as candles before that of the index go."""
        bound = self._average(EQUAL, index)
        return other - bound <= price <= other + bound

    # Totals that LEAN carries its own way

    def _carry(self) -> Mapping[tuple[CandleSettingType, int], Carried]:
        """Return the totals that are carried, by the bound and the index of the candle that they are for."""
        return {}

    def _change(self, bound: CandleSettingType, rule: Carried, candles: list[Candle]) -> int:
        if self._samples >= rule.begin:
            part = self._settings[bound].range_type
            return candles[rule.added].ranges[part] - candles[rule.dropped].ranges[part]
        part, index = rule.started
        return candles[index].ranges[part] if self._samples in rule.samples else 0


class Penetrating(CandlestickPattern):
    """A pattern whose last candle must reach a part of the way into the body of the first."""

    @named(lambda given: type(given["self"]).__name__.upper())
    def __init__(self, name: str, penetration: float = 0.3) -> None:
        super().__init__(name)
        self._penetration = float(penetration)

    def _reach(self, candle: Candle) -> float:
        """Return how far into a candle's body that is."""
        return round(candle.body * self._penetration, _PLACES)
