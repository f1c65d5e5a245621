"""Patterns of two candles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from tradinglab.algorithm.indicators.candles import (
    BODY_DOJI,
    BODY_LONG,
    BODY_SHORT,
    EQUAL,
    NEAR,
    SHADOW_LONG,
    SHADOW_VERY_SHORT,
    Bounds,
    Candle,
    CandleSettingType,
    CandlestickPattern,
    Carried,
    Penetrating,
)
from tradinglab.algorithm.indicators.naming import named


class _Shadowed(CandlestickPattern):
    """A short body with one long shadow."""

    _bounds: ClassVar[Bounds] = (BODY_SHORT, SHADOW_LONG, SHADOW_VERY_SHORT)
    _length = 2

    def _is_over_shadow(self) -> bool:
        has_shadow = self._candles[0].lower > self._average(SHADOW_LONG, 0)
        return has_shadow and self._has_no_upper(0) and self._is_short(0)

    def _is_under_shadow(self) -> bool:
        has_shadow = self._candles[0].upper > self._average(SHADOW_LONG, 0)
        return has_shadow and self._has_no_lower(0) and self._is_short(0)


class Hammer(_Shadowed):
    """Hammer: a short body over a long lower shadow, near or below the low before; +1."""

    _bounds = (*_Shadowed._bounds, NEAR)

    def _find(self, candles: list[Candle]) -> int:
        last, before = candles[:2]
        return int(self._is_over_shadow() and last.bottom <= before.low + self._average(NEAR, 1))


class HangingMan(_Shadowed):
    """Hanging man: a short body over a long lower shadow, near or above the high before; -1."""

    _bounds = (*_Shadowed._bounds, NEAR)

    def _find(self, candles: list[Candle]) -> int:
        last, before = candles[:2]
        return -int(self._is_over_shadow() and last.bottom >= before.high - self._average(NEAR, 1))


class InvertedHammer(_Shadowed):
    """Inverted hammer: a short body under a long upper shadow, below the body before; +1."""

    def _find(self, candles: list[Candle]) -> int:
        last, before = candles[:2]
        return int(last.is_below(before) and self._is_under_shadow())


class ShootingStar(_Shadowed):
    """Shooting star: a short body under a long upper shadow, above the body before; -1."""

    def _find(self, candles: list[Candle]) -> int:
        last, before = candles[:2]
        return -int(last.is_above(before) and self._is_under_shadow())


class Engulfing(CandlestickPattern):
    """Engulfing: a body that contains the one before, of the other colour; the value is its colour."""

    _length = 3

    def _find(self, candles: list[Candle]) -> int:
        last, before = candles[:2]
        return last.color if last.color != before.color and before.is_inside(last) else 0


class Harami(CandlestickPattern):
    """Harami: a body that is not long within the long one before; the value is the reverse of that one's colour."""

    _bounds = (BODY_LONG, BODY_SHORT)
    _length = 2

    def _find(self, candles: list[Candle]) -> int:
        last, before = candles[:2]
        return -before.color if last.is_inside(before) and self._is_long(1) and self._is_not_long(0) else 0


class HaramiCross(CandlestickPattern):
    """Harami cross: a doji within the long body before; the value is the reverse of that one's colour."""

    _bounds = (BODY_LONG, BODY_DOJI)
    _length = 2

    def _find(self, candles: list[Candle]) -> int:
        last, before = candles[:2]
        return -before.color if last.is_inside(before) and self._is_long(1) and self._is_doji(0) else 0


class HomingPigeon(CandlestickPattern):
    """Homing pigeon: a black body that is not long within the long black one before; +1."""

    _bounds = (BODY_LONG, BODY_SHORT)
    _length = 2

    def _find(self, candles: list[Candle]) -> int:
        last, before = candles[:2]
        is_found = last.is_black and before.is_black and last.is_inside(before)
        return int(is_found and self._is_long(1) and self._is_not_long(0))


class DojiStar(CandlestickPattern):
    """Doji star: a doji that leaves a gap to the long body before, the way that one went; its reverse is the value."""

    _bounds = (BODY_LONG, BODY_DOJI)
    _length = 2

    def _find(self, candles: list[Candle]) -> int:
        last, before = candles[:2]
        leaves_gap = last.is_above(before) if before.is_white else last.is_below(before)
        return -before.color if leaves_gap and self._is_long(1) and self._is_doji(0) else 0


class _FromBelow(CandlestickPattern):
    """A long black candle, then a white one that opens below its low."""

    _bounds: ClassVar[Bounds] = (BODY_LONG, EQUAL)
    _length = 2

    def _is_from_below(self) -> bool:
        last, before = self._candles[:2]
        return before.is_black and last.is_white and last.open < before.low and self._is_long(1)


