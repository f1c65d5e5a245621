"""Patterns of three candles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from tradinglab.algorithm.indicators.candles import (
    BODY_DOJI,
    BODY_LONG,
    BODY_SHORT,
    EQUAL,
    FAR,
    NEAR,
    SHADOW_LONG,
    SHADOW_SHORT,
    SHADOW_VERY_SHORT,
    Bounds,
    Candle,
    CandleSettingType,
    CandlestickPattern,
    Carried,
    Penetrating,
)


class AbandonedBaby(Penetrating):
    """Abandoned baby: a doji with gaps to a long candle before and one of the other colour after; that one's colour."""

    _bounds = (BODY_DOJI, BODY_LONG, BODY_SHORT)
    _length = 2
    _late = 1

    def _find(self, candles: list[Candle]) -> int:
        last, doji, first = candles[:3]
        if last.color == first.color:
            return 0
        if first.is_white:
            is_apart = doji.low > first.high and last.high < doji.low
            is_through = last.close < first.close - self._reach(first)
        else:
            is_apart = doji.high < first.low and last.low > doji.high
            is_through = last.close > first.close + self._reach(first)
        is_found = is_apart and is_through and self._is_long(2) and self._is_doji(1) and self._is_not_short(0)
        return last.color if is_found else 0

    def _carry(self) -> Mapping[tuple[CandleSettingType, int], Carried]:
        begin = self._warm_up_period + 1

        def carried(bound: CandleSettingType, index: int, beyond: int) -> Carried:
            setting = self._settings[bound]
            samples = range(begin - setting.average_period, begin)
            return Carried((setting.range_type, index), samples, begin, index, setting.average_period + beyond)

        long, doji, short = carried(BODY_LONG, 2, -1), carried(BODY_DOJI, 1, 0), carried(BODY_SHORT, 0, 1)
        return {(BODY_LONG, 2): long, (BODY_DOJI, 1): doji, (BODY_SHORT, 0): short}


class EveningStar(Penetrating):
    """Evening star: a body that is not long above a long white one, then a black one into that; -1."""

    _bounds: ClassVar[Bounds] = (BODY_SHORT, BODY_LONG)
    _length = 3

    def _find(self, candles: list[Candle]) -> int:
        last, star, first = candles[:3]
        if not (first.is_white and last.is_black and star.is_above(first)):
            return 0
        is_through = last.close < first.close - self._reach(first)
        return -int(is_through and self._is_long(2) and self._is_star() and self._is_not_short(0))

    def _is_star(self) -> bool:
        return self._is_not_long(1)


class EveningDojiStar(EveningStar):
    """Evening doji star: a doji above a long white body, then a black body into that; -1."""

    _bounds = (BODY_DOJI, BODY_LONG, BODY_SHORT)

    def _is_star(self) -> bool:
        return self._is_doji(1)


class MorningDojiStar(Penetrating):
    """Morning doji star: a doji below a long black body, then a white body into that; +1."""

    _bounds: ClassVar[Bounds] = (BODY_DOJI, BODY_LONG, BODY_SHORT)
    _length = 3

    def _find(self, candles: list[Candle]) -> int:
        last, star, first = candles[:3]
        if not (first.is_black and last.is_white and star.is_below(first)):
            return 0
        is_through = last.close > first.close + self._reach(first)
        return int(is_through and self._is_long(2) and self._is_star() and self._is_not_short(0))

    def _is_star(self) -> bool:
        return self._is_doji(1)


class MorningStar(MorningDojiStar):
    """Morning star: a body that is not long below a long black one, then a white one into that; +1."""

    _bounds = (BODY_SHORT, BODY_LONG)

    def _is_star(self) -> bool:
        return self._is_not_long(1)

    def _carry(self) -> Mapping[tuple[CandleSettingType, int], Carried]:
        short, period = self._settings[BODY_SHORT], self._warm_up_period
        samples = range(period - short.average_period - 1, period - 1)
        return {(BODY_SHORT, 0): Carried((short.range_type, 1), samples, period, 0, short.average_period)}


class TwoCrows(CandlestickPattern):
    """Two crows: a black body above a long white one, then a black one from within it into the white one; -1."""

    _bounds = (BODY_LONG,)
    _length = 3

    def _find(self, candles: list[Candle]) -> int:
        last, middle, first = candles[:3]
        if not (first.is_white and middle.is_black and last.is_black and middle.is_above(first)):
            return 0
        is_falling = middle.close < last.open < middle.open and first.open < last.close < first.close
        return -int(is_falling and self._is_long(2))


class UpsideGapTwoCrows(CandlestickPattern):
    """Upside gap two crows: a black body above a long white one, engulfed by a black one that keeps the gap; -1."""

    _bounds = (BODY_LONG, BODY_SHORT)
    _length = 3

    def _find(self, candles: list[Candle]) -> int:
        last, middle, first = candles[:3]
        if not (first.is_white and middle.is_black and last.is_black and middle.is_above(first)):
            return 0
        is_engulfed = middle.is_inside(last) and last.close > first.close
        return -int(is_engulfed and self._is_long(2) and self._is_not_long(1))


