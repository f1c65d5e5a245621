"""Bars of hours, minutes and seconds against the market's hours."""

from __future__ import annotations

import math

import numpy as np

from tradinglab.core.clock import DAY_NS, HOUR_NS
from tradinglab.core.values import dataclass, field
from tradinglab.data.columns import Flags, Ints
from tradinglab.data.quality.bars import Bars, SeriesFacts
from tradinglab.data.quality.calendar_changes import is_spring_change
from tradinglab.data.quality.collecting import Collector
from tradinglab.data.quality.limits import Limits
from tradinglab.data.quality.presence import Presence, day_example, months_of
from tradinglab.data.quality.report import Example, written_time
from tradinglab.data.quality.sessions import Sessions, open_spans, regular_sessions
from tradinglab.data.quality.zones import HoursOfWeek

_US = 1_000
_HIGHEST = np.iinfo(np.int64).max
_HOUR_US = 3_600_000_000
#: If so many sessions begin a bar late and end with one at the close, bars are labelled with their ends.
_END_LABELLED = 0.8
#: Of less it cannot be said how often there is a bar.
_FEWEST = 300
_FEWEST_STEPS = 10
_OUTSIDE = ("outside_hours", "at_close", "after_early_close")
#: After an early close there is trading for as long as after any other.
_AFTER_EARLY_NS = 4 * HOUR_NS
#: Quiet times are longer at noon and in the evening than on average.
_CLUSTERING = 3.0


@dataclass(frozen=True, slots=True)
class _Touched:
    """Sessions with bars of a block: start of the first bar, bars, whether the first and the one at the close are."""

    first: Ints
    bars: Ints
    has_first: Flags
    has_close: Flags


