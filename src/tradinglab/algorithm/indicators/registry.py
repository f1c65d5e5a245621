"""Which indicators there are, and where."""

from __future__ import annotations

_FAMILIES = {
    "base": "IndicatorBase Indicator BarIndicator TradeBarIndicator WindowIndicator IndicatorResult",
    "field": "Field",
    "extensions": "IndicatorExtensions",
    "python_indicator": "PythonIndicator",
    "composites": (
        "Identity WindowIdentity Delay ConstantIndicator FunctionalIndicator FilteredIdentity "
        "CompositeIndicator ResetCompositeIndicator"
    ),
    "moving_averages": (
        "Sum SimpleMovingAverage ExponentialMovingAverage WilderMovingAverage LinearWeightedMovingAverage "
        "DoubleExponentialMovingAverage TripleExponentialMovingAverage TriangularMovingAverage T3MovingAverage "
        "HullMovingAverage"
    ),
    "adaptive_averages": (
        "KaufmanEfficiencyRatio KaufmanAdaptiveMovingAverage ArnaudLegouxMovingAverage McGinleyDynamic "
        "ZeroLagExponentialMovingAverage RelativeMovingAverage"
    ),
    "extremes": "Maximum Minimum",
    "momentum": (
        "Momentum RateOfChange RateOfChangePercent MomentumPercent RateOfChangeRatio LogReturn "
        "RelativeStrengthIndex MovingAverageConvergenceDivergence"
    ),
    "volatility": "Variance StandardDeviation TrueRange AverageTrueRange BollingerBands",
}

#: The module of each class.
MODULES = {name: module for module, names in _FAMILIES.items() for name in names.split()}
