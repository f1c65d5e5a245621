"""The days that a strategy can trade on: those of its markets, as far as there are bars."""

from __future__ import annotations

import warnings
from datetime import date
from pathlib import Path

import exchange_calendars
import pytest

from tradinglab import backtest
from tradinglab.engine.errors import StrategyError, UsageError
from tradinglab.engine.traded_days import traded_days

HOLD = """
from AlgorithmImports import *

class Hold(QCAlgorithm):
    def initialize(self):
        self.set_start_date(1999, 1, 1)
        self.set_end_date(2003, 1, 1)
        for ticker in self.get_parameter("tickers", "AAPL").split("+"):
            self.add_equity(ticker, Resolution.DAILY)
        if self.get_parameter("bad", "") == "yes":
            raise ValueError("bad")
"""


@pytest.fixture
def hold(tmp_path: Path) -> Path:
    path = tmp_path / "hold.py"
    path.write_text(HOLD)
    return path


def test_they_are_those_of_the_exchange(hold: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pandas, about how the library asks it
        calendar = exchange_calendars.get_calendar("XNYS", start="1998-01-01", end="2006-01-01")
    days = traded_days(hold, start=date(2001, 1, 1), end=date(2003, 12, 31)).days
    assert days == [each.date() for each in calendar.sessions_in_range("2001-01-01", "2003-12-31")]


def test_where_there_are_no_bars_there_are_none(hold: Path) -> None:
    assert traded_days(hold).days[0] == date(2000, 3, 1)  # the first bar of the sample
    assert traded_days(hold, end=date(2030, 1, 1)).days[-1] == date(2013, 3, 1)
    assert traded_days(hold, parameters={"tickers": "NONE"}).days == []


@pytest.mark.parametrize(
    ("line", "per_year"),
    [
        ("pass", 252),
        ("self.set_brokerage_model(BrokerageName.KRAKEN)", 365),
        ("self.settings.trading_days_per_year = 313", 313),
    ],
)
def test_a_year_has_as_many_as_in_the_statistics_of_a_run(hold: Path, line: str, per_year: int) -> None:
    hold.write_text(hold.read_text() + f"        {line}\n")
    assert traded_days(hold).per_year == per_year
    result = backtest(hold, start=date(2001, 1, 1), end=date(2001, 2, 1))
    assert result.record.statistics_input.trading_days_per_year == per_year


def test_what_goes_wrong_is_told(hold: Path) -> None:
    with pytest.raises(StrategyError, match="bad"):
        traded_days(hold, parameters={"bad": "yes"})
    with pytest.raises(UsageError):
        traded_days(hold, start=date(2005, 1, 1), end=date(2004, 1, 1))
