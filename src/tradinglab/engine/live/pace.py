"""What time it is for an algorithm that runs live, and how long until an instant of its clock."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from tradinglab.core.clock import SECOND_NS

#: As fast as the machine can.
UNPACED = math.inf
_FAR_NS = 1 << 62


class Pace:
    """A clock that starts at an instant and goes so many times as fast as the wall's.

    Parameters
    ----------
    start_ns
        What the algorithm's clock shows at first.
    speed
        How fast it goes; :data:`UNPACED` for one that never makes anybody wait.
    clock
        The wall's clock, nanoseconds.
    """

    def __init__(self, start_ns: int, speed: float = 1.0, clock: Callable[[], int] = time.time_ns) -> None:
        if not speed > 0:
            raise ValueError(f"speed: a number above zero is expected; it was {speed}")
        self.start_ns = start_ns
        self.speed = speed
        self._clock = clock
        self._began_ns = clock()
        #: What it shows while it stands still.
        self._paused_ns: int | None = None

    @property
    def is_paced(self) -> bool:
        """Whether anybody has to wait for it."""
        return self.speed != UNPACED

    @property
    def is_paused(self) -> bool:
        """Whether it stands still."""
        return self._paused_ns is not None

    def pause(self) -> None:
        """Let it stand still; a clock that makes nobody wait cannot."""
        if self.is_paced and self._paused_ns is None:
            self._paused_ns = self.now_ns()

    def resume(self) -> None:
        """Let it go on from where it stands."""
        if self._paused_ns is not None:
            self.start_ns, self._began_ns, self._paused_ns = self._paused_ns, self._clock(), None

    def now_ns(self) -> int:
        """Return what the clock shows."""
        if self._paused_ns is not None:
            return self._paused_ns
        if not self.is_paced:
            return _FAR_NS
        return self.start_ns + int((self._clock() - self._began_ns) * self.speed)

    def seconds_until(self, utc_ns: int) -> float:
        """Return how many seconds of the wall's clock pass until an instant, 0 if it is past."""
        if self._paused_ns is not None:
            return 0.0 if utc_ns <= self._paused_ns else math.inf
        return max(0.0, (utc_ns - self.now_ns()) / self.speed / SECOND_NS)
