"""A source that is asked again and again, shortly after each bar should be over."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import numpy as np

from tradinglab.core.clock import DAY_NS, SECOND_NS
from tradinglab.core.values import dataclass
from tradinglab.data.columns import Ints
from tradinglab.data.feeds.grid import BarGrid
from tradinglab.data.feeds.protocol import FeedTerms, NoticeKind, Received, Series
from tradinglab.data.feeds.sourced import SourcedFeed, is_for_good
from tradinglab.data.periods import PERIODS
from tradinglab.data.sources.errors import SourceError
from tradinglab.data.sources.protocol import Downloader

_LONGEST_WAIT_S: Final = 0.5
#: A source that does not have a bar yet is asked again after so long.
_AGAIN_S: Final = 3.0
_FIRST_BACKOFF_S, _LONGEST_BACKOFF_S = 2.0, 60.0


@dataclass(slots=True)
class _Poll:
    """When a series is asked for next, and how often that failed."""

    next_ns: int
    failures: int = 0
    #: Up to where it was delivered when it failed first.
    cut_ns: int = 0
    #: When missing bars were asked for last.
    sought_ns: int = 0


class PollingFeed(SourcedFeed):
    """Bars of a source, asked for as they should be over.

    Parameters
    ----------
    now_ns, sleep
        This machine's clock, nanoseconds UTC, and who waits for it.
    """

    def __init__(
        self,
        source: Downloader,
        grid: BarGrid,
        terms: FeedTerms | None = None,
        *,
        now_ns: Callable[[], int] = time.time_ns,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__("poll", source, grid, terms, now_ns)
        self._sleep = sleep
        self._polls: dict[Series, _Poll] = {}

    def unsubscribe(self, series: Series) -> None:
        """End with a series."""
        super().unsubscribe(series)
        self._polls.pop(series, None)

    def receive(self, timeout_s: float) -> list[Received]:
        """Ask for what is due, and return what is new."""
        found = self._look()
        if not found and timeout_s > 0:
            self._sleep(min(timeout_s, _LONGEST_WAIT_S))
            found = self._look()
        return found

    def close(self) -> None:
        """End with everything."""
        self._history.close()

    def _look(self) -> list[Received]:
        for series, since_ns in list(self._new.items()):
            self._open(series, since_ns)
        for series, poll in list(self._polls.items()):
            if self._now_ns() >= poll.next_ns:
                self._ask(series, poll)
        found, self._out = [*self._out, *self._sequencer.due()], []
        return found

    def _open(self, series: Series, since_ns: int) -> None:
        asked_ns = self._now_ns()
        try:
            times, values = self._history.read(series, since_ns, asked_ns)
        except SourceError as error:
            self._failed_to_open(series, error)
            return
        del self._new[series]
        self._sequencer.open(series, times, values, since_ns=since_ns)
        self._polls[series] = _Poll(self._due_ns(series))
        self._well()

    def _failed_to_open(self, series: Series, error: SourceError) -> None:
        """Refuse what the source will never have; of what it may have later, ask again without a history."""
        since_ns = self._new.pop(series)
        if is_for_good(error):
            self._say(NoticeKind.REFUSED, str(error), series)
            return
        nothing = {name: np.empty(0) for name in series.key.fields}
        self._sequencer.open(series, np.empty(0, np.int64), nothing, since_ns=since_ns)
        poll = self._polls[series] = _Poll(self._now_ns(), cut_ns=since_ns)
        self._failed(series, poll, error)

    def _ask(self, series: Series, poll: _Poll) -> None:
        asked_ns, done_ns = self._now_ns(), self._sequencer.done_ns(series)
        last_ns = done_ns - PERIODS[series.resolution]
        # A source that answers again is asked for all that was missed meanwhile.
        is_due = poll.failures > 0 or asked_ns >= self._sequencer.again_ns(series, poll.sought_ns)
        sought = self._sequencer.missing_ns(series) if is_due else None
        if sought is not None:
            last_ns = min(last_ns, sought)
        since_ns = last_ns - PERIODS[series.resolution] - self._before_ns(series)
        try:
            times, values = self._history.read(series, max(since_ns, 0), asked_ns)
        except SourceError as error:
            self._failed(series, poll, error)
            return
        if poll.failures:
            self._tell_gap(series, times[times >= poll.cut_ns])
        self._sequencer.take(series, times, values)
        self._sequencer.hear(series, asked_ns)
        self._out += self._sequencer.due()
        if sought is not None:
            self._sequencer.give_up(series, asked_ns)
        sought_ns = poll.sought_ns if sought is None else asked_ns
        next_ns = min(self._due_ns(series), self._sequencer.again_ns(series, sought_ns))
        next_ns = max(next_ns, asked_ns + int(_AGAIN_S * SECOND_NS))
        self._polls[series] = _Poll(next_ns, sought_ns=sought_ns)
        self._well()

    def _before_ns(self, series: Series) -> int:
        """Return how much farther back is asked: the bars before a night or a weekend are days away."""
        return 4 * DAY_NS if PERIODS[series.resolution] >= DAY_NS else 0

    def _due_ns(self, series: Series) -> int:
        return self._sequencer.awaited_ns(series) + int(self._terms.delay_s * SECOND_NS)

    def _failed(self, series: Series, poll: _Poll, error: SourceError) -> None:
        if not poll.failures and not poll.cut_ns:
            poll.cut_ns = self._sequencer.done_ns(series)
        poll.failures += 1
        backoff_s = min(_LONGEST_BACKOFF_S, _FIRST_BACKOFF_S * 2 ** min(poll.failures - 1, 10))
        poll.next_ns = self._now_ns() + int(max(backoff_s, error.wait_s or 0.0) * SECOND_NS)
        if poll.failures == 1:
            self._is_connected = False
            text = f"{self._title} has no answer for {series}, and is asked again in {backoff_s:g} s: {error}"
            self._say(NoticeKind.STALE, text, series, {"code": error.code})
        else:
            text = f"{self._title} is asked for {series} once more in {backoff_s:g} s."
            self._say(NoticeKind.RECONNECTING, text, series, {"failures": poll.failures})

    def _tell_gap(self, series: Series, times: Ints) -> None:
        if len(times):
            text = f"{self._title} answers again: {len(times)} bars of {series} were filled in."
            self._say(NoticeKind.GAP_FILLED, text, series, {"bars": len(times)})

    def _well(self) -> None:
        if not self._is_connected and not any(poll.failures for poll in self._polls.values()):
            self._is_connected = True
            self._say(NoticeKind.CONNECTED, f"{self._title} answers.")
