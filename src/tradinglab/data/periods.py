"""How long the bars of a resolution are."""

from __future__ import annotations

from tradinglab.core.clock import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, Zone
from tradinglab.core.enums import Resolution
from tradinglab.data.columns import Ints

PERIODS = {
    Resolution.TICK: 0,
    Resolution.SECOND: SECOND_NS,
    Resolution.MINUTE: MINUTE_NS,
    Resolution.HOUR: HOUR_NS,
    Resolution.DAILY: DAY_NS,
}
#: Saturday and Sunday by the rest of their number by seven: 1970-01-01, day 0, was a Thursday.
WEEKEND = (2, 3)


def ends_of(time_ns: Ints, resolution: Resolution, exchange_zone: Zone) -> Ints:
    """Return the ends of bars from their starts.

    The period is added on the wall clock of the exchange, as LEAN does: a day can have 23 or 25 hours.
    """
    period = PERIODS[resolution]
    if not period:
        return time_ns
    return exchange_zone.utc_ns_array(exchange_zone.local_ns_array(time_ns) + period)


def days_of(time_ns: Ints, resolution: Resolution, exchange_zone: Zone) -> Ints:
    """Return the day of each bar by its start, counted from 1970-01-01 on the exchange's clock.

    A daily bar is of the day in which most of it lies: one of a currency pair, from midnight to midnight in UTC, begins
    in New York on the evening before.
    """
    local = exchange_zone.local_ns_array(time_ns)
    days: Ints = (local + DAY_NS // 2 if resolution == Resolution.DAILY else local) // DAY_NS
    return days
