"""A replay: stored bars at their ends, each once, in order, while its clock goes."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.feeds.kit import Clock, Heard, values

from tradinglab.core.clock import MINUTE_NS, SECOND_NS, to_ns
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.feeds.protocol import NoticeKind, Series
from tradinglab.data.feeds.replay import ReplayFeed
from tradinglab.data.memory import MemorySource
from tradinglab.engine.live.pace import Pace

START = to_ns(datetime(2024, 3, 1, 12))


def stored(*minutes: int) -> tuple[MemorySource, Series]:
    source = MemorySource()
    times = np.array([START + each * MINUTE_NS for each in minutes], np.int64)
    symbol = source.add(
        "BTCUSDT", Resolution.MINUTE, {"time": times, **values(minute + 100.0 for minute in minutes)},
        security_type=SecurityType.CRYPTO, market="binance",
    )  # fmt: skip
    return source, Series(symbol, Resolution.MINUTE, TickType.TRADE)


def test_a_bar_comes_at_its_end_and_not_before() -> None:
    source, wanted = stored(-2, -1, 0, 1, 3)
    clock, heard = Clock(START), Heard()
    feed = ReplayFeed(source, clock, START)
    feed.subscribe(wanted, START - 5 * MINUTE_NS)
    heard.take(feed.receive(0))
    assert heard.history[wanted] == [START - 2 * MINUTE_NS, START - MINUTE_NS]
    clock.ns = START + MINUTE_NS - 1
    heard.take(feed.receive(0))
    assert heard.live == {}
    clock.ns = START + MINUTE_NS
    heard.take(feed.receive(0))
    assert heard.live[wanted] == [(START, 100.0)]
    assert feed.settled_ns == clock.ns


@settings(max_examples=60)
@given(
    minutes=st.sets(st.integers(-20, 60), max_size=40).map(sorted),
    looks=st.lists(st.integers(0, 900), min_size=1, max_size=30),
    ahead=st.sampled_from([0, MINUTE_NS, 17 * MINUTE_NS]),
)
def test_each_bar_comes_once_and_in_order(minutes: list[int], looks: list[int], ahead: int) -> None:
    source, wanted = stored(*minutes) if minutes else stored(0)
    clock, heard = Clock(START), Heard()
    feed = ReplayFeed(source, clock, START, ahead_ns=ahead)
    feed.subscribe(wanted, START - 30 * MINUTE_NS)
    for seconds in looks:
        heard.take(feed.receive(0))
        clock.ns += seconds * SECOND_NS
    heard.take(feed.receive(0))
    got = heard.history[wanted] + [start for start, _ in heard.live.get(wanted, [])]
    expected = [START + each * MINUTE_NS for each in (minutes or [0])]
    if ahead:
        assert got == [each for each in expected if each < feed.settled_ns]
        assert feed.settled_ns > clock.ns
    else:
        assert got == [each for each in expected if each + MINUTE_NS <= clock.ns]


def test_a_replay_that_is_paused_hands_out_nothing() -> None:
    source, wanted = stored(0, 1, 2, 3)
    wall, heard = Clock(0), Heard()
    pace = Pace(START, 60.0, wall.now_ns)
    feed = ReplayFeed(source, pace, START)
    feed.subscribe(wanted, START)
    wall.sleep(1)
    heard.take(feed.receive(0))
    pace.pause()
    wall.sleep(1000)
    heard.take(feed.receive(0))
    assert heard.history[wanted] == [START]
    assert pace.seconds_until(START + 10 * MINUTE_NS) == float("inf")
    pace.resume()
    wall.sleep(2)
    heard.take(feed.receive(0))
    assert [start for start, _ in heard.live[wanted]] == [START + MINUTE_NS, START + 2 * MINUTE_NS]
    assert [each.kind for each in heard.notices] == [NoticeKind.CONNECTED, NoticeKind.PAUSED, NoticeKind.RESUMED]


@pytest.mark.parametrize("later", [False, True])
def test_who_ends_a_series_hears_no_more_of_it(later: bool) -> None:
    source, wanted = stored(0, 1)
    clock, heard = Clock(START), Heard()
    feed = ReplayFeed(source, clock, START)
    feed.subscribe(wanted, START)
    if later:
        feed.receive(0)
    feed.unsubscribe(wanted)
    clock.ns += 5 * MINUTE_NS
    heard.take(feed.receive(0))
    assert (heard.live, heard.history) == ({}, {})
