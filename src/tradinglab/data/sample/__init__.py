"""The data that come with TradingLab: five US stocks, daily, 2000 to 2013; made-up currencies and coins, 2018 to 2020.

The stocks lie in ``folder``, laid out as a LEAN data folder; ``NOTICE.md`` says where they are from. Their finer
bars are made up from the daily ones. Of what is made up, a warning says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from tradinglab.core.clock import DAY_NS
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_properties import SymbolPropertiesDatabase
from tradinglab.data.columns import BarColumns
from tradinglab.data.interest import InterestRates, shipped_interest_rates
from tradinglab.data.lean import LeanSource
from tradinglab.data.loaded import LoadedBars
from tradinglab.data.sample.made_up import course_bars, course_coverage, has_course
from tradinglab.data.source import Coverage

_SYNTHETIC = (Resolution.MINUTE, Resolution.HOUR)
_SEED = 1
_BENCHMARK = "IBM"
_PROVES_NOTHING = "Results on them say nothing about the market."


class SampleSource(LeanSource):
    """The sample: raw daily bars with factors, and synthetic minute and hourly bars within those days."""

    def __init__(self) -> None:
        super().__init__(Path(__file__).parent / "folder")
        self.name = "sample"
        self._synthetic = LoadedBars()
        # The sample has no index, and no stock whose course was steadier.
        self.default_benchmark = self.resolve_symbol(_BENCHMARK, SecurityType.EQUITY, "usa")

    @cached_property
    def market_hours(self) -> MarketHoursDatabase:
        """When markets are open."""
        return MarketHoursDatabase.default()

    @cached_property
    def symbol_properties(self) -> SymbolPropertiesDatabase:
        """Lot sizes and the like."""
        return SymbolPropertiesDatabase.default()

    def bars(
        self, symbol: Symbol, resolution: Resolution, tick_type: TickType, start_ns: int, end_ns: int
    ) -> BarColumns:
        """Return raw bars that start in ``[start_ns, end_ns)``; below a day, and of currencies and coins, synthetic."""
        if has_course(symbol, resolution, tick_type) and end_ns > start_ns:
            return self._course(symbol, resolution, tick_type, start_ns, end_ns)
        if not (self.is_synthetic(symbol, resolution, tick_type) and super().has(symbol, Resolution.DAILY, tick_type)):
            return super().bars(symbol, resolution, tick_type, start_ns, end_ns)
        if end_ns <= start_ns:
            return BarColumns.empty(tick_type)
        self._say_synthetic(symbol, resolution)
        hours = self.market_hours.get_exchange_hours(symbol.id.market, symbol.value, symbol.security_type)
        zone = hours.time_zone

        def make(first_day: int, last_day: int) -> BarColumns:
            from tradinglab.data.synthetic import hours_of_minutes, minutes_of_days, seed_of

            first_ns, last_ns = zone.utc_ns(first_day * DAY_NS), zone.utc_ns((last_day + 1) * DAY_NS)
            daily = super(SampleSource, self).bars(symbol, Resolution.DAILY, tick_type, first_ns, last_ns)
            minutes = minutes_of_days(daily, hours, seed_of(symbol.id, _SEED))
            return minutes if resolution == Resolution.MINUTE else hours_of_minutes(minutes, zone)

        first, last = zone.local_ns(start_ns) // DAY_NS, zone.local_ns(end_ns - 1) // DAY_NS
        return self._synthetic.get((symbol.id, resolution), first, last, make).between(start_ns, end_ns)

    def _course(
        self, symbol: Symbol, resolution: Resolution, tick_type: TickType, start_ns: int, end_ns: int
    ) -> BarColumns:
        self._say(f"The bars of {symbol.value} are synthetic: a random walk. {_PROVES_NOTHING}")
        zone = self.market_hours.get_data_time_zone(symbol.id.market, symbol.value, symbol.security_type)

        def make(first_day: int, last_day: int) -> BarColumns:
            return course_bars(symbol, resolution, self.market_hours, first_day, last_day)

        first, last = zone.local_ns(start_ns) // DAY_NS, zone.local_ns(end_ns - 1) // DAY_NS
        return self._synthetic.get((symbol.id, resolution), first, last, make).between(start_ns, end_ns)

    def has(self, symbol: Symbol, resolution: Resolution, tick_type: TickType) -> bool:
        """Return whether there are any bars."""
        if has_course(symbol, resolution, tick_type):
            return True
        is_synthetic = self.is_synthetic(symbol, resolution, tick_type)
        return super().has(symbol, Resolution.DAILY if is_synthetic else resolution, tick_type)

    def is_synthetic(self, symbol: Symbol, resolution: Resolution, tick_type: TickType) -> bool:
        """Return whether bars are made up."""
        is_fine = resolution in _SYNTHETIC and tick_type == TickType.TRADE
        return is_fine or has_course(symbol, resolution, tick_type)

    def interest_rates(self) -> InterestRates:
        """Return the risk-free interest rate over time."""
        return shipped_interest_rates()

    def coverage(self) -> Iterator[Coverage]:
        """Return what the sample has."""
        for one in super().coverage():
            yield one
            for resolution in _SYNTHETIC:
                yield replace(one, resolution=resolution, bars=None, is_synthetic=True)
        yield from course_coverage()

    def _say_synthetic(self, symbol: Symbol, resolution: Resolution) -> None:
        kind = {Resolution.MINUTE: "minute", Resolution.HOUR: "hourly"}[resolution]
        walk = "a random walk within its real daily bars"
        self._say(f"The {kind} bars of {symbol.value} are synthetic: {walk}. {_PROVES_NOTHING}")

    def _say(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)
