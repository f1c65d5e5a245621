"""The two databases of market hours: LEAN's file and what is shipped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tradinglab.core.clock import day_of_date, zone
from tradinglab.core.enums import DayOfWeek, OptionRight, OptionStyle, SecurityType
from tradinglab.core.errors import MarketHoursError
from tradinglab.core.market import Market
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.security_database import SecurityDatabaseKey
from tradinglab.core.security_identifier import SecurityIdentifier
from tradinglab.core.symbol import Symbol

EQUITY, FOREX, CRYPTO = SecurityType.EQUITY, SecurityType.FOREX, SecurityType.CRYPTO


def session(start: str, end: str, state: str = "market") -> dict[str, str]:
    return {"start": start, "end": end, "state": state}


def entry(**parts: Any) -> dict[str, Any]:
    weekdays = ("monday", "tuesday", "wednesday", "thursday", "friday")
    week = {day: [session("09:30:00", "16:00:00")] for day in weekdays}
    zones = {"dataTimeZone": "America/New_York", "exchangeTimeZone": "America/New_York", "holidays": []}
    return {**zones, **week, "sunday": [], "saturday": [], **parts}


def write(folder: Path, entries: dict[str, Any]) -> Path:
    (folder / "market-hours").mkdir()
    (folder / "market-hours" / "market-hours-database.json").write_text(json.dumps({"entries": entries}, indent=2))
    return folder


@pytest.fixture(scope="module")
def lean(lean_data: Path) -> MarketHoursDatabase:
    return MarketHoursDatabase.from_lean(lean_data)


@pytest.fixture
def default() -> Iterator[MarketHoursDatabase]:
    yield MarketHoursDatabase.default()
    MarketHoursDatabase.use(None)


def test_every_entry_of_leans_file_can_be_read(lean: MarketHoursDatabase, lean_data: Path) -> None:
    text = (lean_data / "market-hours/market-hours-database.json").read_text(encoding="utf-8-sig")
    entries = json.loads(text)["entries"]
    for name, raw in entries.items():
        key = SecurityDatabaseKey.parse(name)
        assert lean.contains_key(key.market, key.symbol, key.security_type)
        found = lean.get_entry(key.market, key.symbol, key.security_type)
        assert found.data_time_zone == raw["dataTimeZone"]
        assert found.exchange_hours.time_zone == raw["exchangeTimeZone"]
        own = {datetime.strptime(text, "%m/%d/%Y") for text in raw["holidays"]}
        assert own <= found.exchange_hours.holidays
        for day in DayOfWeek:
            sessions = raw.get(day.name.lower(), [])
            assert len(found.exchange_hours.market_hours[day].segments) == len(sessions)


def test_us_equities_of_lean(lean: MarketHoursDatabase) -> None:
    hours = lean.get_exchange_hours(Market.USA, Symbol.create_equity("SPY"), EQUITY)
    assert hours.regular_market_duration == timedelta(hours=6.5)
    assert hours.get_next_market_close(datetime(2013, 11, 29), False) == datetime(2013, 11, 29, 13)
    assert hours.get_next_market_open(datetime(2013, 10, 4, 16), False) == datetime(2013, 10, 7, 9, 30)
    assert hours.get_previous_market_open(datetime(2022, 3, 18, 9, 29), True) == datetime(2022, 3, 18, 4)


@pytest.mark.parametrize("extended", [False, True])
def test_a_market_with_a_lunch_break(lean: MarketHoursDatabase, extended: bool) -> None:
    hours = lean.get_exchange_hours(Market.HKFE, "HSI", SecurityType.FUTURE)
    day = datetime(2025, 1, 7)
    first = hours.get_next_market_close(day, extended)
    assert first == (day + timedelta(hours=3) if extended else day + timedelta(hours=12))
    second = hours.get_next_market_close(first, extended)
    assert second == day + timedelta(hours=12 if extended else 16.5)
    last = hours.get_last_daily_market_close(day, extended)
    assert last == (datetime(2025, 1, 8) if extended else day + timedelta(hours=16.5))


def test_a_symbol_comes_before_its_market(lean: MarketHoursDatabase) -> None:
    pair, other = (lean.get_exchange_hours(Market.OANDA, ticker, FOREX) for ticker in ("NZDUSD", "EURUSD"))
    assert len(pair.market_hours[DayOfWeek.MONDAY].segments) == 3
    assert len(other.market_hours[DayOfWeek.MONDAY].segments) == 2
    assert other.holiday_days <= pair.holiday_days
    assert lean.get_exchange_hours("OANDA", "nzdusd", FOREX) is pair
    assert lean.get_data_time_zone(Market.FXCM, "EURUSD", FOREX) == "UTC-05"


def test_options_keep_the_holidays_of_their_underlying(lean: MarketHoursDatabase) -> None:
    spy = Symbol(SecurityIdentifier.parse("SPY R735QTJ8XC9X"), "SPY")
    option = Symbol.create_option(spy, Market.USA, OptionStyle.AMERICAN, OptionRight.CALL, 100, datetime(2020, 5, 21))
    hours = lean.get_exchange_hours(Market.USA, option, SecurityType.OPTION)
    equity = lean.get_exchange_hours(Market.USA, spy, EQUITY)
    assert hours.holiday_days == equity.holiday_days
    assert hours.early_close_by_day == equity.early_close_by_day


def test_exceptions_of_a_market_join_those_of_later_entries_only(tmp_path: Path) -> None:
    christmas, own = day_of_date(date(2024, 12, 25)), day_of_date(date(2024, 6, 3))
    market = entry(holidays=["12/25/2024"], earlyCloses={"12/24/2024": "13:00:00"})
    mine = entry(holidays=["6/3/2024"], earlyCloses={"12/24/2024": "12:00:00"}, lateOpens={"6/4/2024": "10:00"})
    entries = {"Index-usa-EARLY": mine, "Index-usa-[*]": market, "Index-usa-LATE": mine}
    database = MarketHoursDatabase.from_lean(write(tmp_path, entries))
    early, late = (database.get_exchange_hours("usa", name, SecurityType.INDEX) for name in ("EARLY", "LATE"))
    assert early.holiday_days == {own}
    assert late.holiday_days == {own, christmas}
    assert late.early_closes == {datetime(2024, 12, 24): timedelta(hours=12)}
    assert late.late_opens == {datetime(2024, 6, 4): timedelta(hours=10)}


@pytest.mark.parametrize(("text", "hours"), [("1.00:00:00", 24), ("1:00:00:00", 24), ("22:0:00", 22), ("8:15", 8.25)])
def test_times_as_lean_writes_them(tmp_path: Path, text: str, hours: float) -> None:
    database = MarketHoursDatabase.from_lean(
        write(tmp_path, {"Crypto-kraken-[*]": entry(monday=[session("00:00:00", text)])})
    )
    found = database.get_exchange_hours("kraken", None, CRYPTO).market_hours[DayOfWeek.MONDAY]
    assert found.market_duration == timedelta(hours=hours)


@pytest.mark.parametrize(
    "broken",
    [
        {"exchangeTimeZone": "Mars/Olympus"},
        {"monday": [session("noon", "16:00:00")]},
        {"monday": [session("09:30:00", "16:00:00", "siesta")]},
        {"holidays": ["2024-12-25"]},
    ],
)
def test_an_entry_that_is_not_valid_is_named(tmp_path: Path, broken: dict[str, Any]) -> None:
    database = MarketHoursDatabase.from_lean(
        write(tmp_path, {"Equity-usa-[*]": entry(**broken), "Forex-oanda-[*]": entry()})
    )
    with pytest.raises(MarketHoursError, match=r"'Equity-usa-\[\*\]' of .* is not valid"):
        database.get_entry("usa", "SPY", EQUITY)
    assert database.get_entry("oanda", "EURUSD", FOREX)


def test_a_file_that_is_missing_cut_off_or_something_else(tmp_path: Path) -> None:
    with pytest.raises(MarketHoursError, match="cannot be read"):
        MarketHoursDatabase.from_lean(tmp_path)
    path = write(tmp_path, {"Equity-usa-[*]": entry()}) / "market-hours" / "market-hours-database.json"
    whole = path.read_text()
    path.write_text(whole[:300])
    with pytest.raises(MarketHoursError, match="not valid"):
        MarketHoursDatabase.from_lean(tmp_path).get_entry("usa", "SPY", EQUITY)
    path.write_text("{}")
    with pytest.raises(MarketHoursError, match="no entries"):
        MarketHoursDatabase.from_lean(tmp_path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MarketHoursError, match="cannot be read"):
        MarketHoursDatabase.from_lean(tmp_path)


def test_entries_of_a_types_that_we_do_not_know_are_skipped(tmp_path: Path) -> None:
    database = MarketHoursDatabase.from_lean(write(tmp_path, {"Bond-usa-[*]": entry(), "Equity-usa-[*]": entry()}))
    assert database.try_get_entry("usa", "SPY", EQUITY) is not None


def test_what_is_shipped(default: MarketHoursDatabase) -> None:
    spy = default.get_entry(Market.USA, "SPY", EQUITY)
    assert spy.data_time_zone == spy.exchange_hours.time_zone == "America/New_York"
    assert spy.exchange_hours.is_open(datetime(2024, 7, 3, 4, 0), True)
    assert not spy.exchange_hours.is_open(datetime(2024, 7, 3, 13, 0), False)
    eurusd = default.get_exchange_hours(Market.OANDA, "EURUSD", FOREX)
    assert eurusd.get_next_market_open(datetime(2024, 6, 29), False) == datetime(2024, 6, 30, 17)
    assert eurusd.get_next_market_close(datetime(2024, 7, 1), False) == datetime(2024, 7, 5, 17)
    assert default.get_exchange_hours(Market.BINANCE, "BTCUSDT", CRYPTO).is_market_always_open
    assert default.get_exchange_hours(Market.BYBIT, "BTCUSDT", SecurityType.CRYPTO_FUTURE).is_market_always_open
    assert default.try_get_entry(Market.CME, "ES", SecurityType.FUTURE) is None
    with pytest.raises(MarketHoursError, match=r"Future-cme-ES.*set_entry"):
        default.get_entry(Market.CME, "ES", SecurityType.FUTURE)


def test_what_is_shipped_agrees_with_lean(default: MarketHoursDatabase, lean: MarketHoursDatabase) -> None:
    first, last = day_of_date(date(1998, 1, 1)), day_of_date(date(2026, 12, 31))
    ours, theirs = (d.get_exchange_hours(Market.USA, "SPY", EQUITY) for d in (default, lean))
    for extended in (False, True):
        mine, his = ours.segments(first, last, extended), theirs.segments(first, last, extended)
        assert np.array_equal(mine[0], his[0])
        # LEAN's table lacks three early closes of 1998 and 1999.
        different = mine[1][mine[1] != his[1]]
        assert [d // 86_400_000_000_000 for d in different.tolist()] == [
            day_of_date(day) for day in (date(1998, 11, 27), date(1998, 12, 24), date(1999, 12, 31))
        ]


def test_entries_of_ones_own(default: MarketHoursDatabase) -> None:
    hours = SecurityExchangeHours.always_open("Asia/Tokyo")
    default.set_entry(Market.USA, "SPY", EQUITY, hours, "UTC")
    assert default.get_exchange_hours(Market.USA, "SPY", EQUITY) is hours
    assert default.get_data_time_zone(Market.USA, "spy", EQUITY) == "UTC"
    assert not default.get_exchange_hours(Market.USA, "IBM", EQUITY).is_market_always_open
    default.set_entry_always_open(Market.USA, "TYPE.Weather", SecurityType.BASE, "Europe/Paris")
    weather = Symbol.create("NYC", SecurityType.BASE, Market.USA, base_data_type=type("Weather", (), {}))
    assert default.get_entry(Market.USA, weather, SecurityType.BASE).exchange_hours.time_zone == zone("Europe/Paris")
    default.set_entry_always_open(Market.CME, None, SecurityType.FUTURE, "America/Chicago")
    assert default.try_get_entry(Market.CME, "OG", SecurityType.FUTURE_OPTION) is not None


def test_the_database_in_use(default: MarketHoursDatabase) -> None:
    assert MarketHoursDatabase.from_data_folder() is MarketHoursDatabase.FromDataFolder()
    MarketHoursDatabase.use(default)
    assert MarketHoursDatabase.from_data_folder() is default


def test_keys_disregard_case() -> None:
    key = SecurityDatabaseKey.parse("Equity-usa-[*]")
    assert key == SecurityDatabaseKey("USA", None, EQUITY)
    assert str(SecurityDatabaseKey("usa", "spy", EQUITY)) == "Equity-usa-spy"
    for text in ("Equity-usa", "Bond-usa-X", "Equity-usa-A-B"):
        with pytest.raises(ValueError, match="form"):
            SecurityDatabaseKey.parse(text)
