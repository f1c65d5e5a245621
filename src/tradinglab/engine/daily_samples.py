"""Which samples of an account make its daily course."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from tradinglab.core.clock import from_ns

if TYPE_CHECKING:
    from tradinglab.core.clock import Zone
    from tradinglab.engine.result_record import RunRecord

_ALWAYS_OPEN: Final = 365
_SATURDAY: Final = 5


def daily_places(record: RunRecord, local: Zone) -> dict[date, int]:
    """Return the place of the last sample of each trading day, by the day.

    A sample at midnight closes the day before. Where markets rest on weekends, so do the days.
    """
    keeps_weekends = record.statistics_input.trading_days_per_year == _ALWAYS_OPEN
    places: dict[date, int] = {}
    for place, sample in enumerate(record.sampler.days):
        day = from_ns(local.local_ns(sample.time_ns) - 1).date()
        if keeps_weekends or day.weekday() < _SATURDAY or not places:
            places[day] = place
    return places
