"""What a backtest would read, and what of it is missing: against what it does read, and against a calendar."""

from __future__ import annotations

import json
import warnings
from datetime import date
from pathlib import Path

import exchange_calendars
import numpy as np
import pytest

from tradinglab import backtest
from tradinglab.cli.main import main
from tradinglab.core.clock import day_of_date
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.preflight import DataNeed, NeedRole, availability, fetches, joined_fetches
from tradinglab.data.source import open_source
from tradinglab.data.store import BarStore, Origin, SeriesKey
from tradinglab.engine.data_needs import data_needs
from tradinglab.engine.errors import StrategyError, TimeLimitError
from tradinglab.sandbox import sandboxed_data_needs

HOLD = """
from AlgorithmImports import *

class Hold(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2011, 1, 3)
        self.set_end_date(2013, 12, 31)
        share = self.add_equity("AAPL", Resolution.DAILY).symbol
        self.add_equity("NONE", Resolution.HOUR)
        self.set_benchmark("IBM")
        self.set_warm_up(20, Resolution.DAILY)
        if self.get_parameter("looks_back", "") == "yes":
            closes = self.history(share, 5, Resolution.DAILY)["close"]
        if self.get_parameter("fails", "") == "yes":
            raise ValueError("no bars of NONE")
        if self.get_parameter("hangs", "") == "yes":
            while True:
                pass
"""


@pytest.fixture
def hold(tmp_path: Path) -> Path:
    path = tmp_path / "hold.py"
    path.write_text(HOLD)
    return path


def test_what_is_needed_is_what_the_run_reads(hold: Path) -> None:
    found = data_needs(hold, parameters={"looks_back": "yes"})
    assert (found.start, found.end, found.problem) == (date(2011, 1, 3), date(2013, 12, 31), "")
    told = {(each.symbol.value, each.resolution, each.role) for each in found.needs}
    assert told == {
        ("AAPL", Resolution.DAILY, NeedRole.WARM_UP),
        ("AAPL", Resolution.DAILY, NeedRole.SUBSCRIPTION),
        ("AAPL", Resolution.DAILY, NeedRole.HISTORY),
        ("NONE", Resolution.DAILY, NeedRole.WARM_UP),
        ("NONE", Resolution.HOUR, NeedRole.SUBSCRIPTION),
        ("IBM", Resolution.DAILY, NeedRole.BENCHMARK),
    }
    source = open_source("sample")
    bars = {each.role: availability(source, each).bars for each in found.needs if each.symbol.value == "AAPL"}
    result = backtest(hold)
    assert bars[NeedRole.WARM_UP] == 20
    # One of each session, from its first day to the sample's last.
    assert bars[NeedRole.SUBSCRIPTION] == len(_sessions("2011-01-03", "2013-03-01"))
    assert any("NONE" in each.text for each in result.warnings)


def _sessions(first: str, last: str) -> list[date]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pandas, about how the library asks it
        calendar = exchange_calendars.get_calendar("XNYS", start="1998-01-01", end="2020-01-01")
    return [each.date() for each in calendar.sessions_in_range(first, last)]


def test_what_is_missing_is_counted_by_the_calendar(hold: Path) -> None:
    source = open_source("sample")
    found = {(each.symbol.value, each.role): each for each in data_needs(hold).needs}
    share = availability(source, found["AAPL", NeedRole.SUBSCRIPTION])
    missing = _sessions("2013-03-04", "2013-12-31")
    assert share.state == "partial"
    assert share.missing_days == len(missing)
    assert [(each.first_day, each.last_day) for each in share.gaps] == [
        (day_of_date(missing[0]), day_of_date(missing[-1]))
    ]
    none = availability(source, found["NONE", NeedRole.SUBSCRIPTION])
    assert (none.state, none.bars, none.has_any) == ("missing", 0, False)
    assert none.missing_days == len(_sessions("2011-01-03", "2013-12-31"))


def test_the_sandbox_says_the_same(hold: Path) -> None:
    here, apart = data_needs(hold), sandboxed_data_needs(hold, allow_weak=True)
    assert apart == here


def test_who_fails_in_initialize_is_told_of_what_was_asked_for_until_then(hold: Path) -> None:
    found = data_needs(hold, parameters={"fails": "yes", "looks_back": "yes"}, start=date(2012, 1, 3))
    assert "no bars of NONE" in found.problem
    assert found.start == date(2012, 1, 3)
    assert ("NONE", NeedRole.SUBSCRIPTION) in {(each.symbol.value, each.role) for each in found.needs}
    hold.write_text("from AlgorithmImports import *\nclass A(QCAlgorithm):\n    def initialize(self):\n        1 / 0\n")
    with pytest.raises(StrategyError, match="division by zero"):
        data_needs(hold)


def test_who_does_not_come_back_is_stopped(hold: Path) -> None:
    with pytest.raises(TimeLimitError, match="initialize"):
        data_needs(hold, parameters={"hangs": "yes"}, timeout_s=1.0)


