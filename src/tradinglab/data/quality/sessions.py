"""When bars of a series can begin: the sessions of its market, in instants."""

from __future__ import annotations

import numpy as np

from tradinglab.core.clock import DAY_NS
from tradinglab.core.enums import SecurityType
from tradinglab.core.values import dataclass
from tradinglab.data.columns import Ints
from tradinglab.data.quality.bars import SeriesFacts

_US = 1_000
_DAY_US = DAY_NS // _US
#: Currency markets have no calendar of holidays, but hardly any prices on these days (month and day).
_QUIET = ("12-24", "12-25", "12-31", "01-01")
_QUIET_TYPES = (SecurityType.FOREX, SecurityType.CFD)


@dataclass(frozen=True, slots=True)
class Sessions:
    """Stretches in which a market is open, in order, in microseconds UTC.

    Attributes
    ----------
    opens, closes
        When each begins and ends; a stretch of several days is one for each day of the exchange's clock.
    first
        The start of the first bar of each: its open, or the full hour before it if bars begin at full hours.
    counts
        How many bars each has.
    days
        The exchange's day of each.
    """

    opens: Ints
    closes: Ints
    first: Ints
    counts: Ints
    days: Ints
    period_us: int

    def before(self, times_us: Ints) -> Ints:
        """Return how many bars begin before each of the times."""
        total = np.concatenate([[0], np.cumsum(self.counts)])
        at = np.searchsorted(self.first, times_us, side="right") - 1
        inside = -(-(times_us - self.first[np.maximum(at, 0)]) // self.period_us)
        within = np.clip(inside, 0, self.counts[np.maximum(at, 0)])
        result: Ints = np.where(at < 0, 0, total[np.maximum(at, 0)] + within)
        return result

    def next_bar(self, times_us: Ints) -> Ints:
        """Return the start of the first bar that begins at each of the times or after it."""
        if not len(self.first):
            return times_us
        number = self.before(times_us)
        total = np.cumsum(self.counts)
        at = np.minimum(np.searchsorted(total, number, side="right"), len(total) - 1)
        found: Ints = self.first[at] + (number - (total[at] - self.counts[at])) * self.period_us
        return found

    def whole(self, start_us: Ints, end_us: Ints) -> tuple[Ints, Ints]:
        """Return the first session of each span that lies wholly inside of it, and the one after the last."""
        first = np.searchsorted(self.first, start_us, side="left")
        last = np.searchsorted(self.closes, end_us, side="right")
        return first, np.maximum(first, last)


def regular_sessions(facts: SeriesFacts, first_us: int, last_us: int, phase_us: int = 0) -> Sessions:
    """Return the sessions of regular trading of the days from one instant to another.

    Parameters
    ----------
    phase_us
        What remains of the start of a bar when it is divided by the period.
    """
    hours = facts.hours.exchange_hours
    zone, period = hours.time_zone, facts.period_us
    days = [zone.local_ns(moment * _US) // DAY_NS for moment in (first_us, last_us)]
    opens, closes = hours.segments(days[0] - 1, days[1] + 1, False)
    opens, closes = _by_day(opens, closes)
    at = opens // DAY_NS
    keep = ~_quiet(at) if facts.key.security_type in _QUIET_TYPES else np.ones(len(at), np.bool_)
    starts, ends = (zone.utc_ns_array(each[keep]) // _US for each in (opens, closes))
    first = starts - (starts - phase_us) % period
    counts = np.maximum(-(-(ends - first) // period), 0)
    return Sessions(starts, ends, first, counts, at[keep], period)


def _by_day(opens: Ints, closes: Ints) -> tuple[Ints, Ints]:
    """Cut stretches at midnight."""
    pieces = (closes - 1) // DAY_NS - opens // DAY_NS + 1
    if (pieces == 1).all():
        return opens, closes
    which = np.repeat(np.arange(len(opens)), pieces)
    number = np.arange(len(which)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    midnight = (opens[which] // DAY_NS + number) * DAY_NS
    return np.maximum(opens[which], midnight), np.minimum(closes[which], midnight + DAY_NS)


def _quiet(days: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    dates = days.astype("datetime64[D]").astype(str)
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.isin([date[5:] for date in dates], _QUIET)
    return found


def open_spans(facts: SeriesFacts, first_us: int, last_us: int, *, extended: bool) -> tuple[Ints, Ints]:
    """Return when the market opens and closes, in microseconds UTC, around the days from one instant to another."""
    hours = facts.hours.exchange_hours
    zone = hours.time_zone
    days = [zone.local_ns(moment * _US) // DAY_NS for moment in (first_us, last_us)]
    opens, closes = hours.segments(days[0] - 8, days[1] + 8, extended)
    return zone.utc_ns_array(opens) // _US, zone.utc_ns_array(closes) // _US


def day_shares(facts: SeriesFacts, days: Ints) -> tuple[Ints, Ints]:
    """Return for days of the data's clock how long the market is open on each, and on the longest, in microseconds."""
    zone = facts.hours.data_time_zone
    edges = zone.utc_ns_array(np.append(days, days[-1] + 1) * DAY_NS) // _US
    opens, closes = open_spans(facts, int(edges[0]), int(edges[-1]), extended=False)
    if not len(opens):
        return np.zeros(len(days), np.int64), np.zeros(len(days), np.int64)
    total = np.concatenate([[0], np.cumsum(closes - opens)])

    def until(moments: Ints) -> Ints:
        at = np.searchsorted(opens, moments, side="right")
        running = np.maximum(at - 1, 0)
        rest = np.clip(moments - opens[running], 0, closes[running] - opens[running])
        return np.where(at == 0, 0, total[running] + rest)

    ends = zone.utc_ns_array((days + 1) * DAY_NS) // _US
    starts = zone.utc_ns_array(days * DAY_NS) // _US
    lengths: Ints = until(ends) - until(starts)
    return lengths, np.full(len(days), lengths.max(initial=0))
