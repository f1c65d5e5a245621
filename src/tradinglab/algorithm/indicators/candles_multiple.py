"""Patterns of more than three candles."""

from __future__ import annotations

from collections.abc import Mapping

from tradinglab.algorithm.indicators.candles import (
    BODY_LONG,
    BODY_SHORT,
    NEAR,
    SHADOW_VERY_SHORT,
    Candle,
    CandleSettingType,
    CandlestickPattern,
    Carried,
    Penetrating,
)
from tradinglab.algorithm.indicators.naming import named

#: How many candles after a hikkake may confirm it.
_CONFIRMING = 3


class ThreeBlackCrows(CandlestickPattern):
    """Three black crows: after a white candle, falling black ones without lower shadows, each from in the last; -1."""

    _bounds = (SHADOW_VERY_SHORT,)
    _length = 4

    def _find(self, candles: list[Candle]) -> int:
        last, middle, first, before = candles[:4]
        if not (before.is_white and first.is_black and middle.is_black and last.is_black):
            return 0
        is_within = first.close < middle.open < first.open and middle.close < last.open < middle.open
        is_falling = before.high > first.close > middle.close > last.close
        return -int(is_within and is_falling and all(map(self._has_no_lower, (2, 1, 0))))


class ThreeLineStrike(CandlestickPattern):
    """Three line strike: three candles one way, and one of the other colour back over all; the three's colour."""

    _bounds = (NEAR,)
    _length = 4

    def _find(self, candles: list[Candle]) -> int:
        last, third, second, first = candles[:4]
        if not (first.color == second.color == third.color != last.color):
            return 0
        if third.is_white:
            is_strike = third.close > second.close > first.close and last.open > third.close and last.close < first.open
        else:
            is_strike = third.close < second.close < first.close and last.open < third.close and last.close > first.open
        return third.color if is_strike and self._is_near(second, first, 3) and self._is_near(third, second, 2) else 0

    def _is_near(self, candle: Candle, before: Candle, index: int) -> bool:
        """Return whether a candle opens within or near the body before, whose index is given."""
        near = self._average(NEAR, index)
        return before.bottom - near <= candle.open <= before.top + near


class ConcealedBabySwallow(CandlestickPattern):
    """Concealing baby swallow: two black marubozu, a gap down with an upper shadow back, and a black engulfing; +1."""

    _bounds = (SHADOW_VERY_SHORT,)
    _length = 4

    def _find(self, candles: list[Candle]) -> int:
        last, third, second, first = candles[:4]
        if not (first.is_black and second.is_black and third.is_black and last.is_black and third.is_below(second)):
            return 0
        is_swallowed = last.high > third.high > second.close and last.low < third.low
        if not (is_swallowed and third.upper > self._average(SHADOW_VERY_SHORT, 1)):
            return 0
        return int(all(self._has_no_lower(index) and self._has_no_upper(index) for index in (3, 2)))


class Breakaway(CandlestickPattern):
    """Breakaway: a gap after a long candle, two more the same way, and one back into the gap; its colour."""

    _bounds = (BODY_LONG,)
    _length = 5

    def _find(self, candles: list[Candle]) -> int:
        last, fourth, third, second, first = candles[:5]
        if not (first.color == second.color == fourth.color != last.color):
            return 0
        if first.is_black:
            goes_on = second.is_below(first) and _are_lower(second, third, fourth)
            is_back = second.open < last.close < first.close
        else:
            goes_on = second.is_above(first) and _are_lower(fourth, third, second)
            is_back = first.close < last.close < second.open
        return last.color if goes_on and is_back and self._is_long(4) else 0


class LadderBottom(CandlestickPattern):
    """Ladder bottom: three falling black candles, one with an upper shadow, and a white one above its high; +1."""

    _bounds = (SHADOW_VERY_SHORT,)
    _length = 5

    def _find(self, candles: list[Candle]) -> int:
        last, fourth, third, second, first = candles[:5]
        if not (first.is_black and second.is_black and third.is_black and fourth.is_black and last.is_white):
            return 0
        is_falling = first.open > second.open > third.open and first.close > second.close > third.close
        is_turning = last.open > fourth.open and last.close > fourth.high
        return int(is_falling and is_turning and fourth.upper > self._average(SHADOW_VERY_SHORT, 1))


