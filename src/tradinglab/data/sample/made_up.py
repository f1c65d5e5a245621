"""Currencies and coins of the sample, made up from nothing: what a template needs to show what it does."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.core.clock import DAY_NS, HOUR_NS
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.values import dataclass
from tradinglab.data.columns import BarColumns, Ints, ScaledExact
from tradinglab.data.source import Coverage

if TYPE_CHECKING:
    from tradinglab.core.market_hours import SecurityExchangeHours
    from tradinglab.core.market_hours_database import MarketHoursDatabase
    from tradinglab.core.symbol import Symbol
    from tradinglab.data.synthetic import SyntheticModel

#: Days since 1970-01-01: 2018-01-01 to 2020-12-31.
FIRST_DAY, LAST_DAY = 17_532, 18_627
RESOLUTIONS = (Resolution.MINUTE, Resolution.HOUR, Resolution.DAILY)
_SEED = 1
_PIP = Decimal("0.0001")
_PIPS = 10_000  # per currency unit
_MARGIN_DAYS = 1  # a day of one time zone lies in two of another


@dataclass(frozen=True, slots=True)
class _Course:
    """How a price moves: its first, volatility in a year, volume in a day; of a currency, the spread in pips."""

    first_price: float
    volatility: float
    volume: int
    spread: int = 0

    def model(self, *, enlarged: float) -> SyntheticModel:
        """Return the model of a price that is *enlarged* times this one."""
        from tradinglab.data.synthetic import SyntheticModel

        return SyntheticModel(
            first_price=self.first_price * enlarged, drift=0.0, volatility=self.volatility, volume=self.volume
        )


_COURSES = {
    (SecurityType.FOREX, "oanda", "EURUSD"): _Course(1.20, 0.07, 1_000_000, spread=1),
    (SecurityType.FOREX, "oanda", "GBPUSD"): _Course(1.35, 0.09, 1_000_000, spread=2),
    (SecurityType.CRYPTO, "coinbase", "BTCUSD"): _Course(8_000.0, 0.65, 10_000),
    (SecurityType.CRYPTO, "coinbase", "ETHUSD"): _Course(400.0, 0.8, 100_000),
    (SecurityType.CRYPTO, "coinbase", "LTCUSD"): _Course(100.0, 0.8, 200_000),
}


def tick_type_of(security_type: SecurityType) -> TickType:
    """Return what there is of a type: quotes of currencies, trades of coins."""
    return TickType.QUOTE if security_type == SecurityType.FOREX else TickType.TRADE


def has_course(symbol: Symbol, resolution: Resolution, tick_type: TickType) -> bool:
    """Return whether there are bars of a symbol."""
    kind = symbol.security_type
    return (kind, symbol.id.market, symbol.value) in _COURSES and (
        resolution in RESOLUTIONS and tick_type == tick_type_of(kind)
    )


def course_bars(
    symbol: Symbol, resolution: Resolution, market_hours: MarketHoursDatabase, first_day: int, last_day: int
) -> BarColumns:
    """Return bars of days of the data's time zone; the same bars whatever days are asked for.

    Hours and days add up from the same minutes.
    """
    from tradinglab.data.synthetic import minutes_of_days, periods_of_minutes, seed_of, synthetic_days

    entry = market_hours.get_entry(symbol.id.market, symbol.value, symbol.security_type)
    hours, zone = entry.exchange_hours, entry.data_time_zone
    course = _COURSES[symbol.security_type, symbol.id.market, symbol.value]
    is_currency = symbol.security_type == SecurityType.FOREX
    # Made-up prices have cents: a currency's are made a hundred times as large, for pips.
    seed, model = seed_of(symbol.id, _SEED), course.model(enlarged=100.0 if is_currency else 1.0)
    daily = synthetic_days(_trading_days(hours), hours.time_zone, seed, model)
    first, last = max(first_day, FIRST_DAY), min(last_day, LAST_DAY)
    wanted = (zone.utc_ns(first * DAY_NS), zone.utc_ns((last + 1) * DAY_NS))
    if resolution == Resolution.DAILY and not is_currency:
        return daily.between(*wanted)
    around = _MARGIN_DAYS * DAY_NS
    bars = minutes_of_days(daily.between(wanted[0] - around, wanted[1] + around), hours, seed).between(*wanted)
    if resolution != Resolution.MINUTE:
        bars = periods_of_minutes(bars, zone, HOUR_NS if resolution == Resolution.HOUR else DAY_NS)
    return _quotes(bars, course.spread) if is_currency else bars


def course_coverage() -> Iterator[Coverage]:
    """Return what there is."""
    for kind, market, ticker in _COURSES:
        for resolution in RESOLUTIONS:
            yield Coverage(
                ticker=ticker, security_type=kind, market=market, resolution=resolution,
                tick_type=tick_type_of(kind), first_day=FIRST_DAY, last_day=LAST_DAY, is_synthetic=True,
            )  # fmt: skip


def _trading_days(hours: SecurityExchangeHours) -> Ints:
    return np.array([day for day in range(FIRST_DAY, LAST_DAY + 1) if hours.is_day_open(day)], dtype=np.int64)


def _quotes(enlarged: BarColumns, spread: int) -> BarColumns:
    """Return bid and ask, *spread* pips apart, of bars whose prices are a hundred times as large."""
    values, decimals = {}, {}
    for side, above in (("bid", 0), ("ask", spread)):
        for name in ("open", "high", "low", "close"):
            pips = np.rint(enlarged.values[name] * (_PIPS / 100)).astype(np.int64) + above
            values[f"{side}_{name}"] = pips / _PIPS
            decimals[f"{side}_{name}"] = ScaledExact(pips, _PIP)
        values[f"{side}_size"] = enlarged.values["volume"]
    return BarColumns(TickType.QUOTE, enlarged.time_ns, enlarged.end_ns, values, dict(decimals))
