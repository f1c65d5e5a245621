"""Whether a strategy asks for parameters, and makes of them what they can be made into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tradinglab.core.surface import did_you_mean
from tradinglab.server.errors import InputError
from tradinglab.server.strategies.checking import files_parameters
from tradinglab.server.strategies.errors import CheckBusyError

_NUMBERS = ("int", "float")
_MOST_NAMED = 50


def parameters_check(*, files: Mapping[str, str], parameters: Mapping[str, str]) -> list[str]:
    """Refuse a text where the files make a number of a parameter; return what is to be warned of.

    Files that were not read before are read now, which takes a while: not within a transaction.

    Raises
    ------
    InputError
        Names the parameter, what was given, and what it is made into.
    """
    if not parameters:
        return []
    try:
        asked = files_parameters(files=files)
    except CheckBusyError:
        return []  # then the run says it
    for parameter in asked.known:
        text = parameters.get(parameter.name)
        if text and parameter.type in _NUMBERS and not _is_number(text):
            where = f"{parameter.file}, line {parameter.line}"
            default = "" if parameter.default is None else f", such as its default {parameter.default}"
            raise InputError(
                f"parameters.{parameter.name}", text, f"The strategy makes a number of it ({where}): give one{default}."
            )
    names = [each.name for each in asked.known]
    return [_unasked(name, names) for name in parameters if name not in names] if asked.are_all else []


def _unasked(name: str, names: Sequence[str]) -> str:
    known = f"It asks for {', '.join(names[:_MOST_NAMED])}." if names else "It asks for none."
    return f"The strategy does not ask for the parameter {name}{did_you_mean(name, names) or '.'} {known}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
