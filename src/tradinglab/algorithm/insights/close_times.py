"""When an insight closes: bars, or lengths of time, counted over the hours in which a market is open.

The rules are LEAN's: a bar counts if the market is open at any moment of it, days count by their date, and what is left
of a length in days is a share of an ordinary trading day. Extended hours do not count.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from tradinglab.algorithm.names import ArgumentException
from tradinglab.core.clock import DAY_NS, MINUTE_NS, SECOND_NS, day_of_date
from tradinglab.core.enums import Resolution

if TYPE_CHECKING:
    from tradinglab.core.market_hours import SecurityExchangeHours

_SIZES_NS = {
    Resolution.TICK: SECOND_NS,
    Resolution.SECOND: SECOND_NS,
    Resolution.MINUTE: MINUTE_NS,
    Resolution.DAILY: DAY_NS,
}
_TICK_NS = 100
#: The day at which counting is given up: what is known of time zones and holidays ends before.
_END_DAY = day_of_date(date(2100, 1, 1))


def close_after_bars_ns(hours: SecurityExchangeHours, generated_ns: int, resolution: Resolution, count: int) -> int:
    """Return when a number of bars is over, from an instant on; both in nanoseconds UTC.

    An hour is sixty minutes in which the market is open; ticks are taken for seconds.

    Raises
    ------
    ArgumentException
        If there is no bar to count, or their end is beyond the year 2099.
    """
    if count < 1:
        raise ArgumentException(f"An insight is over after one bar or more; bar_count was {count}.")
    if resolution == Resolution.HOUR:
        size_ns, count = MINUTE_NS, count * 60
    else:
        size_ns = _SIZES_NS[resolution]
    zone = hours.time_zone
    return zone.utc_ns(_end_of_bars_ns(hours, zone.local_ns(generated_ns), size_ns, count))


def close_after_period_ns(hours: SecurityExchangeHours, generated_ns: int, period_ns: int) -> int:
    """Return when a length of time in which the market is open is over, from an instant on.

    Raises
    ------
    ArgumentException
        If the length is below a second, or its end is beyond the year 2099.
    """
    if period_ns < SECOND_NS:
        raise ArgumentException(f"An insight lasts a second or longer; its period was {period_ns / SECOND_NS:g} s.")
    if period_ns >= DAY_NS:
        resolution, size_ns = Resolution.DAILY, DAY_NS
    elif period_ns >= MINUTE_NS:
        resolution, size_ns = Resolution.MINUTE, MINUTE_NS
    else:
        resolution, size_ns = Resolution.SECOND, SECOND_NS
    count, rest_ns = divmod(period_ns, size_ns)
    closes_ns = close_after_bars_ns(hours, generated_ns, resolution, count)
    if resolution == Resolution.DAILY:
        share = (rest_ns // _TICK_NS) / (DAY_NS // _TICK_NS)
        rest_ns = round(_ordinary_day_ns(hours) // _TICK_NS * share) * _TICK_NS
    minutes = rest_ns // MINUTE_NS
    return close_after_bars_ns(hours, closes_ns, Resolution.MINUTE, minutes) if minutes else closes_ns


def _ordinary_day_ns(hours: SecurityExchangeHours) -> int:
    return round(hours.regular_market_duration.total_seconds()) * SECOND_NS


def _end_of_bars_ns(hours: SecurityExchangeHours, start_ns: int, size_ns: int, count: int) -> int:
    """Return when *count* bars that the market is open in are over, counted from *start*; local nanoseconds."""
    if size_ns == DAY_NS:
        return _end_of_days_ns(hours, start_ns, count)
    counted = -1  # the number of the last bar that was counted, from the start on
    for day in range(start_ns // DAY_NS, _END_DAY):
        before_ns = day * DAY_NS - start_ns
        for opens, closes in hours.hours_of_day(day).spans_ns(False):
            first = max((before_ns + opens) // size_ns, counted + 1)
            last = (before_ns + closes - 1) // size_ns
            if opens >= closes or last < first:
                continue
            if last - first + 1 >= count:
                return start_ns + (first + count) * size_ns
            count -= last - first + 1
            counted = last
    raise _endless(hours)


def _end_of_days_ns(hours: SecurityExchangeHours, start_ns: int, count: int) -> int:
    first = start_ns // DAY_NS
    for day in range(first + 1, _END_DAY):
        count -= hours.is_day_open(day)
        if not count:
            return start_ns + (day - first) * DAY_NS
    raise _endless(hours)


def _endless(hours: SecurityExchangeHours) -> ArgumentException:
    return ArgumentException(f"The market of {hours} is not open for so long before the year 2100; take a nearer end.")
