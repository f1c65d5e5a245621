"""Indicator methods that do more than make and register: defaults that depend on the data, several forms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

from tradinglab.algorithm.indicator_registration import IndicatorRegistration
from tradinglab.algorithm.indicators.field import Field
from tradinglab.algorithm.indicators.naming import text_of
from tradinglab.core.enums import Resolution, TickType

if TYPE_CHECKING:
    from tradinglab.algorithm.api.core import SymbolLike
    from tradinglab.algorithm.indicators.arima import AutoRegressiveIntegratedMovingAverage
    from tradinglab.algorithm.indicators.base import IndicatorBase
    from tradinglab.algorithm.indicators.channels import DonchianChannel
    from tradinglab.algorithm.indicators.composites import FilteredIdentity, Identity
    from tradinglab.algorithm.indicators.extremes import Maximum, Minimum
    from tradinglab.algorithm.indicators.oscillators import Stochastic
    from tradinglab.algorithm.indicators.profiles import RelativeDailyVolume
    from tradinglab.algorithm.indicators.statistical import SharpeRatio, ValueAtRisk
    from tradinglab.algorithm.indicators.trend import AroonOscillator
    from tradinglab.algorithm.indicators.two_symbols import Alpha
    from tradinglab.algorithm.indicators.volatility import Variance
    from tradinglab.algorithm.indicators.volume import IntradayVwap, VolumeWeightedAveragePriceIndicator

T = TypeVar("T")

Pace = Resolution | timedelta | None
Select = Callable[[Any], Any] | None


class SpecialIndicatorMethods(IndicatorRegistration):
    """Indicator methods of their own kind."""

    def identity(self, symbol: SymbolLike, *args: Any, **kwargs: Any) -> Identity:
        """Make an ``Identity``: ``(symbol, [resolution | timedelta,] selector, field_name)``."""
        from tradinglab.algorithm.indicators.composites import Identity

        resolution, (selector, field_name) = _paced(args, kwargs, ("selector", "field_name"))
        indicator = Identity(self.lab_value_name(symbol, resolution, field_name, ","))
        if isinstance(resolution, timedelta):
            self.register_indicator(symbol, indicator, resolution, selector)
        else:
            self.lab_initialize_indicator(indicator, [symbol], resolution, selector)
        return indicator

    def filtered_identity(self, symbol: SymbolLike, *args: Any, **kwargs: Any) -> FilteredIdentity:
        """Make a ``FilteredIdentity``: ``(symbol, [resolution | timedelta,] selector, filter, field_name)``."""
        from tradinglab.algorithm.indicators.composites import FilteredIdentity

        resolution, (selector, keep, field_name) = _paced(args, kwargs, ("selector", "filter", "field_name"))
        indicator = FilteredIdentity(self.lab_value_name(symbol, resolution, field_name, "_"), keep)
        self.register_indicator(symbol, indicator, resolution, selector)
        return indicator

    def max(
        self, symbol: SymbolLike, period: int, resolution: Pace | Select = None, selector: Select = None
    ) -> Maximum:
        """Make a ``Maximum``, of the highs of trade bars unless a selector says otherwise."""
        from tradinglab.algorithm.indicators.extremes import Maximum

        indicator = Maximum(self.create_indicator_name(symbol, f"MAX({period})", _only_pace(resolution)), period)
        self.lab_initialize_extreme(indicator, symbol, resolution, selector, Field.HIGH)
        return indicator

    def min(
        self, symbol: SymbolLike, period: int, resolution: Pace | Select = None, selector: Select = None
    ) -> Minimum:
        """Make a ``Minimum``, of the lows of trade bars unless a selector says otherwise."""
        from tradinglab.algorithm.indicators.extremes import Minimum

        indicator = Minimum(self.create_indicator_name(symbol, f"MIN({period})", _only_pace(resolution)), period)
        self.lab_initialize_extreme(indicator, symbol, resolution, selector, Field.LOW)
        return indicator

    def aroon(self, symbol: SymbolLike, *args: Any, **kwargs: Any) -> AroonOscillator:
        """Make an ``AroonOscillator``: ``(symbol, period | up_period, down_period, [resolution, selector])``."""
        from tradinglab.algorithm.indicators.trend import AroonOscillator

        up, down = _two_periods(args, kwargs, "up_period", "down_period")
        return self.lab_make(AroonOscillator, symbol, f"AROON({up},{down})", (up, down), *_rest(args, kwargs))

    def dch(self, symbol: SymbolLike, *args: Any, **kwargs: Any) -> DonchianChannel:
        """Make a ``DonchianChannel``: ``(symbol, period | upper_period, lower_period, [resolution, selector])``."""
        from tradinglab.algorithm.indicators.channels import DonchianChannel

        upper, lower = _two_periods(args, kwargs, "upper_period", "lower_period")
        return self.lab_make(DonchianChannel, symbol, f"DCH({upper},{lower})", (upper, lower), *_rest(args, kwargs))

    def sto(self, symbol: SymbolLike, period: int, *args: Any, **kwargs: Any) -> Stochastic:
        """Make a ``Stochastic``: ``(symbol, period, [k_period, d_period,] [resolution, selector])``."""
        from tradinglab.algorithm.indicators.oscillators import Stochastic

        numbers = [value for value in args if _is_count(value)]
        k_period = kwargs.pop("k_period", numbers.pop(0) if numbers else period)
        d_period = kwargs.pop("d_period", numbers.pop(0) if numbers else 3)
        periods = (period, k_period, d_period)
        name = f"STO({period},{k_period},{d_period})"
        return self.lab_make(Stochastic, symbol, name, periods, *_rest(args, kwargs))

    def var(self, symbol: SymbolLike, period: int, *args: Any, **kwargs: Any) -> Variance | ValueAtRisk:
        """Make a ``ValueAtRisk`` if a confidence level is given, else a ``Variance``."""
        from tradinglab.algorithm.indicators.statistical import ValueAtRisk
        from tradinglab.algorithm.indicators.volatility import Variance

        levels = [value for value in args if isinstance(value, int | float) and not isinstance(value, Resolution)]
        level = kwargs.pop("confidence_level", levels[0] if levels else None)
        rest = _rest(args, kwargs)
        if level is None:
            return self.lab_make(Variance, symbol, f"V({period})", (period,), *rest)
        return self.lab_make(ValueAtRisk, symbol, f"VAR({period},{text_of(float(level))})", (period, level), *rest)

    def vwap(
        self, symbol: SymbolLike, period: int | None = None, resolution: Any = None, selector: Select = None
    ) -> VolumeWeightedAveragePriceIndicator | IntradayVwap:
        """Make a volume-weighted average price: over ``period`` bars, or of the day so far without a period."""
        from tradinglab.algorithm.indicators.volume import IntradayVwap, VolumeWeightedAveragePriceIndicator

        if period is None:
            indicator = IntradayVwap(self.create_indicator_name(symbol, "VWAP"))
            self.register_indicator(symbol, indicator)
            return indicator
        kind = VolumeWeightedAveragePriceIndicator
        return self.lab_make(kind, symbol, f"VWAP({period})", (period,), resolution, selector)

    def arima(
        self, symbol: SymbolLike, ar_order: int, diff_order: int, ma_order: int, period: int, *args: Any, **kwargs: Any
    ) -> AutoRegressiveIntegratedMovingAverage:
        """Make an ARIMA: ``(symbol, p, d, q, period, [intercept,] [resolution, selector])``."""
        from tradinglab.algorithm.indicators.arima import AutoRegressiveIntegratedMovingAverage

        flags = [value for value in args if isinstance(value, bool)]
        intercept = kwargs.pop("intercept", flags[0] if flags else True)
        name = f"ARIMA({ar_order},{diff_order},{ma_order},{period})"
        values = (ar_order, diff_order, ma_order, period, intercept)
        return self.lab_make(AutoRegressiveIntegratedMovingAverage, symbol, name, values, *_rest(args, kwargs))

    def rdv(
        self, symbol: SymbolLike, period: int = 2, resolution: Any = Resolution.DAILY, selector: Select = None
    ) -> RelativeDailyVolume:
        """Make a ``RelativeDailyVolume``."""
        from tradinglab.algorithm.indicators.profiles import RelativeDailyVolume

        indicator = RelativeDailyVolume(self.create_indicator_name(symbol, f"RDV({period})", resolution), period)
        self.register_indicator(symbol, indicator, resolution, selector)
        return indicator

    def sr(
        self,
        symbol: SymbolLike,
        sharpe_period: int,
        risk_free_rate: float | None = None,
        resolution: Any = None,
        selector: Select = None,
    ) -> SharpeRatio:
        """Make a ``SharpeRatio``, of the algorithm's own risk-free rate unless one is given."""
        from tradinglab.algorithm.indicators.statistical import SharpeRatio

        name = f"SR({sharpe_period})" if risk_free_rate is None else f"SR({sharpe_period},{text_of(risk_free_rate)})"
        rate = self.risk_free_interest_rate_model if risk_free_rate is None else risk_free_rate
        return self.lab_make(SharpeRatio, symbol, name, (sharpe_period, rate), resolution, selector)

    def a(
        self,
        target: SymbolLike,
        reference: SymbolLike,
        alpha_period: int = 1,
        beta_period: int = 252,
        resolution: Any = None,
        risk_free_rate: float | None = None,
        selector: Select = None,
    ) -> Alpha:
        """Make an ``Alpha``, of the algorithm's own risk-free rate unless one is given."""
        from tradinglab.algorithm.indicators.two_symbols import Alpha

        given = "" if risk_free_rate is None else f",{text_of(risk_free_rate)}"
        name = self.create_indicator_name(target, f"A({alpha_period},{beta_period}{given})", resolution)
        rate = self.risk_free_interest_rate_model if risk_free_rate is None else risk_free_rate
        symbols = [self.lab_symbol(target), self.lab_symbol(reference)]
        indicator = Alpha(name, *symbols, alpha_period, beta_period, rate)
        self.lab_initialize_indicator(indicator, symbols, resolution, selector)
        return indicator

    def lab_make(
        self,
        kind: Callable[..., T],
        symbol: SymbolLike,
        name: str,
        values: tuple[Any, ...],
        resolution: Any,
        selector: Select,
    ) -> T:
        """Make an indicator of a class and register it."""
        indicator = kind(self.create_indicator_name(symbol, name, _only_pace(resolution)), *values)
        self.lab_initialize_indicator(cast("IndicatorBase", indicator), [symbol], resolution, selector)
        return indicator

    def lab_initialize_extreme(
        self, indicator: Maximum | Minimum, symbol: SymbolLike, resolution: Any, selector: Select, default: Select
    ) -> None:
        """Register an extreme, of highs or lows where there are trade bars."""
        if callable(resolution):
            resolution, selector = None, resolution
        config = self.lab_subscription_of(self.lab_symbol(symbol))
        if selector is None and config.tick_type == TickType.TRADE and config.resolution != Resolution.TICK:
            selector = default
        self.lab_initialize_indicator(indicator, [symbol], resolution, selector)

    def lab_value_name(self, symbol: SymbolLike, resolution: Pace, field_name: str | None, joint: str) -> str:
        """Return the name of an indicator that is a field of the bars."""
        field_name = field_name or "close"
        if isinstance(resolution, timedelta):
            return f"{self.lab_symbol(symbol)}({field_name}{joint}{_clock(resolution)})"
        return self.create_indicator_name(symbol, field_name, resolution)


