"""Indicator methods that do more than make and register: defaults that depend on the data, several forms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.indicator_registration import IndicatorRegistration
from tradinglab.algorithm.indicators.composites import FilteredIdentity, Identity
from tradinglab.algorithm.indicators.extremes import Maximum, Minimum
from tradinglab.algorithm.indicators.field import Field
from tradinglab.core.enums import Resolution, TickType

if TYPE_CHECKING:
    from tradinglab.algorithm.api.core import SymbolLike

Pace = Resolution | timedelta | None
Select = Callable[[Any], Any] | None


class SpecialIndicatorMethods(IndicatorRegistration):
    """Indicator methods of their own kind."""

    def identity(self, symbol: SymbolLike, *args: Any, **kwargs: Any) -> Identity:
        """Make an ``Identity``: ``(symbol, [resolution | timedelta,] selector, field_name)``."""
        resolution, (selector, field_name) = _paced(args, kwargs, ("selector", "field_name"))
        indicator = Identity(self._value_name(symbol, resolution, field_name, ","))
        if isinstance(resolution, timedelta):
            self.register_indicator(symbol, indicator, resolution, selector)
        else:
            self.initialize_indicator(indicator, [symbol], resolution, selector)
        return indicator

    def filtered_identity(self, symbol: SymbolLike, *args: Any, **kwargs: Any) -> FilteredIdentity:
        """Make a ``FilteredIdentity``: ``(symbol, [resolution | timedelta,] selector, filter, field_name)``."""
        resolution, (selector, keep, field_name) = _paced(args, kwargs, ("selector", "filter", "field_name"))
        indicator = FilteredIdentity(self._value_name(symbol, resolution, field_name, "_"), keep)
        self.register_indicator(symbol, indicator, resolution, selector)
        return indicator

    def max(
        self, symbol: SymbolLike, period: int, resolution: Pace | Select = None, selector: Select = None
    ) -> Maximum:
        """Make a ``Maximum``, of the highs of trade bars unless a selector says otherwise."""
        indicator = Maximum(self.create_indicator_name(symbol, f"MAX({period})", _only_pace(resolution)), period)
        self._initialize_extreme(indicator, symbol, resolution, selector, Field.HIGH)
        return indicator

    def min(
        self, symbol: SymbolLike, period: int, resolution: Pace | Select = None, selector: Select = None
    ) -> Minimum:
        """Make a ``Minimum``, of the lows of trade bars unless a selector says otherwise."""
        indicator = Minimum(self.create_indicator_name(symbol, f"MIN({period})", _only_pace(resolution)), period)
        self._initialize_extreme(indicator, symbol, resolution, selector, Field.LOW)
        return indicator

    def _initialize_extreme(
        self, indicator: Maximum | Minimum, symbol: SymbolLike, resolution: Any, selector: Select, default: Select
    ) -> None:
        if callable(resolution):
            resolution, selector = None, resolution
        config = self.subscription_of(self.lab_symbol(symbol))
        if selector is None and config.tick_type == TickType.TRADE and config.resolution != Resolution.TICK:
            selector = default
        self.initialize_indicator(indicator, [symbol], resolution, selector)

    def _value_name(self, symbol: SymbolLike, resolution: Pace, field_name: str | None, joint: str) -> str:
        field_name = field_name or "close"
        if isinstance(resolution, timedelta):
            return f"{self.lab_symbol(symbol)}({field_name}{joint}{_clock(resolution)})"
        return self.create_indicator_name(symbol, field_name, resolution)


def _only_pace(value: Any) -> Any:
    return value if isinstance(value, Resolution) else None


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
