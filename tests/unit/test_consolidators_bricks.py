"""Renko, range and volume bars. The expected bars are those of LEAN's own tests, or worked by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.unit.consolidator_data import MONDAY, Heard, at, quote, trade, trade_bar
from tests.unit.schedule_markets import SPY

from tradinglab.algorithm.base_data import IndicatorDataPoint
from tradinglab.algorithm.consolidators import (
    BarDirection,
    ClassicRangeConsolidator,
    ClassicRenkoConsolidator,
    ConsolidationError,
    DollarVolumeRenkoConsolidator,
    RangeBar,
    RangeConsolidator,
    RenkoBar,
    RenkoConsolidator,
    VolumeRenkoConsolidator,
    listen,
)
from tradinglab.core.enums import RenkoType

START = datetime(2016, 1, 1)


def feed(consolidator: Any, values: Sequence[float | str]) -> Heard:
    """Feed a value each day."""
    heard = Heard(consolidator)
    for index, value in enumerate(values):
        consolidator.update(IndicatorDataPoint(SPY, START + timedelta(days=index), Decimal(str(value))))
    return heard


def ohlc(heard: Heard) -> list[tuple[float, ...]]:
    return [(bar.open, bar.high, bar.low, bar.close) for bar in heard.bars]


@pytest.mark.parametrize(
    ("values", "bars"),
    [
        ([10, 9.1], []),
        ([10, 10.9], []),
        ([10, 9], []),  # the limit must be passed, not touched
        ([10, 11], []),
        ([10, 8.9], [(10, 10, 9, 9)]),
        ([9, 10.1], [(9, 10, 9, 10)]),
        ([10, 10.5, 9.5, 8.9, 9.1, 9.2, 8.5, 7.8, 7.6, 8.5, 9.2, 10.1],
         [(10, 10.5, 9, 9), (9, 9.2, 8, 8), (9, 10, 7.6, 10)]),
        ([10, 9.6, 10.3, 11.1, 10.7, 11.6, 12.1, 12.4, 11.5, 10.5, 9.9],
         [(10, 11, 9.6, 11), (11, 12, 10.7, 12), (11, 12.4, 10, 10)]),
        ([10, 14.5], [(10, 11, 10, 11), (11, 12, 11, 12), (12, 13, 12, 13), (13, 14, 13, 14)]),
        ([10.4, 11.05], [(10, 11, 10, 11)]),  # opens at the closest multiple
    ],
)  # fmt: skip
def test_wicked_renko(values: list[float], bars: list[tuple[float, ...]]) -> None:
    assert ohlc(feed(RenkoConsolidator(1), values)) == bars


def test_wicked_renko_bar() -> None:
    heard = feed(RenkoConsolidator(1), [10, 9.5, 8.9])
    bar = heard.bars[0]
    assert (bar.start, bar.time, bar.end_time, bar.end) == (START, START, *[START + timedelta(days=2)] * 2)
    assert (bar.direction, bar.spread, bar.type, bar.brick_size) == (BarDirection.FALLING, 1, RenkoType.WICKED, 1)
    assert (bar.volume, bar.value, bar.exact_close) == (0, 9, Decimal(9))
    with pytest.raises(ValueError, match="cannot be updated"):
        bar.update(START, 1, 1)


def test_bricks_are_counted_in_decimals() -> None:
    # In floats 0.1 + 0.1 + 0.1 lies above 0.3, and the third bar would be missing.
    heard = feed(RenkoConsolidator(Decimal("0.1")), ["0", "0.1", "0.2", "0.3", "0.30000001"])
    assert [str(bar.exact_close) for bar in heard.bars] == ["0.1", "0.2", "0.3"]
    classic = feed(ClassicRenkoConsolidator(0.1), ["0", "0.1", "0.2", "0.3"])
    assert [str(bar.exact_close) for bar in classic.bars] == ["0.1", "0.2", "0.3"]


def test_the_author_hears_of_bricks_before_the_engine() -> None:
    order: list[str] = []
    consolidator = RenkoConsolidator(1)
    listen(consolidator, lambda sender, bar: order.append("engine"))
    consolidator.data_consolidated += lambda sender, bar: order.append(f"author {sender.working_data}")
    feed(consolidator, [10, 8.9])
    assert order == ["author None", "engine"]
    assert isinstance(consolidator.working_data, RenkoBar)
    consolidator.reset()
    assert consolidator.working_data is None


def test_closest_multiple() -> None:
    multiple = RenkoConsolidator.get_closest_multiple
    assert [multiple(price, 10) for price in (12, 15, 25, 17, -3, -17)] == [10, 10, 20, 20, 0, -20]


@pytest.mark.parametrize("size", [0, -1])
def test_bricks_have_a_size(size: int) -> None:
    for kind in (RenkoConsolidator, ClassicRenkoConsolidator):
        with pytest.raises(ConsolidationError, match="positive"):
            kind(size)


def test_classic_renko() -> None:
    consolidator = ClassicRenkoConsolidator(10, even_bars=False)
    heard = feed(consolidator, [1, 9, 10, 11, 12, 1, 25, 40])
    # Closes at a distance of a brick or more; the value that closes a bar also begins the next.
    assert ohlc(heard) == [(1, 11, 1, 11), (11, 12, 1, 1), (1, 11, 1, 11), (11, 21, 11, 21)]
    assert [bar.is_closed for bar in heard.bars] == [True] * 4


def test_classic_renko_opens_at_a_multiple() -> None:
    assert feed(ClassicRenkoConsolidator(10), [1, 2, 20]).bars[0].open == 10
    assert feed(ClassicRenkoConsolidator(10, False), [1, 2, 20]).bars[0].open == 1
    with pytest.raises(ConsolidationError, match="RenkoConsolidator"):
        ClassicRenkoConsolidator(10, RenkoType.WICKED)


def test_classic_renko_adds_volume() -> None:
    consolidator = ClassicRenkoConsolidator(2)
    heard = Heard(consolidator)
    for index, close in enumerate((10, 11, 12, 13, 14)):
        consolidator.update(trade_bar(at(9, index), close, volume=index + 1))
    assert [bar.volume for bar in heard.bars] == [6, 12]
    chosen = ClassicRenkoConsolidator(2, lambda bar: bar.open, lambda bar: 7)
    heard = Heard(chosen)
    for index, first in enumerate((10, 11, 12)):
        chosen.update(trade_bar(at(9, index), 99, open=first))
    assert [(bar.close, bar.volume) for bar in heard.bars] == [(12, 21)]
    with pytest.raises(ConsolidationError, match="selector"):
        ClassicRenkoConsolidator(2, "close")  # type: ignore[arg-type]


CASES = {
    "a rise": ([90, 94.5], [(90, 91, 90, 91, 10), (91.01, 92.01, 91.01, 92.01, 0), (92.02, 93.02, 92.02, 93.02, 0),
                            (93.03, 94.03, 93.03, 94.03, 0)]),
    "a fall": ([94, 89.5], [(94, 94, 93, 93, 10), (92.99, 92.99, 91.99, 91.99, 0), (91.98, 91.98, 90.98, 90.98, 0),
                            (90.97, 90.97, 89.97, 89.97, 0)]),
    "a rise and a fall": ([94.5, 89.5, 94.5], [
        (95, 95, 94, 94, 10), (93.99, 93.99, 92.99, 92.99, 0), (92.98, 92.98, 91.98, 91.98, 0),
        (91.97, 91.97, 90.97, 90.97, 0), (90.96, 90.96, 89.96, 89.96, 0), (89.95, 90.5, 89.5, 90.5, 10),
        (90.51, 91.51, 90.51, 91.51, 0), (91.52, 92.52, 91.52, 92.52, 0), (92.53, 93.53, 92.53, 93.53, 0)]),
    "widening": ([94, 93.9, 94.1, 93.8, 94.2, 93.7, 94.3, 93.6, 94.4, 93.5, 94.5, 93.4], [(94, 94.5, 93.5, 93.5, 110)]),
    "standing": ([94] * 16 + [95.1], [(94, 95, 94, 95, 160)]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_range_bars(case: str) -> None:
    values, bars = CASES[case]
    consolidator = RangeConsolidator(100, lambda data: data.value, lambda data: 10)
    assert feed(consolidator, values).prices == bars
    assert (consolidator.range, consolidator.range_size) == (100, 1)


def test_classic_range_bars_begin_anew() -> None:
    values = [90, 94.5, 94, 89.5, 89, 90.5, 90, 91.5, 90, 90.5, 92.5]
    heard = feed(ClassicRangeConsolidator(100, lambda data: data.value, lambda data: 10), values)
    assert heard.prices == [
        (90, 91, 90, 91, 10), (94.5, 94.5, 93.5, 93.5, 20), (89.5, 90, 89, 90, 20),
        (90.5, 91, 90, 91, 20), (91.5, 91.5, 90.5, 90.5, 10), (90, 91, 90, 91, 20),
    ]  # fmt: skip
    assert isinstance(heard.bars[0], RangeBar)
    assert heard.bars[0].end_time == START + timedelta(days=1)


def test_volume_bars() -> None:
    consolidator = VolumeRenkoConsolidator(10)
    heard = Heard(consolidator)
    consolidator.update(trade_bar(at(9, 30), 10, volume=4, open=9, high=12, low=8))
    consolidator.update(trade_bar(at(9, 31), 11, volume=5))
    assert heard.bars == []
    consolidator.update(trade_bar(at(9, 32), 7, volume=25))
    assert heard.prices == [(9, 12, 7, 7, 10), (7, 7, 7, 7, 10), (7, 7, 7, 7, 10)]
    assert heard.times[0] == (at(9, 30), at(9, 33))
    assert heard.times[1] == (at(9, 33), at(9, 33))
    working: Any = consolidator.working_data
    assert (working.volume, working.is_closed) == (4, False)


def test_volume_bars_of_ticks_and_of_value() -> None:
    consolidator = VolumeRenkoConsolidator(3)
    heard = Heard(consolidator)
    for tick in (trade(MONDAY, 5, 2), quote(MONDAY, 1, 2), trade(MONDAY, 6, 1)):
        consolidator.update(tick)
    assert heard.prices == [(5, 6, 5, 6, 3)]
    dollars = DollarVolumeRenkoConsolidator(100)
    heard = Heard(dollars)
    dollars.update(trade_bar(at(9), 10, volume=9))
    dollars.update(trade_bar(at(9, 1), 20, volume=0.5))
    assert [bar.volume for bar in heard.bars] == [100]
    with pytest.raises(ConsolidationError, match="trade bars and ticks"):
        consolidator.update(IndicatorDataPoint(SPY, MONDAY, 1.0))


def test_clones_are_independent() -> None:
    consolidator = ClassicRenkoConsolidator(10)
    consolidator.update(trade_bar(at(9), 10))
    before: Any = consolidator.working_data
    consolidator.update(trade_bar(at(9, 1), 13))
    after: Any = consolidator.working_data
    assert (before.close, after.close) == (10, 13)
    assert type(before) is RenkoBar
