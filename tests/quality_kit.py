"""Good bars to be broken, and what is found of them."""

from __future__ import annotations

from datetime import date

import numpy as np

from tradinglab.core.clock import day_of_date, zone
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.data.derivation import Action
from tradinglab.data.quality import Bars, QualityReport, SeriesFacts, inspect_bars
from tradinglab.data.store.layout import SeriesKey
from tradinglab.data.synthetic import SyntheticModel, minutes_of_days, periods_of_minutes, synthetic_days

NEW_YORK = zone("America/New_York")
MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

_MARKETS = {
    "usa": SecurityType.EQUITY, "xlon": SecurityType.EQUITY, "coinbase": SecurityType.CRYPTO,
    "oanda": SecurityType.FOREX,
}  # fmt: skip


def key_of(resolution: Resolution = Resolution.MINUTE, market: str = "usa") -> SeriesKey:
    return SeriesKey(_MARKETS[market], market, "TST", resolution, TickType.TRADE)


def good_bars(
    first: date, last: date, resolution: Resolution = Resolution.MINUTE, market: str = "usa", price: float = 100.0
) -> Bars:
    """Return made-up bars of every period in which a market is open."""
    hours = MarketHoursDatabase.default().get_entry(market, "TST", _MARKETS[market])
    calendar = hours.exchange_hours
    days = np.arange(day_of_date(first), day_of_date(last) + 1)
    days = days[[calendar.is_day_open(day) for day in days.tolist()]]
    made = synthetic_days(days, hours.data_time_zone, 7, SyntheticModel(first_price=price))
    if resolution != Resolution.DAILY:
        daily = synthetic_days(days, calendar.time_zone, 7, SyntheticModel(first_price=price))
        made = minutes_of_days(daily, calendar, 7)
        if resolution == Resolution.HOUR:
            made = periods_of_minutes(made, calendar.time_zone, HOUR_US * 1_000)
    # Volumes of no minute are zero: that is a finding of its own.
    values = {name: column.copy() for name, column in made.values.items()}
    values["volume"] += 1
    return Bars.of(made.time_ns // 1_000, values)


def check(
    bars: Bars,
    resolution: Resolution = Resolution.MINUTE,
    market: str = "usa",
    actions: tuple[Action, ...] | None = None,
    **facts: object,
) -> QualityReport:
    known = SeriesFacts.of(key_of(resolution, market), actions=actions, **facts)
    return inspect_bars(bars, known).report


def codes(report: QualityReport) -> dict[str, int]:
    return {each.code: each.count for each in report.findings}


def at(*local: int) -> int:
    """Return an instant of New York's clock, in microseconds."""
    from datetime import datetime

    naive = np.datetime64(datetime(*local), "ns").astype(np.int64)
    return int(NEW_YORK.utc_ns(int(naive))) // 1_000


def row_of(bars: Bars, *local: int) -> int:
    """Return the row of the bar that begins at a time of New York's clock."""
    (row,) = np.flatnonzero(bars.times_us == at(*local)).tolist()
    return int(row)
