"""Putting in order what a source sends in any order, doubled, late, or otherwise than before."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from tradinglab.core.clock import HOUR_NS, MINUTE_NS, SECOND_NS, from_ns
from tradinglab.core.values import dataclass, field
from tradinglab.data.columns import BarColumns, Floats, Ints
from tradinglab.data.feeds.grid import BarGrid
from tradinglab.data.feeds.protocol import (
    ALWAYS_NS,
    Delivery,
    DeliveryKind,
    FeedTerms,
    Notice,
    NoticeKind,
    Received,
    Series,
)
from tradinglab.data.periods import PERIODS

#: So many bars of a series are remembered as they were delivered; what comes of older ones is late.
_REMEMBERED: Final = 20_000

#: So many bars that were given up are asked for again; of more, the oldest are told as missing.
_MOST_MISSING: Final = 20_000
#: A bar that was given up is told as missing after half of this to all of it, or of two bars if they are longer.
_SOUGHT_NS: Final = HOUR_NS
#: It is asked for again after so long first.
_SOUGHT_AGAIN_NS: Final = MINUTE_NS

#: The values of a bar, in the order of its series' fields.
Row = tuple[float, ...]


@dataclass(slots=True)
class _Track:
    """Where a series is.

    Attributes
    ----------
    done_ns
        Of what ends by then, everything was delivered, or given up.
    heard_ns
        The source was heard of the series after everything that ended by then should have been there.
    waiting
        Bars whose turn has not come, by their starts: end and values.
    delivered
        Bars by their starts, as they were delivered last.
    """

    done_ns: int
    heard_ns: int
    waiting: dict[int, tuple[int, Row]] = field(default_factory=dict)
    delivered: OrderedDict[int, Row] = field(default_factory=OrderedDict)
    #: Ends of bars that were given up and may come yet, ascending.
    missing: dict[int, None] = field(default_factory=dict)
    begun_ns: int = 0
    is_behind: bool = False


class Sequencer:
    """Delivers the bars of each series in order, each once, and says what does not fit.

    Parameters
    ----------
    now_ns
        This machine's clock, nanoseconds UTC.
    """

    def __init__(self, grid: BarGrid, terms: FeedTerms, now_ns: Callable[[], int]) -> None:
        self._grid = grid
        self._terms = terms
        self._now_ns = now_ns
        self._tracks: dict[Series, _Track] = {}
        self._out: list[Received] = []
        self._is_skewed = False
        #: How many bars came again as they were.
        self.doubled = 0

    def open(self, series: Series, time_ns: Ints, values: Mapping[str, Floats], *, since_ns: int = 0) -> None:
        """Begin with a series and its history since an instant, in order of its times."""
        now_ns, ends = self._now_ns(), self._grid.ends(series, time_ns)
        last_ns = int(ends[-1]) if len(ends) else 0
        track = _Track(done_ns=max(last_ns, now_ns - self._terms.grace_ns), heard_ns=now_ns, begun_ns=now_ns)
        self._seek(series, track, ends, since_ns)
        names = series.key.fields
        rows = zip(*(values[name][-_REMEMBERED:].tolist() for name in names), strict=True)
        track.delivered.update(zip(time_ns[-_REMEMBERED:].tolist(), rows, strict=True))
        self._tracks[series] = track
        bars = BarColumns(series.tick_type, time_ns, ends, {name: values[name] for name in names})
        self._out.append(Delivery(series, DeliveryKind.HISTORY, bars))

    def _seek(self, series: Series, track: _Track, ends: Ints, since_ns: int) -> None:
        """Note what should have been over when a series began, and was not there; a bar from before it is not."""
        first_ns = since_ns + PERIODS[series.resolution] - 1
        end_ns, there = max(first_ns, self._now_ns() - self._sought_ns(series)), set(ends.tolist())
        while (end_ns := self._grid.next_end_ns(series, end_ns)) <= track.done_ns:
            if end_ns not in there:
                track.missing[end_ns] = None

    def missing_ns(self, series: Series) -> int | None:
        """Return the first end of the bars that were given up and may come yet; ``None`` without any."""
        return next(iter(self._tracks[series].missing), None)

    def again_ns(self, series: Series, asked_ns: int) -> int:
        """Return when a series' missing bars are asked for, after they were at an instant.

        Each time after about as long as the newest is missing, so that the waits double.
        """
        newest_ns = next(reversed(self._tracks[series].missing), ALWAYS_NS)
        wait_ns = min(max(_SOUGHT_AGAIN_NS, asked_ns - newest_ns), self._sought_ns(series) // 4)
        return asked_ns + wait_ns if newest_ns < ALWAYS_NS else ALWAYS_NS

    def give_up(self, series: Series, asked_ns: int) -> None:
        """Tell of bars that a source, asked for them at an instant, still does not have after so long.

        Many are told of at once: a quiet market has no bars of most of its minutes. Holes of the history that a series
        began with are its source's, and not told of.
        """
        track, sought_ns = self._tracks[series], self._sought_ns(series)
        missing, gone = track.missing, list[int]()
        if missing and (next(iter(missing)) <= asked_ns - sought_ns or len(missing) > _MOST_MISSING):
            old_ns = max(asked_ns - sought_ns // 2, list(missing)[-_MOST_MISSING:][0])
            gone = [end_ns for end_ns in missing if end_ns <= old_ns]
        for end_ns in gone:
            del missing[end_ns]
        gone = [end_ns for end_ns in gone if end_ns > track.begun_ns]
        if not gone:
            return
        text = (
            f"The source has no bars of {series} for {len(gone)} times at which one may end, from {_utc(gone[0])} to "
            f"{_utc(gone[-1])}: nothing was traded, or it lacks them. They are not asked for any more."
        )
        data: dict[str, object] = {"bars": len(gone), "first": _utc(gone[0]), "last": _utc(gone[-1])}
        self._out.append(self._notice(NoticeKind.MISSING, text, series, data))

    def _sought_ns(self, series: Series) -> int:
        return max(_SOUGHT_NS, 2 * PERIODS[series.resolution])

    def close(self, series: Series) -> None:
        """End with a series."""
        self._tracks.pop(series, None)

    def done_ns(self, series: Series) -> int:
        """Return up to where a series was delivered."""
        return self._tracks[series].done_ns

    def awaited_ns(self, series: Series) -> int:
        """Return when the next bar of a series may end."""
        return self._grid.next_end_ns(series, self._tracks[series].done_ns)

    def hear(self, series: Series, at_ns: int) -> None:
        """Note that at an instant the source was well: what it has not sent by then is missing, not cut off."""
        track = self._tracks.get(series)
        if track is not None:
            track.heard_ns = max(track.heard_ns, at_ns)

    def take(self, series: Series, time_ns: Ints, values: Mapping[str, Floats]) -> None:
        """Take bars that are over, in any order; of a series that was closed there is nothing to take."""
        track = self._tracks.get(series)
        if track is None or not len(time_ns):
            return
        ends = self._grid.ends(series, time_ns).tolist()
        rows = list(zip(*(values[name].tolist() for name in series.key.fields), strict=True))
        for start_ns, end_ns, row in zip(time_ns.tolist(), ends, rows, strict=True):
            self._take(series, track, start_ns, end_ns, row)

    def _take(self, series: Series, track: _Track, start_ns: int, end_ns: int, row: Row) -> None:
        before = track.delivered.get(start_ns)
        if before is not None:
            if before == row:
                self.doubled += 1
            else:
                self._correct(series, track, start_ns, end_ns, row, before)
        elif end_ns <= track.done_ns:
            self._correct(series, track, start_ns, end_ns, row, None)
        else:
            self._look_at_clock(series, end_ns)
            track.waiting[start_ns] = (end_ns, row)

    def _correct(self, series: Series, track: _Track, start_ns: int, end_ns: int, row: Row, before: Row | None) -> None:
        track.delivered[start_ns] = row
        track.missing.pop(end_ns, None)
        names = series.key.fields
        shown = dict(zip(names, row, strict=True))
        data: dict[str, object] = {"bar": _utc(start_ns), "values": shown}
        if before is None:
            kind, text = NoticeKind.LATE, f"A bar of {series} of {_utc(start_ns)} came too late: it made no step."
        else:
            kind, data["before"] = NoticeKind.RESTATED, dict(zip(names, before, strict=True))
            text = f"The source has changed the bar of {series} of {_utc(start_ns)} after it was delivered."
        self._out.append(self._notice(kind, text, series, data))
        self._out.append(Delivery(series, DeliveryKind.CORRECTION, _columns(series, [(start_ns, end_ns, row)])))

    def _look_at_clock(self, series: Series, end_ns: int) -> None:
        """Tell of a bar that is over by the source's clock, and not by ours."""
        ahead_s = (end_ns - self._now_ns()) / SECOND_NS
        if ahead_s > self._terms.skew_s and not self._is_skewed:
            text = f"A bar of {series} was over {ahead_s:.1f} s before it is by this machine's clock: set the clock."
            self._out.append(self._notice(NoticeKind.SKEWED, text, series, {"seconds": round(ahead_s, 3)}))
        self._is_skewed = ahead_s > self._terms.skew_s

    def due(self) -> list[Received]:
        """Return what may be handed out by now."""
        for series, track in self._tracks.items():
            bars = self._due(series, track)
            if bars:
                self._out.append(Delivery(series, DeliveryKind.LIVE, _columns(series, bars)))
        found, self._out = self._out, []
        return found

    def _due(self, series: Series, track: _Track) -> list[tuple[int, int, Row]]:
        now_ns, found = self._now_ns(), []
        while True:
            next_ns = self._grid.next_end_ns(series, track.done_ns)
            start_ns = min(track.waiting, default=ALWAYS_NS)
            end_ns, row = track.waiting.get(start_ns, (ALWAYS_NS, ()))
            if end_ns <= next_ns:
                del track.waiting[start_ns]
                self._remember(track, start_ns, row)
                found.append((start_ns, end_ns, row))
                track.done_ns = end_ns
                track.is_behind = False
            elif self._is_missing(track, next_ns, now_ns):
                self._look_behind(series, track, next_ns)
                track.done_ns = next_ns
                track.missing[next_ns] = None
            else:
                return found

    def _is_missing(self, track: _Track, end_ns: int, now_ns: int) -> bool:
        """Return whether a bar is not waited for any more."""
        was_heard = track.heard_ns >= end_ns
        return now_ns >= end_ns + (self._terms.grace_ns if was_heard else self._terms.hold_ns)

    def _look_behind(self, series: Series, track: _Track, end_ns: int) -> None:
        if track.heard_ns < end_ns and not track.is_behind:
            track.is_behind = True
            text = (
                f"Nothing was heard of {series} for {self._terms.hold_s:g} s: time goes on without its bars. "
                "What comes of them later is late."
            )
            self._out.append(self._notice(NoticeKind.BEHIND, text, series, {"since": _utc(end_ns)}))

    def _remember(self, track: _Track, start_ns: int, row: Row) -> None:
        track.delivered[start_ns] = row
        if len(track.delivered) > _REMEMBERED:
            track.delivered.popitem(last=False)

    @property
    def settled_ns(self) -> int:
        """Of what ends before this instant, everything was delivered or given up; the present if there is no series."""
        ends = (self._grid.next_end_ns(series, track.done_ns) for series, track in self._tracks.items())
        return min(ends, default=self._now_ns())

    def _notice(self, kind: NoticeKind, text: str, series: Series, data: Mapping[str, object]) -> Notice:
        return Notice(kind=kind, text=text, at_ns=self._now_ns(), series=series, data=data)


def _columns(series: Series, bars: list[tuple[int, int, Row]]) -> BarColumns:
    table = np.array([row for _, _, row in bars], np.float64)
    return BarColumns(
        series.tick_type,
        np.array([start for start, _, _ in bars], np.int64),
        np.array([end for _, end, _ in bars], np.int64),
        {name: np.ascontiguousarray(table[:, at]) for at, name in enumerate(series.key.fields)},
    )


def _utc(ns: int) -> str:
    return f"{from_ns(ns):%Y-%m-%d %H:%M} UTC"
