"""From a source's raw bars to what a subscription emits.

Four passes over whole columns, in LEAN's order: daily bars get the hours of their session, quotes
keep a side that is absent, gaps are filled forward while the exchange is open, and bars outside
the exchange's hours are dropped. Filling comes before dropping: the first regular minute, if it
has no trade, repeats the last one before the open.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

import numpy as np

from tradinglab.core.clock import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, Zone, day_of
from tradinglab.core.decimals import ZERO
from tradinglab.core.enums import DataNormalizationMode, Resolution, SecurityType, TickType
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.core.symbol import Symbol
from tradinglab.core.values import dataclass
from tradinglab.data.adjust import normalize
from tradinglab.data.columns import QUOTE_FIELDS, BarColumns, Exact, Flags, Ints, Rows
from tradinglab.data.source import DataSource

SPAN_NS = {
    Resolution.TICK: 0,
    Resolution.SECOND: SECOND_NS,
    Resolution.MINUTE: MINUTE_NS,
    Resolution.HOUR: HOUR_NS,
    Resolution.DAILY: DAY_NS,
}
#: Bars before the start that are read so that the first gap can be filled from them.
_OANDA = "oanda"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRequest:
    """What to read: which bars, which hours, which span, and how gaps are filled.

    ``fill_ns`` is the step of filling forward in nanoseconds, 0 for none. ``start_ns`` and
    ``end_ns`` are instants; a bar is emitted when it ends in ``[start_ns, end_ns + resolution]``.
    """

    symbol: Symbol
    resolution: Resolution
    tick_type: TickType
    start_ns: int
    end_ns: int
    hours: SecurityExchangeHours
    data_zone: Zone
    extended: bool = False
    fill_ns: int = 0
    mode: DataNormalizationMode = DataNormalizationMode.ADJUSTED
    precise_daily_end: bool = True
    delisting_ns: int | None = None
    is_history: bool = False

    @property
    def is_strict(self) -> bool:
        """Whether daily bars end at the session's close rather than at midnight."""
        return self.precise_daily_end and uses_session_ends(self.symbol, self.resolution, self.hours)


def uses_session_ends(symbol: Symbol, resolution: Resolution, hours: SecurityExchangeHours) -> bool:
    """Return whether a market's daily bars span its session (LEAN's strict end times)."""
    kind = symbol.security_type
    return not (
        resolution != Resolution.DAILY
        or hours.is_market_always_open
        or kind in (SecurityType.FOREX, SecurityType.BASE)
        or (kind == SecurityType.CFD and symbol.id.market == _OANDA)
    )


def read_stream(source: DataSource, request: StreamRequest) -> BarColumns:
    """Return the bars that a subscription emits, in order of their ends."""
    raw = source.bars(request.symbol, request.resolution, request.tick_type, _first_day_ns(request), request.end_ns + 1)
    if len(raw) == 0:
        return raw
    factors = source.factors(request.symbol)
    zone = request.hours.time_zone
    bars = normalize(
        raw,
        factors,
        request.mode,
        zone,
        first_day=day_of(zone.local_ns(request.start_ns)),
        end_day=day_of(zone.local_ns(request.end_ns)),
        keep_scale=request.is_history,
    )
    if request.is_strict:
        bars = _at_sessions(bars, request.hours)
    bars = _not_before(bars, request.start_ns)
    if request.delisting_ns is not None:
        bars = _select(bars, bars.time_ns < request.delisting_ns)
    if request.fill_ns and request.resolution != Resolution.TICK and len(bars):
        if request.tick_type == TickType.QUOTE:
            bars = _keep_sides(bars)
        bars = _fill_forward(bars, request)
    return _select(bars, _within_hours(bars, request))


def _first_day_ns(request: StreamRequest) -> int:
    """Return the local midnight at or before the start, as an instant, in the data's zone.

    LEAN keeps hourly and daily bars in one file: there a bar that ends exactly at the start is found too.
    """
    zone = request.data_zone
    is_one_file = request.resolution in (Resolution.HOUR, Resolution.DAILY) and not request.is_history
    before_ns = SPAN_NS[request.resolution] if is_one_file else 0
    return zone.utc_ns(day_of(zone.local_ns(request.start_ns) - before_ns) * DAY_NS)