def _only_pace(value: Any) -> Any:
    return value if isinstance(value, Resolution) else None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, Resolution)


def _two_periods(args: tuple[Any, ...], kwargs: dict[str, Any], first: str, second: str) -> tuple[int, int]:
    """Return two periods; the second is the first unless given."""
    counts = [value for value in args if _is_count(value)]
    given = [kwargs.pop(name) for name in (first, "period", second) if name in kwargs]
    both = [*counts, *given]
    if not both:
        raise TypeError(f"A period is missing: give {first} or period.")
    return both[0], both[1] if len(both) > 1 else both[0]


def _rest(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Return the resolution and the selector among arguments."""
    paces = [value for value in args if isinstance(value, Resolution | timedelta)]
    picks = [value for value in args if callable(value)]
    resolution = kwargs.pop("resolution", paces[0] if paces else None)
    selector = kwargs.pop("selector", picks[0] if picks else None)
    if kwargs:
        raise TypeError(f"Unexpected arguments: {', '.join(sorted(kwargs))}")
    return resolution, selector


def _paced(args: tuple[Any, ...], kwargs: dict[str, Any], names: tuple[str, ...]) -> tuple[Any, list[Any]]:
    """Return the resolution, which may stand first or not at all, and the other arguments."""
    given = list(args)
    resolution = kwargs.pop("resolution", None)
    if given and (given[0] is None or isinstance(given[0], Resolution | timedelta)):
        resolution = given.pop(0)
    values = dict(zip(names, given, strict=False)) | kwargs
    unknown = set(values) - set(names)
    if unknown or len(given) > len(names):
        raise TypeError(f"Unexpected arguments: {', '.join(sorted(unknown)) or given[len(names) :]}")
    return resolution, [values.get(name) for name in names]


def _clock(span: timedelta) -> str:
    """Return a timedelta as .NET prints it: ``1.00:00:00``."""
    hours, rest = divmod(span.seconds, 3600)
    days = f"{span.days}." if span.days else ""
    return f"{days}{hours:02}:{rest // 60:02}:{rest % 60:02}"
