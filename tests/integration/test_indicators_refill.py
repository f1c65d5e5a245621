"""Indicators on bars whose gaps are filled more finely once a security of a finer resolution has come."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.core.enums import Resolution
from tradinglab.data.memory import MemorySource
from tradinglab.engine.run import backtest

_MINUTE_NS = 60_000_000_000
_HOUR_NS = 60 * _MINUTE_NS
_OPEN_NS = int(np.datetime64("2020-03-02T14:30", "ns").astype(np.int64))


def _bars(times: Any, closes: Any) -> dict[str, Any]:
    close = np.asarray(closes, float)
    prices = dict.fromkeys(("open", "high", "low", "close"), close)
    return {"time": np.asarray(times, np.int64), "volume": np.ones(len(close)), **prices}


@pytest.fixture
def source() -> MemorySource:
    """Return hourly bars of one share, with a gap, and minute bars of another."""
    found = MemorySource()
    hours = np.array([0, 1, 2, 3, 5, 6])
    found.add("AAA", Resolution.HOUR, _bars(_OPEN_NS - 30 * _MINUTE_NS + hours * _HOUR_NS, 10 + hours))
    minutes = np.arange(390)
    found.add("BBB", Resolution.MINUTE, _bars(_OPEN_NS + minutes * _MINUTE_NS, 50 + minutes / 100))
    return found


class Growing(QCAlgorithm):
    """Follows hourly bars, and from noon on minute bars of another share too."""

    streams = False
    last: Growing

    def initialize(self) -> None:
        type(self).last = self
        self.set_start_date(2020, 3, 2)
        self.set_end_date(2020, 3, 2)
        self.set_benchmark(lambda time: 0)
        self.add_equity("AAA", Resolution.HOUR)
        self.average = self.sma("AAA", 2)
        self.bands = self.bb("AAA", 3, 2)
        self.range = self.atr("AAA", 2)
        self.own = (self.average, self.bands, self.bands.upper_band, self.range)
        if self.streams:
            for indicator in (self.average, self.bands, self.range):
                indicator.updated += lambda sender, point: None
        self.seen: list[Any] = []

    def on_data(self, slice: Any) -> None:
        if self.time.hour >= 12 and "BBB" not in self.securities:
            self.add_equity("BBB", Resolution.MINUTE)
        points = [indicator.current for indicator in self.own]
        figures = [(float(point), point.end_time, one.samples) for point, one in zip(points, self.own, strict=True)]
        self.seen.append((self.time, figures, self.average.is_ready, self.average.previous.value))


def test_indicators_read_the_bars_that_fill_gaps_from_then_on(source: MemorySource) -> None:
    class Streaming(Growing):
        streams = True

    backtest(Growing, data=source)
    backtest(Streaming, data=source)
    by_array, streamed = Growing.last.seen, Streaming.last.seen
    assert by_array == streamed
    assert len(by_array) > 200
    assert by_array[-1][1][0][2] > 200


def test_what_can_be_read_no_more_streams_on(source: MemorySource, monkeypatch: pytest.MonkeyPatch) -> None:
    backtest(Growing, data=source)
    by_array = Growing.last.seen
    monkeypatch.setattr("tradinglab.algorithm.indicators.base.IndicatorBase.attach", _once())
    backtest(Growing, data=source)
    assert Growing.last.seen == by_array


def _once() -> Any:
    """Return a way of attaching that works only the first time for each indicator."""
    from tradinglab.algorithm.indicators.base import IndicatorBase

    attach, known = IndicatorBase.attach, set[int]()

    def attach_once(indicator: IndicatorBase, feed: Any) -> bool:
        if id(indicator) in known:
            return False
        known.add(id(indicator))
        return attach(indicator, feed)

    return attach_once