@dataclass(slots=True)
class IntradayCoverage:
    """Compares the times of bars with those at which the market is open."""

    facts: SeriesFacts
    limits: Limits
    found: Collector
    _hours: HoursOfWeek | None = None
    _phase_us: int = -1
    _first_us: int = 0
    _last_us: int | None = None
    _shortest_us: int = _HIGHEST
    _count: int = 0
    _out: int = 0
    _gaps: list[tuple[Ints, Ints]] = field(default_factory=list)
    _touched: list[_Touched] = field(default_factory=list)

    def feed(self, bars: Bars) -> None:
        """Take the next bars, in order of time and none twice."""
        times, period = bars.times_us, self.facts.period_us
        if not len(times):
            return
        if self._phase_us < 0:
            values, counts = np.unique(times[:10_000] % period, return_counts=True)
            self._phase_us = int(values[np.argmax(counts)])
            if self.facts.key.resolution.name != "HOUR":
                self._phase_us = 0
            self._first_us = int(times[0])
        off = times % period != self._phase_us
        self.found.mark("off_grid", off, bars)
        self._feed_gaps(times)
        self._outside(bars)
        self._touch(times)
        self._last_us = int(times[-1])

    def _feed_gaps(self, times: Ints) -> None:
        period = self.facts.period_us
        steps = np.diff(times)
        self._count += len(times)
        if self._shortest_us > period and len(steps):
            self._shortest_us = min(self._shortest_us, int(steps.min()))
        if self._last_us is not None:
            self._shortest_us = min(self._shortest_us, int(times[0]) - self._last_us)
        at = np.flatnonzero(steps > period)
        starts, ends = np.concatenate([times[:1], times[at + 1]]), np.concatenate([times[at], times[-1:]]) + period
        if not self.facts.hours.exchange_hours.is_market_always_open:
            self._hours = self._hours or HoursOfWeek(self.facts)
            self._hours.feed(starts, ends)
        if self._last_us is not None and times[0] - self._last_us > period:
            self._gaps.append((np.array([self._last_us]), times[:1].copy()))
        if len(at):
            self._gaps.append((times[at], times[at + 1]))

    def _outside(self, bars: Bars) -> None:
        hours, times = self.facts.hours.exchange_hours, bars.times_us
        if hours.is_market_always_open:
            return
        opens, closes = open_spans(self.facts, int(times[0]), int(times[-1]), extended=True)
        starts = np.searchsorted(times, opens - self.facts.period_us, side="right")
        ends = np.searchsorted(times, closes, side="left")
        edges = np.zeros(len(times) + 1, np.int64)
        np.add.at(edges, starts, 1)
        np.add.at(edges, np.maximum(starts, ends), -1)
        out = np.flatnonzero(np.cumsum(edges[:-1]) == 0)
        if not len(out):
            return
        local = hours.time_zone.local_ns_array(times[out] * _US)
        close = np.array([hours.early_close_by_day.get(day, DAY_NS) for day in (local // DAY_NS).tolist()], np.int64)
        late = (local % DAY_NS >= close) & (local % DAY_NS < close + _AFTER_EARLY_NS)
        is_end = np.isin(times[out], closes) & ~late
        self.found.rows("at_close", out[is_end], bars)
        self.found.rows("after_early_close", out[late], bars)
        self.found.rows("outside_hours", out[~late & ~is_end], bars)
        self._out += len(out)

    def _touch(self, times: Ints) -> None:
        period = self.facts.period_us
        sessions = regular_sessions(self.facts, int(times[0]), int(times[-1]), self._phase_us)
        last = sessions.first + sessions.counts * period
        start, end = np.searchsorted(times, sessions.first), np.searchsorted(times, last)
        padded = np.append(times, -1)
        has_close = (padded[end] == last) & (padded[np.minimum(end + 1, len(times))] != last + period)
        which = (end > start) | has_close
        self._touched.append(
            _Touched(
                sessions.first[which], (end - start)[which], (padded[start] == sessions.first)[which], has_close[which]
            )
        )

    def finish(self) -> Presence:
        """Note what is missing and whether labels or zone are wrong; return how much there is."""
        if self._last_us is None:
            return Presence()
        sessions = regular_sessions(self.facts, self._first_us, self._last_us, self._phase_us)
        bars, has_first, has_close = self._by_session(sessions)
        edges = np.array([self._first_us, self._last_us + self.facts.period_us])
        low, high = sessions.before(edges).tolist()
        presence = Presence(expected=high - low)
        # The first and the last session may be there in part.
        total = np.concatenate([[0], np.cumsum(sessions.counts)])
        could = np.clip(total[1:], low, high) - np.clip(total[:-1], low, high)
        presence.months = months_of(sessions.days[could > 0], bars[could > 0], could[could > 0])
        if self._shortest_us > self.facts.period_us and self._count >= _FEWEST_STEPS:
            self.found.drop(*_OUTSIDE)
            self.found.note("wrong_length", 1, [])
            presence.details["wrong_length"] = f"They are at least {self._shortest_us / 1e6:,.0f} s apart."
            return presence
        wrong = self._hours.judge(self._phase_us) if self._hours is not None else None
        if wrong is not None:
            self.found.drop(*_OUTSIDE)
            self.found.note(wrong.code, 1, [])
            presence.details[wrong.code] = wrong.detail
            return presence
        there = bars > 0
        if 2 * (self._count - self._out - int(bars.sum())) >= there.sum():
            self.found.drop("after_early_close")  # there is trading after any close
        labelled = (~has_first & has_close)[there]
        is_end_labelled = self._hours is not None and len(labelled) > 0 and labelled.mean() >= _END_LABELLED
        if is_end_labelled:
            self.found.drop(*_OUTSIDE)
            self.found.note("end_labels", 1, [])
        self._missing(sessions, bars, could, presence, is_end_labelled)
        return presence

    def _by_session(self, sessions: Sessions) -> tuple[Ints, Flags, Flags]:
        """Return the bars of each session, and whether its first bar and one at its close are there."""
        size = len(sessions.first)
        bars, has_first, has_close = np.zeros(size, np.int64), np.zeros(size, np.bool_), np.zeros(size, np.bool_)
        for each in self._touched:
            at = np.searchsorted(sessions.first, each.first)
            np.add.at(bars, at, each.bars)
            has_first[at] |= each.has_first
            has_close[at] |= each.has_close
        return np.minimum(bars, sessions.counts), has_first, has_close

    def _missing(self, sessions: Sessions, bars: Ints, could: Ints, presence: Presence, is_end_labelled: bool) -> None:
        if not self._gaps:
            return
        period = self.facts.period_us
        start = np.concatenate([each[0] for each in self._gaps]) + period
        end = np.concatenate([each[1] for each in self._gaps])
        counts = sessions.before(end) - sessions.before(start)
        first, last = sessions.whole(start, end)
        total = np.concatenate([[0], np.cumsum(sessions.counts)])
        whole = total[last] - total[first]
        inside = counts - whole
        missing = sessions.next_bar(start)
        if is_end_labelled:
            inside[inside == 1] = 0  # the first bar of a session, which has the label of the second
        self._missing_sessions(sessions, first, last)
        hour = (inside * period == _HOUR_US) & (end - start == _HOUR_US) & is_spring_change(start)
        self._note_gaps("missing_hour", hour, missing, end, inside)
        rest = (inside > 0) & ~hour
        quiet = rest & (inside <= self._longest_quiet(bars, could))
        self._note_gaps("sparse", quiet, missing, end, inside)
        self._note_gaps("missing_bars", rest & ~quiet, missing, end, inside)
        presence.missing = int(whole.sum() + inside[hour].sum() + inside[rest & ~quiet].sum())

    def _longest_quiet(self, bars: Ints, could: Ints) -> int:
        """Return how many bars in a row may be missing because nothing was traded; 0 if it is traded all the time.

        If a bar is there with probability p, a gap of n has that of (1-p)^n: what is to be expected less than once in a
        thousand such series is no accident.
        """
        there = (bars > 0) & (could > 0)
        if could[there].sum() < _FEWEST:
            return 0
        filled = float(np.median(bars[there] / could[there])) if there.any() else 1.0
        if filled >= self.limits.sparse_below:
            return 0
        return math.ceil(_CLUSTERING * math.log(1e-3 / max(int(bars.sum()), 1)) / math.log(1 - filled))

    def _missing_sessions(self, sessions: Sessions, first: Ints, last: Ints) -> None:
        which = np.flatnonzero(last > first)
        gone = np.concatenate([np.arange(first[at], last[at]) for at in which.tolist()]) if len(which) else which
        examples = [
            day_example(int(sessions.days[at]), int(sessions.first[at]), f"all {sessions.counts[at]:,} bars")
            for at in gone[: self.limits.examples].tolist()
        ]
        self.found.note("missing_sessions", len(gone), examples)

    def _note_gaps(self, code: str, which: Flags, start: Ints, end: Ints, counts: Ints) -> None:
        at = np.flatnonzero(which)
        examples = [
            Example(
                time_us=int(start[row]),
                text=f"{counts[row]:,} bar{'' if counts[row] == 1 else 's'} missing, the next is of "
                f"{written_time(int(end[row]))}",
            )
            for row in at[: self.limits.examples].tolist()
        ]
        self.found.note(code, int(counts[at].sum()), examples)
