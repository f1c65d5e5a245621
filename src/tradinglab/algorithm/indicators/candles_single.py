"""Patterns of one candle."""

from __future__ import annotations

from tradinglab.algorithm.indicators.candles import (
    BODY_DOJI,
    BODY_LONG,
    BODY_SHORT,
    NEAR,
    SHADOW_LONG,
    SHADOW_SHORT,
    SHADOW_VERY_LONG,
    SHADOW_VERY_SHORT,
    Candle,
    CandlestickPattern,
)


class BeltHold(CandlestickPattern):
    """Belt hold: a long candle that opens at its extreme; the value is its colour."""

    _bounds = (BODY_LONG, SHADOW_VERY_SHORT)

    def _find(self, candles: list[Candle]) -> int:
        last = candles[0]
        has_edge = self._has_no_lower if last.is_white else self._has_no_upper
        return last.color if self._is_long(0) and has_edge(0) else 0


class ClosingMarubozu(CandlestickPattern):
    """Closing marubozu: a long candle that closes at its extreme; the value is its colour."""

    _bounds = (BODY_LONG, SHADOW_VERY_SHORT)

    def _find(self, candles: list[Candle]) -> int:
        last = candles[0]
        has_edge = self._has_no_upper if last.is_white else self._has_no_lower
        return last.color if self._is_long(0) and has_edge(0) else 0


class Marubozu(CandlestickPattern):
    """Marubozu: a long candle with hardly any shadow; the value is its colour."""

    _bounds = (BODY_LONG, SHADOW_VERY_SHORT)

    def _find(self, candles: list[Candle]) -> int:
        is_found = self._is_long(0) and self._has_no_upper(0) and self._has_no_lower(0)
        return candles[0].color if is_found else 0


class Doji(CandlestickPattern):
    """Doji: a candle with hardly any body; +1 says no more than that."""

    _bounds = (BODY_DOJI,)

    def _find(self, candles: list[Candle]) -> int:
        return int(self._is_doji(0))


class DragonflyDoji(CandlestickPattern):
    """Dragonfly doji: hardly any body or upper shadow, and a lower shadow; +1 says no more than that."""

    _bounds = (BODY_DOJI, SHADOW_VERY_SHORT)

    def _find(self, candles: list[Candle]) -> int:
        has_shadow = candles[0].lower > self._average(SHADOW_VERY_SHORT, 0)
        return int(has_shadow and self._has_no_upper(0) and self._is_doji(0))


class GravestoneDoji(CandlestickPattern):
    """Gravestone doji: hardly any body or lower shadow, and an upper shadow; +1 says no more than that."""

    _bounds = (BODY_DOJI, SHADOW_VERY_SHORT)

    def _find(self, candles: list[Candle]) -> int:
        has_shadow = candles[0].upper > self._average(SHADOW_VERY_SHORT, 0)
        return int(has_shadow and self._has_no_lower(0) and self._is_doji(0))


class LongLeggedDoji(CandlestickPattern):
    """Long-legged doji: hardly any body, and a long shadow; +1 says no more than that."""

    _bounds = (BODY_DOJI, SHADOW_LONG)

    def _find(self, candles: list[Candle]) -> int:
        last, long = candles[0], self._average(SHADOW_LONG, 0)
        return int((last.lower > long or last.upper > long) and self._is_doji(0))


class RickshawMan(CandlestickPattern):
    """Rickshaw man: hardly any body, near the middle of two long shadows; +1 says no more than that."""

    _bounds = (BODY_DOJI, SHADOW_LONG, NEAR)

    def _find(self, candles: list[Candle]) -> int:
        last, long = candles[0], self._average(SHADOW_LONG, 0)
        if not (last.lower > long and last.upper > long and self._is_doji(0)):
            return 0
        middle, near = (last.high + last.low) / 2, self._average(NEAR, 0)
        return int(last.bottom <= middle + near and last.top >= middle - near)


class Takuri(CandlestickPattern):
    """Takuri: a dragonfly doji with a very long lower shadow; +1 says no more than that."""

    _bounds = (BODY_DOJI, SHADOW_VERY_SHORT, SHADOW_VERY_LONG)

    def _find(self, candles: list[Candle]) -> int:
        has_shadow = candles[0].lower > self._average(SHADOW_VERY_LONG, 0)
        return int(has_shadow and self._has_no_upper(0) and self._is_doji(0))


class HighWaveCandle(CandlestickPattern):
    """High wave: a short body between very long shadows; the value is its colour."""

    _bounds = (BODY_SHORT, SHADOW_VERY_LONG)

    def _find(self, candles: list[Candle]) -> int:
        last, long = candles[0], self._average(SHADOW_VERY_LONG, 0)
        return last.color if last.upper > long and last.lower > long and self._is_short(0) else 0


class SpinningTop(CandlestickPattern):
    """Spinning top: a short body between longer shadows; the value is its colour."""

    _bounds = (BODY_SHORT,)

    def _find(self, candles: list[Candle]) -> int:
        last = candles[0]
        return last.color if last.upper > last.body and last.lower > last.body and self._is_short(0) else 0


class LongLineCandle(CandlestickPattern):
    """Long line: a long body with short shadows; the value is its colour."""

    _bounds = (BODY_LONG, SHADOW_SHORT)

    def _find(self, candles: list[Candle]) -> int:
        last, short = candles[0], self._average(SHADOW_SHORT, 0)
        return last.color if last.upper < short and last.lower < short and self._is_long(0) else 0


class ShortLineCandle(CandlestickPattern):
    """Short line: a short body with short shadows; the value is its colour."""

    _bounds = (BODY_SHORT, SHADOW_SHORT)

    def _find(self, candles: list[Candle]) -> int:
        last, short = candles[0], self._average(SHADOW_SHORT, 0)
        return last.color if last.upper < short and last.lower < short and self._is_short(0) else 0
