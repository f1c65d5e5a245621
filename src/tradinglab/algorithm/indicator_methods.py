"""The methods of an algorithm that make indicators: ``self.sma("SPY", 14)``."""

from __future__ import annotations

from tradinglab.algorithm.indicator_helpers import REQUIRED, single
from tradinglab.algorithm.indicator_specials import SpecialIndicatorMethods
from tradinglab.core.enums import MovingAverageType

N = REQUIRED


class IndicatorMethods(SpecialIndicatorMethods):
    """LEAN's indicator methods.

    Each makes an indicator, names it, and registers it for updates: ``self.ema(symbol, period,
    resolution, selector)``. *resolution* is by default the subscription's; *selector* picks the
    number (or the bar) of each bar.
    """

    atr = single("AverageTrueRange", "ATR({period})", period=N, type=MovingAverageType.SIMPLE)
    bb = single("BollingerBands", "BB({period},{k})", period=N, k=N, moving_average_type=MovingAverageType.SIMPLE)
    ema = single("ExponentialMovingAverage", "EMA({period})", period=N, smoothing_factor=None)
    sma = single("SimpleMovingAverage", "SMA({period})", period=N)
    rsi = single(
        "RelativeStrengthIndex", "RSI({period},{moving_average_type})", period=N,
        moving_average_type=MovingAverageType.WILDERS,
    )  # fmt: skip
    macd = single(
        "MovingAverageConvergenceDivergence", "MACD({fast_period},{slow_period},{signal_period})",
        fast_period=N, slow_period=N, signal_period=N, type=MovingAverageType.EXPONENTIAL,
    )  # fmt: skip
    std = single("StandardDeviation", "STD({period})", period=N)
    roc = single("RateOfChange", "ROC({period})", period=N)
    mom = single("Momentum", "MOM({period})", period=N)
