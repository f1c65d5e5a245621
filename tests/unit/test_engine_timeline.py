"""The steps of a run, worked out by hand: when they are, and which rows they bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from tradinglab.engine.timeline import NEVER_NS, Timeline


@dataclass
class Columns:
    end_ns: Any


class Stream:
    """A subscription as far as a timeline asks it."""

    def __init__(self, *ends: int, internal: bool = False, removed: bool = False, emitted: int = -1) -> None:
        self.columns = Columns(np.array(ends, np.int64))
        self.is_internal = internal
        self.removed_ns = 0 if removed else None
        self._emitted = emitted

    def last_emitted(self) -> int:
        return self._emitted


def laid_out(
    *streams: Stream, start: int = 0, events: Sequence[int] = (), pulses: Sequence[int] = (), include: bool = False
) -> Timeline:
    return Timeline.lay_out(streams, start, events, pulses, include_start=include)  # type: ignore[arg-type]


def rows(timeline: Timeline, stream: Stream) -> list[int]:
    return list(timeline.rows[stream])  # type: ignore[index]


def test_a_timeline_without_streams_has_no_steps() -> None:
    for timeline in (Timeline.empty(), laid_out()):
        assert (len(timeline.times), len(timeline.has_data), timeline.next_event_ns(-1)) == (0, 0, NEVER_NS)


def test_each_end_of_a_bar_is_a_step_once() -> None:
    one, two = Stream(10, 20, 40), Stream(20, 30)
    timeline = laid_out(one, two)
    assert timeline.times.tolist() == [10, 20, 30, 40]
    assert timeline.has_data.all()
    assert (rows(timeline, one), rows(timeline, two)) == ([0, 1, 1, 2], [-1, 0, 1, 1])


@pytest.mark.parametrize("other", [Stream(10, 20, 30), Stream(), None])
def test_streams_without_gaps_need_no_memory(other: Stream | None) -> None:
    one = Stream(10, 20, 30)
    timeline = laid_out(one) if other is None else laid_out(one, other)
    assert timeline.rows[one] == range(3)  # type: ignore[index]


def test_ticks_of_one_instant_are_one_step() -> None:
    ticks = Stream(10, 10, 10, 20)
    timeline = laid_out(ticks)
    assert (timeline.times.tolist(), rows(timeline, ticks)) == ([10, 20], [2, 3])


def test_steps_come_after_the_start() -> None:
    stream = Stream(10, 20, 30)
    timeline = laid_out(stream, start=10)
    assert (timeline.times.tolist(), rows(timeline, stream)) == ([20, 30], [1, 2])
    assert timeline.before[stream] == 0  # type: ignore[index]


def test_the_start_is_a_step_if_asked_and_brings_what_was_not_brought_yet() -> None:
    known, fresh, later = Stream(10, 20, emitted=0), Stream(10, 20), Stream(20)
    timeline = laid_out(known, fresh, later, start=10, include=True)
    assert timeline.times.tolist() == [10, 20]
    assert [rows(timeline, each) for each in (known, fresh, later)] == [[0, 1], [0, 1], [-1, 0]]
    assert [timeline.before[each] for each in (known, fresh, later)] == [0, -1, -1]  # type: ignore[index]


def test_a_start_at_which_nothing_arrives_has_no_data() -> None:
    stream = Stream(20, 30)
    timeline = laid_out(stream, start=10, include=True)
    assert (timeline.times.tolist(), timeline.has_data.tolist()) == ([10, 20, 30], [False, True, True])
    assert timeline.rows[stream] == range(-1, 2)  # type: ignore[index]


def test_the_engines_own_streams_and_pulses_make_steps_without_data() -> None:
    own, seen = Stream(10, 30, internal=True), Stream(20)
    timeline = laid_out(own, seen, start=5, pulses=(5, 25, 25))
    assert timeline.times.tolist() == [10, 20, 25, 30]
    assert timeline.has_data.tolist() == [False, True, False, False]
    assert rows(timeline, own) == [0, 0, 0, 1]


def test_a_removed_stream_makes_no_steps() -> None:
    gone, left = Stream(10, 15, removed=True), Stream(20)
    timeline = laid_out(gone, left)
    assert timeline.times.tolist() == [20]
    assert gone not in timeline.rows


def test_corporate_events_are_steps_with_data() -> None:
    timeline = laid_out(Stream(10, 30, internal=True), start=5, events=(30, 5, 20, 20, 1))
    assert timeline.times.tolist() == [10, 20, 30]
    assert timeline.has_data.tolist() == [False, True, True]
    assert (timeline.events, timeline.event_steps) == ({1, 2}, (1, 2))
    assert [timeline.next_event_ns(step) for step in (-1, 0, 1, 2)] == [20, 20, 30, NEVER_NS]


def test_an_event_at_the_start_counts_if_the_start_does() -> None:
    stream = Stream(10, 20)
    assert laid_out(stream, start=10, events=(10,)).events == frozenset()
    timeline = laid_out(stream, start=10, events=(10,), include=True)
    assert (timeline.times.tolist(), timeline.event_steps) == ([10, 20], (0,))


def test_rows_are_those_of_a_plain_walk() -> None:
    generator = np.random.default_rng(1)
    for _ in range(50):
        ends = [np.sort(generator.integers(1, 40, generator.integers(0, 12))).tolist() for _ in range(3)]
        start, include = int(generator.integers(0, 40)), bool(generator.integers(0, 2))
        streams = [Stream(*each) for each in ends]
        timeline = laid_out(*streams, start=start, include=include)
        first = start if include else start + 1
        wanted = {end for each in ends for end in each if end > start} | ({start} if include else set())
        assert timeline.times.tolist() == sorted(wanted)
        for stream, own in zip(streams, ends, strict=True):
            assert rows(timeline, stream) == [sum(end <= time for end in own) - 1 for time in sorted(wanted)]
            assert timeline.before[stream] == sum(end < first for end in own) - 1  # type: ignore[index]
