"""Names of indicators as LEAN makes them: ``SMA(14)`` unless the author gives another."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from tradinglab.core.decimals import to_decimal
from tradinglab.core.dual import fold
from tradinglab.core.symbol import Symbol

P = ParamSpec("P")


def named(
    template: str | Callable[[Mapping[str, object]], str], **aliases: str
) -> Callable[[Callable[Concatenate[Any, str, P], None]], Callable[..., None]]:
    """Let a constructor ``(name, period, …)`` be called without the name, as LEAN's can.

    The name is then *template*, filled with the arguments (``"SMA({period})"``), or made of them by a
    function. Arguments may also be given in LEAN's other spellings, and by other names: *aliases*.
    """

    def decorate(init: Callable[Concatenate[Any, str, P], None]) -> Callable[..., None]:
        signature = inspect.signature(init)
        spellings = {fold(name): name for name in signature.parameters}
        spellings |= {fold(alias): name for alias, name in aliases.items()}
        first = next((str(each.annotation) for each in [*signature.parameters.values()][2:]), "")
        may_be_named_by_symbol = "Symbol" not in first

        @wraps(init)
        def construct(self: Any, *args: Any, **kwargs: Any) -> None:
            if kwargs:
                kwargs = {spellings.get(fold(key), key): value for key, value in kwargs.items()}
            if args and may_be_named_by_symbol and isinstance(args[0], Symbol):
                args = (str(args[0]), *args[1:])
            if "name" not in kwargs and not (args and isinstance(args[0], str)):
                bound = signature.bind(self, "", *args, **kwargs)
                bound.apply_defaults()
                given = bound.arguments
                args = (fill(template, given) if isinstance(template, str) else template(given), *args)
            init(self, *args, **kwargs)

        return construct

    return decorate


def fill(template: str, arguments: Mapping[str, object]) -> str:
    """Fill a template with arguments, numbers as .NET prints decimals."""
    return template.format_map({key: text_of(value) for key, value in arguments.items()})


def text_of(value: object) -> object:
    """Return a number as .NET prints a decimal (``2``, not ``2.0``), nothing for ``None``."""
    if isinstance(value, float | Decimal):
        return format(to_decimal(value), "f")
    return "" if value is None else value