class ThreeInside(CandlestickPattern):
    """Three inside: a harami, and a close beyond the first candle's open; the reverse of the first one's colour."""

    _bounds = (BODY_SHORT, BODY_LONG)
    _length = 3

    def _find(self, candles: list[Candle]) -> int:
        last, middle, first = candles[:3]
        is_beyond = last.close < first.open if first.is_white else last.close > first.open
        if not (last.color != first.color and is_beyond and middle.is_inside(first)):
            return 0
        return -first.color if self._is_long(2) and self._is_not_long(1) else 0


class ThreeOutside(CandlestickPattern):
    """Three outside: an engulfing, and a close beyond the engulfing candle's; the value is that one's colour."""

    _length = 3

    def _find(self, candles: list[Candle]) -> int:
        last, middle, first = candles[:3]
        is_beyond = last.close > middle.close if middle.is_white else last.close < middle.close
        return middle.color if middle.color != first.color and first.is_inside(middle) and is_beyond else 0


class ThreeWhiteSoldiers(CandlestickPattern):
    """Three white soldiers: rising white candles without upper shadows, each from within the last, none small; +1."""

    _bounds = (SHADOW_VERY_SHORT, BODY_SHORT, FAR, NEAR)
    _length = 3

    def _find(self, candles: list[Candle]) -> int:
        last, middle, first = candles[:3]
        if not (_are_rising(first, middle, last) and all(map(self._has_no_upper, (2, 1, 0)))):
            return 0
        for index, candle, before in ((2, middle, first), (1, last, middle)):
            if not before.open < candle.open <= before.close + self._average(NEAR, index):
                return 0
            if candle.body <= before.body - self._average(FAR, index):
                return 0
        return int(self._is_not_short(0))


class AdvanceBlock(CandlestickPattern):
    """Advance block: rising white candles that weaken, each from within the last; -1."""

    _bounds = (SHADOW_LONG, SHADOW_SHORT, FAR, NEAR, BODY_LONG)
    _length = 3

    def _find(self, candles: list[Candle]) -> int:
        last, middle, first = candles[:3]
        if not (_are_rising(first, middle, last) and middle.open > first.open and last.open > middle.open):
            return 0
        if middle.open > first.close + self._average(NEAR, 2) or last.open > middle.close + self._average(NEAR, 1):
            return 0
        is_strong = self._is_long(2) and first.upper < self._average(SHADOW_SHORT, 2)
        return -int(is_strong and self._is_weakening(first, middle, last))

    def _is_weakening(self, first: Candle, middle: Candle, last: Candle) -> bool:
        if middle.body < first.body - self._average(FAR, 2) and last.body < middle.body + self._average(NEAR, 1):
            return True
        if last.body < middle.body - self._average(FAR, 1):
            return True
        if last.body >= middle.body:
            return False
        has_shadow = last.upper > self._average(SHADOW_SHORT, 0) or middle.upper > self._average(SHADOW_SHORT, 1)
        return (middle.body < first.body and has_shadow) or last.upper > self._average(SHADOW_LONG, 0)


class StalledPattern(CandlestickPattern):
    """Stalled pattern: two long rising white candles, then a short white one on their shoulder; -1."""

    _bounds = (BODY_LONG, BODY_SHORT, SHADOW_VERY_SHORT, NEAR)
    _length = 3

    def _find(self, candles: list[Candle]) -> int:
        last, middle, first = candles[:3]
        if not (_are_rising(first, middle, last) and self._is_long(2) and self._is_long(1) and self._has_no_upper(1)):
            return 0
        if not first.open < middle.open <= first.close + self._average(NEAR, 2):
            return 0
        is_on_shoulder = last.open >= middle.close - last.body - self._average(NEAR, 1)
        return -int(is_on_shoulder and self._is_short(0))


class IdenticalThreeCrows(CandlestickPattern):
    """Identical three crows: falling black candles without lower shadows, each from the close before; -1."""

    _bounds = (SHADOW_VERY_SHORT, EQUAL)
    _length = 3

    def _find(self, candles: list[Candle]) -> int:
        last, middle, first = candles[:3]
        is_falling = first.close > middle.close > last.close
        if not (is_falling and first.is_black and middle.is_black and last.is_black):
            return 0
        are_chained = self._are_equal(middle.open, first.close, 2) and self._are_equal(last.open, middle.close, 1)
        return -int(are_chained and all(map(self._has_no_lower, (2, 1, 0))))


