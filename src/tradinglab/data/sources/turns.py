"""Whose turn it is: what all processes that use one key may send together.

Levels are kept in `Notes` (`core/pacing/notes.py`): files in the installation's home by default, so that the command
line and a server of one machine count together; a server with a Redis hands over notes that are kept there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from tradinglab.core.pacing.breakers import BreakerRule, NotedBreakers, Passage
from tradinglab.core.pacing.buckets import NotedBuckets, Rate
from tradinglab.core.pacing.notes import FileNotes, MemoryNotes, Note, Notes
from tradinglab.core.values import dataclass

#: What keeps the levels: one method, which replaces a value in one step.
BucketStore = Notes
_DAY_S: Final = 86_400.0
#: As many moments as one note can hold.
_MOST_PER_DAY: Final = 100


class Turn(NamedTuple):
    """Whether a request may be sent now, seconds until one may, and whether the day's are used up."""

    is_allowed: bool
    wait_s: float = 0.0
    is_quota: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a key may send.

    Attributes
    ----------
    name
        Names source and key without telling the key: all who have the same one count together.
    rates
        So many requests in so many seconds; all of them hold.
    per_day
        So many in 24 hours, at most 100; None: no limit.
    """

    name: str
    rates: tuple[Rate, ...] = ()
    per_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPace:
    """Where turns and circuits are kept.

    Attributes
    ----------
    notes
        The values.
    monotonic
        Seconds that only go forward, the same for all who share the notes.
    now
        Unix seconds: days outlast a machine's start.
    """

    notes: BucketStore
    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time

    @classmethod
    def in_folder(cls, folder: Path | None = None) -> SharedPace:
        """Return what all processes share that name the same folder.

        By default it is ``sources`` in TRADINGLAB_HOME, or in ``~/.tradinglab``.
        """
        home = Path(os.environ.get("TRADINGLAB_HOME") or "~/.tradinglab").expanduser()
        return cls(notes=FileNotes(folder or home / "sources", "requests to sources of bars"))

    @classmethod
    def in_process(cls) -> SharedPace:
        """Return what only this process counts."""
        return cls(notes=MemoryNotes())

    def take(self, allowance: Allowance) -> Turn:
        """Take a turn, if it is ours."""
        held = self._held(allowance.name)
        if not held.is_allowed:
            return held
        buckets = NotedBuckets(self.notes, self.monotonic)
        for at, rate in enumerate(allowance.rates):
            token = buckets.take(f"{allowance.name}:{at}", rate)
            if not token.is_allowed:
                return Turn(is_allowed=False, wait_s=token.wait_s)
        return Turn(is_allowed=True) if allowance.per_day is None else self._take_of_day(allowance)

    def hold(self, name: str, seconds: float, *, is_quota: bool = False) -> None:
        """Let nobody send for a while: the source has said so."""
        until = self.now() + seconds

        def change(note: Note) -> tuple[Note, None]:
            return {"until": max(until, note.get("until", 0.0)), "is_quota": float(is_quota)}, None

        self.notes.change(f"hold:{name}", change)

    def _held(self, name: str) -> Turn:
        def change(note: Note) -> tuple[Note, Turn]:
            wait_s = note.get("until", 0.0) - self.now()
            # What lies further ahead than a day was noted by a clock that was wrong.
            if not 0 < wait_s <= _DAY_S:
                return {}, Turn(is_allowed=True)
            return note, Turn(is_allowed=False, wait_s=wait_s, is_quota=bool(note.get("is_quota")))

        return self.notes.change(f"hold:{name}", change)

    def _take_of_day(self, allowance: Allowance) -> Turn:
        """Take one of the requests of the last 24 hours."""
        most = min(_MOST_PER_DAY, allowance.per_day or 0)

        def change(note: Note) -> tuple[Note, Turn]:
            now = self.now()
            sent = sorted(min(one, now) for one in note.values() if one > now - _DAY_S)
            if len(sent) >= most:
                wait_s = sent[len(sent) - most] + _DAY_S - now
                return _numbered(sent), Turn(is_allowed=False, wait_s=wait_s, is_quota=True)
            return _numbered([*sent, now]), Turn(is_allowed=True)

        return self.notes.change(f"day:{allowance.name}", change)

    def enter(self, name: str, rule: BreakerRule) -> Passage:
        """Say whether the source is to be asked at all."""
        return NotedBreakers(self.notes, self.monotonic).enter(name, rule)

    def leave(self, name: str, rule: BreakerRule, *, is_well: bool, is_probe: bool) -> None:
        """Note how a request ended."""
        NotedBreakers(self.notes, self.monotonic).leave(name, rule, is_well=is_well, is_probe=is_probe)


def _numbered(moments: list[float]) -> Note:
    return {str(at): round(moment, 1) for at, moment in enumerate(moments)}
