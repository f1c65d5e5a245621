"""The part of a step in which universes choose, before anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.engine.phases import SELECTION_PHASE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradinglab.engine.parts import RunParts


def choose(parts: RunParts, utc_ns: int, set_time: Callable[[int], None]) -> bool:
    """Let the universes choose whose time has come, at the prices of the step before; return whether there were any."""
    if not parts.universes.is_due(utc_ns):
        return False
    parts.phase.name = "a scheduled event"
    parts.algorithm.schedule.scan_past(utc_ns, set_time)
    parts.phase.name = SELECTION_PHASE
    set_time(utc_ns)
    parts.universes.select(utc_ns)
    return True
