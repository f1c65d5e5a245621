"""Which longer bar a bar belongs to: by the clock, or counted from the open of the market.

A bar is labelled with its start. Up to an hour, bars follow each other by the time that passes, so that a day of 23
or 25 hours has as many of them. Longer ones go by the wall clock: from midnight to four there are three hours, or five,
when clocks are set. Bars shorter than a day are cut on the exchange's clock, as the engine's consolidators cut them;
days, weeks and months at midnights of the zone in which the market's data are kept, as LEAN's files have them.
"""

from __future__ import annotations

from typing import Final, Literal, Protocol

import numpy as np

from tradinglab.core.clock import DAY_NS, Zone
from tradinglab.core.enums import Resolution
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.core.market_hours_database import MarketHoursEntry
from tradinglab.core.values import dataclass
from tradinglab.data.columns import Flags, Ints
from tradinglab.data.streaming.errors import ResamplingError
from tradinglab.data.streaming.periods import DAY_US, HOUR_US, Period

_US: Final = 1_000
#: 1970-01-05 was the first Monday.
_MONDAY: Final = 4
#: No clock is set by more.
_CLOCK_CHANGE_NS: Final = DAY_NS

Anchor = Literal["clock", "open"]


class Cutter(Protocol):
    """Says where the longer bars begin and end."""

    def starts(self, times_us: Ints) -> Ints:
        """Return the start of the longer bar that each bar belongs to, by its own start (microseconds UTC)."""
        ...

    def ends(self, starts_us: Ints) -> Ints:
        """Return the ends of longer bars by their starts (microseconds UTC)."""
        ...


