"""Bars that processes share: they are those of the source, read once."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np

from tradinglab.core.clock import to_ns
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.symbol import Symbol
from tradinglab.data.columns import BarColumns
from tradinglab.data.delegating import DelegatingSource
from tradinglab.data.shared import SharedSource
from tradinglab.data.source import open_source

FIRST, LAST = to_ns(datetime(2010, 1, 1)), to_ns(datetime(2011, 1, 1))
LATER, EARLIER = to_ns(datetime(2010, 5, 1)), to_ns(datetime(2009, 5, 1))


class Counting(DelegatingSource):
    reads = 0

    def bars(
        self, symbol: Symbol, resolution: Resolution, tick_type: TickType, start_ns: int, end_ns: int
    ) -> BarColumns:
        Counting.reads += 1
        return super().bars(symbol, resolution, tick_type, start_ns, end_ns)


def read(source: DelegatingSource, start: int, end: int, ticker: str = "AAPL") -> BarColumns:
    symbol = source.resolve_symbol(ticker, SecurityType.EQUITY, "usa")
    return source.bars(symbol, Resolution.DAILY, TickType.TRADE, start, end)


def test_they_are_those_of_the_source_and_read_once(tmp_path: Path) -> None:
    plain = DelegatingSource(open_source("sample"))
    Counting.reads = 0
    one, other = (SharedSource(Counting(open_source("sample")), tmp_path) for _ in range(2))
    for source in (one, other, one):
        found, expected = read(source, FIRST, LAST), read(plain, FIRST, LAST)
        assert np.array_equal(found.time_ns, expected.time_ns)
        assert np.array_equal(found.end_ns, expected.end_ns)
        for name, column in expected.values.items():
            assert np.array_equal(found.values[name], column)
            assert str(found.exact(name, 7)) == str(expected.exact(name, 7))
    assert Counting.reads == 1
    part = read(other, LATER, LAST)
    assert np.array_equal(part.values["close"], read(plain, LATER, LAST).values["close"])
    assert Counting.reads == 1
    assert len(read(one, EARLIER, LAST)) == len(read(plain, EARLIER, LAST))
    assert Counting.reads == 2
    read(other, EARLIER, LATER)
    assert Counting.reads == 2


def test_none_are_shared_too(tmp_path: Path) -> None:
    source = SharedSource(open_source("sample"), tmp_path)
    assert len(read(source, LAST, FIRST + 1)) == 0
    assert len(read(source, FIRST, LAST, ticker="NONE")) == 0
