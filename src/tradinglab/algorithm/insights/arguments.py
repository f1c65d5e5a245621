"""The forms in which insights are made: .NET chooses by type among several lists of arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tradinglab.core.enums import Resolution
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_cache import SymbolCache

#: The names of a lifetime; all of them stand at the same place.
_ENDS = ("period", "expiry_func", "close_time_local")
_BARS = ("resolution", "bar_count")
_LAST = ("magnitude", "confidence", "source_model", "weight", "tag")

Arguments = dict[str, Any]


def price_arguments(args: tuple[Any, ...], named: Mapping[str, Any]) -> Arguments:
    """Return the arguments of ``Insight.price`` by name, but the symbol; the end is ``period``, or two of bars."""
    is_bars = isinstance(args[0], Resolution) if args else "resolution" in named
    end = _BARS if is_bars else ("period",)
    return _by_name("Insight.price", (*end, "direction", *_LAST), args, named, required=(*end, "direction"))


def insight_arguments(args: tuple[Any, ...], named: Mapping[str, Any]) -> Arguments:
    """Return the arguments of ``Insight(...)`` by name; a first one that is a time is ``generated_time_utc``."""
    names: tuple[str, ...] = ("symbol", "period", "type", "direction", *_LAST)
    if args and hasattr(args[0], "hour"):
        names = ("generated_time_utc", *names)
    elif len(args) == len(names) - len(_LAST) + 1 and isinstance(args[-1], str):
        names = (*names[:4], "tag")
    known = ("generated_time_utc", "symbol", "period", "type", "direction", *_LAST)
    return _by_name("Insight", names, args, named, required=("symbol", "period", "type", "direction"), known=known)


def _by_name(
    what: str,
    names: tuple[str, ...],
    args: tuple[Any, ...],
    named: Mapping[str, Any],
    *,
    required: tuple[str, ...],
    known: tuple[str, ...] = (),
) -> Arguments:
    if len(args) > len(names):
        raise TypeError(f"{what} takes {', '.join(names)}; there were {len(args)} arguments.")
    given = dict(zip(names, args, strict=False))
    for name, value in named.items():
        name = "period" if name in _ENDS else name
        if name not in (known or names):
            raise TypeError(f"{what} has no argument '{name}'; it takes {', '.join(known or names)}.")
        if name in given:
            raise TypeError(f"{what} was given '{name}' twice.")
        given[name] = value
    missing = [name for name in required if name not in given]
    if missing:
        raise TypeError(f"{what} needs {', '.join(missing)} too.")
    return given


def symbol_of(value: object) -> Symbol:
    """Return the symbol that a symbol, a security or the ticker of a security that was added means."""
    if isinstance(value, Symbol):
        return value
    if isinstance(value, str):
        return SymbolCache.get_symbol(value)
    symbol = getattr(value, "symbol", None)
    if isinstance(symbol, Symbol):
        return symbol
    raise TypeError(f"An insight is about a Symbol, a Security or a ticker; it was {value!r}.")


def number_of(value: object) -> float | None:
    """Return a number that may be left out."""
    return None if value is None else float(value)  # type: ignore[arg-type]