def _select(bars: BarColumns, keep: Flags) -> BarColumns:
    return bars if keep.all() else bars.take(np.flatnonzero(keep))


def _not_before(bars: BarColumns, start_ns: int) -> BarColumns:
    return _select(bars, bars.end_ns >= start_ns)


@lru_cache(maxsize=16)
def session_table(hours: SecurityExchangeHours, first_day: int, last_day: int) -> tuple[Ints, Ints, Ints]:
    """Return days, opens and closes (local nanoseconds) of the regular sessions from one day to another.

    Many securities have the same hours and the same days: the arrays are shared, and not to be changed.
    """
    opens, closes = hours.segments(first_day, last_day, False)
    days = opens // DAY_NS
    if not len(days):
        return days, opens, closes
    changes = np.flatnonzero(days[1:] != days[:-1])
    if len(changes) == len(days) - 1:  # one session a day
        return days, opens, closes
    firsts, lasts = np.append(0, changes + 1), np.append(changes, len(days) - 1)
    return days[firsts], opens[firsts], closes[lasts]


def _at_sessions(bars: BarColumns, hours: SecurityExchangeHours) -> BarColumns:
    """Give daily bars the open and close of their day's session; a day without one is dropped."""
    zone = hours.time_zone
    bar_days = zone.local_ns_array(bars.time_ns) // DAY_NS
    days, opens, closes = session_table(hours, int(bar_days[0]), int(bar_days[-1]))
    if len(days) == 0:
        return bars.take(np.empty(0, np.int64))
    index = np.minimum(np.searchsorted(days, bar_days), len(days) - 1)
    known = np.flatnonzero(days[index] == bar_days)
    index = index[known]
    return bars.take(known, time_ns=zone.utc_ns_array(opens[index]), end_ns=zone.utc_ns_array(closes[index]))


def _keep_sides(bars: BarColumns) -> BarColumns:
    """Repeat the last bid or ask where a quote bar has only the other."""
    for side in ("bid", "ask"):
        absent = np.isnan(bars.values[side + "_close"])
        if not absent.any():
            continue
        rows = np.maximum.accumulate(np.where(absent, 0, np.arange(len(bars))))
        for name in QUOTE_FIELDS:
            if name.startswith(side):
                bars.values[name] = bars.values[name][rows]
                if name in bars.decimals:
                    bars.decimals[name] = bars.decimals[name].take(rows)
    return bars


def _fill_forward(bars: BarColumns, request: StreamRequest) -> BarColumns:
    """Repeat the last bar at every step without one while the exchange is open."""
    ends = _fill_ends(bars, request)
    ends = ends[ends > bars.end_ns[0]]
    at = np.searchsorted(bars.end_ns, ends)
    taken = bars.end_ns[np.minimum(at, len(bars) - 1)] == ends
    ends, at = ends[~taken], at[~taken]
    if len(ends) == 0:
        return bars
    rows = np.concatenate([np.arange(len(bars)), at - 1])
    end_ns = np.concatenate([bars.end_ns, ends])
    time_ns = np.concatenate([bars.time_ns, _fill_starts(ends, request)])
    filled = np.concatenate([np.zeros(len(bars), bool), np.ones(len(ends), bool)])
    order = np.argsort(end_ns, kind="stable")
    return _without_volume(bars.take(rows[order], time_ns=time_ns[order], end_ns=end_ns[order], filled=filled[order]))


@dataclass(frozen=True, slots=True)
class _Unfilled:
    """A decimal column that is zero where bars are filled forward."""

    column: Exact
    filled: Flags

    def exact(self, row: int) -> Decimal:
        return ZERO if self.filled[row] else self.column.exact(row)

    def take(self, rows: Rows) -> Exact:
        return _Unfilled(self.column.take(rows), self.filled[rows])


