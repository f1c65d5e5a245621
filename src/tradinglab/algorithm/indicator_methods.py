"""The methods of an algorithm that make indicators: ``self.sma("SPY", 14)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.indicator_helpers import REQUIRED, group, pair, single
from tradinglab.algorithm.indicator_specials import SpecialIndicatorMethods
from tradinglab.core.enums import MovingAverageType, Resolution

if TYPE_CHECKING:
    from tradinglab.algorithm.candlestick_methods import CandlestickPatterns

_N = REQUIRED
_SIMPLE, _EXPONENTIAL, _WILDERS = MovingAverageType.SIMPLE, MovingAverageType.EXPONENTIAL, MovingAverageType.WILDERS
_DAILY = Resolution.DAILY


class AverageMethods(SpecialIndicatorMethods):
    """Moving averages and their relatives."""

    alma = single("ArnaudLegouxMovingAverage", "ALMA({period},{sigma},{offset})", period=_N, sigma=6, offset=0.85)
    dema = single("DoubleExponentialMovingAverage", "DEMA({period})", period=_N)
    ema = single("ExponentialMovingAverage", "EMA({period})", period=_N, smoothing_factor=None)
    frama = single("FractalAdaptiveMovingAverage", "FRAMA({period},{long_period})", period=_N, long_period=198)
    hma = single("HullMovingAverage", "HMA({period})", period=_N)
    ht = single(
        "HilbertTransform",
        "HT({length}, {in_phase_multiplication_factor}, {quadrature_multiplication_factor})",
        length=_N, in_phase_multiplication_factor=_N, quadrature_multiplication_factor=_N,
    )  # fmt: skip
    kama = single(
        "KaufmanAdaptiveMovingAverage", "KAMA({period},{fast_ema_period},{slow_ema_period})",
        period=_N, fast_ema_period=2, slow_ema_period=30,
    )  # fmt: skip
    ker = single("KaufmanEfficiencyRatio", "KER({period})", period=2)
    lsma = single("LeastSquaresMovingAverage", "LSMA({period})", period=_N)
    lwma = single("LinearWeightedMovingAverage", "LWMA({period})", period=_N)
    mama = single("MesaAdaptiveMovingAverage", "MAMA({fast_limit},{slow_limit})", fast_limit=0.5, slow_limit=0.05)
    mgd = single("McGinleyDynamic", "MGD({period})", period=_N)
    midpoint = single("MidPoint", "MIDPOINT({period})", period=_N)
    midprice = single("MidPrice", "MIDPRICE({period})", period=_N)
    rma = single("RelativeMovingAverage", "RMA({period})", period=_N)
    sma = single("SimpleMovingAverage", "SMA({period})", period=_N)
    sum = single("Sum", "SUM({period})", period=_N)
    swiss = single("SwissArmyKnife", "SWISS({period},{delta},{tool})", period=_N, delta=_N, tool=_N)
    t3 = single("T3MovingAverage", "T3({period},{volume_factor})", period=_N, volume_factor=0.7)
    tema = single("TripleExponentialMovingAverage", "TEMA({period})", period=_N)
    trima = single("TriangularMovingAverage", "TRIMA({period})", period=_N)
    tsf = single("TimeSeriesForecast", "TSF({period})", period=_N)
    vidya = single("VariableIndexDynamicAverage", "VIDYA({period})", period=_N)
    vwma = single("VolumeWeightedMovingAverage", "VWMA({period})", period=_N)
    wwma = single("WilderMovingAverage", "WWMA({period})", period=_N)
    zlema = single("ZeroLagExponentialMovingAverage", "ZLEMA({period})", period=_N)


class OscillatorMethods(SpecialIndicatorMethods):
    """Momentum and oscillators."""

    ao = single(
        "AwesomeOscillator", "AO({fast_period},{slow_period},{type})", fast_period=_N, slow_period=_N, type=_SIMPLE
    )
    apo = single(
        "AbsolutePriceOscillator", "APO({fast_period},{slow_period})",
        fast_period=_N, slow_period=_N, moving_average_type=_SIMPLE,
    )  # fmt: skip
    bop = single("BalanceOfPower", "BOP")
    cc = single(
        "CoppockCurve", "CC({short_roc_period},{long_roc_period},{lwma_period})",
        short_roc_period=11, long_roc_period=14, lwma_period=10,
    )  # fmt: skip
    cci = single("CommodityChannelIndex", "CCI({period})", period=_N, moving_average_type=_SIMPLE)
    cmo = single("ChandeMomentumOscillator", "CMO({period})", period=_N)
    crsi = single(
        "ConnorsRelativeStrengthIndex", "CRSI({rsi_period},{rsi_period_streak},{look_back_period})",
        rsi_period=_N, rsi_period_streak=_N, look_back_period=_N,
    )  # fmt: skip
    dem = single("DeMarkerIndicator", "DEM({period},{type})", period=_N, type=_SIMPLE)
    do = single(
        "DerivativeOscillator",
        "DO({rsi_period},{smoothing_rsi_period},{double_smoothing_rsi_period},{signal_line_period})",
        rsi_period=_N, smoothing_rsi_period=_N, double_smoothing_rsi_period=_N, signal_line_period=_N,
    )  # fmt: skip
    dpo = single("DetrendedPriceOscillator", "DPO({period})", period=_N)
    fish = single("FisherTransform", "FISH({period})", period=_N)
    ibs = single("InternalBarStrength", "IBS")
    kst = single(
        "KnowSureThing",
        "KST({roc1_period},{roc1_ma_period},{roc2_period},{roc2_ma_period},{roc3_period},{roc3_ma_period},"
        "{roc4_period},{roc4_ma_period},{signal_period},{moving_average_type})",
        roc1_period=10, roc1_ma_period=10, roc2_period=15, roc2_ma_period=10, roc3_period=20, roc3_ma_period=10,
        roc4_period=30, roc4_ma_period=15, signal_period=9, moving_average_type=_SIMPLE,
    )  # fmt: skip
    logr = single("LogReturn", "LOGR({period})", period=_N)
    macd = single(
        "MovingAverageConvergenceDivergence", "MACD({fast_period},{slow_period},{signal_period})",
        fast_period=_N, slow_period=_N, signal_period=_N, type=_EXPONENTIAL,
    )  # fmt: skip
    mom = single("Momentum", "MOM({period})", period=_N)
    momersion = single("Momersion", "MOMERSION({min_period},{full_period})", min_period=_N, full_period=_N)
    momp = single("MomentumPercent", "MOMP({period})", period=_N)
    ppo = single(
        "PercentagePriceOscillator", "PPO({fast_period},{slow_period})",
        fast_period=_N, slow_period=_N, moving_average_type=_SIMPLE,
    )  # fmt: skip
    pso = single("PremierStochasticOscillator", "PSO({period},{ema_period})", period=_N, ema_period=_N)
    roc = single("RateOfChange", "ROC({period})", period=_N)
    rocp = single("RateOfChangePercent", "ROCP({period})", period=_N)
    rocr = single("RateOfChangeRatio", "ROCR({period})", period=_N)
    rsi = single(
        "RelativeStrengthIndex", "RSI({period},{moving_average_type})", period=_N, moving_average_type=_WILDERS
    )
    rvi = single("RelativeVigorIndex", "RVI({period},{moving_average_type})", period=_N, moving_average_type=_SIMPLE)
    srsi = single(
        "StochasticRelativeStrengthIndex",
        "SRSI({rsi_period},{stoch_period},{k_smoothing_period},{d_smoothing_period})",
        rsi_period=_N, stoch_period=_N, k_smoothing_period=_N, d_smoothing_period=_N, moving_average_type=_SIMPLE,
    )  # fmt: skip
    stc = single(
        "SchaffTrendCycle", "STC({cycle_period},{fast_period},{slow_period})",
        cycle_period=_N, fast_period=_N, slow_period=_N, moving_average_type=_EXPONENTIAL,
    )  # fmt: skip
    trix = single("Trix", "TRIX({period})", period=_N)
    tsi = single(
        "TrueStrengthIndex", "TSI({long_term_period},{short_term_period},{signal_period})",
        long_term_period=25, short_term_period=13, signal_period=7, signal_type=_EXPONENTIAL,
    )  # fmt: skip
    ultosc = single("UltimateOscillator", "ULTOSC({period1},{period2},{period3})", period1=_N, period2=_N, period3=_N)
    wilr = single("WilliamsPercentR", "WILR({period})", period=_N)
    wto = single(
        "WaveTrendOscillator", "WTO({channel_period},{average_period},{signal_period})",
        channel_period=_N, average_period=_N, signal_period=_N,
    )  # fmt: skip


class RangeMethods(SpecialIndicatorMethods):
    """Volatility, channels, trends and turning points."""

    abands = single("AccelerationBands", "ABANDS({period},{width})", period=_N, width=4, moving_average_type=_SIMPLE)
    adx = single("AverageDirectionalIndex", "ADX({period})", period=_N)
    adxr = single("AverageDirectionalMovementIndexRating", "ADXR({period})", period=_N)
    aps = single("AugenPriceSpike", "APS({period})", period=3)
    ar = single("AverageRange", "AR({period})", period=_N)
    asi = single("WilderAccumulativeSwingIndex", "ASI", limit_move=_N, resolution=_DAILY)
    atr = single("AverageTrueRange", "ATR({period})", period=_N, type=_SIMPLE)
    bb = single("BollingerBands", "BB({period},{k})", period=_N, k=_N, moving_average_type=_SIMPLE)
    chop = single("ChoppinessIndex", "CHOP({period})", period=_N)
    cks = single(
        "ChandeKrollStop", "CKS({atr_period},{atr_mult},{period})",
        atr_period=_N, atr_mult=_N, period=_N, moving_average_type=_WILDERS,
    )  # fmt: skip
    heikin_ashi = single("HeikinAshi", "HA")
    ichimoku = single(
        "IchimokuKinkoHyo",
        "ICHIMOKU({tenkan_period},{kijun_period},{senkou_a_period},{senkou_b_period},"
        "{senkou_a_delay_period},{senkou_b_delay_period})",
        tenkan_period=_N, kijun_period=_N, senkou_a_period=_N, senkou_b_period=_N, senkou_a_delay_period=_N,
        senkou_b_delay_period=_N,
    )  # fmt: skip
    kch = single("KeltnerChannels", "KCH({period},{k})", period=_N, k=_N, moving_average_type=_SIMPLE)
    mass = single("MassIndex", "MASS({ema_period},{sum_period})", ema_period=9, sum_period=25)
    natr = single("NormalizedAverageTrueRange", "NATR({period})", period=_N)
    pphl = single(
        "PivotPointsHighLow", "PPHL({length_high},{length_low})",
        length_high=_N, length_low=_N, last_stored_values=100, strict=True,
    )  # fmt: skip
    psar = single(
        "ParabolicStopAndReverse", "PSAR({af_start},{af_increment},{af_max})",
        af_start=0.02, af_increment=0.02, af_max=0.2,
    )  # fmt: skip
    rc = single("RegressionChannel", "RC({period},{k})", period=_N, k=_N)
    rsv = single("RogersSatchellVolatility", "RSV({period})", period=_N)
    sarext = single(
        "ParabolicStopAndReverseExtended",
        "SAREXT({sar_start},{offset_on_reverse},{af_start_short},{af_increment_short},{af_max_short},"
        "{af_start_long},{af_increment_long},{af_max_long})",
        sar_start=0.0, offset_on_reverse=0.0, af_start_short=0.02, af_increment_short=0.02, af_max_short=0.2,
        af_start_long=0.02, af_increment_long=0.02, af_max_long=0.2,
    )  # fmt: skip
    si = single("WilderSwingIndex", "SI", limit_move=_N, resolution=_DAILY)
    sm = single(
        "SqueezeMomentum", "SM({bollinger_period}, {bollinger_multiplier}, {keltner_period}, {keltner_multiplier})",
        bollinger_period=20, bollinger_multiplier=2.0, keltner_period=20, keltner_multiplier=1.5,
    )  # fmt: skip
    std = single("StandardDeviation", "STD({period})", period=_N)
    str = single("SuperTrend", "STR({period},{multiplier})", period=_N, multiplier=_N, moving_average_type=_WILDERS)
    tds = single("TomDemarkSequential", "TDS")
    tr = single("TrueRange", "TR")
    v = single("Variance", "V({period})", period=_N)
    vtx = single("Vortex", "VTX({period})", period=_N)
    zz = single("ZigZag", "ZZ({sensitivity},{min_trend_length})", sensitivity=0.05, min_trend_length=1)


class VolumeMethods(SpecialIndicatorMethods):
    """Volume, statistics, and indicators of several securities."""

    ad = single("AccumulationDistribution", "AD")
    adosc = single(
        "AccumulationDistributionOscillator", "ADOSC({fast_period},{slow_period})", fast_period=_N, slow_period=_N
    )
    cmf = single("ChaikinMoneyFlow", "CMF({period})", period=_N)
    co = single("ChaikinOscillator", "CO({fast_period},{slow_period})", fast_period=_N, slow_period=_N)
    emv = single("EaseOfMovementValue", "EMV({period}, {scale})", period=1, scale=10000)
    fi = single("ForceIndex", "FI({period})", period=_N, type=_EXPONENTIAL)
    he = single("HurstExponent", "HE({period},{max_lag})", period=_N, max_lag=20)
    kvo = single(
        "KlingerVolumeOscillator", "KVO({fast_period},{slow_period},{signal_period})",
        fast_period=_N, slow_period=_N, signal_period=13,
    )  # fmt: skip
    mad = single("MeanAbsoluteDeviation", "MAD({period})", period=_N)
    mfi = single("MoneyFlowIndex", "MFI({period})", period=_N)
    obv = single("OnBalanceVolume", "OBV")
    sobv = single("SmoothedOnBalanceVolume", "SOBV({period})", period=_N, type=_SIMPLE)
    sortino = single(
        "SortinoRatio", "SORTINO({sortino_period},{minimum_acceptable_return})",
        sortino_period=_N, minimum_acceptable_return=0.0,
    )  # fmt: skip
    tdd = single(
        "TargetDownsideDeviation", "TDD({period},{minimum_acceptable_return})",
        period=_N, minimum_acceptable_return=0.0,
    )  # fmt: skip
    vp = single(
        "VolumeProfile", "VP({period},{value_area_volume_percentage},{price_range_round_off})",
        period=2, value_area_volume_percentage=0.70, price_range_round_off=0.05, resolution=_DAILY,
    )  # fmt: skip
    tp = single(
        "TimeProfile", "TP({period},{value_area_volume_percentage},{price_range_round_off})",
        period=2, value_area_volume_percentage=0.70, price_range_round_off=0.05, resolution=_DAILY,
    )  # fmt: skip

    b = pair("Beta", "B({period})", period=_N)
    c = pair("Correlation", "C({period})", period=_N, correlation_type=0)
    cov = pair("Covariance", "COV({period})", period=_N)

    addiff = group("AdvanceDeclineDifference", "A/D Difference")
    adr = group("AdvanceDeclineRatio", "A/D Ratio")
    advr = group("AdvanceDeclineVolumeRatio", "A/D Volume Rate")
    mosc = group("McClellanOscillator", "MO({fast_period},{slow_period})", fast_period=19, slow_period=39)
    msi = group("McClellanSummationIndex", "MSI({fast_period},{slow_period})", fast_period=19, slow_period=39)
    nhnl = group("NewHighsNewLows", "NH/NL({period})", period=_N)
    nhnlv = group("NewHighsNewLowsVolume", "NH/NL Volume({period})", period=_N)
    trin = group("ArmsIndex", "TRIN")


class IndicatorMethods(AverageMethods, OscillatorMethods, RangeMethods, VolumeMethods):
    """LEAN's indicator methods.

    Each makes an indicator, names it, and registers it for updates: ``self.ema(symbol, period,
    resolution, selector)``. *resolution* is by default the subscription's; *selector* picks the
    number (or the bar) of each bar.
    """

    @property
    def candlestick_patterns(self) -> CandlestickPatterns:
        """What makes candlestick patterns: ``self.candlestick_patterns.doji(symbol)``."""
        from tradinglab.algorithm.candlestick_methods import CandlestickPatterns

        return CandlestickPatterns(self)
