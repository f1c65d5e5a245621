"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: More are not worth reading.
MOST_FINDINGS = 200
_LONGEST_MESSAGE = 500


def sendable_text(text: str) -> str:
    """Return *text* with a question mark for each half of a character, which no UTF-8 has."""
    return text.encode("utf-8", "replace").decode()


class TooComplexError(Exception):
    """A strategy has more of something than is looked at; said in a finding."""


class Severity(StrEnum):
    """How bad a finding is."""

    #: A run ends there.
    ERROR = "error"
    #: LEAN has it, TradingLab has not yet: a run ends there if it gets so far.
    UNSUPPORTED = "unsupported"
    #: A run may come to grief.
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """One thing that is wrong.

    Attributes
    ----------
    file, line, column
        Where it is; lines and columns count from one.
    code
        Stable name of the kind of finding.
    suggestion
        What to write or to do; empty if nothing comes to mind.
    """

    file: str
    line: int
    column: int
    severity: Severity
    code: str
    message: str
    suggestion: str = ""

    def __post_init__(self) -> None:
        """Keep a hostile strategy's names short, and such that they can be sent."""
        for name in ("message", "suggestion"):
            object.__setattr__(self, name, sendable_text(getattr(self, name))[:_LONGEST_MESSAGE])


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What a strategy asks for by ``get_parameter``.

    Attributes
    ----------
    type
        ``int``, ``float``, ``bool`` or ``str``: what it is made into, or what its default is.
    default
        What is taken when it is not given; ``None`` if there is nothing, or what there is cannot be told from the text.
    file, line
        Where it is asked for first.
    minimum, maximum, step
        The range in which it may be searched; ``None`` where nothing is said of it, as in code.
    """

    name: str
    type: str
    default: str | int | float | bool | None
    file: str
    line: int
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found in a strategy.

    Attributes
    ----------
    parameters
        What it asks for, as far as the text shows it.
    asks_openly
        Whether the text shows all of that: no name is worked out while it runs.
    is_cut
        Whether there is more than the findings that are listed.
    """

    findings: tuple[Finding, ...]
    parameters: tuple[Parameter, ...]
    asks_openly: bool = False
    is_cut: bool = False

    @property
    def has_errors(self) -> bool:
        """Whether a run would end in an error."""
        return any(each.severity is Severity.ERROR for each in self.findings)
