"""Circuit breakers: after failures one after another nothing is sent for a while, then one request tries.

Closed: requests pass, failures in a row are counted. Open: none passes. When its time is up, one caller is let through
as a probe while the others wait; if it succeeds the circuit is closed, if it fails it stays open for twice as long.
A probe that never reports (its process was killed) gives its place up after a while.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from tradinglab.core.pacing.notes import Note, Notes


class BreakerRule(NamedTuple):
    """When a circuit opens, and for how long."""

    failures: int
    wait_s: float
    most_wait_s: float
    probe_s: float


class Passage(NamedTuple):
    """Whether a request may be sent."""

    is_allowed: bool
    #: Seconds until one may, if not.
    wait_s: float = 0.0
    #: Whether the others wait for how this one ends.
    is_probe: bool = False


class Breakers(Protocol):
    """Where the circuits are."""

    def enter(self, name: str, rule: BreakerRule) -> Passage:
        """Say whether a request may be sent now."""

    def leave(self, name: str, rule: BreakerRule, *, is_well: bool, is_probe: bool) -> None:
        """Note how a request that was sent ended."""


class NotedBreakers:
    """Circuits whose state is noted: in memory for one process, in files for several.

    Parameters
    ----------
    notes
        Where the states are.
    monotonic
        Seconds that only go forward, the same for all processes of the machine.
    """

    def __init__(self, notes: Notes, monotonic: Callable[[], float]) -> None:
        self._notes = notes
        self._monotonic = monotonic

    def enter(self, name: str, rule: BreakerRule) -> Passage:
        """Say whether a request may be sent now."""

        def change(note: Note) -> tuple[Note, Passage]:
            now = self._monotonic()
            if note.get("at", now) > now or not note.get("opens"):
                return note if note.get("at", now) <= now else {}, Passage(is_allowed=True)
            wait_s = max(note["until"], note.get("probe_until", 0.0)) - now
            if wait_s > 0:
                return note, Passage(is_allowed=False, wait_s=wait_s)
            return note | {"at": now, "probe_until": now + rule.probe_s}, Passage(is_allowed=True, is_probe=True)

        return self._notes.change(f"breaker:{name}", change)

    def leave(self, name: str, rule: BreakerRule, *, is_well: bool, is_probe: bool) -> None:
        """Note how a request that was sent ended."""

        def change(note: Note) -> tuple[Note, None]:
            now = self._monotonic()
            if is_well:
                # One that was sent before the circuit opened says nothing about how things are now.
                return (note if note.get("opens") and not is_probe else {}), None
            opens, failures = note.get("opens", 0.0), note.get("failures", 0.0) + 1
            if (opens and not is_probe) or (not opens and failures < rule.failures):
                return note | {"failures": failures, "at": now}, None
            wait_s = min(rule.most_wait_s, rule.wait_s * 2.0 ** min(opens, 60))
            return {"failures": failures, "opens": opens + 1, "until": now + wait_s, "at": now}, None

        self._notes.change(f"breaker:{name}", change)
