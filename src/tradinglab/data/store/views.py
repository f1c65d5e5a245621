"""Stored bars in the prices of a view: raw, adjusted for splits, for dividends too, or with dividends added."""

from __future__ import annotations

from tradinglab.core.clock import DAY_NS
from tradinglab.core.enums import DataNormalizationMode
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.data.adjust import normalize
from tradinglab.data.columns import BarColumns
from tradinglab.data.errors import StoreError
from tradinglab.data.factors import FactorTable
from tradinglab.data.periods import ends_of
from tradinglab.data.store.layout import SeriesKey
from tradinglab.data.store.merging import Bars

#: What a reader may ask for; ``SCALED_RAW`` depends on when a strategy runs, and is the engine's.
VIEWS = (
    DataNormalizationMode.RAW,
    DataNormalizationMode.SPLIT_ADJUSTED,
    DataNormalizationMode.ADJUSTED,
    DataNormalizationMode.TOTAL_RETURN,
)
_US = 1_000


def check_view(view: DataNormalizationMode) -> None:
    """Refuse what is no view.

    Raises
    ------
    StoreError
        Naming those that there are.
    """
    if view not in VIEWS:
        names = ", ".join(each.name for each in VIEWS)
        raise StoreError(f"Stored bars can be read as {names}; asked for was {view!r}.")


def viewed(key: SeriesKey, bars: Bars, table: FactorTable | None, view: DataNormalizationMode, first_us: int) -> Bars:
    """Return raw bars in the prices of a view.

    With ``P`` the raw price, ``s`` the split factor of its day, ``p`` its price factor and ``D`` the dividends that
    went ex since *first_us*, as they were paid on a share of their day: split-adjusted is ``P * s``, adjusted
    ``P * s * p``, total return ``P * s + D``. These are LEAN's definitions, and its sizes: divided by the factor.

    Parameters
    ----------
    first_us
        The start of the series' first bar.
    """
    times, values = bars
    if view == DataNormalizationMode.RAW or table is None or len(times) == 0:
        return bars
    entry = MarketHoursDatabase.default().get_entry(key.market, key.ticker, key.security_type)
    zone = entry.exchange_hours.time_zone
    time_ns = times * _US
    columns = BarColumns(key.tick_type, time_ns, ends_of(time_ns, key.resolution, zone), values)
    first_day = int(zone.local_ns(first_us * _US) // DAY_NS)
    return times, dict(normalize(columns, table, view, zone, first_day=first_day).values)
