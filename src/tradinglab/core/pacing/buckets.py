"""Token buckets: so many requests at once, and as many again in the time that the rate names."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from tradinglab.core.pacing.notes import Note, Notes


class Rate(NamedTuple):
    """How many requests, in how many seconds."""

    most: int
    seconds: float

    @property
    def per_second(self) -> float:
        """How fast the bucket fills."""
        return self.most / self.seconds


class Taken(Protocol):
    """What came of taking one from a bucket."""

    @property
    def is_allowed(self) -> bool:
        """Whether there was one."""

    @property
    def wait_s(self) -> float:
        """Seconds until there is one again."""


class Buckets(Protocol):
    """Where the buckets are."""

    def take(self, name: str, rate: Rate) -> Taken:
        """Take one from a bucket, if there is one. Looking and taking are one step for all who share it."""


class Token(NamedTuple):
    """What came of taking one from a bucket of ours."""

    is_allowed: bool
    wait_s: float


class NotedBuckets:
    """Buckets whose level is noted: in memory for one process, in files for several.

    Parameters
    ----------
    notes
        Where the levels are.
    monotonic
        Seconds that only go forward, the same for all processes of the machine.
    """

    def __init__(self, notes: Notes, monotonic: Callable[[], float]) -> None:
        self._notes = notes
        self._monotonic = monotonic

    def take(self, name: str, rate: Rate) -> Token:
        """Take one from a bucket, if there is one."""

        def change(note: Note) -> tuple[Note, Token]:
            now = self._monotonic()
            # The clock starts anew with the machine: what was noted before is then of no use.
            gone = max(0.0, now - note.get("at", now))
            level = min(float(rate.most), note.get("tokens", float(rate.most)) + gone * rate.per_second)
            is_allowed = level >= 1
            level -= is_allowed
            wait_s = 0.0 if is_allowed else (1 - level) / rate.per_second
            return {"tokens": level, "at": now}, Token(is_allowed, wait_s)

        return self._notes.change(f"bucket:{name}", change)
