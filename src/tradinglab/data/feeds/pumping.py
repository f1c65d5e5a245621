"""A feed in a thread of its own, as those that ask the network wait for it."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Final

from tradinglab.data.feeds.protocol import Feed, Notice, NoticeKind, Received, Series

_log = logging.getLogger(__name__)
_LOOK_EVERY_S: Final = 0.25
_PATIENCE_S: Final = 5.0


class PumpedFeed:
    """Another feed, which is opened and asked in a thread: nobody waits for its network.

    Parameters
    ----------
    open_feed
        Opens it, in the thread; what it raises ends the feed, with a notice.
    refusal
        Says why a feed of this kind has no bars of a series, without opening it.
    """

    def __init__(self, name: str, open_feed: Callable[[], Feed], refusal: Callable[[Series], str]) -> None:
        self.name = name
        self._open_feed = open_feed
        self._refusal = refusal
        self._asked: queue.SimpleQueue[tuple[Series, int | None]] = queue.SimpleQueue()
        self._found: queue.SimpleQueue[tuple[list[Received], int]] = queue.SimpleQueue()
        self._settled_ns = time.time_ns()
        self._has_series = self._has_failed = False
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._pump, name=f"feed-{name}", daemon=True)
        self._thread.start()

    @property
    def settled_ns(self) -> int:
        """As of what was received last; the present if there is no series, or no feed any more."""
        return self._settled_ns if self._has_series and not self._has_failed else time.time_ns()

    def refusal(self, series: Series) -> str:
        """Return why it has no bars of a series, empty if it has."""
        return self._refusal(series)

    def subscribe(self, series: Series, since_ns: int) -> None:
        """Begin with a series."""
        if not self._has_series:
            self._has_series, self._settled_ns = True, time.time_ns()
        self._asked.put((series, since_ns))

    def unsubscribe(self, series: Series) -> None:
        """End with a series."""
        self._asked.put((series, None))

    def receive(self, timeout_s: float) -> list[Received]:
        """Return what is new; wait for it, not longer than so."""
        found: list[Received] = []
        try:
            while True:
                received, settled_ns = self._found.get(timeout=timeout_s) if timeout_s > 0 else self._found.get_nowait()
                timeout_s = 0.0
                found += received
                self._settled_ns = settled_ns
        except queue.Empty:
            return found

    def close(self) -> None:
        """End with everything; what waits for the network is left alone."""
        self._is_over.set()
        self._thread.join(_PATIENCE_S)

    def _pump(self) -> None:
        feed: Feed | None = None
        try:
            feed = self._open_feed()
            told_ns = 0
            while not self._is_over.is_set():
                self._hand_on(feed)
                received, settled_ns = feed.receive(_LOOK_EVERY_S), feed.settled_ns
                if received or settled_ns != told_ns:
                    told_ns = settled_ns
                    self._found.put((received, settled_ns))
        except Exception as problem:
            _log.exception("the feed %s has failed", self.name)
            text = f"The feed '{self.name}' has failed, and brings no more bars: {problem}"
            notice = Notice(kind=NoticeKind.STALE, text=text[:1000], at_ns=time.time_ns(), data={"is_over": True})
            self._found.put(([notice], time.time_ns()))
            self._has_failed = True  # time goes on without it
        finally:
            if feed is not None:
                feed.close()

    def _hand_on(self, feed: Feed) -> None:
        while True:
            try:
                series, since_ns = self._asked.get_nowait()
            except queue.Empty:
                return
            if since_ns is None:
                feed.unsubscribe(series)
            else:
                feed.subscribe(series, since_ns)
