"""An exchange that tells its candles as they change: each is delivered when it is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import numpy as np

from tradinglab.core.clock import SECOND_NS
from tradinglab.core.values import dataclass, field
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.feeds.grid import BarGrid
from tradinglab.data.feeds.protocol import FeedTerms, NoticeKind, Received, Series
from tradinglab.data.feeds.sourced import SourcedFeed, is_for_good
from tradinglab.data.periods import PERIODS
from tradinglab.data.sources.errors import SourceError
from tradinglab.data.sources.exchanges.stream import Candles, CandleStream, Cut
from tradinglab.data.sources.protocol import Downloader

_MS_NS: Final = 1_000_000
_LONGEST_WAIT_S: Final = 0.25
#: What was missed is asked for this long after a connection was lost and found, and not more often than that.
_FILL_EVERY_NS: Final = 5 * SECOND_NS
_FIELDS: Final = ("open", "high", "low", "close", "volume")


@dataclass(slots=True)
class _Listened:
    """A series that is listened to.

    Attributes
    ----------
    candles
        Candles that are not over, or not told to be, by their starts.
    fill_ns
        When its history is asked for; ``None`` if nothing is missing.
    cut_ns
        Up to where it was delivered when the connection was cut; 0 if it was not.
    """

    fill_ns: int | None
    asked_ns: int
    candles: dict[int, tuple[float, ...]] = field(default_factory=dict)
    cut_ns: int = 0


class ExchangeFeed(SourcedFeed):
    """Candles that an exchange tells, and its history for what was not heard.

    A candle is over when the next one is told, or some time after its end.

    Parameters
    ----------
    source
        Whose history fills gaps.
    now_ns
        This machine's clock, nanoseconds UTC.
    """

    def __init__(
        self,
        source: Downloader,
        stream: CandleStream,
        grid: BarGrid,
        terms: FeedTerms | None = None,
        *,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        super().__init__("exchange", source, grid, terms, now_ns)
        self._stream = stream
        self._listened: dict[Series, _Listened] = {}
        self._heard_ns = now_ns()
        self._retry_ns = 0

    def unsubscribe(self, series: Series) -> None:
        """End with a series."""
        super().unsubscribe(series)
        if self._listened.pop(series, None) is not None:
            self._stream.unwatch(series.key)

    def receive(self, timeout_s: float) -> list[Received]:
        """Take what the exchange has told, and return what is new."""
        if self._now_ns() >= self._retry_ns:
            for series, since_ns in list(self._new.items()):
                self._open(series, since_ns)
        for told in self._stream.take(0.0 if self._out else min(timeout_s, _LONGEST_WAIT_S)):
            if isinstance(told, Cut):
                self._cut(told)
            else:
                self._hear(told)
        self._look_at_silence()
        for series, each in self._listened.items():
            self._look(series, each)
        self._out += self._sequencer.due()
        for series, each in self._listened.items():
            self._look_for_gap(series, each)
        found, self._out = [*self._out, *self._sequencer.due()], []
        return found

    def close(self) -> None:
        """End with everything."""
        self._stream.close()
        self._history.close()

    def _open(self, series: Series, since_ns: int) -> None:
        now_ns = self._now_ns()
        del self._new[series]
        try:
            times, values = self._history.read(series, since_ns, now_ns)
            self._stream.watch(series.key)
        except SourceError as error:
            if is_for_good(error):
                self._say(NoticeKind.REFUSED, str(error), series)
            else:
                self._say(NoticeKind.STALE, f"{self._title} has no history of {series}: {error}", series)
                self._new[series] = since_ns
                self._retry_ns = now_ns + _FILL_EVERY_NS
            return
        if not self._listened:
            self._heard_ns = now_ns
        self._sequencer.open(series, times, values, since_ns=since_ns)
        # A bar may have ended while the connection was made.
        self._listened[series] = _Listened(now_ns + _FILL_EVERY_NS, now_ns)

    def _hear(self, told: Candles) -> None:
        self._heard_ns = told.at_ns
        if not self._is_connected:
            self._is_connected = True
            self._say(NoticeKind.CONNECTED, f"{self._title} tells its bars.")
            for each in self._listened.values():
                each.fill_ns = self._now_ns() if each.cut_ns else each.fill_ns
        series = next((each for each in self._listened if each.key == told.key), None)
        if series is None:
            return
        candles = self._listened[series].candles
        for start_ms, *row in told.rows:
            candles[int(start_ms) * _MS_NS] = tuple(row)
        last_ns = max(candles, default=0)
        # The next one is told: those before it are over, by the exchange's clock.
        self._pass_on(series, [start for start in candles if start < last_ns])

    def _look(self, series: Series, each: _Listened) -> None:
        """Pass on candles that are over by the clock."""
        now_ns = self._now_ns()
        over_ns = now_ns - int(self._terms.delay_s * SECOND_NS)
        starts = np.array(sorted(each.candles), np.int64)
        ends = self._grid.ends(series, starts)
        self._pass_on(series, starts[ends <= over_ns].tolist())
        if self._is_connected and each.fill_ns is None:
            self._sequencer.hear(series, self._heard_ns)

    def _look_for_gap(self, series: Series, each: _Listened) -> None:
        """Ask for what is missing."""
        now_ns = self._now_ns()
        awaited_ns = self._sequencer.awaited_ns(series)
        if each.fill_ns is None and now_ns >= awaited_ns + self._terms.grace_ns // 2:
            each.fill_ns = now_ns  # a quiet market, or one that was not told of
        if each.fill_ns is not None and now_ns >= max(each.fill_ns, each.asked_ns + _FILL_EVERY_NS):
            self._fill(series, each)

    def _pass_on(self, series: Series, starts: list[int]) -> None:
        candles = self._listened[series].candles
        if not starts:
            return
        starts.sort()
        table = np.array([candles.pop(start) for start in starts], np.float64)
        values: dict[str, Floats] = {name: np.ascontiguousarray(table[:, at]) for at, name in enumerate(_FIELDS)}
        self._sequencer.take(series, np.array(starts, np.int64), values)

    def _fill(self, series: Series, each: _Listened) -> None:
        now_ns, done_ns = self._now_ns(), self._sequencer.done_ns(series)
        each.asked_ns = now_ns
        missing = self._sequencer.missing_ns(series)
        since_ns = (done_ns if missing is None else min(done_ns, missing)) - PERIODS[series.resolution]
        try:
            times, values = self._history.read(series, since_ns, now_ns)
        except SourceError as error:
            text = f"{self._title} has no history of {series} to fill a gap with, and is asked again: {error}"
            self._say(NoticeKind.RECONNECTING, text, series, {"code": error.code})
            return
        if each.cut_ns:
            missed = times[times >= each.cut_ns]
            self._tell_gap(series, missed)
            # What ends before the line is there again comes by the history, too.
            each.cut_ns = 0 if self._is_connected else max(each.cut_ns, *(missed + 1).tolist(), 0)
        self._sequencer.take(series, times, values)
        self._sequencer.hear(series, now_ns)
        self._sequencer.give_up(series, now_ns)
        each.fill_ns = None

    def _tell_gap(self, series: Series, times: Ints) -> None:
        if len(times):
            text = f"{self._title} was not heard for a while: {len(times)} bars of {series} were filled in."
            self._say(NoticeKind.GAP_FILLED, text, series, {"bars": len(times)})

    def _look_at_silence(self) -> None:
        silence_ns = self._now_ns() - self._heard_ns
        if self._listened and silence_ns > self._terms.silence_s * SECOND_NS:
            self._heard_ns = self._now_ns()
            if self._is_connected:
                text = f"{self._title} has told nothing for {self._terms.silence_s:g} s: the connection is made anew."
                self._lose(NoticeKind.STALE, text, {})
            self._stream.reset()

    def _cut(self, told: Cut) -> None:
        self._heard_ns = self._now_ns()
        if self._is_connected:
            text = f"The connection to {self._title} was cut: {told.reason}"
            self._lose(NoticeKind.STALE, text, {"reason": told.reason})
        text = f"{self._title} is connected to again in {told.again_in_s:g} s."
        self._say(NoticeKind.RECONNECTING, text, data={"reason": told.reason})

    def _lose(self, kind: NoticeKind, text: str, data: dict[str, object]) -> None:
        """Note that the connection is lost: candles that were not over may have changed meanwhile."""
        self._is_connected = False
        self._say(kind, text, data=data)
        for series, each in self._listened.items():
            each.candles.clear()
            each.cut_ns = each.cut_ns or self._sequencer.done_ns(series)
            each.fill_ns = self._now_ns() + _FILL_EVERY_NS
