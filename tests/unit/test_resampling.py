"""Bars made longer: labels, sessions, days on which clocks change, and what a store keeps of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tradinglab.cli.main import main
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.core.market_hours_database import MarketHoursDatabase, MarketHoursEntry
from tradinglab.data.columns import QUOTE_FIELDS
from tradinglab.data.store import BarStore, Origin, SeriesKey
from tradinglab.data.streaming.cutting import Cut
from tradinglab.data.streaming.errors import ResamplingError
from tradinglab.data.streaming.periods import Period
from tradinglab.data.streaming.resampled import ResampleOptions, resample_series, resample_to_file
from tradinglab.data.streaming.resampling import Resampler

MINUTE_US = 60_000_000
SPY = SeriesKey(SecurityType.EQUITY, "usa", "SPY", Resolution.MINUTE, TickType.TRADE)
EURUSD = SeriesKey(SecurityType.FOREX, "oanda", "EURUSD", Resolution.MINUTE, TickType.TRADE)
BTCUSD = SeriesKey(SecurityType.CRYPTO, "coinbase", "BTCUSD", Resolution.MINUTE, TickType.TRADE)


def us(text: str) -> int:
    return int(np.datetime64(text, "us").astype(np.int64))


def texts(times_us: np.ndarray) -> list[str]:
    return [str(np.datetime64(int(each), "us").astype("datetime64[m]")) for each in times_us]


def bars(times_us: np.ndarray, first: float = 100.0) -> dict[str, np.ndarray]:
    """Return bars that rise by one each, each of a volume of one."""
    level = first + np.arange(len(times_us), dtype=float)
    return {"open": level, "high": level + 0.5, "low": level - 0.5, "close": level, "volume": np.ones(len(level))}


def made(key: SeriesKey, period: str, times_us: np.ndarray, **how: object) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    hours = MarketHoursDatabase.default().get_entry(key.market, key.ticker, key.security_type)
    cut = Cut.of(key.resolution, Period.parse(period), hours, **how)  # type: ignore[arg-type]
    resampler = Resampler(cut, key.tick_type)
    parts = [resampler.add(times_us, bars(times_us)), resampler.finish()]
    parts = [each for each in parts if len(each[0])]
    return np.concatenate([each[0] for each in parts]), {
        name: np.concatenate([each[1][name] for each in parts]) for name in bars(times_us[:1])
    }


def minutes(first: str, count: int) -> np.ndarray:
    return us(first) + np.arange(count) * MINUTE_US


def test_the_hours_of_a_share_begin_at_full_hours_and_its_days_at_midnight() -> None:
    """2024-03-06 in New York: 9:00 to 16:10, of which 9:30 to 16:00 counts."""
    times = minutes("2024-03-06T14:00", 430)
    hours, values = made(SPY, "1h", times)
    assert texts(hours) == [f"2024-03-06T{hour}:00" for hour in range(14, 21)]
    assert values["volume"].tolist() == [30, *[60] * 6]
    assert values["open"][:2].tolist() == [130, 160]
    assert values["close"][:2].tolist() == [159, 219]
    assert (values["high"][0], values["low"][0]) == (159.5, 129.5)
    days, values = made(SPY, "1d", times)
    assert texts(days) == ["2024-03-06T05:00"]
    assert (values["open"][0], values["close"][0], values["volume"][0]) == (130, 519, 390)


def test_extended_hours_count_if_they_are_wanted() -> None:
    days, values = made(SPY, "1d", minutes("2024-03-06T14:00", 430), is_extended=True)
    assert (texts(days), values["volume"].tolist()) == (["2024-03-06T05:00"], [430])


def test_a_day_ends_at_its_early_close() -> None:
    """On 2024-07-03 New York closed at 13:00, 17:00 UTC."""
    times = minutes("2024-07-03T13:30", 390)
    assert made(SPY, "1d", times)[1]["volume"].tolist() == [210]
    assert texts(made(SPY, "1h", times)[0])[-1] == "2024-07-03T16:00"
    assert texts(made(SPY, "2h", times, anchor="open")[0]) == ["2024-07-03T13:30", "2024-07-03T15:30"]


def test_days_have_the_hours_that_pass_and_four_hours_those_of_the_clock() -> None:
    """Berlin's clock, of a market that is always open, goes back on 2024-10-27 at 3:00, forward on 2024-03-31."""
    berlin = SecurityExchangeHours.always_open("Europe/Berlin")
    entry = MarketHoursEntry(berlin.time_zone, berlin)
    for day, count, fours, nights in (
        ("2024-10-26T22:00", 25, [300, 240, 240, 240, 240, 240], [180, *[120] * 11]),
        ("2024-03-30T23:00", 23, [180, 240, 240, 240, 240, 240], [120, 60, *[120] * 10]),
    ):
        times = minutes(day, count * 60)
        for period, expected in (("1h", [60] * count), ("4h", fours), ("1d", [60 * count]), ("2h", nights)):
            resampler = Resampler(Cut.of(Resolution.MINUTE, Period.parse(period), entry), TickType.TRADE)
            parts = [resampler.add(times, bars(times)), resampler.finish()]
            volumes = [each for part in parts if len(part[0]) for each in part[1]["volume"].tolist()]
            if period == "2h" and count == 25:
                expected = [120, 180, *[120] * 10]
            assert volumes == expected, (day, period)
            starts = np.concatenate([part[0] for part in parts])
            assert starts[0] == times[0]
            assert (np.diff(starts) > 0).all()
            ends = resampler._cut.cutter.ends(starts)
            assert (ends[:-1] == starts[1:]).all()
            assert ends[-1] == times[-1] + MINUTE_US


