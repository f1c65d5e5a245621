"""The instants at which a run stops: every end of a bar, once, in order."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.core.values import dataclass

if TYPE_CHECKING:
    from tradinglab.data.columns import Flags, Ints
    from tradinglab.engine.subscription import Subscription

NEVER_NS = 1 << 62


@dataclass(frozen=True, slots=True)
class Timeline:
    """The steps of a run from an instant on; a new one is laid out when subscriptions come or go.

    Attributes
    ----------
    times
        The instants, int64 nanoseconds UTC.
    has_data
        The steps at which a subscription that the author sees emits, or a corporate event is due.
    rows
        For each subscription, the last row emitted by each step (-1 before the first).
    before
        For each subscription, the last row emitted before the first step.
    events
        The steps at which corporate events are due.
    event_steps
        The same in order.
    """

    times: Ints
    has_data: Flags
    rows: dict[Subscription, Sequence[int]]
    before: dict[Subscription, int]
    events: frozenset[int]
    event_steps: tuple[int, ...] = ()

    @classmethod
    def empty(cls) -> Timeline:
        """Return a timeline without steps."""
        return cls(np.empty(0, np.int64), np.empty(0, bool), {}, {}, frozenset())

    @classmethod
    def lay_out(
        cls,
        subscriptions: Iterable[Subscription],
        from_ns: int,
        event_ns: Iterable[int],
        pulse_ns: Iterable[int],
        *,
        include_start: bool,
    ) -> Timeline:
        """Return the steps after an instant, and at it if asked.

        ``event_ns`` are the instants of corporate events, ``pulse_ns`` others at which the clock
        must stop.
        """
        active = [s for s in subscriptions if s.removed_ns is None]
        firsts = [int(np.searchsorted(s.columns.end_ns, from_ns, side="right")) for s in active]
        if include_start:
            lefts = [int(np.searchsorted(s.columns.end_ns, from_ns, side="left")) for s in active]
            # What a stream has emitted at this instant is not emitted again.
            begins = [max(left, s.last_emitted() + 1) for s, left in zip(active, lefts, strict=True)]
        else:
            begins = firsts
        parts = [s.columns.end_ns[first:] for s, first in zip(active, firsts, strict=True)]
        events = np.array(sorted({t for t in event_ns if t > from_ns or (include_start and t == from_ns)}), np.int64)
        pulses = np.array(sorted({t for t in pulse_ns if t > from_ns}), np.int64)
        times = _merge([part for part in (*parts, events[events > from_ns], pulses) if len(part)])
        if include_start:
            times = np.concatenate([np.array([from_ns], np.int64), times])
        has_data = np.zeros(len(times), bool)
        rows: dict[Subscription, Sequence[int]] = {}
        before: dict[Subscription, int] = {}
        for subscription, begin in zip(active, begins, strict=True):
            ends = subscription.columns.end_ns[begin:]
            rows[subscription] = _rows_at(ends, times, begin)
            before[subscription] = begin - 1
            if not subscription.is_internal and len(ends):
                has_data[np.searchsorted(times, ends)] = True
        at = np.searchsorted(times, events)
        has_data[at] = True
        event_steps = tuple(at.tolist())
        return cls(times, has_data, rows, before, frozenset(event_steps), event_steps)

    def next_event_ns(self, step: int) -> int:
        """Return the instant of the first corporate event after a step; far off if there is none."""
        found = bisect_right(self.event_steps, step)
        return int(self.times[self.event_steps[found]]) if found < len(self.event_steps) else NEVER_NS


def _rows_at(ends: Ints, times: Ints, begin: int) -> Sequence[int]:
    """Return the last row emitted by each instant; without gaps that is a range, which needs no memory."""
    if len(ends) == len(times) and np.array_equal(ends, times):
        return range(begin, begin + len(ends))
    if len(ends) + 1 == len(times) and np.array_equal(ends, times[1:]):
        return range(begin - 1, begin + len(ends))
    found = np.searchsorted(ends, times, side="right") + (begin - 1)
    return found.astype(np.int32).data


def _merge(parts: list[Ints]) -> Ints:
    """Return the sorted union of sorted arrays."""
    if not parts:
        return np.empty(0, np.int64)
    first = parts[0]
    if all(len(part) == len(first) and np.array_equal(part, first) for part in parts[1:]):
        return _distinct(first)
    return _distinct(np.sort(np.concatenate(parts), kind="stable"))


def _distinct(times: Ints) -> Ints:
    """Return sorted instants, each once; ``np.unique`` would import ``numpy.ma`` for it."""
    if len(times) < 2:
        return times
    is_new = times[1:] > times[:-1]
    return times if is_new.all() else times[np.concatenate([[True], is_new])]
