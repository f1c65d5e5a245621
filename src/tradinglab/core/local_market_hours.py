"""When a market is open on one kind of day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from tradinglab.core.clock import DAY_NS, span_ns
from tradinglab.core.dual import Dual
from tradinglab.core.enums import DayOfWeek, MarketHoursState

Span = timedelta | int
"""A time of day: a timedelta from midnight, or its nanoseconds."""


def _ns(span: Span) -> int:
    return span_ns(span) if isinstance(span, timedelta) else span


def _span(ns: int) -> timedelta:
    return timedelta(microseconds=ns // 1_000)


class MarketHoursSegment(Dual):
    """A stretch of a day in one state of the market, from *start* up to but without *end*."""

    __slots__ = ("end_ns", "start_ns", "state")

    def __init__(self, state: MarketHoursState, start: Span, end: Span) -> None:
        self.state = state
        self.start_ns = _ns(start)
        self.end_ns = _ns(end)

    @classmethod
    def open_all_day(cls) -> MarketHoursSegment:
        """Return a segment that is open from midnight to midnight."""
        return cls(MarketHoursState.MARKET, 0, DAY_NS)

    @classmethod
    def closed_all_day(cls) -> MarketHoursSegment:
        """Return a segment that is closed from midnight to midnight."""
        return cls(MarketHoursState.CLOSED, 0, DAY_NS)

    @staticmethod
    def get_market_hours_segments(
        extended_market_open: Span, market_open: Span, market_close: Span, extended_market_close: Span
    ) -> list[MarketHoursSegment]:
        """Return pre-market, market and post-market of a day, leaving out what is empty.

        Raises
        ------
        ValueError
            If the four times are not in order.
        """
        early, start, end, late = map(_ns, (extended_market_open, market_open, market_close, extended_market_close))
        if not early <= start <= end <= late:
            raise ValueError("Extended open, open, close and extended close must be in this order.")
        segments = []
        if early != start:
            segments.append(MarketHoursSegment(MarketHoursState.PRE_MARKET, early, start))
        if start != 0 or end != 0:
            segments.append(MarketHoursSegment(MarketHoursState.MARKET, start, end))
        if end != late:
            segments.append(MarketHoursSegment(MarketHoursState.POST_MARKET, end, late))
        return segments

    @property
    def start(self) -> timedelta:
        """When the segment begins, from midnight."""
        return _span(self.start_ns)

    @property
    def end(self) -> timedelta:
        """When the segment ends, from midnight; it is not part of it."""
        return _span(self.end_ns)

    def contains(self, time: Span) -> bool:
        """Whether a time of day lies in the segment."""
        return self.start_ns <= _ns(time) < self.end_ns

    def overlaps(self, start: Span, end: Span) -> bool:
        """Whether the segment and the time from *start* to *end* have a moment in common."""
        return self.start_ns < _ns(end) and self.end_ns > _ns(start)

    def counts(self, extended_market_hours: bool) -> bool:
        """Whether the market is open here for someone who trades only regular, or also extended hours."""
        return self.state is MarketHoursState.MARKET or (
            extended_market_hours and self.state is not MarketHoursState.CLOSED
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MarketHoursSegment):
            return NotImplemented
        return (self.state, self.start_ns, self.end_ns) == (other.state, other.start_ns, other.end_ns)

    def __hash__(self) -> int:
        return hash((self.state, self.start_ns, self.end_ns))

    def __repr__(self) -> str:
        return f"{self.state}: {self.start}-{self.end}"


class LocalMarketHours(Dual):
    """The open segments of a day, in the exchange's time zone.

    Parameters
    ----------
    day
        The day of the week.
    segments
        The segments in order; closed ones are dropped. Instead, market open and close may be
        given, or extended open, open, close and extended close.
    """

    __slots__ = ("_always", "_regular", "day_of_week", "segments")

    def __init__(self, day: DayOfWeek, *segments: MarketHoursSegment | Iterable[MarketHoursSegment] | Span) -> None:
        self.day_of_week = DayOfWeek(day)
        self.segments = tuple(s for s in _flat(segments) if s.state is not MarketHoursState.CLOSED)
        self._always = tuple((s.start_ns, s.end_ns) for s in self.segments)
        self._regular = tuple((s.start_ns, s.end_ns) for s in self.segments if s.counts(False))

    @classmethod
    def closed_all_day(cls, day_of_week: DayOfWeek) -> LocalMarketHours:
        """Return hours of a day without trading."""
        return cls(day_of_week)

    @classmethod
    def open_all_day(cls, day_of_week: DayOfWeek) -> LocalMarketHours:
        """Return hours of a day without a break."""
        return cls(day_of_week, MarketHoursSegment.open_all_day())

    @property
    def is_closed_all_day(self) -> bool:
        """Whether there is no trading at all."""
        return not self.segments

    @property
    def is_open_all_day(self) -> bool:
        """Whether regular trading goes from midnight to midnight."""
        return len(self.segments) == 1 and self._regular == ((0, DAY_NS),)

    @property
    def market_duration(self) -> timedelta:
        """How long regular trading lasts."""
        return _span(self.market_duration_ns)

    @property
    def market_duration_ns(self) -> int:
        """How long regular trading lasts, in nanoseconds."""
        return sum(end - start for start, end in self._regular)

    def spans_ns(self, extended_market_hours: bool) -> tuple[tuple[int, int], ...]:
        """Return start and end of the segments that count, in nanoseconds from midnight."""
        return self._always if extended_market_hours else self._regular

    def is_open(self, time: Span, end: Span | bool, extended_market_hours: bool | None = None) -> bool:
        """Whether the market is open at a time of day, or at any moment between two.

        Called as ``is_open(time, extended_market_hours)`` or ``is_open(start, end, extended_market_hours)``.
        """
        start = _ns(time)
        if extended_market_hours is None:
            return any(s <= start < e for s, e in self.spans_ns(bool(end)))
        until = _ns(end)
        if start == until:
            return self.is_open(start, extended_market_hours)
        return any(s < until and e > start for s, e in self.spans_ns(extended_market_hours))

    def get_market_open(
        self, time: Span, extended_market_hours: bool, previous_day_last_segment: Span | None = None
    ) -> timedelta | None:
        """Return the open of the first stretch that ends after *time*; None if there is none.

        A segment that another one runs into, also the day before's up to midnight
        (*previous_day_last_segment* is its end), has no open of its own.
        """
        before = None if previous_day_last_segment is None else _ns(previous_day_last_segment)
        found = self.market_open_ns(_ns(time), extended_market_hours, before)
        return None if found is None else _span(found)

    def get_market_close(
        self, time: Span, extended_market_hours: bool, next_day_segment_start: Span | None = None
    ) -> timedelta | None:
        """Return the close of the first stretch that ends after *time*; None if there is none.

        A segment that runs into another one, also into the next day's from midnight on
        (*next_day_segment_start* is its start), has no close of its own.
        """
        after = None if next_day_segment_start is None else _ns(next_day_segment_start)
        found = self.market_close_ns(_ns(time), extended_market_hours, after)
        return None if found is None else _span(found)

    def market_open_ns(self, time_ns: int, extended: bool, previous_day_end_ns: int | None = None) -> int | None:
        """Return what :meth:`get_market_open` returns, in nanoseconds."""
        runs_into = 0 if previous_day_end_ns == DAY_NS else None
        for segment in self.segments:
            if not segment.counts(extended):
                continue
            if segment.end_ns > time_ns and segment.start_ns != runs_into:
                return segment.start_ns
            runs_into = segment.end_ns
        return None

    def market_close_ns(
        self, time_ns: int, extended: bool, next_day_start_ns: int | None = None, *, last: bool = False
    ) -> int | None:
        """Return what :meth:`get_market_close` returns, in nanoseconds; the day's last close if *last*."""
        found = None
        final = len(self.segments) - 1
        for index, segment in enumerate(self.segments):
            if segment.end_ns <= time_ns or not segment.counts(extended):
                continue
            if last:
                found = segment.end_ns
            elif index == final:
                if segment.end_ns != DAY_NS or next_day_start_ns != 0:
                    return segment.end_ns
            elif not (
                self.segments[index + 1].counts(extended) and self.segments[index + 1].start_ns == segment.end_ns
            ):
                return segment.end_ns
        return found

    @staticmethod
    def is_continuous_market_open(
        previous_segment_end: Span | None, next_segment_start: Span | None, prev_segment_is_from_prev_day: bool = True
    ) -> bool:
        """Whether one segment runs into another, of the same day or over midnight."""
        if previous_segment_end is None or next_segment_start is None:
            return False
        end, start = _ns(previous_segment_end), _ns(next_segment_start)
        return (end == DAY_NS and start == 0) if prev_segment_is_from_prev_day else end == start

    def __repr__(self) -> str:
        return f"{self.day_of_week}: {' | '.join(map(repr, self.segments)) or 'Closed All Day'}"


def _flat(parts: tuple[MarketHoursSegment | Iterable[MarketHoursSegment] | Span, ...]) -> list[MarketHoursSegment]:
    """Return the segments that the arguments of a constructor stand for."""
    times = [part for part in parts if isinstance(part, (timedelta, int))]
    if times:
        if len(times) == 2:
            times = [times[0], *times, times[1]]
        return MarketHoursSegment.get_market_hours_segments(*times)
    segments: list[MarketHoursSegment] = []
    for part in parts:
        if isinstance(part, MarketHoursSegment):
            segments.append(part)
        elif not isinstance(part, (timedelta, int)):
            segments.extend(part)
    return segments
