"""What of a series was answered already, by whom, and why not by others: what a download goes on from.

Each part that was fetched and stored is noted as a line of a document in the store (`data/download_notes.py`). A
download asks for what is missing in it: after a restart it goes on where it was stopped, and an update asks for the
days since.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Protocol

from tradinglab.core.values import dataclass
from tradinglab.data.sources.policy import Given, Passed
from tradinglab.data.sources.protocol import SeriesKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A range of a series that was answered.

    Attributes
    ----------
    source
        Who gave it.
    bars
        How many bars it has; 0: there are none.
    passed
        Who was asked before, and why he did not give it.
    at
        When, in Unix seconds.
    """

    start_us: int
    end_us: int
    source: str
    bars: int
    passed: tuple[Passed, ...] = ()
    notes: tuple[str, ...] = ()
    at: float = 0.0

    @classmethod
    def of(cls, given: Given, bars: int, notes: Iterable[str]) -> Answered:
        """Return the note on a part that was given and stored."""
        return cls(
            start_us=given.start_us,
            end_us=given.end_us,
            source=given.source,
            bars=bars,
            passed=given.passed,
            notes=tuple(notes),
            at=round(time.time(), 3),
        )


class Ledger(Protocol):
    """Where answers are noted."""

    def read(self, key: SeriesKey) -> list[Answered]:
        """Return what was answered of a series, the oldest answer first."""
        ...

    def add(self, key: SeriesKey, answered: Answered) -> None:
        """Note an answer."""
        ...


class MemoryLedger:
    """Answers of one process."""

    def __init__(self) -> None:
        self._kept: dict[SeriesKey, list[Answered]] = {}

    def read(self, key: SeriesKey) -> list[Answered]:
        """Return what was answered of a series."""
        return list(self._kept.get(key, ()))

    def add(self, key: SeriesKey, answered: Answered) -> None:
        """Note an answer."""
        self._kept.setdefault(key, []).append(answered)


def answers_in(text: str) -> list[Answered]:
    """Return the answers noted in a text, a line for each; a line that was cut off by a crash does not count."""
    found = []
    for line in text.splitlines():
        try:
            row = json.loads(line)
            passed = tuple(Passed(**one) for one in row.pop("passed"))
            found.append(Answered(**{**row, "passed": passed, "notes": tuple(row["notes"])}))
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
    return found


def answer_line(answered: Answered) -> str:
    """Return the line that notes an answer."""
    return json.dumps(asdict(answered), separators=(",", ":")) + "\n"


def missing(answered: Iterable[Answered], start_us: int, end_us: int) -> list[tuple[int, int]]:
    """Return the ranges within a range that were not answered, in order."""
    found, at = [], start_us
    for first, last in sorted((each.start_us, each.end_us) for each in answered):
        if last <= at:
            continue
        if first >= end_us:
            break
        if first > at:
            found.append((at, first))
        at = last
    if at < end_us:
        found.append((at, end_us))
    return found


def merged(answered: Sequence[Answered]) -> list[Answered]:
    """Return answers in order of time, those that follow one another from the same source for the same reasons as one.

    Where two speak of the same range, the later answer counts.
    """
    pieces: list[Answered] = []
    for each in answered:
        kept = []
        for old in pieces:
            sides = ((old.start_us, min(old.end_us, each.start_us)), (max(old.start_us, each.end_us), old.end_us))
            kept += [_cut(old, first, last) for first, last in sides if first < last]
        pieces = [*kept, each]
    found: list[Answered] = []
    for each in sorted(pieces, key=lambda one: one.start_us):
        last = found[-1] if found else None
        if last is not None and last.end_us == each.start_us and _is_alike(last, each):
            found[-1] = Answered(
                start_us=last.start_us,
                end_us=each.end_us,
                source=last.source,
                bars=last.bars + each.bars,
                passed=last.passed,
                notes=tuple(dict.fromkeys((*last.notes, *each.notes))),
                at=max(last.at, each.at),
            )
        else:
            found.append(each)
    return found


def _is_alike(one: Answered, other: Answered) -> bool:
    same = (one.source, bool(one.bars)) == (other.source, bool(other.bars))
    return same and [(each.source, each.code) for each in one.passed] == [
        (each.source, each.code) for each in other.passed
    ]


def _cut(old: Answered, first: int, last: int) -> Answered:
    """Return an answer for a part of its range; how many bars it has is then an estimate."""
    share = (last - first) / (old.end_us - old.start_us)
    return Answered(
        start_us=first,
        end_us=last,
        source=old.source,
        bars=max(min(1, old.bars), round(old.bars * share)),
        passed=old.passed,
        notes=old.notes,
        at=old.at,
    )
