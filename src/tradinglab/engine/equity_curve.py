"""The account's value as candles: from sample to sample, each opening where the one before has closed.

A value that is only noted is worked out when the candles are first looked at, together with all others.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from tradinglab.algorithm.securities.noted_values import NotedValue, exact_values
from tradinglab.core.decimals import ZERO, round_half_even

_PLACES = 4
_LONG_AGO = -(1 << 62)
_new = tuple.__new__  # makes a named tuple without the call of Python code that its own name is


class Candle(NamedTuple):
    """The account's value since the sample before."""

    time_ns: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


class EquityCandles:
    """Makes candles of values that are seen and of samples, each of which ends one."""

    def __init__(self) -> None:
        self._candles: list[Candle] = []
        self._last_ns = _LONG_AGO
        #: Samples that were not made candles yet.
        self._noted: list[tuple[int, NotedValue | Decimal]] = []
        #: Open, high, low and close of the candle in the making, if more is in it than its sample.
        self._bar: tuple[Decimal, Decimal, Decimal, Decimal] | None = None
        #: A value as it was last taken, and as it is charted.
        self._charted: tuple[Decimal | None, Decimal] = (None, ZERO)

    def see(self, value: NotedValue | Decimal) -> None:
        """Take a value into the candle that is being made."""
        self.settle()
        close = self._chart(exact_values([value])[0])
        if self._bar is None:
            first = high = low = self._candles[-1].close if self._candles else close
        else:
            first, high, low, _ = self._bar
        self._bar = (first, max(high, close), min(low, close), close)

    def sample(self, utc_ns: int, value: NotedValue | Decimal) -> None:
        """End a candle with a value; it is dropped if it is not newer than the last."""
        is_newer, bar = utc_ns > self._last_ns, self._bar
        if bar is not None:
            self.see(value)
            bar, self._bar = self._bar, None
        if is_newer:
            self._last_ns = utc_ns
            if bar is None:
                self._noted.append((utc_ns, value))
            else:
                self._candles.append(_new(Candle, (utc_ns, *bar)))

    def drop(self) -> None:
        """Forget what was seen since the last candle."""
        self._bar = None

    def settle(self) -> None:
        """Make the samples candles that were only noted."""
        noted, self._noted = self._noted, []
        if not noted:
            return
        values = exact_values([value for _, value in noted])
        before = self._candles[-1].close if self._candles else None
        for (utc_ns, _), value in zip(noted, values, strict=True):
            close = self._chart(value)
            first = high = low = close if before is None else before
            if close > first:
                high = close
            elif close < first:
                low = close
            self._candles.append(_new(Candle, (utc_ns, first, high, low, close)))
            before = close

    def _chart(self, exact: Decimal) -> Decimal:
        if exact is not self._charted[0]:
            self._charted = (exact, round_half_even(exact, _PLACES))
        return self._charted[1]

    @property
    def candles(self) -> list[Candle]:
        """The candles so far."""
        self.settle()
        return self._candles
