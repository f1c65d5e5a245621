"""The sample that comes with TradingLab."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pytest
from tests.lean_folder import EVER

from tradinglab.core.clock import DAY_NS, date_of_day, day_of_date, zone
from tradinglab.core.enums import DataNormalizationMode, Resolution, SecurityType, TickType
from tradinglab.core.symbol import Symbol
from tradinglab.data.adjust import normalize
from tradinglab.data.columns import BarColumns
from tradinglab.data.sample import SampleSource

NEW_YORK = zone("America/New_York")


@pytest.fixture
def source() -> SampleSource:
    return SampleSource()


def stock(source: SampleSource, ticker: str) -> Symbol:
    return source.resolve_symbol(ticker, SecurityType.EQUITY, "usa")


def daily(source: SampleSource, ticker: str) -> BarColumns:
    return source.bars(stock(source, ticker), Resolution.DAILY, TickType.TRADE, *EVER)


def days_of(bars: BarColumns) -> list[int]:
    return (NEW_YORK.local_ns_array(bars.time_ns) // DAY_NS).tolist()


def test_all_bars_of_the_source_are_there(source: SampleSource) -> None:
    counts = {one.ticker: one.bars for one in source.coverage() if not one.is_synthetic}
    assert counts == {"AAPL": 3270, "FB": 196, "GOOG": 2148, "IBM": 3270, "MSFT": 3270}
    assert sum(counts.values()) == 12_154


@pytest.mark.parametrize("ticker", ["AAPL", "FB", "GOOG", "IBM", "MSFT"])
def test_every_session_has_a_bar_and_every_bar_a_session(source: SampleSource, ticker: str) -> None:
    hours = source.market_hours.get_exchange_hours("usa", ticker, SecurityType.EQUITY)
    days = days_of(daily(source, ticker))
    assert days == [day for day in range(days[0], days[-1] + 1) if hours.is_day_open(day)]


def test_prices_are_raw(source: SampleSource) -> None:
    bars = daily(source, "AAPL")
    first = {name: str(bars.exact(name, 0)) for name in ("open", "high", "low", "close")}
    assert first == {"open": "118.5600", "high": "132.0600", "low": "118.5000", "close": "130.3100"}
    assert bars.values["volume"][0] == 9_616_100
    assert NEW_YORK.datetime(int(bars.time_ns[0])) == datetime(2000, 3, 1)


@pytest.mark.parametrize(
    ("ticker", "splits"),
    [
        ("AAPL", {date(2000, 6, 21), date(2005, 2, 28)}),
        ("MSFT", {date(2003, 2, 18)}),
        ("IBM", set()),
        ("GOOG", set()),
    ],
)
def test_splits(source: SampleSource, ticker: str, splits: set[date]) -> None:
    found = source.factors(stock(source, ticker)).splits(days_of(daily(source, ticker)))
    assert {date_of_day(one.day): one.split_factor for one in found} == dict.fromkeys(splits, Decimal("0.5"))


def test_dividends_are_those_that_were_paid(source: SampleSource) -> None:
    def paid(ticker: str, year: int) -> Decimal:
        events = source.factors(stock(source, ticker)).dividends(days_of(daily(source, ticker)))
        return sum((one.distribution for one in events if date_of_day(one.day).year == year), Decimal(0))

    # Dividends per share by ex-date, from the companies' reports to shareholders.
    assert [paid("IBM", year) for year in (2008, 2010, 2012)] == [Decimal("1.90"), Decimal("2.50"), Decimal("3.30")]
    assert [paid("MSFT", year) for year in (2004, 2006, 2012)] == [Decimal("3.16"), Decimal("0.37"), Decimal("0.83")]
    assert [paid("AAPL", year) for year in (2011, 2012)] == [Decimal(0), Decimal("5.30")]
    assert [paid("GOOG", year) for year in (2008, 2012)] == [Decimal(0), Decimal(0)]


def test_adjusted_returns_have_no_jump_at_a_split(source: SampleSource) -> None:
    for ticker in ("AAPL", "MSFT"):
        symbol, raw = stock(source, ticker), daily(source, ticker)
        bars = normalize(raw, source.factors(symbol), DataNormalizationMode.ADJUSTED, NEW_YORK)
        for split in source.factors(symbol).splits(days_of(raw)):
            row = days_of(raw).index(split.day)
            assert abs(bars.values["close"][row] / bars.values["close"][row - 1] - 1) < 0.12
            assert raw.values["close"][row] / raw.values["close"][row - 1] < 0.6
        assert bars.values["close"][-1] == raw.values["close"][-1]


def test_identifiers_are_those_of_quantconnect(source: SampleSource) -> None:
    found = {ticker: str(stock(source, ticker).id) for ticker in ("AAPL", "IBM", "MSFT", "FB", "GOOG")}
    assert found == {
        "AAPL": "AAPL R735QTJ8XC9X",
        "IBM": "IBM R735QTJ8XC9X",
        "MSFT": "MSFT R735QTJ8XC9X",
        "FB": "FB V6OIPNZEM8V9",
        "GOOG": "GOOG T1AZ164W5VTX",
    }


def test_it_offers_a_benchmark_that_it_has(source: SampleSource) -> None:
    assert source.default_benchmark is not None
    assert source.has(source.default_benchmark, Resolution.DAILY, TickType.TRADE)
    assert not source.has(stock(source, "SPY"), Resolution.DAILY, TickType.TRADE)


def minutes(source: SampleSource, start: datetime, end: datetime, resolution: Resolution) -> BarColumns:
    symbol = stock(source, "MSFT")
    return source.bars(symbol, resolution, TickType.TRADE, NEW_YORK.to_utc(start), NEW_YORK.to_utc(end))


def test_minutes_are_made_up_within_the_days_and_say_so(source: SampleSource) -> None:
    symbol = stock(source, "MSFT")
    assert source.has(symbol, Resolution.MINUTE, TickType.TRADE)
    assert source.is_synthetic(symbol, Resolution.MINUTE, TickType.TRADE)
    assert not source.is_synthetic(symbol, Resolution.DAILY, TickType.TRADE)
    assert source.warnings == []
    bars = minutes(source, datetime(2012, 11, 21), datetime(2012, 11, 24), Resolution.MINUTE)
    assert len(bars) == 390 + 210  # the day after Thanksgiving ends at 13:00
    assert "synthetic" in source.warnings[0]
    minutes(source, datetime(2012, 11, 21), datetime(2012, 11, 24), Resolution.MINUTE)
    assert len(source.warnings) == 1
    raw = daily(source, "MSFT")
    row = days_of(raw).index(day_of_date(date(2012, 11, 21)))
    day = {name: column[:390] for name, column in bars.values.items()}
    assert day["open"][0] == raw.values["open"][row]
    assert day["close"][-1] == raw.values["close"][row]
    assert day["high"].max() == raw.values["high"][row]
    assert day["low"].min() == raw.values["low"][row]
    assert day["volume"].sum() == raw.values["volume"][row]


def test_made_up_bars_do_not_depend_on_the_range(source: SampleSource) -> None:
    long = minutes(source, datetime(2012, 11, 1), datetime(2012, 12, 1), Resolution.MINUTE)
    start, end = NEW_YORK.to_utc(datetime(2012, 11, 21)), NEW_YORK.to_utc(datetime(2012, 11, 22))
    short = minutes(SampleSource(), datetime(2012, 11, 21), datetime(2012, 11, 22), Resolution.MINUTE)
    same = long.between(start, end)
    assert all((same.values[name] == short.values[name]).all() for name in same.values)


def test_hours_add_up_from_minutes(source: SampleSource) -> None:
    hours = minutes(source, datetime(2012, 11, 21), datetime(2012, 11, 22), Resolution.HOUR)
    assert [NEW_YORK.datetime(time).hour for time in hours.time_ns.tolist()] == [9, 10, 11, 12, 13, 14, 15]
    fine = minutes(source, datetime(2012, 11, 21), datetime(2012, 11, 22), Resolution.MINUTE)
    assert hours.values["volume"][0] == fine.values["volume"][:30].sum()
    assert hours.values["high"][1] == fine.values["high"][30:90].max()
    assert hours.values["open"][1] == fine.values["open"][30]
    assert (np.diff(hours.end_ns) > 0).all()


def test_quotes_and_ticks_are_not_made_up(source: SampleSource) -> None:
    symbol = stock(source, "MSFT")
    assert source.tick_types(symbol, Resolution.MINUTE) == (TickType.TRADE,)
    assert source.tick_types(symbol, Resolution.TICK) == ()
    assert len(source.bars(symbol, Resolution.MINUTE, TickType.QUOTE, *EVER)) == 0


FOREX = ("EURUSD", SecurityType.FOREX, "oanda", TickType.QUOTE)
COIN = ("BTCUSD", SecurityType.CRYPTO, "coinbase", TickType.TRADE)
BEGIN, END = datetime(2020, 3, 2), datetime(2020, 3, 9)


def made_up(
    source: SampleSource, what: tuple[str, SecurityType, str, TickType], resolution: Resolution, end: datetime = END
) -> BarColumns:
    ticker, kind, market, tick_type = what
    symbol = source.resolve_symbol(ticker, kind, market)
    utc = zone("UTC")
    return source.bars(symbol, resolution, tick_type, utc.to_utc(BEGIN), utc.to_utc(end))


def test_currencies_trade_from_sunday_to_friday_at_a_spread(source: SampleSource) -> None:
    bars = made_up(source, FOREX, Resolution.HOUR)
    local = [NEW_YORK.datetime(time) for time in bars.time_ns.tolist()]
    # To Friday 17:00 in New York, 22:00 UTC; from Sunday 17:00, in the meantime summer time, 21:00 UTC.
    assert len(bars) == 4 * 24 + 22 + 3
    assert {time.weekday() for time in local} == {0, 1, 2, 3, 4, 6}
    assert all(time.hour < 17 for time in local if time.weekday() == 4)
    assert {str(bars.exact("ask_close", row) - bars.exact("bid_close", row)) for row in range(len(bars))} == {"0.0001"}
    assert 0.9 < bars.values["bid_close"].min() < bars.values["bid_close"].max() < 1.6
    assert "EURUSD are synthetic" in source.warnings[0]


@pytest.mark.parametrize("what", [FOREX, COIN])
def test_made_up_hours_and_days_add_up_from_the_same_minutes(
    source: SampleSource, what: tuple[str, SecurityType, str, TickType]
) -> None:
    minutes_, hours, days = (
        made_up(source, what, resolution) for resolution in (Resolution.MINUTE, Resolution.HOUR, Resolution.DAILY)
    )
    high, low = ("bid_high", "bid_low") if what is FOREX else ("high", "low")
    for coarse, period_ns in ((hours, 3_600 * 10**9), (days, DAY_NS)):
        for row, start in enumerate(coarse.time_ns.tolist()):
            inside = minutes_.between(start, start + period_ns)
            assert coarse.values[high][row] == inside.values[high].max()
            assert coarse.values[low][row] == inside.values[low].min()


@pytest.mark.parametrize("what", [FOREX, COIN])
def test_a_course_does_not_depend_on_the_range(what: tuple[str, SecurityType, str, TickType]) -> None:
    long = made_up(SampleSource(), what, Resolution.MINUTE)
    short = made_up(SampleSource(), what, Resolution.MINUTE, datetime(2020, 3, 4))
    same = long.between(int(short.time_ns[0]), int(short.time_ns[-1]) + 1)
    assert all((same.values[name] == short.values[name]).all() for name in same.values)


def test_what_has_no_course_has_no_bars(source: SampleSource) -> None:
    for ticker, kind, market in (("USDJPY", SecurityType.FOREX, "oanda"), ("BTCUSD", SecurityType.CRYPTO, "kraken")):
        symbol = source.resolve_symbol(ticker, kind, market)
        assert not source.has(symbol, Resolution.HOUR, TickType.QUOTE)
        assert len(source.bars(symbol, Resolution.HOUR, TickType.TRADE, *EVER)) == 0
