"""LEAN's sample data, against figures of LEAN's regression suite and public facts."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from tests.lean_folder import EVER

from tradinglab.core.clock import date_of_day, day_of_date, zone
from tradinglab.core.enums import DataNormalizationMode, Resolution, SecurityType, TickType
from tradinglab.data.adjust import normalize
from tradinglab.data.interest import shipped_interest_rates
from tradinglab.data.lean import LeanSource

pytestmark = pytest.mark.lean
NEW_YORK = zone("America/New_York")


@pytest.fixture(scope="module")
def source(lean_data: Path) -> LeanSource:
    return LeanSource(lean_data)


@pytest.mark.parametrize(
    ("ticker", "when", "identifier"),
    [
        # As they stand in the order lists of LEAN's regression suite.
        ("SPY", None, "SPY R735QTJ8XC9X"),
        ("GOOG", None, "GOOCV VP83T1ZUHROL"),
        ("GOOCV", date(2014, 3, 28), "GOOCV VP83T1ZUHROL"),
        ("GOOG", date(2014, 3, 1), "GOOG T1AZ164W5VTX"),
        ("BAC", None, "NB R735QTJ8XC9X"),
        ("NWSA", date(2013, 6, 1), "NWSA T3MO1488O0H1"),
        ("AAA", date(2007, 1, 1), "AAA SEVKGI6HF885"),
    ],
)
def test_identifiers(source: LeanSource, ticker: str, when: date | None, identifier: str) -> None:
    day = None if when is None else day_of_date(when)
    assert str(source.resolve_symbol(ticker, SecurityType.EQUITY, "usa", day).id) == identifier


def test_the_first_fill_of_the_basic_template(source: LeanSource) -> None:
    spy = source.resolve_symbol("SPY", SecurityType.EQUITY, "usa")
    start, end = NEW_YORK.to_utc(datetime(2013, 10, 7)), NEW_YORK.to_utc(datetime(2013, 10, 8))
    raw = source.bars(spy, Resolution.MINUTE, TickType.TRADE, start, end)
    bars = normalize(raw, source.factors(spy), DataNormalizationMode.ADJUSTED, NEW_YORK)
    row = int(np.searchsorted(bars.end_ns, NEW_YORK.to_utc(datetime(2013, 10, 7, 9, 31))))
    assert str(bars.exact("close", row)) == "144.77307790400"


def test_dividends_and_splits_of_apple(source: LeanSource) -> None:
    apple = source.resolve_symbol("AAPL", SecurityType.EQUITY, "usa")
    hours = source.market_hours.get_exchange_hours("usa", "AAPL", SecurityType.EQUITY)
    days = [
        day for day in range(day_of_date(date(1998, 1, 2)), day_of_date(date(2021, 4, 1))) if hours.is_day_open(day)
    ]
    factors = source.factors(apple)
    paid = {date_of_day(one.day): one.distribution for one in factors.dividends(days)}
    assert paid[date(2012, 8, 9)] == Decimal("2.65")
    assert paid[date(2013, 5, 9)] == Decimal("3.05")
    splits = {date_of_day(one.day): round(1 / float(one.split_factor), 3) for one in factors.splits(days)}
    assert splits == {
        date(2000, 6, 21): 2.0,
        date(2005, 2, 28): 2.0,
        date(2014, 6, 9): 7.0,
        date(2020, 8, 31): 4.0,
    }


def test_every_file_is_read_to_the_last_digit(source: LeanSource) -> None:
    bars = 0
    for one in source.coverage():
        symbol = source.resolve_symbol(one.ticker, one.security_type, one.market, one.last_day)
        found = source.bars(symbol, one.resolution, one.tick_type, *EVER)
        assert len(found) > 0
        assert (np.diff(found.end_ns) > 0).all()
        for name, column in found.values.items():
            for row in range(0, len(found), 97):
                assert np.isnan(column[row]) or column[row] == float(found.exact(name, row))
        bars += len(found)
    assert bars > 890_000
    assert source.warnings == []


def test_the_rates_shipped_are_those_of_the_folder(source: LeanSource) -> None:
    own, shipped = source.interest_rates(), shipped_interest_rates()
    # The folder lacks the emergency cut of Sunday, 2008-03-16, which lasted two days.
    differing = [day for day in range(day_of_date(date(1998, 1, 1)), own.days[-1] + 1)
                 if own.rate_on(day) != shipped.rate_on(day)]  # fmt: skip
    assert [date_of_day(day) for day in differing] == [date(2008, 3, 17), date(2008, 3, 18)]