class MatHold(Penetrating):
    """Mat hold: a long white candle, a gap up, three short ones that fall but hold, and a new high; +1."""

    _bounds = (BODY_SHORT, BODY_LONG)
    _length = 5
    _late = 1

    @named("MATHOLD")
    def __init__(self, name: str, penetration: float = 0.5) -> None:
        super().__init__(name, penetration)

    def _find(self, candles: list[Candle]) -> int:
        last, fourth, third, second, first = candles[:5]
        if not (first.is_white and second.is_black and last.is_white and second.is_above(first)):
            return 0
        is_new_high = last.open > fourth.close and last.close > max(second.high, third.high, fourth.high)
        if not (is_new_high and self._holds(first, third) and self._holds(first, fourth)):
            return 0
        is_falling = third.top < second.open and fourth.top < third.top
        return int(is_falling and self._is_long(4) and all(map(self._is_short, (3, 2, 1))))

    def _holds(self, first: Candle, candle: Candle) -> bool:
        """Return whether a candle falls back into the first body, but not too far."""
        return first.close - self._reach(first) < candle.bottom < first.close


class RiseFallThreeMethods(CandlestickPattern):
    """Rising or falling three methods: a long candle, three short ones back in it, and a long one on; its colour."""

    _bounds = (BODY_SHORT, BODY_LONG)
    _length = 5
    _late = 1

    def _find(self, candles: list[Candle]) -> int:
        last, fourth, third, second, first = candles[:5]
        color = first.color
        if not (last.color == color and second.color == third.color == fourth.color == -color):
            return 0
        if not all(each.bottom < first.high and each.top > first.low for each in (second, third, fourth)):
            return 0
        goes_back = third.close * color < second.close * color and fourth.close * color < third.close * color
        goes_on = last.open * color > fourth.close * color and last.close * color > first.close * color
        are_long = goes_back and goes_on and self._is_long(4) and self._is_long(0)
        return color if are_long and all(map(self._is_short, (3, 2, 1))) else 0


class Hikkake(CandlestickPattern):
    """Hikkake: an inside bar, then a bar beyond it, ±1 against that; ±2 when one of the next three closes back."""

    _length = 6

    def _clear(self) -> None:
        super()._clear()
        self._direction = self._left = 0
        self._inside: Candle | None = None

    def _watch(self, candles: list[Candle]) -> int:
        direction = self._turn(candles)
        if direction:
            self._direction, self._left, self._inside = direction, _CONFIRMING, candles[1]
            value = direction
        else:
            value = self._confirm(candles[0])
        return value if self.is_ready else 0

    def _turn(self, candles: list[Candle]) -> int:
        """Return which way the newest candle says that prices will go, 0 if it says nothing."""
        return _break_of(candles) if len(candles) >= 3 and _is_inside(candles[1], candles[2]) else 0

    def _confirm(self, last: Candle) -> int:
        inside, direction = self._inside, self._direction
        if inside is None or not self._left:
            return 0
        self._left -= 1
        if not (last.close > inside.high if direction > 0 else last.close < inside.low):
            return 0
        self._left = 0
        return 2 * direction


class HikkakeModified(Hikkake):
    """Modified hikkake: a hikkake whose inside bar lies in another, which closes near the extreme that is broken."""

    _bounds = (NEAR,)

    def _turn(self, candles: list[Candle]) -> int:
        if self._samples < self._warm_up_period - 3:
            return 0
        if not (_is_inside(candles[2], candles[3]) and _is_inside(candles[1], candles[2])):
            return 0
        direction, middle, near = _break_of(candles), candles[2], self._average(NEAR, 2)
        is_near = middle.close <= middle.low + near if direction > 0 else middle.close >= middle.high - near
        return direction if is_near else 0

    def _carry(self) -> Mapping[tuple[CandleSettingType, int], Carried]:
        near, begin = self._settings[NEAR], self._warm_up_period - 3
        return {(NEAR, 2): Carried((near.range_type, 2), range(begin - near.average_period, begin), begin, 2, -1)}


def _are_lower(first: Candle, second: Candle, third: Candle) -> bool:
    """Return whether each of three candles has a lower high and a lower low than the one before."""
    return first.high > second.high > third.high and first.low > second.low > third.low


def _is_inside(candle: Candle, before: Candle) -> bool:
    """Return whether a candle lies within the one before, shadows and all."""
    return candle.high < before.high and candle.low > before.low


def _break_of(candles: list[Candle]) -> int:
    """Return 1 if the newest candle has a lower high and low than the one before, -1 if both are higher."""
    last, before = candles[:2]
    if last.high < before.high and last.low < before.low:
        return 1
    return -int(last.high > before.high and last.low > before.low)