def test_days_of_currencies_are_those_of_utc_without_the_weekend() -> None:
    """Oanda's bars are kept in UTC; the market closes on Friday at 17:00 in New York, opens on Sunday at 17:00."""
    times = minutes("2024-03-01T00:00", 4 * 1440)
    days, values = made(EURUSD, "1d", times)
    assert texts(days) == ["2024-03-01T00:00", "2024-03-03T00:00", "2024-03-04T00:00"]
    assert values["volume"].tolist() == [22 * 60, 2 * 60, 1440]


def test_coins_have_weeks_from_monday_and_months() -> None:
    times = us("2024-01-30T00:00") + np.arange(10 * 24) * 60 * MINUTE_US
    key = SeriesKey(SecurityType.CRYPTO, "coinbase", "BTCUSD", Resolution.HOUR, TickType.TRADE)
    weeks, values = made(key, "1w", times)
    assert (texts(weeks), values["volume"].tolist()) == (["2024-01-29T00:00", "2024-02-05T00:00"], [144, 96])
    months, values = made(key, "1mo", times)
    assert (texts(months), values["volume"].tolist()) == (["2024-01-01T00:00", "2024-02-01T00:00"], [48, 192])


def test_an_hour_during_which_the_market_opens_belongs_to_the_day() -> None:
    """LEAN's first hour of a US share begins at 9:00."""
    key = SeriesKey(SecurityType.EQUITY, "usa", "SPY", Resolution.HOUR, TickType.TRADE)
    times = us("2024-03-06T12:00") + np.arange(10) * 60 * MINUTE_US
    days, values = made(key, "1d", times)
    assert (texts(days), values["volume"].tolist()) == (["2024-03-06T05:00"], [7])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("7min", "By the clock"),
        ("90min", "By the clock"),
        ("1min", "a multiple of it"),
        ("90s", "a multiple of it"),
        ("5h", "By the clock"),
        ("2d", "a day at most"),
        ("2w", "one alone"),
        ("soon", "A period is a number"),
        ("0min", "a day at most"),
    ],
)
def test_periods_that_cannot_be_are_refused(text: str, said: str) -> None:
    with pytest.raises(ResamplingError, match=said):
        made(SPY, text, minutes("2024-03-06T15:00", 5))


def test_bars_out_of_order_are_refused() -> None:
    hours = MarketHoursDatabase.default().get_entry("usa", "SPY", SecurityType.EQUITY)
    resampler = Resampler(Cut.of(Resolution.MINUTE, Period.parse("1h"), hours), TickType.TRADE)
    times = minutes("2024-03-06T15:00", 5)
    resampler.add(times, bars(times))
    with pytest.raises(ResamplingError, match="2024-03-06T15:04"):
        resampler.add(times[-1:], bars(times[-1:]))


