"""Bars held in memory as a source."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.errors import DataError
from tradinglab.data.memory import MemorySource

TIMES = np.array(["2020-03-02T14:30", "2020-03-02T14:31", "2020-03-02T14:32"], "datetime64[ns]")
MINUTE_NS = 60_000_000_000
FIRST_NS = int(TIMES[0].astype(np.int64))


def bars(**others: Any) -> dict[str, Any]:
    columns = {"open": [1.0, 2, 3], "high": [2.0, 3, 4], "low": [0.5, 1, 2], "close": [1.5, 2.5, 3.5]}
    return {"time": TIMES, **columns, "volume": [10, 0, 30], **others}


@pytest.fixture
def source() -> MemorySource:
    made = MemorySource()
    made.add("abc", Resolution.MINUTE, bars())
    return made


def read(source: MemorySource, start: int, end: int) -> list[float]:
    symbol = source.resolve_symbol("ABC", SecurityType.EQUITY, "usa")
    found = source.bars(symbol, Resolution.MINUTE, TickType.TRADE, FIRST_NS + start, FIRST_NS + end)
    return found.values["close"].tolist()


def test_bars_are_those_that_start_within(source: MemorySource) -> None:
    assert read(source, 0, 3 * MINUTE_NS) == [1.5, 2.5, 3.5]
    assert read(source, 0, MINUTE_NS) == [1.5]
    assert read(source, 1, 2 * MINUTE_NS + 1) == [2.5, 3.5]
    assert read(source, -5, 0) == []


def test_a_bar_ends_a_step_after_its_start(source: MemorySource) -> None:
    symbol = source.resolve_symbol("ABC", SecurityType.EQUITY, "usa")
    found = source.bars(symbol, Resolution.MINUTE, TickType.TRADE, 0, 1 << 62)
    assert (found.end_ns - found.time_ns).tolist() == [MINUTE_NS] * 3
    assert found.exact("close", 2) == Decimal("3.5")


def test_a_ticker_is_one_symbol_in_either_case(source: MemorySource) -> None:
    upper, lower = (source.resolve_symbol(text, SecurityType.EQUITY, "usa") for text in ("ABC", "abc"))
    assert upper == lower
    assert source.tick_types(upper, Resolution.MINUTE) == (TickType.TRADE,)
    assert not source.has(upper, Resolution.DAILY, TickType.TRADE)
    assert not source.has(upper, Resolution.MINUTE, TickType.QUOTE)


def test_what_is_not_there_is_empty(source: MemorySource) -> None:
    symbol = source.resolve_symbol("NIL", SecurityType.EQUITY, "usa")
    assert len(source.bars(symbol, Resolution.MINUTE, TickType.TRADE, 0, 1 << 62)) == 0
    assert source.factors(symbol) is None
    assert source.map_file(symbol) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: bars(time=TIMES.astype(np.int64)),
        lambda: bars(time=TIMES.astype("datetime64[s]")),
        lambda: pd.DataFrame(bars()),
    ],
    ids=["integers", "seconds", "frame"],
)
def test_times_and_tables_come_in_several_forms(source: MemorySource, make: Any) -> None:
    source.add("ABC", Resolution.MINUTE, make())
    assert read(source, 0, 3 * MINUTE_NS) == [1.5, 2.5, 3.5]


def test_volume_may_be_absent() -> None:
    source = MemorySource()
    columns = bars()
    del columns["volume"]
    symbol = source.add("ABC", Resolution.MINUTE, columns)
    assert source.bars(symbol, Resolution.MINUTE, TickType.TRADE, 0, 1 << 62).values["volume"].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"close": [1.0, np.nan, 2]}, "'close' in row 1 is nan"),
        ({"open": [1.0, 2, 0]}, "'open' in row 2 is 0"),
        ({"low": [-1.0, 2, 3]}, "'low' in row 0 is -1"),
        ({"volume": [1, -2, 3]}, "'volume' in row 1 is -2"),
        ({"high": [1.0, 2]}, "'high' has 2 values, 'time' has 3"),
        ({"time": TIMES[[0, 2, 1]]}, "time in row 2 does not follow"),
        ({"time": TIMES[[0, 0, 1]]}, "time in row 1 does not follow"),
    ],
)
def test_bars_that_cannot_be_are_refused(others: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match="ABC.*" + said):
        MemorySource().add("ABC", Resolution.MINUTE, bars(**others))


@pytest.mark.parametrize("name", ["time", "open", "high", "low", "close"])
def test_a_missing_column_is_named(name: str) -> None:
    columns = bars()
    del columns[name]
    with pytest.raises(DataError, match=f"no column '{name}'"):
        MemorySource().add("ABC", Resolution.MINUTE, columns)


def test_coverage_lists_what_there_is(source: MemorySource) -> None:
    (found,) = source.coverage()
    day = (datetime(2020, 3, 2) - datetime(1970, 1, 1)).days
    assert (found.ticker, found.resolution, found.bars) == ("ABC", Resolution.MINUTE, 3)
    assert (found.first_day, found.last_day) == (day, day)
