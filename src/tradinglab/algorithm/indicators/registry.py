"""Which indicators there are, and where."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import TYPE_CHECKING

from tradinglab.algorithm.indicators.naming import text_of
from tradinglab.core.values import dataclass

if TYPE_CHECKING:
    from tradinglab.algorithm.indicators.base import IndicatorBase

#: The indicators of each module.
FAMILIES = {
    "moving_averages": """
        SimpleMovingAverage ExponentialMovingAverage WilderMovingAverage LinearWeightedMovingAverage
        DoubleExponentialMovingAverage TripleExponentialMovingAverage TriangularMovingAverage T3MovingAverage
        HullMovingAverage Sum""",
    "adaptive_averages": """
        KaufmanAdaptiveMovingAverage KaufmanEfficiencyRatio ArnaudLegouxMovingAverage McGinleyDynamic
        ZeroLagExponentialMovingAverage RelativeMovingAverage""",
    "filters": """
        FractalAdaptiveMovingAverage MesaAdaptiveMovingAverage VariableIndexDynamicAverage SwissArmyKnife
        HilbertTransform""",
    "momentum": """
        RelativeStrengthIndex MovingAverageConvergenceDivergence Momentum MomentumPercent RateOfChange
        RateOfChangePercent RateOfChangeRatio LogReturn""",
    "value_oscillators": """
        AbsolutePriceOscillator PercentagePriceOscillator ChandeMomentumOscillator DetrendedPriceOscillator Trix
        TrueStrengthIndex CoppockCurve KnowSureThing""",
    "strength": """
        StochasticRelativeStrengthIndex ConnorsRelativeStrengthIndex DerivativeOscillator SchaffTrendCycle Momersion
        MomersionIndicator RelativeVigorIndex RelativeVigorIndexSignal""",
    "oscillators": """
        Stochastic WilliamsPercentR CommodityChannelIndex UltimateOscillator AwesomeOscillator BalanceOfPower
        InternalBarStrength""",
    "smoothed_oscillators": "DeMarkerIndicator FisherTransform PremierStochasticOscillator WaveTrendOscillator",
    "trend": """
        AverageDirectionalIndex AverageDirectionalMovementIndexRating ParabolicStopAndReverse
        ParabolicStopAndReverseExtended SuperTrend AroonOscillator Vortex ChoppinessIndex""",
    "ichimoku": "IchimokuKinkoHyo",
    "pivots": "PivotPointsHighLow ZigZag",
    "demark": "TomDemarkSequential",
    "volatility": "StandardDeviation Variance TrueRange AverageTrueRange BollingerBands",
    "channels": """
        DonchianChannel KeltnerChannels AccelerationBands ChandeKrollStop SqueezeMomentum MidPoint MidPrice""",
    "ranges": """
        NormalizedAverageTrueRange AverageRange RogersSatchellVolatility MassIndex WilderSwingIndex
        WilderAccumulativeSwingIndex HeikinAshi""",
    "volume": """
        OnBalanceVolume SmoothedOnBalanceVolume VolumeWeightedAveragePriceIndicator IntradayVwap
        VolumeWeightedMovingAverage MoneyFlowIndex ChaikinMoneyFlow ChaikinOscillator AccumulationDistribution
        AccumulationDistributionOscillator EaseOfMovementValue ForceIndex KlingerVolumeOscillator""",
    "profiles": "VolumeProfile TimeProfile RelativeDailyVolume",
    "extremes": "Maximum Minimum",
    "statistical": """
        MeanAbsoluteDeviation LeastSquaresMovingAverage RegressionChannel TimeSeriesForecast AugenPriceSpike
        HurstExponent ValueAtRisk TargetDownsideDeviation SharpeRatio SortinoRatio""",
    "arima": "AutoRegressiveIntegratedMovingAverage",
    "two_symbols": "Alpha Beta Correlation Covariance",
    "breadth": """
        AdvanceDeclineDifference AdvanceDeclineRatio AdvanceDeclineVolumeRatio ArmsIndex McClellanOscillator
        McClellanSummationIndex NewHighsNewLows NewHighsNewLowsVolume""",
    "composites": """
        Identity FilteredIdentity WindowIdentity Delay ConstantIndicator FunctionalIndicator CompositeIndicator
        ResetCompositeIndicator""",
    "candles_single": """
        BeltHold ClosingMarubozu Marubozu Doji DragonflyDoji GravestoneDoji LongLeggedDoji RickshawMan Takuri
        HighWaveCandle SpinningTop LongLineCandle ShortLineCandle""",
    "candles_double": """
        Hammer HangingMan InvertedHammer ShootingStar Engulfing Harami HaramiCross HomingPigeon DojiStar
        DarkCloudCover Piercing InNeck OnNeck Thrusting Counterattack MatchingLow SeparatingLines Kicking
        KickingByLength""",
    "candles_triple": """
        AbandonedBaby EveningStar EveningDojiStar MorningDojiStar MorningStar TwoCrows UpsideGapTwoCrows
        ThreeInside ThreeOutside ThreeWhiteSoldiers AdvanceBlock StalledPattern IdenticalThreeCrows
        ThreeStarsInSouth UniqueThreeRiver StickSandwich TasukiGap UpDownGapThreeMethods GapSideBySideWhite
        Tristar""",
    "candles_multiple": """
        ThreeBlackCrows ThreeLineStrike ConcealedBabySwallow Breakaway LadderBottom MatHold
        RiseFallThreeMethods Hikkake HikkakeModified""",
    "python_indicator": "PythonIndicator",
}

#: What belongs to indicators and is none.
_OTHERS = {
    "candles": """
        CandlestickPattern CandleColor CandleRangeType CandleSetting CandleSettings CandleSettingType""",
    "base": "IndicatorBase Indicator BarIndicator TradeBarIndicator WindowIndicator IndicatorResult",
    "field": "Field",
    "average_types": "MovingAverageTypeExtensions",
    "extensions": "IndicatorExtensions",
    "filters": "SwissArmyKnifeTool",
    "pivots": "PivotPoint PivotPointType PivotPointsEventArgs",
    "demark": "TomDemarkSequentialPhase",
    "two_symbols": "CorrelationType",
    "breadth": "AdvanceDeclineIndicator",
    "profiles": "MarketProfile",
}

#: The module of each class.
MODULES = {name: module for table in (FAMILIES, _OTHERS) for module, names in table.items() for name in names.split()}


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorEntry:
    """What is known of an indicator.

    Attributes
    ----------
    name
        Its class.
    family
        The module of the class: what kind of indicator it is.
    method
        The method of an algorithm that makes it, ``""`` if there is none.
    parameters
        The parameters of its constructor after the name, with their defaults.
    description
        What it is, in a sentence.
    """

    name: str
    family: str
    method: str
    parameters: str
    description: str


def indicator_type(name: str) -> type[IndicatorBase]:
    """Return the class of an indicator, loading its module."""
    found: type[IndicatorBase] = getattr(import_module(f"{__package__}.{MODULES[name]}"), name)
    return found


def list_indicators() -> list[IndicatorEntry]:
    """Return all indicators, by family."""
    from tradinglab.algorithm.candlestick_methods import CandlestickPatterns
    from tradinglab.algorithm.indicator_methods import IndicatorMethods

    makers = _makers(IndicatorMethods, "") | _makers(CandlestickPatterns, "candlestick_patterns.")
    return [
        IndicatorEntry(
            name=name,
            family=family,
            method=makers.get(name, ""),
            parameters=_parameters(indicator_type(name)),
            description=_first_sentence(indicator_type(name)),
        )
        for family, names in FAMILIES.items()
        for name in names.split()
    ]


def _makers(kind: type, prefix: str) -> dict[str, str]:
    """Return the methods of a class by the names of the indicators that they make."""
    makers: dict[str, str] = {}
    for name, method in inspect.getmembers(kind, inspect.isfunction):
        if name.islower() and not name.startswith("_"):
            for made in str(method.__annotations__.get("return")).split(" | "):
                makers.setdefault(made, prefix + name)
    return makers


def _parameters(kind: type[IndicatorBase]) -> str:
    given = [p for p in inspect.signature(kind).parameters.values() if p.name not in ("name", "args", "kwargs")]
    return ", ".join(p.name if p.default is p.empty else f"{p.name}={text_of(p.default)}" for p in given)


def _first_sentence(kind: type[IndicatorBase]) -> str:
    text = " ".join((kind.__doc__ or "").split("\n\n")[0].split()).replace("``", "")
    return text.rstrip(".")
