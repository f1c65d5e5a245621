"""The bars of a live run: what is stored from before, and what its feed has brought."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final

import numpy as np

from tradinglab.core.enums import Resolution, TickType
from tradinglab.core.symbol import Symbol
from tradinglab.data.columns import BarColumns, join_columns
from tradinglab.data.delegating import DelegatingSource
from tradinglab.data.feeds.protocol import Delivery, DeliveryKind, Feed, Notice, NoticeKind, Series
from tradinglab.data.mapping import MapFile
from tradinglab.data.repeated import lasting
from tradinglab.data.source import DataSource

#: A history that takes longer is not waited for.
_PATIENCE_S: Final = 120.0
_WAIT_S: Final = 0.25

Wanted = tuple[Symbol, Resolution, TickType]


class FeedSource(DelegatingSource):
    """A stored source whose bars come by a feed.

    Parameters
    ----------
    source
        What is stored.
    is_replay
        Whether the feed hands out what *source* has; else *source* has only what was before, and what the feed does not
        offer, such as a benchmark.
    """

    def __init__(self, source: DataSource, feed: Feed, *, is_replay: bool) -> None:
        super().__init__(source)
        self._feed = feed
        self.is_replay = is_replay
        self.on_notice: Callable[[Notice], None] = lambda notice: None
        self._brought: dict[Series, BarColumns] = {}
        #: From when on a series was asked for.
        self._since_ns: dict[Series, int] = {}
        self._opened: set[Series] = set()
        self._refusals: dict[Series, str] = {}

    @property
    def settled_ns(self) -> int:
        """Of what ends before this instant, all bars are here."""
        return self._feed.settled_ns

    def refused(self, wanted: Wanted) -> str:
        """Return why there are no bars of a series, empty if there are."""
        return self._refusals.get(Series(*wanted), "")

    def bars(
        self, symbol: Symbol, resolution: Resolution, tick_type: TickType, start_ns: int, end_ns: int
    ) -> BarColumns:
        """Return raw bars that start in ``[start_ns, end_ns)``, as far as they have come."""
        series = Series(symbol, resolution, tick_type)
        if series not in self._refusals:
            self._open(series, start_ns)
        if series in self._refusals:
            return self._stored(series, start_ns, end_ns)
        since_ns = self._since_ns[series]
        brought = self._brought[series].between(max(start_ns, since_ns), max(end_ns, since_ns))
        return brought if start_ns >= since_ns else join_columns(self._stored(series, start_ns, since_ns), brought)

    def map_file(self, symbol: Symbol) -> MapFile | None:
        """Return the tickers of an equity over time; of what a feed brings, the last one lasts."""
        found = super().map_file(symbol)
        return found if self.is_replay else lasting(found)

    def receive(self) -> None:
        """Take what the feed has brought meanwhile."""
        self._take(0.0)

    def follow(self, wanted: Iterable[Wanted]) -> None:
        """Let the feed wait for these series alone; what others had is kept, and read on when it is asked for again."""
        followed = {Series(*each) for each in wanted}
        for series in self._opened - followed:
            self._feed.unsubscribe(series)
            self._opened.discard(series)

    def _open(self, series: Series, start_ns: int) -> None:
        """Begin with a series, and wait for its history."""
        if series in self._opened:
            return
        text = self._feed.refusal(series)
        if text:
            self._refuse(series, text)
            return
        known = self._brought.get(series)
        if known is None:
            stored_ns = start_ns if self.is_replay else self._stored_until(series, start_ns)
            self._since_ns[series] = stored_ns
            known = self._brought[series] = BarColumns.empty(series.tick_type)
        since_ns = int(known.time_ns[-1]) + 1 if len(known) else self._since_ns[series]
        self._opened.add(series)
        self._awaited = series
        self._feed.subscribe(series, since_ns)
        until = time.monotonic() + _PATIENCE_S
        while self._awaited == series and series not in self._refusals and time.monotonic() < until:
            self._take(_WAIT_S)

    def _stored_until(self, series: Series, start_ns: int) -> int:
        """Return up to where bars are stored: what is stored is not asked for again."""
        now_ns = time.time_ns()
        stored = self._source.bars(series.symbol, series.resolution, series.tick_type, start_ns, now_ns)
        return int(stored.time_ns[-1]) + 1 if len(stored) else start_ns

    def _stored(self, series: Series, start_ns: int, end_ns: int) -> BarColumns:
        bars = self._source.bars(series.symbol, series.resolution, series.tick_type, start_ns, end_ns)
        if not self.is_replay and bars.decimals:
            bars = BarColumns(bars.tick_type, bars.time_ns, bars.end_ns, bars.values)
        return bars

    def _take(self, timeout_s: float) -> None:
        for each in self._feed.receive(timeout_s):
            if isinstance(each, Notice):
                if each.kind == NoticeKind.REFUSED and each.series is not None:
                    self._refuse(each.series, each.text)
                self.on_notice(each)
            elif each.series in self._brought:
                self._keep(each)

    def _refuse(self, series: Series, text: str) -> None:
        self._refusals[series] = text
        self._opened.discard(series)

    def _keep(self, delivery: Delivery) -> None:
        series, bars = delivery.series, delivery.bars
        if delivery.kind == DeliveryKind.HISTORY and self._awaited == series:
            self._awaited = None
        known = self._brought[series]
        if delivery.kind == DeliveryKind.CORRECTION:
            self._brought[series] = _corrected(known, bars)
        elif len(bars):
            self._brought[series] = join_columns(known, bars)

    _awaited: Series | None = None


def _corrected(known: BarColumns, bars: BarColumns) -> BarColumns:
    """Return bars with others in the places of those of the same times, or between them."""
    kept = known.take(np.flatnonzero(~np.isin(known.time_ns, bars.time_ns)))
    if not len(kept):
        return bars
    order = np.argsort(np.concatenate([kept.time_ns, bars.time_ns]), kind="stable")
    values = {name: np.concatenate([column, bars.values[name]])[order] for name, column in kept.values.items()}
    time_ns = np.concatenate([kept.time_ns, bars.time_ns])[order]
    return BarColumns(known.tick_type, time_ns, np.concatenate([kept.end_ns, bars.end_ns])[order], values)
