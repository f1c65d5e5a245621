"""Which variants of a backtest's parameters are tried, where these are moved a little."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from tradinglab.doctor.moving import ParameterRange, jittered
from tradinglab.engine.errors import UsageError
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.errors import InputError
from tradinglab.server.strategies.checking import files_parameters
from tradinglab.server.strategies.files import RULES

#: Of rules, which are simulated, and of code, of which each is a run of its own.
MOST_SIMULATED, USUAL_SIMULATED = 2_000, 300
MOST_RUN, USUAL_RUN = 100, 20
_NUMBERS: Final = ("int", "float")
_NOTHING_SAID: Final = {"share": None, "steps": None, "trials": None, "seed": 0}


class Variants(NamedTuple):
    """The parameters of a backtest that are numbers beside its others, and variants of them."""

    own: dict[str, str]
    drawn: list[dict[str, str]]


def is_rules(test: Backtest) -> bool:
    """Return whether a backtest's strategy is told as rules."""
    return RULES in test.version.files


def jitter_options(*, test: Backtest, options: dict[str, Any]) -> dict[str, Any]:
    """Return what a jitter is asked, with all that was left out.

    Raises
    ------
    InputError
        If more variants are asked for than may be, or no parameter can be moved so.
    CheckBusyError
        If too many strategies are being read.
    """
    most, usual = (MOST_SIMULATED, USUAL_SIMULATED) if is_rules(test) else (MOST_RUN, USUAL_RUN)
    options = _NOTHING_SAID | options
    trials = options["trials"] or usual
    if trials > most:
        why = "of rules" if is_rules(test) else "of code, as each is a run of its own"
        raise InputError("trials", trials, f"There may be {most:,} variants {why}; ask for so many at most.")
    share = options["share"] if options["steps"] or options["share"] else 0.1
    found = {**options, "share": share, "trials": trials}
    variants_of(test=test, options=found)
    return found


def variants_of(*, test: Backtest, options: dict[str, Any], most: int | None = None) -> Variants:
    """Return variants of the parameters of a backtest: those that it was given, and those that have a default.

    Parameters
    ----------
    most
        How many there are at most; as many as the options say, if it is left out.

    Raises
    ------
    InputError
        If no parameter can be moved so.
    CheckBusyError
        If too many strategies are being read.
    """
    known = [each for each in files_parameters(files=test.version.files).known if each.type in _NUMBERS]
    own = {each.name: f"{each.default:.15g}" for each in known if isinstance(each.default, (int, float))}
    own |= test.parameters
    ranges = {each.name: ParameterRange(minimum=each.minimum, maximum=each.maximum, step=each.step) for each in known}
    share, steps, trials = options["share"], options["steps"], options["trials"]
    try:
        drawn = jittered(
            own,
            share=share,
            steps=steps,
            ranges=ranges,
            trials=trials if most is None else min(most, trials),
            seed=options["seed"],
        )
    except UsageError as problem:
        field, value = ("share", share) if steps is None else ("steps", steps)
        raise InputError(field, value, str(problem)) from None
    return Variants(own, drawn)