def store_of(folder: Path, key: SeriesKey, times: np.ndarray, name: str = "made up.csv") -> BarStore:
    store = BarStore(folder)
    store.write(key, times, bars(times), [Origin(name)])
    return store


def test_a_series_of_a_store_is_made_of_a_finer_one_and_says_so(tmp_path: Path) -> None:
    times = np.concatenate([minutes("2023-12-29T14:30", 390), minutes("2024-01-02T14:30", 390)])
    store = store_of(tmp_path, SPY, times, "synthetic: seed 1")
    report = resample_series(tmp_path, SPY, Resolution.DAILY)
    daily = SeriesKey(SecurityType.EQUITY, "usa", "SPY", Resolution.DAILY, TickType.TRADE)
    days, values = store.read(daily)
    assert texts(days) == ["2023-12-29T05:00", "2024-01-02T05:00"]
    assert values["close"].tolist() == [489, 879]
    assert (report.bars, report.added, report.left_out) == (2, 2, 0)
    origins = {each for file in store.files(daily) for each in file.origins}
    assert {each.name for each in origins} == {"synthetic, resampled from equity/usa/minute/trade/spy"}
    assert all(each.is_synthetic and each.sha256 for each in origins)
    # Again: nothing is written.
    generation = store.manifest(daily).generation
    assert resample_series(tmp_path, SPY, Resolution.DAILY).added == 0
    assert store.manifest(daily).generation == generation


def test_days_that_were_made_follow_the_minutes(tmp_path: Path) -> None:
    times = minutes("2024-01-02T14:00", 420)
    store = store_of(tmp_path, SPY, times)
    hour = SeriesKey(SecurityType.EQUITY, "usa", "SPY", Resolution.HOUR, TickType.TRADE)
    resample_series(tmp_path, SPY, Resolution.HOUR, ResampleOptions(is_extended=True))
    assert store.read(hour)[1]["volume"].tolist() == [60] * 7
    # Made in another way: not in silence, and then nothing of the other way stays.
    with pytest.raises(ResamplingError, match=r"extended hours.*--replace"):
        resample_series(tmp_path, SPY, Resolution.HOUR)
    more = minutes("2024-01-03T14:30", 60)
    store.write(SPY, more, bars(more), [Origin("more")])
    report = resample_series(tmp_path, SPY, Resolution.HOUR, ResampleOptions(is_replacing=True))
    assert store.read(hour)[1]["volume"].tolist() == [30, *[60] * 6, 30, 30]
    assert (report.added, report.changed) == (2, 1)
    assert store.read(hour, at=1)[1]["volume"].tolist() == [60] * 7


def test_bars_of_another_origin_are_kept(tmp_path: Path) -> None:
    store = store_of(tmp_path, SPY, minutes("2024-01-02T14:30", 390))
    daily = SeriesKey(SecurityType.EQUITY, "usa", "SPY", Resolution.DAILY, TickType.TRADE)
    day = np.array([us("2024-01-02T05:00")])
    store.write(daily, day, bars(day, 7), [Origin("vendor.csv")])
    with pytest.raises(ResamplingError, match=r"vendor\.csv.*--replace"):
        resample_series(tmp_path, SPY, Resolution.DAILY)
    assert store.read(daily)[1]["close"].tolist() == [7]
    old = np.array([us("2015-03-02T05:00")])
    store.write(daily, old, bars(old, 5), [Origin("vendor.csv")])
    report = resample_series(tmp_path, SPY, Resolution.DAILY, ResampleOptions(is_replacing=True))
    assert store.read(daily)[1]["close"].tolist() == [5, 489]
    assert [note for note in report.notes if "stay as they were" in note]
    assert store.restatements(daily)[0].old["close"].tolist() == [7]


