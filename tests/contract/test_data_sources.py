"""What every source of market data keeps to.

A new source gets a class here that says how it is made and what it has; nothing else.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from tests.lean_folder import EVER, LeanFolder

from tradinglab.core.clock import DAY_NS, HOUR_NS, MINUTE_NS, day_of_date
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.symbol import Symbol
from tradinglab.data.columns import QUOTE_FIELDS, TRADE_FIELDS, BarColumns
from tradinglab.data.lean import LeanSource
from tradinglab.data.sample import SampleSource
from tradinglab.data.source import DataSource, open_source
from tradinglab.data.store import StoreSource, store_synthetic_bars

PERIODS = {Resolution.MINUTE: MINUTE_NS, Resolution.HOUR: HOUR_NS, Resolution.DAILY: DAY_NS}
SPOT = (100, 1_000)  # rows at which to look closely


class SourceContract:
    """What holds for every source."""

    ticker: ClassVar[str]
    security_type: ClassVar[SecurityType] = SecurityType.EQUITY
    market: ClassVar[str] = "usa"
    day: ClassVar[date]
    """A day of which there are bars."""
    resolutions: ClassVar[tuple[Resolution, ...]] = (Resolution.DAILY,)
    tick_type: ClassVar[TickType] = TickType.TRADE

    @pytest.fixture
    def source(self, tmp_path: Path) -> DataSource:
        raise NotImplementedError

    def symbol(self, source: DataSource) -> Symbol:
        return source.resolve_symbol(self.ticker, self.security_type, self.market, day_of_date(self.day))

    def all_bars(self, source: DataSource, resolution: Resolution) -> BarColumns:
        return source.bars(self.symbol(source), resolution, self.tick_type, *self.span(source))

    def span(self, source: DataSource) -> tuple[int, int]:
        """Return forty days around the day."""
        hours = source.market_hours.get_exchange_hours(self.market, self.ticker, self.security_type)
        noon = hours.time_zone.to_utc(datetime.combine(self.day, datetime.min.time()))
        return noon - 20 * DAY_NS, noon + 20 * DAY_NS

    def test_it_opens_by_its_own_name(self, source: DataSource) -> None:
        again = open_source(source.name)
        assert type(again) is type(source)
        assert again.name == source.name

    def test_it_has_what_it_says(self, source: DataSource) -> None:
        symbol = self.symbol(source)
        for resolution in self.resolutions:
            assert source.has(symbol, resolution, self.tick_type)
            assert self.tick_type in source.tick_types(symbol, resolution)
            assert len(self.all_bars(source, resolution)) > 0

    def test_bars_are_in_order_and_of_their_length(self, source: DataSource) -> None:
        for resolution in self.resolutions:
            bars = self.all_bars(source, resolution)
            assert bars.tick_type == self.tick_type
            assert bars.time_ns.dtype == bars.end_ns.dtype == np.int64
            assert (np.diff(bars.time_ns) > 0).all()
            assert (np.diff(bars.end_ns) > 0).all()
            assert (np.abs(bars.end_ns - bars.time_ns - PERIODS[resolution]) <= HOUR_NS).all()
            assert bars.filled is None

    def test_prices_are_floats_and_decimals_of_the_same_value(self, source: DataSource) -> None:
        fields = QUOTE_FIELDS if self.tick_type == TickType.QUOTE else TRADE_FIELDS
        for resolution in self.resolutions:
            bars = self.all_bars(source, resolution)
            assert tuple(bars.values) == fields
            for name, column in bars.values.items():
                assert column.dtype == np.float64
                assert len(column) == len(bars)
                for row in [row for row in (0, *SPOT, len(bars) - 1) if row < len(bars)]:
                    if not np.isnan(column[row]):
                        assert isinstance(bars.exact(name, row), Decimal)
                        assert float(bars.exact(name, row)) == column[row] == bars.view(name)[row]

    def test_highs_and_lows_hold_the_others(self, source: DataSource) -> None:
        prefix = "bid_" if self.tick_type == TickType.QUOTE else ""
        for resolution in self.resolutions:
            values = self.all_bars(source, resolution).values
            opened, high, low, close = (values[prefix + name] for name in ("open", "high", "low", "close"))
            known = ~np.isnan(opened)
            assert (high >= np.maximum(opened, close))[known].all()
            assert (low <= np.minimum(opened, close))[known].all()

    def test_a_range_is_half_open_and_of_starts(self, source: DataSource) -> None:
        symbol = self.symbol(source)
        for resolution in self.resolutions:
            bars = self.all_bars(source, resolution)
            first, last = len(bars) // 3, 2 * len(bars) // 3
            start, end = int(bars.time_ns[first]), int(bars.time_ns[last])
            part = source.bars(symbol, resolution, self.tick_type, start, end)
            assert part.time_ns.tolist() == bars.time_ns[first:last].tolist()
            assert len(source.bars(symbol, resolution, self.tick_type, start, start)) == 0
            assert len(source.bars(symbol, resolution, self.tick_type, end, start)) == 0
            after = source.bars(symbol, resolution, self.tick_type, start + 1, end + 1)
            assert after.time_ns.tolist() == bars.time_ns[first + 1 : last + 1].tolist()

    def test_what_a_caller_changes_stays_with_the_caller(self, source: DataSource) -> None:
        for resolution in self.resolutions:
            bars = self.all_bars(source, resolution)
            name = next(iter(bars.values))
            before = bars.values[name].copy()
            bars.values[name] = np.zeros(len(bars))
            bars.decimals.clear()
            assert self.all_bars(source, resolution).values[name].tolist() == before.tolist()

    def test_what_it_does_not_have_is_empty(self, source: DataSource) -> None:
        nobody = source.resolve_symbol("NOBODY", self.security_type, self.market)
        assert not source.has(nobody, Resolution.DAILY, self.tick_type)
        assert source.tick_types(nobody, Resolution.DAILY) == ()
        assert len(source.bars(nobody, Resolution.DAILY, self.tick_type, *EVER)) == 0
        assert source.factors(nobody) is None
        assert source.map_file(nobody) is None

    def test_coverage_names_what_can_be_read(self, source: DataSource) -> None:
        found = list(source.coverage())
        assert found
        for one in found:
            assert one.first_day <= one.last_day
            symbol = source.resolve_symbol(one.ticker, one.security_type, one.market, one.last_day)
            assert source.has(symbol, one.resolution, one.tick_type)
            assert source.is_synthetic(symbol, one.resolution, one.tick_type) == one.is_synthetic
        own = [one for one in found if one.ticker == self.ticker and one.tick_type == self.tick_type]
        assert set(self.resolutions) <= {one.resolution for one in own}

    def test_made_up_bars_are_told(self, source: DataSource) -> None:
        symbol = self.symbol(source)
        for resolution in self.resolutions:
            source.warnings.clear()
            self.all_bars(source, resolution)
            told = any("synthetic" in text for text in source.warnings)
            assert told == source.is_synthetic(symbol, resolution, self.tick_type)

    def test_it_knows_hours_properties_and_rates(self, source: DataSource) -> None:
        entry = source.market_hours.get_entry(self.market, self.ticker, self.security_type)
        assert entry.exchange_hours.is_day_open(day_of_date(self.day), True)
        properties = source.symbol_properties.get_symbol_properties(
            self.market, self.symbol(source), self.security_type, "USD"
        )
        assert properties.lot_size > 0
        rate = source.interest_rates().rate_on(day_of_date(self.day))
        assert 0 <= rate < 1
        assert source.margin_interest_rates(self.symbol(source)) == []
        assert source.shortable(self.symbol(source), "nobody") == {}
        assert all(each.security_identifier for each in source.security_definitions())

    def test_a_symbol_is_the_same_each_time(self, source: DataSource) -> None:
        assert self.symbol(source) == self.symbol(source)
        assert self.symbol(source).value == self.ticker
        assert self.symbol(source).security_type == self.security_type

    def test_the_benchmark_is_one_of_its_own_or_spy(self, source: DataSource) -> None:
        benchmark = source.default_benchmark
        assert benchmark is None or source.has(benchmark, Resolution.DAILY, TickType.TRADE)


class TestSample(SourceContract):
    """The sample that comes with TradingLab."""

    ticker = "MSFT"
    day = date(2012, 6, 15)
    resolutions = (Resolution.DAILY, Resolution.HOUR, Resolution.MINUTE)

    @pytest.fixture
    def source(self, tmp_path: Path) -> DataSource:
        return SampleSource()


class TestLeanFolder(SourceContract):
    """A LEAN data folder made of a few lines."""

    ticker = "ABC"
    day = date(2020, 3, 9)
    resolutions = (Resolution.DAILY, Resolution.HOUR, Resolution.MINUTE)

    @pytest.fixture
    def source(self, tmp_path: Path) -> DataSource:
        folder = LeanFolder(tmp_path / "Data")
        row = "1234500,1236000,1233000,1235500"
        folder.bars("equity/usa/daily/abc.zip", *(f"202003{day:02} 00:00,{row},{day}" for day in (4, 5, 6, 9, 10)))
        folder.bars("equity/usa/hour/abc.zip", *(f"20200309 {hour:02}:00,{row},{hour}" for hour in range(9, 16)))
        for day in ("20200306", "20200309"):
            rows = (f"{34_200_000 + at * 60_000},{row},{at}" for at in range(390))
            folder.bars(f"equity/usa/minute/abc/{day}_trade.zip", *rows)
        return folder.source()


class TestLeanSampleEquity(SourceContract):
    """LEAN's own sample data: a stock."""

    ticker = "SPY"
    day = date(2013, 10, 9)
    resolutions = (Resolution.DAILY, Resolution.HOUR, Resolution.MINUTE)

    @pytest.fixture
    def source(self, lean_data: Path) -> DataSource:
        return LeanSource(lean_data)


class TestLeanSampleForex(SourceContract):
    """LEAN's own sample data: a currency pair."""

    ticker = "EURUSD"
    security_type = SecurityType.FOREX
    market = "oanda"
    day = date(2014, 5, 7)
    resolutions = (Resolution.DAILY, Resolution.HOUR, Resolution.MINUTE)
    tick_type = TickType.QUOTE

    @pytest.fixture
    def source(self, lean_data: Path) -> DataSource:
        return LeanSource(lean_data)


class TestStore(SourceContract):
    """A bar store, filled with made-up bars."""

    ticker = "ABC"
    day = date(2019, 12, 30)
    resolutions = (Resolution.DAILY, Resolution.HOUR, Resolution.MINUTE)

    @pytest.fixture
    def source(self, tmp_path: Path) -> DataSource:
        for resolution in self.resolutions:
            store_synthetic_bars(tmp_path, self.ticker, resolution, date(2019, 12, 2), date(2020, 1, 31))
        return StoreSource(tmp_path)
