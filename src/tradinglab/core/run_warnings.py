"""What a run warns of: its result may not be what its author thinks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from tradinglab.core.values import dataclass


class WarningKind(StrEnum):
    """What a warning is about."""

    DATA = "data"
    """Bars are missing, made up or were put right."""
    PARAMETER = "parameter"
    """A parameter was given that the strategy did not read."""
    STRATEGY = "strategy"
    """The strategy asked for something and got something else."""
    ENGINE = "engine"
    """Another engine ran it than was asked for, or was told other than all of it."""


@dataclass(frozen=True, slots=True)
class RunWarning:
    """One warning.

    Attributes
    ----------
    kind
        What it is about.
    text
        A sentence or more.
    no_bars_of
        The ticker of which it says that there were no bars; empty if it says something else.
    """

    kind: WarningKind
    text: str
    no_bars_of: str = ""

    def __str__(self) -> str:
        return self.text


def unlogged(warnings: Iterable[RunWarning], lines: Sequence[str]) -> list[RunWarning]:
    """Return the warnings that are not among the *lines* of a log, where a strategy's are written at their time."""
    return [
        each
        for each in warnings
        if each.kind != WarningKind.STRATEGY or not any(line.endswith(each.text) for line in lines)
    ]