def test_what_is_not_over_or_ends_early_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store_of(tmp_path, SPY, np.concatenate([minutes("2024-01-02T14:30", 390), minutes("2024-01-03T14:30", 60)]))
    now = datetime(2024, 1, 3, 16, tzinfo=UTC)
    with monkeypatch.context() as patch:
        patch.setattr("tradinglab.data.streaming.resampled.time.time_ns", lambda: int(now.timestamp()) * 10**9)
        report = resample_to_file(tmp_path, SPY, Period.parse("1d"), tmp_path / "days.csv")
    assert report.bars == 1
    assert report.notes == ["left out: 1 bar that is not over yet"]
    report = resample_to_file(tmp_path, SPY, Period.parse("1d"), tmp_path / "days.csv")
    assert report.bars == 2
    assert any("up to 2024-01-03 10:30:00" in note and "16:00:00" in note for note in report.notes)


def test_a_store_of_quotes(tmp_path: Path) -> None:
    """A side without prices is as it was; a bar opens where the one before closed."""
    key = SeriesKey(SecurityType.FOREX, "oanda", "EURUSD", Resolution.MINUTE, TickType.QUOTE)
    times = np.array([us("2024-03-05T10:00"), us("2024-03-05T10:30"), us("2024-03-05T11:10"), us("2024-03-05T12:00")])
    values = {name: np.array([1.0, 2.0, 3.0, 4.0]) for name in QUOTE_FIELDS}
    for name in ("ask_open", "ask_high", "ask_low", "ask_close"):
        values[name] = np.array([np.nan, 2.5, np.nan, 4.5])
    values["ask_size"] = np.array([0.0, 7.0, 0.0, 9.0])
    store = BarStore(tmp_path)
    store.write(key, times, values, [Origin("made up")])
    resample_series(tmp_path, key, Resolution.HOUR)
    found = store.read(SeriesKey(SecurityType.FOREX, "oanda", "EURUSD", Resolution.HOUR, TickType.QUOTE))[1]
    assert found["bid_open"].tolist() == [1, 2, 3]
    assert found["bid_close"].tolist() == [2, 3, 4]
    assert found["bid_low"].tolist() == [1, 2, 3]
    assert found["ask_open"].tolist() == [2.5, 2.5, 2.5]
    assert found["ask_close"].tolist() == [2.5, 2.5, 4.5]
    assert found["ask_size"].tolist() == [7, 7, 9]


def test_the_command_writes_a_file_that_can_be_imported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "store"
    store_of(folder, SPY, minutes("2024-03-06T14:30", 390))
    words = ["data", "resample", "--store", str(folder), "--symbol", "SPY"]
    assert main([*words, "--to", "hour"]) == 0
    assert "7 bars of 1h of 390 bars of SPY" in capsys.readouterr().out
    path = tmp_path / "bars.csv"
    assert main([*words, "--to", "2d", "--from-open", "--output", str(path)]) == 2
    assert "a day at most" in capsys.readouterr().err
    assert main([*words, "--to", "90min", "--from-open", "--output", str(path)]) == 0
    table = pl.read_csv(path)
    assert table["time"].to_list()[:2] == ["2024-03-06T14:30:00Z", "2024-03-06T16:00:00Z"]
    assert table["volume"].to_list() == [90, 90, 90, 90, 30]
    assert main([*words, "--to", "hour", "--output", str(path)]) == 0
    again = tmp_path / "again"
    assert main(["data", "import", str(path), "--symbol", "SPY", "--resolution", "hour", "--store", str(again)]) == 0
    hour = SeriesKey(SecurityType.EQUITY, "usa", "SPY", Resolution.HOUR, TickType.TRADE)
    assert BarStore(again).read(hour)[0].tolist() == BarStore(folder).read(hour)[0].tolist()


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (["--to", "4h"], "write others to a file"),
        (["--to", "daily", "--symbol", "XYZ"], "has no XYZ"),
        (["--to", "minute"], "a multiple of it"),
        (["--to", "hour", "--from-open"], "go to a file"),
        (["--to", "1d", "--from-open", "--output", "x.csv"], "begin at midnight"),
    ],
)
def test_the_command_says_what_cannot_be(
    extra: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store_of(tmp_path / "store", SPY, minutes("2024-03-06T14:30", 10))
    assert main(["data", "resample", "--store", str(tmp_path / "store"), *extra]) == 2
    assert said in capsys.readouterr().err
