"""How the data of a subscription reaches its consolidators, and when they are looked at otherwise."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from tradinglab.algorithm.consolidators.base import (
    NEVER,
    ConsolidatorBase,
    DataConsolidator,
    is_built_in,
    listen,
    unlisten,
)
from tradinglab.core.clock import SECOND_NS, from_ns, span_ns, to_ns
from tradinglab.core.dual import Spelled

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import BaseData
    from tradinglab.core.clock import Zone


class Clock(Protocol):
    """What tells the time."""

    utc_ns: int


class ConsolidatorSet(Spelled):
    """The consolidators of a subscription, in the order in which they were added."""

    __slots__ = ("_members",)

    def __init__(self) -> None:
        self._members: tuple[tuple[Any, Callable[[BaseData], object], bool], ...] = ()

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._members)

    def add(self, consolidator: DataConsolidator) -> None:
        """Add a consolidator; one that is there already is not added again."""
        if consolidator not in self:
            always = not _tells_when_due(consolidator)
            self._members = (*self._members, (consolidator, consolidator.update, always))

    def remove(self, consolidator: DataConsolidator) -> None:
        """Remove a consolidator; one that is not there is not missed."""
        self._members = tuple(member for member in self._members if member[0] is not consolidator)

    def feed(self, data: Iterable[BaseData], local_ns: int) -> None:
        """Give data points to every consolidator, and let each hand out what is finished.

        *local_ns* is the present time on the exchange's clock.
        """
        for consolidator, update, scan_always in self._members:
            for point in data:
                update(point)
            if scan_always or local_ns >= consolidator.due_ns:
                consolidator.scan(from_ns(local_ns))

    def __iter__(self) -> Iterator[DataConsolidator]:
        return iter([member[0] for member in self._members])

    def __contains__(self, consolidator: object) -> bool:
        return any(member[0] is consolidator for member in self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __bool__(self) -> bool:
        return bool(self._members)


def _tells_when_due(consolidator: object) -> bool:
    """Return whether ``due_ns`` says before when a scan does nothing: not so of an author's own scan."""
    return isinstance(consolidator, ConsolidatorBase) and type(consolidator).scan.__module__.startswith("tradinglab.")


class ScanQueue:
    """Consolidators by the time at which a bar should be finished, should no data come.

    ``next_ns`` is the earliest such time: all that an engine has to compare when nothing is due.
    It lies before all times while consolidators wait to be queued.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queue: list[tuple[int, int, _Scan]] = []
        self._fresh: list[_Scan] = []
        self._scans: dict[int, _Scan] = {}
        self._added = 0
        self.next_ns = NEVER

    def add(self, consolidator: DataConsolidator, increment: timedelta, zone: Zone) -> None:
        """Look after a consolidator whose data come at every *increment*."""
        if is_built_in(consolidator) and type(consolidator).scan is ConsolidatorBase.scan:
            return  # the price finishes its bars, not the time
        self._added += 1
        scan = _Scan(self._added, consolidator, max(span_ns(increment), SECOND_NS), zone, self._clock)
        self._scans[id(consolidator)] = scan
        self._fresh.append(scan)
        self.next_ns = -NEVER

    def remove(self, consolidator: DataConsolidator) -> None:
        """Look after a consolidator no more."""
        scan = self._scans.pop(id(consolidator), None)
        if scan is not None:
            scan.dispose()

    def scan_past(self, utc_ns: int, set_time: Callable[[int], object]) -> None:
        """Let consolidators whose time is strictly before an instant hand out, each at its time."""
        if self.next_ns >= utc_ns:
            return
        queue = self._queue
        if self._fresh:
            fresh, self._fresh = self._fresh, []
            for scan in fresh:
                scan.advance()
                heapq.heappush(queue, (scan.at_ns, scan.id, scan))
        while queue and queue[0][0] < utc_ns:
            at_ns, _, scan = queue[0]
            if scan.is_disposed:
                heapq.heappop(queue)
                continue
            if at_ns != self._clock.utc_ns:
                set_time(at_ns)
            if scan.at_ns <= at_ns:
                scan.scan()
            # What is handed out may have added or removed consolidators, but only to and from the lists.
            heapq.heapreplace(queue, (scan.at_ns, scan.id, scan))
        self.next_ns = -NEVER if self._fresh else (queue[0][0] if queue else NEVER)


class _Scan:
    """When to look at one consolidator next."""

    __slots__ = (
        "_always",
        "_clock",
        "_consolidator",
        "_increment_ns",
        "_span_ns",
        "_zone",
        "at_ns",
        "id",
        "is_disposed",
    )

    def __init__(
        self, number: int, consolidator: DataConsolidator, increment_ns: int, zone: Zone, clock: Clock
    ) -> None:
        self.id = number
        self._always = not _tells_when_due(consolidator)
        self.at_ns = -NEVER
        self.is_disposed = False
        self._consolidator = consolidator
        self._increment_ns = increment_ns
        self._span_ns: int | None = None
        self._zone = zone
        self._clock = clock
        listen(consolidator, self.on_consolidated)

    def scan(self) -> None:
        """Let the consolidator hand out what is finished by now, on the exchange's clock."""
        local_ns = self._zone.local_ns(self._clock.utc_ns)
        if self._always or local_ns >= self._consolidator.due_ns:  # type: ignore[attr-defined]
            self._consolidator.scan(from_ns(local_ns))
        self.advance()

    def dispose(self) -> None:
        """Stop."""
        self.is_disposed = True
        unlisten(self._consolidator, self.on_consolidated)

    def on_consolidated(self, sender: object, consolidated: BaseData | None) -> None:
        """Expect the next bar to be as long as the first."""
        if consolidated is None:
            self.advance()
            return
        end_time = consolidated.end_time
        if self._span_ns is None:
            self._span_ns = max(span_ns(end_time - consolidated.time), self._increment_ns)
        self.at_ns = self._zone.utc_ns(to_ns(end_time)) + self._span_ns

    def advance(self) -> None:
        """Set the next time, unless it lies ahead already."""
        now_ns = self._clock.utc_ns
        if self.at_ns > now_ns:
            return
        if self._span_ns is not None:
            self.at_ns = now_ns + self._span_ns
            return
        working = self._consolidator.working_data
        end_ns = now_ns if working is None else self._zone.utc_ns(to_ns(working.end_time))
        self.at_ns = end_ns if end_ns > now_ns else now_ns + self._increment_ns
