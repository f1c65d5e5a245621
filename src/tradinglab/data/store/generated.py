"""Made-up bars into a bar store, labelled as such."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from tradinglab.core.clock import SECOND_NS, day_of_date
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.data.errors import StoreError
from tradinglab.data.store.bar_store import BarStore, Stored
from tradinglab.data.store.files import Origin
from tradinglab.data.store.layout import SeriesKey
from tradinglab.data.synthetic import (
    SyntheticModel,
    hours_of_minutes,
    minutes_of_days,
    parts_of_days,
    seed_of,
    synthetic_days,
)

_US = 1_000
_RESOLUTIONS = (Resolution.SECOND, Resolution.MINUTE, Resolution.HOUR, Resolution.DAILY)


def store_synthetic_bars(
    store: Path | str,
    symbol: str,
    resolution: Resolution,
    first: date,
    last: date,
    *,
    seed: int = 1,
    market: str = "usa",
    security_type: SecurityType = SecurityType.EQUITY,
    model: SyntheticModel | None = None,
) -> Stored:
    """Make up bars of the trading days from *first* to *last* and store them.

    The same ticker, seed and first day give the same bars. Whoever reads them is told that they are synthetic.

    Raises
    ------
    StoreError
        If there is no trading day, the resolution is tick, or other bars are stored.
    """
    if resolution not in _RESOLUTIONS:
        raise StoreError(f"Bars of the resolution {resolution.name.lower()} cannot be made up, only second and longer.")
    entry = MarketHoursDatabase.default().get_entry(market, symbol.upper(), security_type)
    hours = entry.exchange_hours
    span = range(day_of_date(first), day_of_date(last) + 1)
    days = np.array([day for day in span if hours.is_day_open(day)], np.int64)
    if len(days) == 0:
        raise StoreError(f"From {first} to {last} there is no trading day.")
    bars = synthetic_days(days, entry.data_time_zone, seed_of(symbol.upper(), seed), model)
    if resolution == Resolution.SECOND:
        bars = parts_of_days(bars, hours, seed_of(symbol.upper(), seed), SECOND_NS)
    elif resolution != Resolution.DAILY:
        bars = minutes_of_days(bars, hours, seed_of(symbol.upper(), seed))
    if resolution == Resolution.HOUR:
        bars = hours_of_minutes(bars, hours.time_zone)
    key = SeriesKey(security_type, market, symbol.upper(), resolution, TickType.TRADE)
    return BarStore(store).write(key, bars.time_ns // _US, bars.values, [Origin(f"synthetic: seed {seed}")])
