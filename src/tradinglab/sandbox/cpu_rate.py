"""How much of a processor a run without an end takes: what it may have comes bit by bit, and is saved up to a bound."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_EVERY_S: Final = 2.0
#: What a run may have saved: it starts with it, for reading in and warming up.
_MOST_SAVED_S: Final = 120.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def cpu_seconds(handle: int) -> float | None:
    """Return the processor time that a process has taken, which a handle stands for; ``None`` if it has ended."""
    try:
        lines = Path(f"/proc/self/fdinfo/{handle}").read_text().splitlines()
        pid = next(int(line.split()[1]) for line in lines if line.startswith("Pid:"))
        if pid <= 0:
            return None
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS
    except (OSError, StopIteration, IndexError, ValueError):
        return None


class CpuRate:
    """Looks now and then at what a process takes.

    Parameters
    ----------
    share
        Part of a processor that it may take in the long run.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._saved_s = _MOST_SAVED_S
        self._looked_at: float | None = None
        self._taken_s = 0.0

    def excess(self, handle: int, now: float) -> str:
        """Return what is wrong, as a sentence; empty if nothing is."""
        if self._looked_at is not None and now - self._looked_at < _EVERY_S:
            return ""
        taken = cpu_seconds(handle)
        if taken is None:
            return ""
        waited = 0.0 if self._looked_at is None else now - self._looked_at
        self._saved_s = min(self._saved_s + waited * self._share, _MOST_SAVED_S) - (taken - self._taken_s)
        self._looked_at, self._taken_s = now, taken
        if self._saved_s > 0:
            return ""
        return f"the run took more of a processor than the {self._share:.0%} that it may have for long"
