"""Whether parameters are of the kind that a strategy makes of them."""

from __future__ import annotations

from collections.abc import Mapping

from tradinglab.server.errors import InputError
from tradinglab.server.strategies.checking import files_parameters
from tradinglab.server.strategies.errors import CheckBusyError

_NUMBERS = ("int", "float")


def parameters_check(*, files: Mapping[str, str], parameters: Mapping[str, str]) -> None:
    """Refuse a text where the files make a number of a parameter; one that they do not ask for may be anything.

    Files that were not read before are read now, which takes a while: not within a transaction.

    Raises
    ------
    InputError
        Names the parameter, what was given, and what it is made into.
    """
    given = {name: text for name, text in parameters.items() if not _is_number(text)}
    if not given:
        return
    try:
        known = files_parameters(files=files)
    except CheckBusyError:
        return  # then the run says it
    for parameter in known:
        text = given.get(parameter.name)
        if text and parameter.type in _NUMBERS:
            where = f"{parameter.file}, line {parameter.line}"
            default = "" if parameter.default is None else f", such as its default {parameter.default}"
            raise InputError(
                f"parameters.{parameter.name}", text, f"The strategy makes a number of it ({where}): give one{default}."
            )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
