"""What every engine is given to do: the bars, the strategies, and what must come out.

The bars are made up from fixed seeds, so that each engine, in its own process and its own virtual
environment, works on the same ones.

- ``cross``: one symbol, minute bars around the clock; buy 100 units when the 20-bar average crosses
  above the 50-bar average, sell them when it crosses below; 0.1 % of the notional per fill.
- ``rebalance``: 100 symbols, ten years of daily bars, equal weights on the first bar of each month.
- ``resting``: as ``cross``, with one limit order resting far below the market all the while.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FAST, SLOW = 20, 50
UNITS, FEE_RATE, CASH = 100, 0.001, 1_000_000
REBALANCE_DAYS, REBALANCE_SYMBOLS = 2520, 100

_MINUTE_NS = 60_000_000_000
_FIRST_NS = 1_577_836_800_000_000_000  # 2020-01-01
_FIRST_DAY = np.datetime64("2014-01-01")
_DIGITS = 4


def minute_bars(count: int) -> dict[str, Ints | Floats]:
    """Return a random walk of minute bars around the clock; more bars begin with the fewer."""

    def noise(stream: int) -> np.random.Generator:
        return np.random.default_rng([42, stream])

    moves = noise(0).standard_normal(count) * 5e-4
    gaps = noise(1).standard_normal(count) * 1e-4
    gaps[0] = 0.0
    level = np.cumsum(moves + gaps) + np.log(100.0)
    close, open_ = np.round(np.exp(level), _DIGITS), np.round(np.exp(level - moves), _DIGITS)
    above = np.exp(np.abs(noise(2).standard_normal(count)) * 2e-4)
    below = np.exp(-np.abs(noise(3).standard_normal(count)) * 2e-4)
    return {
        "time": _FIRST_NS + np.arange(count, dtype=np.int64) * _MINUTE_NS,
        "open": open_,
        "high": np.round(np.maximum(open_, close) * above, _DIGITS),
        "low": np.round(np.minimum(open_, close) * below, _DIGITS),
        "close": close,
        "volume": noise(4).integers(10_000, 100_000, count).astype(np.float64),
    }


def daily_panel(
    days: int = REBALANCE_DAYS, symbols: int = REBALANCE_SYMBOLS
) -> tuple[NDArray[np.datetime64], Floats, Floats]:
    """Return dates (Monday to Friday) and, by date and symbol, closes and opens."""
    rng = np.random.default_rng(7)
    moves = rng.standard_normal((days, symbols)) * 0.015 + 2e-4
    gaps = rng.standard_normal((days, symbols)) * 0.002
    level = np.cumsum(moves + gaps, axis=0) + np.log(50.0)
    dates = np.busday_offset(_FIRST_DAY, np.arange(days), roll="forward")
    return dates, np.round(np.exp(level), _DIGITS), np.round(np.exp(level - moves), _DIGITS)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the crossing strategy must come to when orders fill at the close of the bar they were sent on."""

    fills: int
    equity: float


def expected_cross(bars: dict[str, Ints | Floats], cash: float = CASH) -> Expected:
    """Work out the crossing strategy in whole numbers: ticks of 1/10,000, so that no sum is rounded."""
    ticks = np.rint(bars["close"] * 10**_DIGITS).astype(np.int64)
    count = len(ticks)
    sums = np.concatenate([[0], np.cumsum(ticks)])
    last = np.arange(SLOW, count + 1)
    fast, slow = sums[last] - sums[last - FAST], sums[last] - sums[last - SLOW]
    sign = np.sign(fast * SLOW - slow * FAST)
    rises = np.flatnonzero((sign[1:] > 0) & (sign[:-1] <= 0)) + SLOW
    falls = np.flatnonzero((sign[1:] < 0) & (sign[:-1] >= 0)) + SLOW
    close = bars["close"]
    held, fills, equity = 0, 0, float(cash)
    for row, side in sorted([(int(r), 1) for r in rises] + [(int(r), -1) for r in falls]):
        if (side > 0) == bool(held):
            continue
        held += side
        fills += 1
        notional = UNITS * float(close[row])
        equity -= side * notional + notional * FEE_RATE
    return Expected(fills, equity + held * UNITS * float(close[-1]))
