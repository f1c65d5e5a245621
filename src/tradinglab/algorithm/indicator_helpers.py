"""Makers of the methods that make indicators: ``self.sma(symbol, period, resolution, selector)``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.indicators.naming import fill
from tradinglab.algorithm.indicators.registry import indicator_type
from tradinglab.core.dual import fold
from tradinglab.core.enums import Resolution

if TYPE_CHECKING:
    from tradinglab.algorithm.indicator_registration import IndicatorRegistration
    from tradinglab.algorithm.indicators.base import IndicatorBase

#: The value of a parameter that has no default.
REQUIRED: Any = inspect.Parameter.empty
_POSITIONAL = inspect.Parameter.POSITIONAL_OR_KEYWORD

Method = Callable[..., Any]


def single(class_name: str, template: str, **parameters: Any) -> Method:
    """Return a method that makes an indicator of one symbol.

    *parameters* are those of the indicator's constructor after the name, with their defaults;
    ``resolution`` and ``selector`` follow.
    """
    return _method(class_name, template, ("symbol",), parameters, _make_single)


def pair(class_name: str, template: str, **parameters: Any) -> Method:
    """Return a method that makes an indicator of a target and a reference symbol."""
    return _method(class_name, template, ("target", "reference"), parameters, _make_pair)


def group(class_name: str, template: str, **parameters: Any) -> Method:
    """Return a method that makes an indicator of several symbols."""
    return _method(class_name, template, ("symbols",), parameters, _make_group)


Maker = Callable[["IndicatorRegistration", str, str, Sequence[str], dict[str, Any]], "IndicatorBase"]


def _method(
    class_name: str, template: str, symbols: tuple[str, ...], parameters: dict[str, Any], make: Maker
) -> Method:
    pace = parameters.pop("resolution", None)
    signature = _signature(symbols, parameters, pace)

    def method(self: IndicatorRegistration, *args: Any, **kwargs: Any) -> IndicatorBase:
        values = arguments(signature, args, kwargs)
        return make(self, class_name, template, tuple(parameters), values)

    method.__annotations__ = {"return": class_name}
    method.__signature__ = signature  # type: ignore[attr-defined]
    method.__doc__ = f"Make a ``{class_name}``, updated with the bars of a security; see the class."
    return method


def _signature(symbols: tuple[str, ...], parameters: dict[str, Any], pace: Resolution | None) -> inspect.Signature:
    given = [inspect.Parameter(name, _POSITIONAL) for name in ("self", *symbols)]
    given += [inspect.Parameter(name, _POSITIONAL, default=default) for name, default in parameters.items()]
    given.append(inspect.Parameter("resolution", _POSITIONAL, default=pace))
    given.append(inspect.Parameter("selector", _POSITIONAL, default=None))
    return inspect.Signature(given)


def arguments(signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments by name.

    A resolution or a selector may follow directly on any argument, as LEAN's overloads allow:
    ``self.rsi(symbol, 14, Resolution.DAILY)``.
    """
    spellings = {fold(name): name for name in signature.parameters}
    kwargs = {spellings.get(fold(key), key): value for key, value in kwargs.items()}
    names = [name for name in signature.parameters if name != "self"]
    head = list(args)
    for place, value in enumerate(args):
        expected = names[place] if place < len(names) else ""
        if expected not in ("resolution", "selector") and _is_pace_or_selector(value):
            tail = ("resolution", "selector") if not callable(value) else ("selector",)
            head = list(args[:place])
            kwargs |= dict(zip(tail, args[place:], strict=False))
            break
    bound = signature.bind(None, *head, **kwargs)
    bound.apply_defaults()
    values = dict(bound.arguments)
    if callable(values.get("resolution")) and not isinstance(values["resolution"], type):
        values["selector"], values["resolution"] = values["resolution"], None
    return values


def _is_pace_or_selector(value: object) -> bool:
    return isinstance(value, Resolution | timedelta) or (callable(value) and not isinstance(value, type))


def _make_single(
    algorithm: IndicatorRegistration, class_name: str, template: str, names: Sequence[str], values: dict[str, Any]
) -> IndicatorBase:
    resolution = values["resolution"]
    name = algorithm.create_indicator_name(values["symbol"], fill(template, values), resolution)
    indicator = indicator_type(class_name)(name, *(values[key] for key in names))
    algorithm.lab_initialize_indicator(indicator, [values["symbol"]], resolution, values["selector"])
    return indicator


def _make_pair(
    algorithm: IndicatorRegistration, class_name: str, template: str, names: Sequence[str], values: dict[str, Any]
) -> IndicatorBase:
    resolution = values["resolution"]
    symbols = [algorithm.lab_symbol(values[key]) for key in ("target", "reference")]
    name = algorithm.create_indicator_name(None, fill(template, values), resolution)
    indicator = indicator_type(class_name)(name, *symbols, *(values[key] for key in names))
    algorithm.lab_initialize_indicator(indicator, symbols, resolution, values["selector"])
    return indicator


def _make_group(
    algorithm: IndicatorRegistration, class_name: str, template: str, names: Sequence[str], values: dict[str, Any]
) -> IndicatorBase:
    given: Iterable[Any] = values["symbols"]
    symbols = [algorithm.lab_symbol(symbol) for symbol in given]
    resolution = values["resolution"]
    pace = algorithm.lab_subscription_of(symbols[0]).resolution if resolution is None else resolution
    name = algorithm.create_indicator_name(None, fill(template, values), pace)
    indicator = indicator_type(class_name)(name, *(values[key] for key in names))
    for symbol in symbols:
        indicator.add(symbol)
    algorithm.lab_initialize_indicator(indicator, symbols, resolution, values["selector"])
    return indicator
