"""A feed in a thread of its own: what is asked of it reaches it, what it has comes back, and its end is told."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

import pytest
from tests.feeds.test_replay_feed import stored

from tradinglab.data.feeds.protocol import Notice, NoticeKind, Received, Series
from tradinglab.data.feeds.pumping import PumpedFeed

_PATIENCE_S = 30.0


class Scripted:
    """A feed that hands on what it is told to, and notes what is asked of it."""

    name = "poll:scripted"
    settled_ns = 7

    def __init__(self) -> None:
        self.asked: list[tuple[Series, int | None]] = []
        self.next: queue.SimpleQueue[Received | Exception] = queue.SimpleQueue()
        self.is_closed = threading.Event()

    def refusal(self, series: Series) -> str:
        return ""

    def subscribe(self, series: Series, since_ns: int) -> None:
        self.asked.append((series, since_ns))

    def unsubscribe(self, series: Series) -> None:
        self.asked.append((series, None))

    def receive(self, timeout_s: float) -> list[Received]:
        try:
            found = self.next.get(timeout=timeout_s)
        except queue.Empty:
            return []
        if isinstance(found, Exception):
            raise found
        return [found]

    def close(self) -> None:
        self.is_closed.set()


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def received(feed: PumpedFeed) -> list[Received]:
    found: list[Received] = []
    until(lambda: bool(found.extend(feed.receive(0.05)) or found))
    return found


def test_what_is_asked_goes_there_and_what_comes_comes_back() -> None:
    inner, (_, series) = Scripted(), stored(0)
    feed = PumpedFeed("poll:scripted", lambda: inner, lambda _: "none here")
    assert feed.refusal(series) == "none here"
    feed.subscribe(series, 5)
    feed.unsubscribe(series)
    until(lambda: len(inner.asked) == 2)
    assert inner.asked == [(series, 5), (series, None)]
    notice = Notice(kind=NoticeKind.CONNECTED, text="it answers", at_ns=1)
    inner.next.put(notice)
    # What is settled alone comes without news.
    assert received(feed) == [notice]
    assert feed.settled_ns == 7
    feed.close()
    assert inner.is_closed.is_set()


@pytest.mark.parametrize("fails_when", ["opened", "asked"])
def test_a_feed_that_fails_says_so_and_time_goes_on(fails_when: str) -> None:
    inner, (_, series) = Scripted(), stored(0)

    def opened() -> Scripted:
        if fails_when == "opened":
            raise OSError("no route")
        return inner

    began_ns = time.time_ns()
    feed = PumpedFeed("poll:scripted", opened, lambda _: "")
    feed.subscribe(series, 5)
    inner.next.put(OSError("no route"))
    told = [each for each in received(feed) if isinstance(each, Notice)]
    assert [each.kind for each in told] == [NoticeKind.STALE]
    assert "no route" in told[0].text
    assert told[0].data == {"is_over": True}
    until(lambda: feed.settled_ns > began_ns)
    feed.close()
    assert inner.is_closed.is_set() == (fails_when == "asked")
