"""Indicators that TA-Lib defines too, against TA-Lib."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import talib
from tests.unit.indicator_market import market, values_of

from tradinglab.algorithm import indicators as i
from tradinglab.algorithm.indicators.base import IndicatorBase
from tradinglab.core.enums import MovingAverageType
from tradinglab.data.columns import Floats

BARS = market(500)
O, H, L, C, V = (BARS.values[name] for name in ("open", "high", "low", "close", "volume"))  # noqa: E741
SIMPLE, WILDERS = MovingAverageType.SIMPLE, MovingAverageType.WILDERS

Case = tuple[Callable[[], IndicatorBase], str, Floats]

CASES: dict[str, Case] = {
    "SMA": (lambda: i.SimpleMovingAverage(14), "", talib.SMA(C, 14)),
    "EMA": (lambda: i.ExponentialMovingAverage(14), "", talib.EMA(C, 14)),
    "WMA": (lambda: i.LinearWeightedMovingAverage(14), "", talib.WMA(C, 14)),
    "DEMA": (lambda: i.DoubleExponentialMovingAverage(14), "", talib.DEMA(C, 14)),
    "TEMA": (lambda: i.TripleExponentialMovingAverage(14), "", talib.TEMA(C, 14)),
    "TRIMA": (lambda: i.TriangularMovingAverage(14), "", talib.TRIMA(C, 14)),
    "KAMA": (lambda: i.KaufmanAdaptiveMovingAverage(14), "", talib.KAMA(C, 14)),
    "RSI": (lambda: i.RelativeStrengthIndex(14), "", talib.RSI(C, 14)),
    "CMO": (lambda: i.ChandeMomentumOscillator(14), "", talib.CMO(C, 14)),
    "ROC": (lambda: i.RateOfChangePercent(10), "", talib.ROC(C, 10)),
    "ROCP": (lambda: i.RateOfChange(10), "", talib.ROCP(C, 10)),
    "MOM": (lambda: i.Momentum(10), "", talib.MOM(C, 10)),
    "TRIX": (lambda: i.Trix(9), "", talib.TRIX(C, 9)),
    "APO": (lambda: i.AbsolutePriceOscillator(5, 12), "", talib.APO(C, 5, 12, 0)),
    "PPO": (lambda: i.PercentagePriceOscillator(5, 12), "", talib.PPO(C, 5, 12, 0)),
    "STDDEV": (lambda: i.StandardDeviation(20), "", talib.STDDEV(C, 20)),
    "VAR": (lambda: i.Variance(20), "", talib.VAR(C, 20)),
    "BB upper": (lambda: i.BollingerBands(20, 2), "upper_band", talib.BBANDS(C, 20)[0]),
    "BB middle": (lambda: i.BollingerBands(20, 2), "middle_band", talib.BBANDS(C, 20)[1]),
    "BB lower": (lambda: i.BollingerBands(20, 2), "lower_band", talib.BBANDS(C, 20)[2]),
    "MAX": (lambda: i.Maximum(15), "", talib.MAX(C, 15)),
    "MIN": (lambda: i.Minimum(15), "", talib.MIN(C, 15)),
    "SUM": (lambda: i.Sum(15), "", talib.SUM(C, 15)),
    "MIDPOINT": (lambda: i.MidPoint(15), "", talib.MIDPOINT(C, 15)),
    "MIDPRICE": (lambda: i.MidPrice(15), "", talib.MIDPRICE(H, L, 15)),
    "LINEARREG": (lambda: i.LeastSquaresMovingAverage(20), "", talib.LINEARREG(C, 20)),
    "LINEARREG slope": (lambda: i.LeastSquaresMovingAverage(20), "slope", talib.LINEARREG_SLOPE(C, 20)),
    "TSF": (lambda: i.TimeSeriesForecast(20), "", talib.TSF(C, 20)),
    "TRANGE": (i.TrueRange, "", talib.TRANGE(H, L, C)),
    "BOP": (i.BalanceOfPower, "", talib.BOP(O, H, L, C)),
    "CCI": (lambda: i.CommodityChannelIndex(20), "", talib.CCI(H, L, C, 20)),
    "WILLR": (lambda: i.WilliamsPercentR(14), "", talib.WILLR(H, L, C, 14)),
    "STOCH k": (lambda: i.Stochastic(12, 3, 5), "stoch_k", talib.STOCH(H, L, C, 12, 3, 0, 5, 0)[0]),
    "STOCH d": (lambda: i.Stochastic(12, 3, 5), "stoch_d", talib.STOCH(H, L, C, 12, 3, 0, 5, 0)[1]),
    "ULTOSC": (lambda: i.UltimateOscillator(7, 14, 28), "", talib.ULTOSC(H, L, C, 7, 14, 28)),
    "AROONOSC": (lambda: i.AroonOscillator(14, 14), "", talib.AROONOSC(H, L, 14)),
    "AROON up": (lambda: i.AroonOscillator(14, 14), "aroon_up", talib.AROON(H, L, 14)[1]),
    "AROON down": (lambda: i.AroonOscillator(14, 14), "aroon_down", talib.AROON(H, L, 14)[0]),
    "SAR": (i.ParabolicStopAndReverse, "", talib.SAR(H, L, 0.02, 0.2)),
    "SAREXT": (i.ParabolicStopAndReverseExtended, "", talib.SAREXT(H, L)),
    "OBV": (i.OnBalanceVolume, "", talib.OBV(C, V)),
    "AD": (i.AccumulationDistribution, "", talib.AD(H, L, C, V)),
    "NATR": (lambda: i.NormalizedAverageTrueRange(14), "", talib.NATR(H, L, C, 14)),
    "MFI": (lambda: i.MoneyFlowIndex(14), "", talib.MFI(H, L, C, V, 14)),
}

#: LEAN begins these averages one bar earlier, or with another first value: they meet TA-Lib's in the long run.
WILDER_CASES: dict[str, Case] = {
    "ATR": (lambda: i.AverageTrueRange(14), "", talib.ATR(H, L, C, 14)),
    "ADX": (lambda: i.AverageDirectionalIndex(14), "", talib.ADX(H, L, C, 14)),
    "ADXR": (lambda: i.AverageDirectionalMovementIndexRating(14), "", talib.ADXR(H, L, C, 14)),
    "PLUS_DI": (lambda: i.AverageDirectionalIndex(14), "positive_directional_index", talib.PLUS_DI(H, L, C, 14)),
    "MINUS_DI": (lambda: i.AverageDirectionalIndex(14), "negative_directional_index", talib.MINUS_DI(H, L, C, 14)),
    "MACD": (lambda: i.MovingAverageConvergenceDivergence(12, 26, 9), "", talib.MACD(C)[0]),
    "MACD signal": (lambda: i.MovingAverageConvergenceDivergence(12, 26, 9), "signal", talib.MACD(C)[1]),
    "ADOSC": (lambda: i.ChaikinOscillator(3, 10), "", talib.ADOSC(H, L, C, V, 3, 10)),
    "T3": (lambda: i.T3MovingAverage(5), "", talib.T3(C, 5)),
    "MAMA": (i.MesaAdaptiveMovingAverage, "", talib.MAMA((H + L) / 2)[0]),
    "FAMA": (i.MesaAdaptiveMovingAverage, "fama", talib.MAMA((H + L) / 2)[1]),
}


def difference(case: Case, skip: int) -> float:
    """Return the largest difference, relative to the size of the figures."""
    make, part, expected = case
    found = values_of(make(), BARS, part)
    known = ~np.isnan(expected)
    known[:skip] = False
    assert known.sum() > 100
    return float(np.max(np.abs(found[known] - expected[known])) / max(1.0, np.max(np.abs(expected[known]))))


@pytest.mark.parametrize("name", CASES)
def test_an_indicator_is_what_ta_lib_says_from_its_first_value(name: str) -> None:
    assert difference(CASES[name], 0) < 1e-10


@pytest.mark.parametrize("name", WILDER_CASES)
def test_an_average_that_begins_otherwise_meets_ta_lib_in_the_long_run(name: str) -> None:
    assert difference(WILDER_CASES[name], 380) < 1e-8
