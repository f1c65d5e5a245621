"""Whatever order bars arrive in: a series' are delivered in order, each once, and nothing is lost in silence."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.feeds.kit import Clock, Heard, series, starts, values

from tradinglab.core.clock import MINUTE_NS, SECOND_NS, to_ns
from tradinglab.data.feeds.grid import BarGrid
from tradinglab.data.feeds.protocol import FeedTerms, NoticeKind, Series
from tradinglab.data.feeds.sequencer import Sequencer

START = to_ns(datetime(2024, 3, 1, 12))
TERMS = FeedTerms(grace_s=10, hold_s=300)
GRID = BarGrid()
WANTED = (series(), series("ETHUSDT"))
NOTHING = (np.empty(0, np.int64), values([]))

#: Which series, which minute, how many seconds after its end it arrives, and its price.
ARRIVALS = st.lists(
    st.tuples(st.sampled_from(WANTED), st.integers(0, 12), st.integers(0, 200), st.sampled_from([100.0, 101.0])),
    max_size=60,
)
#: When the source can be heard: seconds of silence before it is heard again.
SILENCES = st.lists(st.integers(1, 400), max_size=8)


def play(arrivals: list[tuple[Series, int, int, float]], heard_at: list[int]) -> tuple[Heard, list[int]]:
    """Let bars arrive at their times, and look every second; return what came, and where time might go meanwhile."""
    clock, heard = Clock(START), Heard()
    sequencer = Sequencer(GRID, TERMS, clock.now_ns)
    for each in WANTED:
        sequencer.open(each, *NOTHING)
    by_second: dict[int, list[tuple[Series, int, float]]] = {}
    for wanted, minute, delay, price in arrivals:
        by_second.setdefault((minute + 1) * 60 + delay, []).append((wanted, minute, price))
    frontier = []
    for second in range(13 * 60 + 1000):
        clock.ns = START + second * SECOND_NS
        for wanted, minute, price in by_second.get(second, ()):
            sequencer.take(wanted, starts(START + minute * MINUTE_NS), values([price]))
        if second in heard_at or second > 13 * 60 + 600:
            for each in WANTED:
                sequencer.hear(each, clock.ns)
        settled, new = sequencer.settled_ns, Heard()
        received = sequencer.due()
        new.take(received)
        heard.take(received)
        # Nothing that makes a step ends where time was told that it may go.
        assert all(start + MINUTE_NS >= settled for bars in new.live.values() for start, _ in bars)
        frontier.append(sequencer.settled_ns)
    return heard, frontier


@settings(max_examples=40)
@given(arrivals=ARRIVALS, silences=SILENCES)
def test_in_order_each_once_and_nothing_lost(
    arrivals: list[tuple[Series, int, int, float]], silences: list[int]
) -> None:
    heard_at, second = set[int](), 0
    for silence in silences:
        second += silence
        heard_at.add(second)
    heard, frontier = play(arrivals, sorted(heard_at))
    assert frontier == sorted(frontier)
    for wanted in WANTED:
        live = [start for start, _ in heard.live.get(wanted, [])]
        assert live == sorted(set(live))
        sent = {(START + minute * MINUTE_NS) for each, minute, _, _ in arrivals if each == wanted}
        late = {start for each, start, _ in heard.corrected if each == wanted}
        assert sent == set(live) | late
    corrections = [n for n in heard.notices if n.kind in (NoticeKind.LATE, NoticeKind.RESTATED)]
    assert len(corrections) == len(heard.corrected)


@settings(max_examples=40)
@given(
    order=st.permutations([(each, minute) for each in WANTED for minute in range(5)]),
    doubles=st.lists(st.integers(0, 9), max_size=10),
    second=st.integers(0, 9),
)
def test_within_the_grace_any_order_is_put_right(
    order: list[tuple[Series, int]], doubles: list[int], second: int
) -> None:
    """Cut off for five minutes, then all bars at once in a random order, doubled: they are delivered as they were."""
    clock, heard = Clock(START), Heard()
    sequencer = Sequencer(GRID, TERMS, clock.now_ns)
    for each in WANTED:
        sequencer.open(each, *NOTHING)
    heard.take(sequencer.due())
    clock.ns = START + 4 * MINUTE_NS + 50 * SECOND_NS
    heard.take(sequencer.due())
    clock.ns = START + 5 * MINUTE_NS + second * SECOND_NS
    for wanted, minute in [*order, *(order[at] for at in doubles)]:
        sequencer.take(wanted, starts(START + minute * MINUTE_NS), values([100.0 + minute]))
    for each in WANTED:
        sequencer.hear(each, clock.ns)
    heard.take(sequencer.due())
    for each in WANTED:
        assert heard.live[each] == [(START + minute * MINUTE_NS, 100.0 + minute) for minute in range(5)]
    assert heard.notices == []
    assert heard.corrected == []
    for wanted, minute in (order[at] for at in doubles):  # and once more, after they were delivered
        sequencer.take(wanted, starts(START + minute * MINUTE_NS), values([100.0 + minute]))
    heard.take(sequencer.due())
    assert heard.notices == []
    assert sequencer.doubled == len(doubles)
    assert sequencer.settled_ns == START + 6 * MINUTE_NS