class DarkCloudCover(Penetrating):
    """Dark cloud cover: after a long white candle, a black one from above its high into its body; -1."""

    _bounds = (BODY_LONG,)
    _length = 2

    @named("DARKCLOUDCOVER")
    def __init__(self, name: str, penetration: float = 0.5) -> None:
        super().__init__(name, penetration)

    def _find(self, candles: list[Candle]) -> int:
        last, before = candles[:2]
        if not (before.is_white and last.is_black and last.open > before.high and self._is_long(1)):
            return 0
        return -int(before.open < last.close < before.close - self._reach(before))


class Piercing(_FromBelow):
    """Piercing: after a long black candle, a long white one from below its low to above the middle of its body; +1."""

    _bounds = (BODY_LONG,)

    def _find(self, candles: list[Candle]) -> int:
        last, before = candles[:2]
        if not (self._is_from_below() and self._is_long(0)):
            return 0
        return int(before.close + before.body / 2 < last.close < before.open)


class InNeck(_FromBelow):
    """In neck: after a long black candle, a white one from below its low that closes just at its close; -1."""

    def _find(self, candles: list[Candle]) -> int:
        last, before = candles[:2]
        if not self._is_from_below():
            return 0
        return -int(before.close <= last.close <= before.close + self._average(EQUAL, 1))


class OnNeck(_FromBelow):
    """On neck: after a long black candle, a white one from below its low that closes at its low; -1."""

    def _find(self, candles: list[Candle]) -> int:
        last, before = candles[:2]
        if not self._is_from_below():
            return 0
        return -int(self._are_equal(last.close, before.low, 1))


class Thrusting(_FromBelow):
    """Thrusting: after a long black candle, a white one from below its low into the lower half of its body; -1."""

    def _find(self, candles: list[Candle]) -> int:
        last, before = candles[:2]
        if not self._is_from_below():
            return 0
        return -int(before.close + self._average(EQUAL, 1) < last.close <= before.close + before.body / 2)


class Counterattack(CandlestickPattern):
    """Counterattack: two long candles of different colours with equal closes; the value is the last one's colour."""

    _bounds = (BODY_LONG, EQUAL)
    _length = 2

    def _find(self, candles: list[Candle]) -> int:
        last, before = candles[:2]
        if last.color == before.color or not self._are_equal(last.close, before.close, 1):
            return 0
        return last.color if self._is_long(1) and self._is_long(0) else 0

    def _carry(self) -> Mapping[tuple[CandleSettingType, int], Carried]:
        equal, period = self._settings[EQUAL], self._warm_up_period
        samples = range(period - equal.average_period, period)
        return {(EQUAL, 1): Carried((equal.range_type, 1), samples, period, 0, equal.average_period + 1)}


class MatchingLow(CandlestickPattern):
    """Matching low: two black candles with equal closes; +1."""

    _bounds = (EQUAL,)
    _length = 2

    def _find(self, candles: list[Candle]) -> int:
        last, before = candles[:2]
        return int(last.is_black and before.is_black and self._are_equal(last.close, before.close, 1))


class SeparatingLines(CandlestickPattern):
    """Separating lines: a long candle that opens where the other-coloured one before did, its extreme; its colour."""

    _bounds = (SHADOW_VERY_SHORT, BODY_LONG, EQUAL)
    _length = 2

    def _find(self, candles: list[Candle]) -> int:
        last, before = candles[:2]
        if last.color == before.color or not self._are_equal(last.open, before.open, 1):
            return 0
        has_edge = self._has_no_lower if last.is_white else self._has_no_upper
        return last.color if has_edge(0) and self._is_long(0) else 0


class _Kick(CandlestickPattern):
    """Two marubozu of different colours with a gap between."""

    _bounds = (SHADOW_VERY_SHORT, BODY_LONG)
    _length = 2

    def _is_kick(self) -> bool:
        last, before = self._candles[:2]
        leaves_gap = last.low > before.high if last.is_white else last.high < before.low
        return leaves_gap and last.color != before.color and self._is_marubozu(1) and self._is_marubozu(0)

    def _is_marubozu(self, index: int) -> bool:
        return self._is_long(index) and self._has_no_upper(index) and self._has_no_lower(index)


class Kicking(_Kick):
    """Kicking: two marubozu of different colours with a gap between; the value is the last one's colour."""

    def _find(self, candles: list[Candle]) -> int:
        return candles[0].color if self._is_kick() else 0


class KickingByLength(_Kick):
    """Kicking by length: two marubozu of different colours with a gap between; the colour of the longer one."""

    def _find(self, candles: list[Candle]) -> int:
        last, before = candles[:2]
        longer = last if last.body > before.body else before
        return longer.color if self._is_kick() else 0
