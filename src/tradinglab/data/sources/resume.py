"""What of a series was answered already, by whom, and why not by others: what a download goes on from.

Each part that was fetched and stored is noted as a line of a file beside the store. A download asks for what is missing
in it: after a restart it goes on where it was stopped, and an update asks for the days since.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
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


class FileLedger:
    """Answers in a folder, a file for each series.

    Parameters
    ----------
    folder
        Made when there is something to note.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, key: SeriesKey) -> list[Answered]:
        """Return what was answered of a series; a line that was cut off by a crash does not count."""
        path = self._path(key)
        if not path.is_file():
            return []
        found = []
        for line in path.read_text().splitlines():
            try:
                row = json.loads(line)
                passed = tuple(Passed(**one) for one in row.pop("passed"))
                found.append(Answered(**{**row, "passed": passed, "notes": tuple(row["notes"])}))
            except (ValueError, TypeError, KeyError, AttributeError):
                continue
        return found

    def add(self, key: SeriesKey, answered: Answered) -> None:
        """Note an answer."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(asdict(answered), separators=(",", ":")).encode() + b"\n"
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            size = os.fstat(file).st_size
            # A line that a crash cut off must not swallow this one.
            is_whole = size == 0 or os.pread(file, 1, size - 1) == b"\n"
            os.write(file, line if is_whole else b"\n" + line)
            os.fsync(file)
        finally:
            os.close(file)

    def _path(self, key: SeriesKey) -> Path:
        folder = key.folder(self._folder)
        return folder.with_name(f"{folder.name}.jsonl")


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
