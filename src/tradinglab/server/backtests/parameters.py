"""Whether a strategy asks for parameters, and makes of them what they can be made into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tradinglab.algorithm.check import Parameter
from tradinglab.core.surface import did_you_mean
from tradinglab.optimize import Axis
from tradinglab.server.errors import InputError
from tradinglab.server.strategies.checking import AskedParameters, files_parameters, rules_read_apart
from tradinglab.server.strategies.errors import CheckBusyError
from tradinglab.server.strategies.files import RULES
from tradinglab.server.strategies.project import project_parameters

_NUMBERS = ("int", "float")
_MOST_NAMED = 50


def parameters_check(*, files: Mapping[str, str], parameters: Mapping[str, str]) -> list[str]:
    """Refuse a text where the files make a number of a parameter; return what is to be warned of.

    Of rules every value is refused that they cannot be carried out with: what is no number or out of the declared
    range, and names that they do not have; also if ``config.json`` sets it.

    Files that were not read before are read now, which takes a while: not within a transaction.

    Raises
    ------
    InputError
        Names the parameter, what was given, and what it is made into.
    """
    if RULES in files:
        _check_rules(files, parameters)
        return []
    asked = _asked(files) if parameters else None
    if asked is None:
        return []
    for parameter in asked.known:
        if (text := parameters.get(parameter.name)) is not None:
            _refuse_text(f"parameters.{parameter.name}", parameter, text)
    names = [each.name for each in asked.known]
    return [_unasked(name, names) for name in parameters if name not in names] if asked.are_all else []


def searched_check(*, files: Mapping[str, str], axes: Sequence[Axis]) -> None:
    """Refuse to search a parameter that the files do not ask for, as all trials would be the same, and texts as above.

    Raises
    ------
    InputError
        Names the parameter, what was given, and what it is made into.
    """
    asked = _asked(files)
    if asked is None:
        return
    known = {each.name: each for each in asked.known}
    for place, axis in enumerate(axes):
        parameter = known.get(axis.name)
        if parameter is None and asked.are_all:
            text = f"{_unasked(axis.name, list(known))} Whatever its value, the trials would be the same."
            raise InputError(f"space.{place}.name", axis.name, text)
        if parameter is not None and axis.is_continuous and parameter.type != "float":
            where = f"{parameter.file}, line {parameter.line}"
            text = (
                f"The strategy does not make a fraction of it ({where}), but {parameter.type}: give the range a step."
            )
            raise InputError(f"space.{place}.step", "", text)
        if parameter is not None:
            for value in axis.values:
                _refuse_text(f"space.{place}.values", parameter, value)
                if _is_number(value):
                    _refuse_beyond(f"space.{place}.values", parameter, value)
            for bound, number in (("min", axis.low), ("max", axis.high)):
                if axis.is_continuous and number is not None:
                    _refuse_beyond(f"space.{place}.{bound}", parameter, number)


def _check_rules(files: Mapping[str, str], parameters: Mapping[str, str]) -> None:
    """Refuse values that rules cannot be carried out with."""
    try:
        known = {each.name for each in files_parameters(files=files).known}
        of_project = {name: text for name, text in project_parameters(files).items() if name in known}
        given = {**of_project, **parameters}
        read = rules_read_apart(text=files[RULES], parameters=given) if given else {}
    except CheckBusyError:
        return
    if refused := read.get("refused"):
        reason: str = refused["reason"]
        value = given.get(refused["field"].partition(".")[2])
        raise InputError(refused["field"], value, f"{reason[:1].upper()}{reason[1:].rstrip('.')}.")


def _refuse_beyond(field: str, parameter: Parameter, number: object) -> None:
    """Refuse a number that lies out of the range that the strategy declares."""
    least, most = parameter.minimum, parameter.maximum
    value = float(str(number))
    if not (least is None or value >= least) or not (most is None or value <= most):
        said = "".join(f" {word} {bound:g}" for word, bound in (("from", least), ("to", most)) if bound is not None)
        where = f"{parameter.file}, line {parameter.line}"
        raise InputError(field, number, f"The strategy declares a range{said} ({where}): stay in it, or widen it.")


def _asked(files: Mapping[str, str]) -> AskedParameters | None:
    """Return what the files ask for; ``None`` if nobody has time to read them: then the run says it."""
    try:
        return files_parameters(files=files)
    except CheckBusyError:
        return None


def _refuse_text(field: str, parameter: Parameter, text: str) -> None:
    """Refuse a text where the strategy makes a number of it."""
    if text and parameter.type in _NUMBERS and not _is_number(text):
        where = f"{parameter.file}, line {parameter.line}"
        default = "" if parameter.default is None else f", such as its default {parameter.default}"
        raise InputError(field, text, f"The strategy makes a number of it ({where}): give one{default}.")


def _unasked(name: str, names: Sequence[str]) -> str:
    known = f"It asks for {', '.join(names[:_MOST_NAMED])}." if names else "It asks for none."
    return f"The strategy does not ask for the parameter {name}{did_you_mean(name, names) or '.'} {known}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