@dataclass(frozen=True, slots=True)
class ClockCutter:
    """Bars from full period to full period of a clock."""

    zone: Zone
    period: Period

    def starts(self, times_us: Ints) -> Ints:
        """Return the start of the longer bar of each bar."""
        local = self.zone.local_ns_array(times_us * _US)
        span = self.period.span_us * _US
        if self.period.unit == "span" and self.period.span_us <= HOUR_US:
            by_time: Ints = times_us - local % span // _US
            return by_time
        return self._instants(self._floor(local)) // _US

    def ends(self, starts_us: Ints) -> Ints:
        """Return the ends of longer bars."""
        if self.period.unit == "span" and self.period.span_us <= HOUR_US:
            return starts_us + self.period.span_us
        local = self.zone.local_ns_array(starts_us * _US)
        if self.period.unit == "month":
            following = self._floor(local + 32 * DAY_NS)
        else:
            following = self._floor(local) + self.period.span_us * _US
        return self._instants(following) // _US

    def _floor(self, local_ns: Ints) -> Ints:
        """Return the last full period up to each time on the clock."""
        if self.period.unit == "span":
            span = self.period.span_us * _US
            return local_ns // span * span
        days = local_ns // DAY_NS
        if self.period.unit == "week":
            return ((days - _MONDAY) // 7 * 7 + _MONDAY) * DAY_NS
        months = days.astype("datetime64[D]").astype("datetime64[M]")
        found: Ints = months.astype("datetime64[D]").astype(np.int64) * DAY_NS
        return found

    def _instants(self, local_ns: Ints) -> Ints:
        """Return the instants of times on the clock, of those that there are twice the first."""
        first = np.flatnonzero(np.diff(local_ns, prepend=local_ns[:1] - 1))
        single = local_ns[first]
        later = self.zone.utc_ns_array(single)
        before = later - _CLOCK_CHANGE_NS
        earlier = single - (self.zone.local_ns_array(before) - before)
        is_twice = (earlier < later) & (self.zone.local_ns_array(earlier) == single)
        return np.repeat(np.where(is_twice, earlier, later), np.diff(first, append=len(local_ns)))


@dataclass(frozen=True, slots=True)
class OpenCutter:
    """Bars counted from the open of each session; the last one ends at the close."""

    hours: SecurityExchangeHours
    period: Period
    is_extended: bool

    def starts(self, times_us: Ints) -> Ints:
        """Return the start of the longer bar of each bar; all have to be inside of sessions."""
        local = self.hours.time_zone.local_ns_array(times_us * _US)
        opens, _ = sessions_around(self.hours, local, local + 1, self.is_extended)
        span = self.period.span_us * _US
        since = np.maximum(local, opens) - opens
        found: Ints = times_us + (np.maximum(opens - local, 0) - since % span) // _US
        return found

    def ends(self, starts_us: Ints) -> Ints:
        """Return the ends of longer bars."""
        local = self.hours.time_zone.local_ns_array(starts_us * _US)
        _, closes = sessions_around(self.hours, local, local + 1, self.is_extended)
        found: Ints = starts_us + np.minimum(self.period.span_us, (closes - local) // _US)
        return found


def sessions_around(hours: SecurityExchangeHours, start_ns: Ints, end_ns: Ints, is_extended: bool) -> tuple[Ints, Ints]:
    """Return open and close of the first session that ends after each start; both 0 where there is none nearby.

    All are times on the exchange's clock, in nanoseconds.
    """
    if not len(start_ns):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    opens, closes = hours.segments(int(start_ns.min()) // DAY_NS - 1, int(end_ns.max()) // DAY_NS + 1, is_extended)
    at = np.searchsorted(closes, start_ns, side="right")
    is_known = at < len(closes)
    if not len(closes):
        return np.zeros_like(start_ns), np.zeros_like(start_ns)
    at = np.minimum(at, len(closes) - 1)
    return np.where(is_known, opens[at], 0), np.where(is_known, closes[at], 0)


@dataclass(frozen=True, slots=True)
class Cut:
    """Which bars count, and which longer bar they belong to.

    Attributes
    ----------
    source
        The resolution of the bars that are made longer.
    period
        How long they are made.
    is_extended
        Whether bars before and after regular hours count.
    """

    source: Resolution
    period: Period
    hours: MarketHoursEntry
    is_extended: bool
    cutter: Cutter

    @classmethod
    def of(
        cls,
        source: Resolution,
        period: Period,
        hours: MarketHoursEntry,
        *,
        anchor: Anchor = "clock",
        is_extended: bool = False,
    ) -> Cut:
        """Return how bars of a resolution are made longer on a market.

        Parameters
        ----------
        anchor
            ``clock``: from full period to full period, as LEAN's hours and days are; ``open``: counted from the open.

        Raises
        ------
        ResamplingError
            If the period is not a multiple of the bars' own length, or no anchor can be had for it.
        """
        own = Period.of(source)
        if period.span_us <= own.span_us or (period.unit == "span" and period.span_us % own.span_us):
            raise ResamplingError(
                f"Of bars of {own} longer ones can be made whose length is a multiple of it; asked for was {period}."
            )
        exchange = hours.exchange_hours
        if anchor == "open" and not exchange.is_market_always_open:
            if period.is_days:
                raise ResamplingError(
                    f"Bars of {period} begin at midnight; only shorter ones are counted from the open."
                )
            return cls(source, period, hours, is_extended, OpenCutter(exchange, period, is_extended))
        if not period.is_days and HOUR_US % period.span_us and (period.span_us % HOUR_US or DAY_US % period.span_us):
            raise ResamplingError(
                "By the clock, bars are whole parts of an hour, or whole hours that a day is a multiple of; asked for "
                f"was {period}. Count them from the open of the market, where it has one."
            )
        zone = hours.data_time_zone if period.is_days else exchange.time_zone
        return cls(source, period, hours, is_extended, ClockCutter(zone, period))

    def counts(self, times_us: Ints) -> Flags:
        """Return which bars count: those at whose start the market is open, or that it opens in if they are hours."""
        hours = self.hours.exchange_hours
        if hours.is_market_always_open or self.source == Resolution.DAILY:
            return np.ones(len(times_us), np.bool_)
        local = hours.time_zone.local_ns_array(times_us * _US)
        if self.source != Resolution.HOUR:
            return hours.is_open_mask(local, self.is_extended)
        end = local + HOUR_US * _US
        opens, closes = sessions_around(hours, local, end, self.is_extended)
        return (opens < end) & (closes > local)