def _without_volume(bars: BarColumns) -> BarColumns:
    """Take the volume off bars that are filled forward: what was traded once is not traded again."""
    filled, volume = bars.filled, bars.values.get("volume")
    if filled is None or volume is None:
        return bars
    bars.values["volume"] = np.where(filled, 0.0, volume)
    if "volume" in bars.decimals:
        bars.decimals["volume"] = _Unfilled(bars.decimals["volume"], filled)
    return bars


def _fill_ends(bars: BarColumns, request: StreamRequest) -> Ints:
    """Return every instant at which a bar could end, from the first bar to the end of the request."""
    hours, zone = request.hours, request.hours.time_zone
    span = SPAN_NS[request.resolution]
    last_end = _last_end(request)
    first_day = day_of(zone.local_ns(int(bars.end_ns[0]))) - 1
    last_day = day_of(zone.local_ns(last_end)) + 1
    if request.is_strict and request.fill_ns >= DAY_NS:
        ends = _session_ends(hours, first_day, last_day)
    else:
        step = min(span, request.fill_ns)
        opens, closes = hours.segments(first_day, last_day, request.extended)
        ends = _grid_ends(opens, closes, step, zone, request.data_zone)
    limit = last_end if request.delisting_ns is None else min(last_end, request.delisting_ns)
    return ends[ends <= limit]


@lru_cache(maxsize=16)
def _session_ends(hours: SecurityExchangeHours, first_day: int, last_day: int) -> Ints:
    """Return the instants at which regular sessions close."""
    _, _, closes = session_table(hours, first_day, last_day)
    return hours.time_zone.utc_ns_array(closes)


def _last_end(request: StreamRequest) -> int:
    """Return the end of the last bar that begins before the end of the request."""
    span = SPAN_NS[request.resolution]
    zone = request.data_zone
    local = zone.local_ns(request.end_ns)
    if request.is_strict:
        return request.end_ns
    return zone.utc_ns(local - local % span + span)


def _grid_ends(opens: Ints, closes: Ints, step: int, zone: Zone, data_zone: Zone) -> Ints:
    """Return the ends (instants) of all bars of a step that touch an open segment, aligned in the data's zone."""
    parts = []
    for opened, closed in zip(zone.utc_ns_array(opens), zone.utc_ns_array(closes), strict=True):
        shift = data_zone.offset_ns(int(opened))
        first = (opened + shift) // step * step - shift
        parts.append(np.arange(first + step, closed + step, step, dtype=np.int64))
    if not parts:
        return np.empty(0, np.int64)
    return np.unique(np.concatenate(parts))


def _fill_starts(ends: Ints, request: StreamRequest) -> Ints:
    if not request.is_strict:
        return ends - SPAN_NS[request.resolution]
    zone = request.hours.time_zone
    local = zone.local_ns_array(ends)
    days, opens, closes = session_table(request.hours, day_of(int(local[0])) - 1, day_of(int(local[-1])) + 1)
    index = np.clip(np.searchsorted(days, local // DAY_NS), 0, len(days) - 1)
    return ends - (closes[index] - opens[index])


def _within_hours(bars: BarColumns, request: StreamRequest) -> Flags:
    """Mark the bars that overlap the exchange's hours."""
    if len(bars) == 0 or request.hours.is_market_always_open:
        return np.ones(len(bars), bool)
    zone = request.hours.time_zone
    starts, ends = zone.local_ns_array(bars.time_ns), zone.local_ns_array(bars.end_ns)
    first, last = day_of(int(starts[0])) - 1, day_of(int(ends[-1])) + 1
    opens, closes = request.hours.segments(first, last, request.extended)
    if len(opens) == 0:
        return np.zeros(len(bars), bool)
    instant = starts == ends
    index = np.searchsorted(opens, np.where(instant, ends + 1, ends)) - 1
    return (index >= 0) & (closes[np.maximum(index, 0)] > starts)