def _need(ticker: str, resolution: Resolution, first: date, last: date) -> DataNeed:
    symbol = open_source("sample").resolve_symbol(ticker, SecurityType.EQUITY, "usa")
    day_ns = 86_400_000_000_000
    start_ns, end_ns = day_of_date(first) * day_ns + day_ns // 4, (day_of_date(last) + 1) * day_ns + day_ns // 8
    return DataNeed(
        symbol=symbol, resolution=resolution, tick_types=(TickType.TRADE, TickType.QUOTE),
        role=NeedRole.SUBSCRIPTION, start_ns=start_ns, end_ns=end_ns,
    )  # fmt: skip


def test_gaps_of_a_store_and_what_finer_bars_could_give(tmp_path: Path) -> None:
    store = BarStore(tmp_path / "bars")
    days = _sessions("2014-01-02", "2014-01-31")
    left_out = {date(2014, 1, 8), date(2014, 1, 9), date(2014, 1, 22)}
    midnights = [np.datetime64(day, "us").astype(np.int64) + 5 * 3_600_000_000 for day in days if day not in left_out]
    _write(store, "AAA", Resolution.DAILY, np.array(midnights))
    source = open_source(f"store:{tmp_path / 'bars'}")
    need = _need("AAA", Resolution.DAILY, days[0], days[-1])
    found = availability(source, need)
    assert [(each.first_day, each.last_day, each.days) for each in found.gaps] == [
        (day_of_date(date(2014, 1, 8)), day_of_date(date(2014, 1, 9)), 2),
        (day_of_date(date(2014, 1, 22)), day_of_date(date(2014, 1, 22)), 1),
    ]
    assert (found.bars, found.memory, found.derivable_from) == (len(days) - 3, (len(days) - 3) * 56, None)
    _write(store, "AAA", Resolution.HOUR, np.array([np.datetime64("2014-01-08T15:00", "us").astype(np.int64)]))
    assert availability(source, need).derivable_from == Resolution.HOUR
    # What is to come is not missing.
    now_ns = day_of_date(date(2014, 1, 9)) * 86_400_000_000_000 + 12 * 3_600_000_000_000
    assert availability(source, need, now_ns=now_ns).missing_days == 1


def _write(store: BarStore, ticker: str, resolution: Resolution, times: np.ndarray) -> None:
    key = SeriesKey(SecurityType.EQUITY, "usa", ticker, resolution, TickType.TRADE)
    values = {name: np.full(len(times), 10.0) for name in key.fields}
    store.write(key, times, values, [Origin("made for a test", "0" * 64)])


def test_downloads_are_of_those_who_have_it_and_reach_back(hold: Path) -> None:
    source = open_source("sample")
    now_ns = day_of_date(date(2014, 1, 10)) * 86_400_000_000_000
    found = availability(source, _need("ZZZ", Resolution.MINUTE, date(2013, 6, 3), date(2014, 1, 8)), now_ns=now_ns)
    by_name = {each.source: each for each in fetches(found, now_ns=now_ns)}
    # Yahoo has minutes of 29 days alone, Alpaca has a key, and exchanges of coins have no shares.
    assert by_name["alpaca"].is_whole
    assert not by_name["yahoo"].is_whole
    assert by_name["yahoo"].first_day > found.first_day
    assert "binance" not in by_name
    assert [each.source for each in fetches(found, ["alpaca"], now_ns=now_ns)] == ["alpaca"]
    early = availability(source, _need("ZZZ", Resolution.DAILY, date(2005, 1, 3), date(2005, 2, 1)))
    late = availability(source, _need("ZZZ", Resolution.DAILY, date(2006, 1, 3), date(2006, 2, 1)))
    (joined,) = joined_fetches([early, late], names=["yahoo"])
    assert [(each.first_day, each.last_day) for each in joined] == [(early.gaps[0].first_day, late.gaps[-1].last_day)]


def test_the_command_that_downloads_writes_the_store_that_was_looked_at(
    hold: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bars = tmp_path / "bars"
    _write(BarStore(bars), "AAA", Resolution.DAILY, np.array([np.datetime64("2012-01-09", "us").astype(np.int64)]))
    for told in (["--store", str(bars)], ["--data", f"store:{bars}"]):
        assert main(["data", "preflight", str(hold), *told]) == 1
        assert f"--store {bars}" in capsys.readouterr().out


def test_the_command_says_what_is_missing(hold: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "preflight", str(hold)]) == 1
    output = capsys.readouterr().out
    assert "NONE, hour (subscription): 754 trading days are missing: 2011-01-03 to 2013-12-31." in output
    assert "tradinglab data download AAPL --source yahoo" in output
    assert main(["data", "preflight", str(hold), "--json", "--end", "2012-12-31"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert not told["is_complete"]
    states = {(each["ticker"], each["role"]): each["state"] for each in told["series"]}
    assert states["AAPL", "subscription"] == "complete"
    assert states["NONE", "subscription"] == "missing"
    assert main(["data", "preflight", "buy-and-hold", "--start", "2010-01-01", "--end", "2012-01-01"]) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--fetch"], "--store DIR"),
        (["--store", "there-is-none"], "there is no folder"),
        (["--store", "x", "--data", "store:y"], "keep one"),
        (["--source", "yahoo"], "is for --fetch"),
        (["--memory", "100"], "add it, or leave them out"),
        (["--end", "2010-01-01"], "after the end date"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    hold: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "preflight", str(hold), *words]) == 2
    assert said in capsys.readouterr().err