class ThreeStarsInSouth(CandlestickPattern):
    """Three stars in the south: black candles that shrink, the lows rising; +1."""

    _bounds = (SHADOW_VERY_SHORT, SHADOW_LONG, BODY_LONG, BODY_SHORT)
    _length = 3

    def _find(self, candles: list[Candle]) -> int:
        last, middle, first = candles[:3]
        if not (first.is_black and middle.is_black and last.is_black and self._is_long(2)):
            return 0
        if first.lower <= self._average(SHADOW_LONG, 2) or not self._is_second(first, middle):
            return 0
        is_within = last.low > middle.low and last.high < middle.high
        return int(is_within and self._is_short(0) and self._has_no_lower(0) and self._has_no_upper(0))

    def _is_second(self, first: Candle, middle: Candle) -> bool:
        """Return whether the second candle is smaller, from within the first, and trades lower but not to its low."""
        is_smaller = middle.body < first.body and first.close < middle.open <= first.high
        trades_lower = first.low <= middle.low < first.close
        return is_smaller and trades_lower and middle.lower > self._average(SHADOW_VERY_SHORT, 1)


class UniqueThreeRiver(CandlestickPattern):
    """Unique three river: a black body within a long one but with a new low, then a short white one above that; +1."""

    _bounds = (BODY_LONG, BODY_SHORT)
    _length = 3

    def _find(self, candles: list[Candle]) -> int:
        last, middle, first = candles[:3]
        if not (first.is_black and middle.is_black and last.is_white):
            return 0
        is_harami = middle.close > first.close and middle.open <= first.open and middle.low < first.low
        return int(is_harami and last.open > middle.low and self._is_long(2) and self._is_short(0))


class StickSandwich(CandlestickPattern):
    """Stick sandwich: a white candle above the close of a black one, then a black one to that close; +1."""

    _bounds = (EQUAL,)
    _length = 3

    def _find(self, candles: list[Candle]) -> int:
        last, middle, first = candles[:3]
        is_sandwich = first.is_black and middle.is_white and last.is_black and middle.low > first.close
        return int(is_sandwich and self._are_equal(last.close, first.close, 2))

    def _carry(self) -> Mapping[tuple[CandleSettingType, int], Carried]:
        equal, period = self._settings[EQUAL], self._warm_up_period
        samples, started = range(period - equal.average_period, period), (self._settings[BODY_LONG].range_type, 2)
        return {(EQUAL, 2): Carried(started, samples, period, 2, equal.average_period + 2)}


class TasukiGap(CandlestickPattern):
    """Tasuki gap: a gap, and a candle of the other colour and like size back into it; the second one's colour."""

    _bounds = (NEAR,)
    _length = 3

    def _find(self, candles: list[Candle]) -> int:
        last, middle, first = candles[:3]
        if last.color == middle.color or not middle.bottom < last.open < middle.top:
            return 0
        if middle.is_white:
            is_into_gap = middle.is_above(first) and first.top < last.close < middle.open
        else:
            is_into_gap = middle.is_below(first) and middle.open < last.close < first.bottom
        return middle.color if is_into_gap and abs(middle.body - last.body) < self._average(NEAR, 1) else 0


class UpDownGapThreeMethods(CandlestickPattern):
    """Up/down gap three methods: a gap between like candles, closed by one of the other colour; the first's colour."""

    _length = 3

    def _find(self, candles: list[Candle]) -> int:
        last, middle, first = candles[:3]
        if not (first.color == middle.color != last.color):
            return 0
        is_closed = middle.bottom < last.open < middle.top and first.bottom < last.close < first.top
        leaves_gap = middle.is_above(first) if first.is_white else middle.is_below(first)
        return first.color if is_closed and leaves_gap else 0


class GapSideBySideWhite(CandlestickPattern):
    """Side-by-side white lines: two white candles alike beyond a gap; +1 above the first candle, -1 below."""

    _bounds = (NEAR, EQUAL)
    _length = 3

    def _find(self, candles: list[Candle]) -> int:
        last, middle, first = candles[:3]
        is_above = middle.is_above(first) and last.is_above(first)
        is_below = middle.is_below(first) and last.is_below(first)
        if not ((is_above or is_below) and middle.is_white and last.is_white):
            return 0
        are_alike = abs(last.body - middle.body) <= self._average(NEAR, 1)
        is_found = are_alike and self._are_equal(last.open, middle.open, 1)
        return (1 if is_above else -1) if is_found else 0


class Tristar(CandlestickPattern):
    """Tristar: three doji, the middle one beyond the others' bodies: -1 above them, +1 below."""

    _bounds = (BODY_DOJI,)
    _length = 3

    def _find(self, candles: list[Candle]) -> int:
        last, middle, first = candles[:3]
        bound = self._average(BODY_DOJI, 2)
        if max(first.body, middle.body, last.body) > bound:
            return 0
        if middle.is_below(first) and last.bottom > middle.bottom:
            return 1
        return -int(middle.is_above(first) and last.top < middle.top)


def _are_rising(first: Candle, middle: Candle, last: Candle) -> bool:
    """Return whether three candles are white and close ever higher."""
    return first.is_white and middle.is_white and last.is_white and first.close < middle.close < last.close
