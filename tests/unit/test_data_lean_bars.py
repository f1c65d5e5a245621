"""Archives of a LEAN data folder to columns."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from tests.lean_folder import EVER, LeanFolder, database_of

from tradinglab.core.clock import day_of_date, zone
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.symbol import Symbol
from tradinglab.data.columns import BarColumns
from tradinglab.data.lean import LeanSource

NEW_YORK = zone("America/New_York")
UTC = zone("UTC")
MINUTE = "equity/usa/minute/abc"


@pytest.fixture
def folder(tmp_path: Path) -> LeanFolder:
    return LeanFolder(tmp_path / "Data")


def equity(source: LeanSource, ticker: str = "ABC") -> Symbol:
    return source.resolve_symbol(ticker, SecurityType.EQUITY, "usa")


def read(
    folder: LeanFolder, resolution: Resolution, tick_type: TickType = TickType.TRADE, source: LeanSource | None = None
) -> BarColumns:
    source = source or folder.source()
    return source.bars(equity(source), resolution, tick_type, *EVER)


def starts(bars: BarColumns, name: str = "America/New_York") -> list[datetime]:
    return [zone(name).datetime(time) for time in bars.time_ns.tolist()]


def ends(bars: BarColumns, name: str = "America/New_York") -> list[datetime]:
    return [zone(name).datetime(time) for time in bars.end_ns.tolist()]


def test_minute_trades(folder: LeanFolder) -> None:
    folder.bars(f"{MINUTE}/20131007_trade.zip", "34200000,1681400,1681500,1681300,1681401,3197", "34260000,1,2,1,2,0")
    folder.bars(f"{MINUTE}/20131008_trade.zip", "14400000,1690000,1690000,1690000,1690000,5")
    bars = read(folder, Resolution.MINUTE)
    assert starts(bars) == [
        datetime(2013, 10, 7, 9, 30),
        datetime(2013, 10, 7, 9, 31),
        datetime(2013, 10, 8, 4, 0),
    ]
    assert ends(bars)[0] == datetime(2013, 10, 7, 9, 31)
    assert bars.values["close"].tolist() == [168.1401, 0.0002, 169.0]
    assert str(bars.exact("close", 2)) == "169.0000"
    assert bars.values["volume"].tolist() == [3197, 0, 5]


def test_a_range_is_that_of_starts(folder: LeanFolder) -> None:
    folder.bars(f"{MINUTE}/20131007_trade.zip", *(f"{34200000 + at * 60000},1,1,1,1,{at}" for at in range(10)))
    source = folder.source()
    start, end = NEW_YORK.to_utc(datetime(2013, 10, 7, 9, 32)), NEW_YORK.to_utc(datetime(2013, 10, 7, 9, 35))
    bars = source.bars(equity(source), Resolution.MINUTE, TickType.TRADE, start, end)
    assert bars.values["volume"].tolist() == [2, 3, 4]
    assert len(source.bars(equity(source), Resolution.MINUTE, TickType.TRADE, end, start)) == 0
    assert len(source.bars(equity(source), Resolution.MINUTE, TickType.TRADE, start, start)) == 0


def test_a_quote_without_bid_or_ask(folder: LeanFolder) -> None:
    folder.bars(
        f"{MINUTE}/20131007_quote.zip",
        "34200000,,,,,0,1680000,1680000,1672600,1672700,20000",
        "34260000,1672700,1672700,1671500,1672500,300,0,0,0,0,7",
    )
    bars = read(folder, Resolution.MINUTE, TickType.QUOTE)
    assert np.isnan(bars.values["bid_open"]).tolist() == [True, False]
    assert np.isnan(bars.values["ask_close"]).tolist() == [False, True]
    assert bars.values["ask_size"].tolist() == [20000, 0]
    assert str(bars.exact("bid_close", 1)) == "167.2500"


def test_daily_bars_span_the_day(folder: LeanFolder) -> None:
    folder.bars("equity/usa/daily/abc.zip", "20131101 00:00,1,2,1,2,3", "20131103 00:00,1,2,1,2,3")
    bars = read(folder, Resolution.DAILY)
    assert starts(bars) == [datetime(2013, 11, 1), datetime(2013, 11, 3)]
    assert ends(bars) == [datetime(2013, 11, 2), datetime(2013, 11, 4)]
    assert int(bars.end_ns[1] - bars.time_ns[1]) == 25 * 3600 * 10**9  # summer time ended


def test_a_period_is_added_on_the_clock_of_the_exchange(folder: LeanFolder) -> None:
    folder.bars("forex/oanda/daily/eurusd.zip", "20140309 00:00,1,2,1,2,0,1,2,1,2,0")
    source = folder.source()
    source.market_hours = database_of(("oanda", "[*]", SecurityType.FOREX, "UTC", "America/New_York"))
    symbol = Symbol.create("EURUSD", SecurityType.FOREX, "oanda")
    bars = source.bars(symbol, Resolution.DAILY, TickType.QUOTE, *EVER)
    assert starts(bars, "UTC") == [datetime(2014, 3, 9)]
    assert ends(bars, "UTC") == [datetime(2014, 3, 9, 23)]  # 19:00 of the 8th to 19:00 of the 9th, a day of 23 hours


def test_hourly_bars(folder: LeanFolder) -> None:
    folder.bars("equity/usa/hour/abc.zip", "20131007 09:00,1,2,1,2,3", "20131007 10:00,1,2,1,2,3")
    assert ends(read(folder, Resolution.HOUR)) == [datetime(2013, 10, 7, 10), datetime(2013, 10, 7, 11)]


@pytest.mark.parametrize("name", ["btcusd_trade.zip", "btcusd.zip"])
def test_digits_of_crypto_are_kept(folder: LeanFolder, name: str) -> None:
    folder.bars(f"crypto/coinbase/daily/{name}", "20180404 00:00,7424.90,7425,7000.123456789012,7424.9,1.0000")
    source = folder.source()
    symbol = Symbol.create("BTCUSD", SecurityType.CRYPTO, "coinbase")
    bars = source.bars(symbol, Resolution.DAILY, TickType.TRADE, *EVER)
    names = ("open", "high", "low", "close", "volume")
    assert [str(bars.exact(name, 0)) for name in names] == ["7424.90", "7425", "7000.123456789012", "7424.9", "1.0000"]
    assert bars.values["low"].tolist() == [7000.123456789012]
    assert source.tick_types(symbol, Resolution.DAILY) == (TickType.TRADE,)


def test_a_perpetual_future(folder: LeanFolder) -> None:
    folder.bars(
        "cryptofuture/binance/minute/adausdt/20221213_trade.zip",
        "0,0.3066,0.3067,0.3066,0.3067,88126",
        entry="20221213_adausdt_minute_trade_perp.csv",
    )
    source = folder.source()
    symbol = Symbol.create("ADAUSDT", SecurityType.CRYPTO_FUTURE, "binance")
    assert source.bars(symbol, Resolution.MINUTE, TickType.TRADE, *EVER).values["volume"].tolist() == [88126]


def test_the_entry_of_the_day_is_preferred_to_the_first(folder: LeanFolder) -> None:
    from zipfile import ZipFile

    path = folder.bars(f"{MINUTE}/20131007_trade.zip", "0,9,9,9,9,9", entry="other.csv")
    with ZipFile(path, "a") as archive:
        archive.writestr("20131007_abc_minute_trade.csv", "0,1,1,1,1,1\n")
    assert read(folder, Resolution.MINUTE).values["volume"].tolist() == [1]


def test_files_change_with_the_ticker(folder: LeanFolder) -> None:
    folder.text("equity/usa/map_files/abc.csv", "20131004,old,N", "20131007,old,N", "20501231,abc,N")
    folder.bars("equity/usa/daily/old.zip", *(f"{day} 00:00,1,1,1,1,1" for day in (20131004, 20131007, 20131008)))
    folder.bars("equity/usa/daily/abc.zip", *(f"{day} 00:00,2,2,2,2,2" for day in (20131007, 20131008, 20131009)))
    folder.bars("equity/usa/minute/old/20131007_trade.zip", "34200000,1,1,1,1,1")
    folder.bars("equity/usa/minute/abc/20131007_trade.zip", "34200000,2,2,2,2,2")
    folder.bars("equity/usa/minute/abc/20131008_trade.zip", "34200000,2,2,2,2,2")
    source = folder.source()
    symbol = equity(source)
    assert (symbol.id.symbol, symbol.id.date, symbol.value) == ("OLD", datetime(2013, 10, 4), "ABC")
    assert read(folder, Resolution.DAILY, source=source).values["volume"].tolist() == [1, 1, 2, 2]
    assert read(folder, Resolution.MINUTE, source=source).values["volume"].tolist() == [1, 2]
    old = source.resolve_symbol("OLD", SecurityType.EQUITY, "usa", day_of_date(date(2013, 10, 7)))
    assert old == symbol


def test_bars_before_the_first_factor_are_left_out(folder: LeanFolder) -> None:
    folder.text("equity/usa/factor_files/abc.csv", "20131007,1e+9,1,1", "20131009,0.5,1,1", "20501231,1,1,0")
    folder.bars("equity/usa/daily/abc.zip", *(f"2013100{day} 00:00,1,1,1,1,{day}" for day in range(4, 10)))
    assert read(folder, Resolution.DAILY).values["volume"].tolist() == [7, 8, 9]


def test_repeated_and_late_bars_are_left_out_with_a_warning(folder: LeanFolder) -> None:
    times = (34200000, 34260000, 34260000, 34320000, 34200000, 34380000)
    folder.bars(f"{MINUTE}/20131007_trade.zip", *(f"{time},1,1,1,1,{at}" for at, time in enumerate(times)))
    source = folder.source()
    assert read(folder, Resolution.MINUTE, source=source).values["volume"].tolist() == [0, 1, 3, 5]
    assert source.warnings == [
        (
            "ABC minute trade: 2 bars were out of order or repeated and were left out; "
            "the first ends at 2013-10-07 09:32:00."
        )
    ]


def test_equity_ticks(folder: LeanFolder) -> None:
    folder.bars(
        "equity/usa/tick/abc/20131007_trade.zip", "34200001.5,1674100,100,P,20002000,0", "34200001.5,1670000,200,,,1"
    )
    bars = read(folder, Resolution.TICK)
    assert starts(bars)[0] == datetime(2013, 10, 7, 9, 30, 0, 1500)
    assert bars.time_ns is bars.end_ns or (bars.time_ns == bars.end_ns).all()
    # LEAN divides the prices of ticks, which leaves no trailing zeros.
    assert [str(bars.exact("close", row)) for row in range(2)] == ["167.41", "167"]
    assert bars.texts["exchange"].tolist() == ["P", ""]
    assert bars.texts["sale_condition"].tolist() == ["20002000", ""]
    assert bars.values["suspicious"].tolist() == [0, 1]


def test_short_equity_ticks_and_quotes(folder: LeanFolder) -> None:
    folder.bars("equity/usa/tick/abc/20131007_trade.zip", "34200001,1674100,100")
    folder.bars("equity/usa/tick/abc/20131007_quote.zip", "14400152,0,0,494100,300,Q,1,0", end="\r\n")
    assert read(folder, Resolution.TICK).values["suspicious"].tolist() == [0]
    quotes = read(folder, Resolution.TICK, TickType.QUOTE)
    assert [quotes.values[name][0] for name in ("bid_close", "bid_size", "ask_close", "ask_size")] == [0, 0, 49.41, 300]


def test_forex_ticks_have_no_sizes(folder: LeanFolder) -> None:
    folder.bars("forex/oanda/tick/eurusd/20140501_quote.zip", "292.25,1.38676,1.38686")
    source = folder.source()
    symbol = Symbol.create("EURUSD", SecurityType.FOREX, "oanda")
    bars = source.bars(symbol, Resolution.TICK, TickType.QUOTE, *EVER)
    assert str(bars.exact("bid_close", 0)) == "1.38676"
    assert bars.values["ask_size"].tolist() == [0]


def test_late_ticks_are_sorted_with_a_warning(folder: LeanFolder) -> None:
    folder.bars("equity/usa/tick/abc/20131007_trade.zip", "2000,20000,1", "1000,10000,2", "2000,30000,3")
    source = folder.source()
    assert read(folder, Resolution.TICK, source=source).values["volume"].tolist() == [2, 1, 3]
    assert "1 ticks were out of order and were sorted" in source.warnings[0]


def test_what_there_is(folder: LeanFolder) -> None:
    folder.bars(f"{MINUTE}/20131007_trade.zip", "34200000,1,1,1,1,1")
    folder.bars(f"{MINUTE}/20131009_trade.zip", "34200000,1,1,1,1,1")
    folder.bars("equity/usa/daily/abc.zip", "20131007 00:00,1,1,1,1,1", "20131008 00:00,1,1,1,1,1")
    folder.text(f"{MINUTE}/notes.txt", "not bars")
    source = folder.source()
    assert [(one.resolution, one.tick_type, one.last_day - one.first_day, one.bars) for one in source.coverage()] == [
        (Resolution.MINUTE, TickType.TRADE, 2, None),
        (Resolution.DAILY, TickType.TRADE, 1, 2),
    ]
    assert source.tick_types(equity(source), Resolution.MINUTE) == (TickType.TRADE,)
    assert not source.has(equity(source), Resolution.HOUR, TickType.TRADE)
    assert not source.has(equity(source, "XYZ"), Resolution.DAILY, TickType.TRADE)
    assert len(source.bars(equity(source, "XYZ"), Resolution.DAILY, TickType.TRADE, *EVER)) == 0


def test_asking_again_gives_the_same_bars_and_columns_of_their_own(folder: LeanFolder) -> None:
    folder.bars(f"{MINUTE}/20131007_trade.zip", "34200000,1,1,1,1,1")
    source = folder.source()
    first = read(folder, Resolution.MINUTE, source=source)
    first.values["close"] = np.array([99.0])
    first.decimals.clear()
    again = read(folder, Resolution.MINUTE, source=source)
    assert again.values["close"].tolist() == [0.0001]
    assert again.exact("close", 0) == Decimal("0.0001")
