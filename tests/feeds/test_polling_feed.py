"""A source that is polled: bars as they appear, through failures, late and corrected ones."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.feeds.kit import Clock, Heard, series
from tests.feeds.tape import Tape

from tradinglab.core.clock import MINUTE_NS, SECOND_NS, to_ns
from tradinglab.core.enums import Resolution, TickType
from tradinglab.data.feeds.grid import BarGrid
from tradinglab.data.feeds.polling import PollingFeed
from tradinglab.data.feeds.protocol import FeedTerms, NoticeKind, Series

START = to_ns(datetime(2024, 3, 1, 12))
BTC = series()
GRID = BarGrid()


def minute(count: int) -> int:
    return START + count * MINUTE_NS


def polled(tape: Tape) -> PollingFeed:
    return PollingFeed(tape, GRID, FeedTerms(), now_ns=tape.clock.now_ns, sleep=tape.clock.sleep)


def watch(feed: PollingFeed, clock: Clock, until_ns: int) -> Heard:
    heard = Heard()
    while clock.ns < until_ns:
        heard.take(feed.receive(0.5))
    return heard


def test_history_comes_first_and_then_each_bar_as_it_appears() -> None:
    clock = Clock(START + 30 * SECOND_NS)
    tape = Tape(clock, {minute(each): 100.0 + each for each in range(-5, 4)})
    feed = polled(tape)
    feed.subscribe(BTC, minute(-3))
    heard = watch(feed, clock, minute(3) + 20 * SECOND_NS)
    assert heard.history[BTC] == [minute(-3), minute(-2), minute(-1)]
    assert heard.live[BTC] == [(minute(each), 100.0 + each) for each in range(3)]
    assert heard.kinds() == ["connected"]
    # It is asked shortly after each bar should be over, and not in between.
    assert [(at - START) // SECOND_NS for at in tape.asked] == [30, 62, 122, 182]
    assert feed.settled_ns == minute(4)


def test_a_bar_that_appears_within_the_grace_is_waited_for_and_a_later_one_is_late() -> None:
    clock = Clock(START)
    tape = Tape(clock, {minute(each): 100.0 + each for each in range(4)}, lags={minute(0): 7.0, minute(1): 40.0})
    feed = polled(tape)
    feed.subscribe(BTC, START)
    heard = watch(feed, clock, minute(5))
    assert [start for start, _ in heard.live[BTC]] == [minute(0), minute(2), minute(3)]
    assert heard.corrected == [(BTC, minute(1), 101.0)]
    assert heard.kinds() == ["connected", "late"]


def test_a_source_that_was_away_is_asked_again_and_the_gap_filled() -> None:
    clock = Clock(START)
    tape = Tape(clock, {minute(each): 100.0 + each for each in range(9)})
    tape.away = [(minute(2) // SECOND_NS, minute(5) // SECOND_NS)]
    feed = polled(tape)
    feed.subscribe(BTC, START)
    heard = watch(feed, clock, minute(8) + 5 * SECOND_NS)
    assert heard.live[BTC] == [(minute(each), 100.0 + each) for each in range(8)]
    kinds = heard.kinds()
    assert kinds[:2] == ["connected", "stale"]
    assert set(kinds[2:-2]) == {"reconnecting"}
    assert kinds[-2:] == ["gap_filled", "connected"]
    gap = next(each for each in heard.notices if each.kind == NoticeKind.GAP_FILLED)
    assert gap.data["bars"] in (4, 5)
    # Longer and longer pauses: a source that is away is not hammered.
    away = [each for each in tape.asked if minute(2) <= each < minute(5)]
    assert len(away) <= 8


def test_what_the_source_changes_is_told_of() -> None:
    clock = Clock(START)
    tape = Tape(clock, {minute(each): 100.0 + each for each in range(3)})
    feed = polled(tape)
    feed.subscribe(BTC, START)
    heard = watch(feed, clock, minute(1) + 10 * SECOND_NS)
    tape.bars[minute(0)] = 99.0
    heard.take(watch(feed, clock, minute(2) + 10 * SECOND_NS).notices)
    assert heard.kinds() == ["connected", "restated"]


def test_what_a_source_does_not_know_is_refused() -> None:
    clock = Clock(START)
    tape = Tape(clock, unknown=("NONE",))
    feed = polled(tape)
    none = series("NONE")
    feed.subscribe(none, START)
    heard = watch(feed, clock, minute(3))
    assert heard.kinds() == ["refused"]
    assert heard.notices[0].series == none
    assert feed.settled_ns == clock.ns  # nothing waits for it


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (series(resolution=Resolution.DAILY), "It has no bars of BTCUSDT (crypto, binance, daily, trade)"),
        (Series(BTC.symbol, Resolution.MINUTE, TickType.QUOTE), "has bars of trades"),
    ],
)
def test_it_says_what_it_does_not_offer(wanted: Series, text: str) -> None:
    assert text in polled(Tape(Clock(START))).refusal(wanted)
    assert polled(Tape(Clock(START))).refusal(BTC) == ""


def test_a_bar_that_appears_after_many_others_is_late_and_one_that_never_does_is_told_of() -> None:
    clock = Clock(START)
    never, after = minute(3), minute(5)
    tape = Tape(clock, {minute(each): 100.0 + each for each in range(90) if each != 3}, lags={after: 1200.0})
    feed = polled(tape)
    feed.subscribe(BTC, minute(0))
    heard = watch(feed, clock, minute(80))
    assert heard.corrected == [(BTC, after, 105.0)]
    gone = [each for each in heard.notices if each.kind == NoticeKind.MISSING]
    assert gone[-1].data["last"] == "2024-03-01 12:04 UTC"  # the end of the one that never came
    assert never not in [start for start, _ in heard.live[BTC]]


@settings(max_examples=25)
@given(
    minutes=st.sets(st.integers(0, 11)),
    lags=st.dictionaries(st.integers(0, 11), st.floats(0, 90) | st.floats(90, 1200), max_size=6),
    away=st.lists(st.tuples(st.integers(0, 700), st.integers(1, 1500)), max_size=4),
    begun_s=st.sampled_from([0, 0, 95, 400]),
)
def test_each_bar_once_in_order_or_told_of(
    minutes: set[int], lags: dict[int, float], away: list[tuple[int, int]], begun_s: int
) -> None:
    clock = Clock(START + begun_s * SECOND_NS)
    first = START // SECOND_NS
    tape = Tape(clock, {minute(each): 100.0 + each for each in minutes})
    tape.lags = {minute(each): lag for each, lag in lags.items()}
    tape.away = [(first + begin, first + begin + length) for begin, length in away]
    feed = polled(tape)
    feed.subscribe(BTC, START)
    heard = watch(feed, clock, minute(70))
    live = [start for start, _ in heard.live.get(BTC, [])]
    assert live == sorted(set(live))
    late = [start for _, start, _ in heard.corrected]
    assert heard.kinds().count("late") == len(late)
    # Whatever the source has shown was delivered, however late.
    assert len(late) == len(set(late))
    assert set(live) | set(late) | set(heard.history.get(BTC, [])) == {minute(each) for each in minutes}
    if all(lag <= 5 for lag in lags.values()) and not away and not begun_s:
        assert live == sorted(minute(each) for each in minutes)
        assert late == []
