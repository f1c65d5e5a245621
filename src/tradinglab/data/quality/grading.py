"""How good a series is, in a letter and in percent.

The percentage is what is there of what there could be, less what is wrong with it::

    percent = 100 · max(0, 1 - missing / expected - (10 · errors + warnings) / bars)

with the bars that are missing (those of whole sessions, too, but not those that little trading explains), the bars
that could be from the first to the last, and the bars, values or places in error and with a warning. The letter is
A from 99.9 % on, B from 99 %, C from 97 %, D from 90 %, else F; a series with any error is C at best, and one that is
wrong as a whole (time zone, labels, adjusted twice) is F and 0 %.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tradinglab.core.values import dataclass
from tradinglab.data.quality.checks import CHECKS, Severity

_LETTERS: Final = (("A", 99.9), ("B", 99.0), ("C", 97.0), ("D", 90.0))
_ERROR_WEIGHT = 10
#: What is missing is counted against what could be, not against what is there.
_MISSING = ("missing_sessions", "missing_bars", "missing_hour")


@dataclass(frozen=True, slots=True)
class Grade:
    """A letter from A to F, and the percentage behind it."""

    letter: str
    percent: float

    def __str__(self) -> str:
        return f"{self.letter} ({self.percent:.2f} %)"


def grade_of(bars: int, expected: int, missing: int, counts: Mapping[str, int]) -> Grade:
    """Return the grade of a series by what was found.

    Parameters
    ----------
    expected
        How many bars there could be.
    missing
        How many bars are missing of these.
    counts
        How many places each check found.
    """
    if bars == 0 or any(CHECKS[code].is_systematic for code, count in counts.items() if count):
        return Grade("F", 0.0)
    found = {code: count for code, count in counts.items() if code not in _MISSING and count}
    errors = sum(count for code, count in found.items() if CHECKS[code].severity == Severity.ERROR)
    warnings = sum(count for code, count in found.items() if CHECKS[code].severity == Severity.WARNING)
    share = 1 - missing / max(expected, 1) - (_ERROR_WEIGHT * errors + warnings) / bars
    percent = int(max(0.0, share) * 1_000_000) / 10_000  # what is not the whole is not rounded to it
    letter = next((name for name, least in _LETTERS if percent >= least), "F")
    return Grade(max(letter, "C") if errors else letter, percent)
