"""Stored bars as time goes by, at any speed and from any start."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

import numpy as np

from tradinglab.data.columns import BarColumns
from tradinglab.data.feeds.protocol import ALWAYS_NS, Delivery, DeliveryKind, Notice, NoticeKind, Received, Series
from tradinglab.data.source import DataSource

_LONGEST_WAIT_S: Final = 0.25


class ReplayClock(Protocol):
    """What time it is in a replay; it may stand still."""

    @property
    def is_paused(self) -> bool:
        """Whether it stands still."""
        ...

    def now_ns(self) -> int:
        """Return what it shows."""
        ...


class ReplayFeed:
    """Stored bars, handed out when a clock shows that they are over.

    Parameters
    ----------
    source
        Where they are stored.
    ahead_ns
        How far ahead of the clock bars are handed out, in pieces of this length, to whoever keeps the clock himself; 0
        for a bar at its end.
    end_ns
        With an end, bars up to it are handed out at once to whoever keeps the clock himself.
    sleep
        Waits for so many seconds.
    """

    def __init__(
        self,
        source: DataSource,
        clock: ReplayClock,
        start_ns: int,
        *,
        ahead_ns: int = 0,
        end_ns: int | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._source = source
        self._clock = clock
        self._ahead_ns = ahead_ns
        self._end_ns = end_ns
        self._sleep = sleep
        self._limit_ns = start_ns + ahead_ns if end_ns is None else end_ns + 1
        #: From where on bars of a series are still to be handed out; ``None`` before its history was.
        self._next_ns: dict[Series, int] = {}
        self._new: set[Series] = set()
        self._was_paused = False
        self._is_begun = False

    @property
    def name(self) -> str:
        """Its spec."""
        return f"replay:{self._source.name}"

    @property
    def settled_ns(self) -> int:
        """Up to where everything was handed out."""
        return self._limit_ns if self._end_ns is None else ALWAYS_NS

    def refusal(self, series: Series) -> str:
        """Return nothing: a series without bars is one that stays empty."""
        return ""

    def subscribe(self, series: Series, since_ns: int) -> None:
        """Begin with a series."""
        self._next_ns[series] = since_ns
        self._new.add(series)

    def unsubscribe(self, series: Series) -> None:
        """End with a series."""
        self._next_ns.pop(series, None)
        self._new.discard(series)

    def receive(self, timeout_s: float) -> list[Received]:
        """Return the bars whose time has come."""
        found = self._look()
        if not found and timeout_s > 0:
            self._sleep(min(timeout_s, _LONGEST_WAIT_S))
            found = self._look()
        return found

    def close(self) -> None:
        """End with everything."""
        self._next_ns.clear()
        self._new.clear()

    def _look(self) -> list[Received]:
        found: list[Received] = self._notices()
        was_ns = self._limit_ns
        now_ns = self._clock.now_ns()
        if self._end_ns is None and now_ns >= self._limit_ns:
            self._limit_ns = self._limit_ns + self._ahead_ns if self._ahead_ns else now_ns
            if self._ahead_ns and self._limit_ns <= now_ns < ALWAYS_NS:
                self._limit_ns = now_ns + self._ahead_ns
        for series, since_ns in list(self._next_ns.items()):
            if series not in self._new and self._limit_ns == was_ns:
                continue
            bars = self._read(series, since_ns)
            kind = DeliveryKind.HISTORY if series in self._new else DeliveryKind.LIVE
            self._new.discard(series)
            if len(bars):
                self._next_ns[series] = int(bars.time_ns[-1]) + 1
            if len(bars) or kind == DeliveryKind.HISTORY:
                found.append(Delivery(series, kind, bars))
        return found

    def _read(self, series: Series, since_ns: int) -> BarColumns:
        """Return what is to be handed out: with a lead what has begun, without what is over."""
        if since_ns >= self._limit_ns:
            return BarColumns.empty(series.tick_type)
        bars = self._source.bars(series.symbol, series.resolution, series.tick_type, since_ns, self._limit_ns)
        if not self._ahead_ns and self._end_ns is None:
            bars = bars.take(np.flatnonzero(bars.end_ns <= self._limit_ns))
        return bars

    def _notices(self) -> list[Received]:
        found: list[Received] = []
        if not self._is_begun:
            self._is_begun = True
            text = f"The bars of '{self._source.name}' are replayed."
            found.append(Notice(kind=NoticeKind.CONNECTED, text=text, at_ns=time.time_ns()))
        if self._clock.is_paused != self._was_paused:
            self._was_paused = not self._was_paused
            kind = NoticeKind.PAUSED if self._was_paused else NoticeKind.RESUMED
            text = "The replay stands still." if self._was_paused else "The replay goes on."
            found.append(Notice(kind=kind, text=text, at_ns=time.time_ns()))
        return found
