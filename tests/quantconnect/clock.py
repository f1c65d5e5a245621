"""A clock that tests set: what waits, waits in no time."""

from __future__ import annotations

import asyncio


class VirtualClock:
    """Passes only when somebody sleeps; `waits` holds for how long each did."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self.at = start
        #: What this machine's clock is off.
        self.skew_s = 0.0
        self.waits: list[float] = []

    def true_time(self) -> float:
        return self.at

    def now(self) -> float:
        return self.at + self.skew_s

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.waits.append(seconds)
        self.at += seconds

    async def rest(self, seconds: float) -> None:
        self.sleep(seconds)
        await asyncio.sleep(0)
