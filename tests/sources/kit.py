"""What the tests of sources share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, tzinfo

from tests.quantconnect.clock import VirtualClock
from tests.sources.figures import NEW_YORK, midnight

from tradinglab.core.pacing.notes import MemoryNotes, Notes
from tradinglab.data.sources.http import World
from tradinglab.data.sources.turns import SharedPace


def world_of(clock: VirtualClock, notes: Notes | None = None, is_cancelled: Callable[[], bool] | None = None) -> World:
    """Return a world whose time passes only when somebody waits."""
    pace = SharedPace(notes=notes or MemoryNotes(), monotonic=clock.monotonic, now=clock.now)
    return World(pace=pace, clock=clock, is_cancelled=is_cancelled)


def day_us(day: date, zone: tzinfo = NEW_YORK) -> int:
    return midnight(day, zone) * 1_000_000
