"""Quote bars, quote ticks and open interest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.unit.consolidator_data import MINUTE, MONDAY, at, quote, quote_bar, run, trade
from tests.unit.schedule_markets import SPY

from tradinglab.algorithm.consolidators import (
    ConsolidationError,
    FilteredIdentityDataConsolidator,
    OpenInterest,
    OpenInterestConsolidator,
    QuoteBarConsolidator,
    TickQuoteBarConsolidator,
)
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.enums import TickType


def sides(bar: Any) -> tuple[Any, ...]:
    def side(prices: Any) -> Any:
        return None if prices is None else (prices.open, prices.high, prices.low, prices.close)

    return side(bar.bid), bar.last_bid_size, side(bar.ask), bar.last_ask_size


def test_bars_join() -> None:
    bars = [quote_bar(at(9, 30), 1, 3, 10), quote_bar(at(9, 31), 4, 5, 20), quote_bar(at(9, 32), 2, 6, 30)]
    heard = run(QuoteBarConsolidator(timedelta(minutes=3)), bars)
    assert heard.times == [(at(9, 30), at(9, 33))]
    assert sides(heard.bars[0]) == ((1, 4, 1, 2), 30, (3, 6, 3, 6), 31)
    assert heard.bars[0].value == heard.bars[0].close == 4


def test_a_bar_opens_where_the_one_before_closed() -> None:
    bars = [
        quote_bar(at(9, 30), 1, 3),
        quote_bar(at(9, 31), 2, 4),
        quote_bar(at(9, 32), 5, 7),
        quote_bar(at(9, 33), 6, 8),
    ]
    heard = run(QuoteBarConsolidator(2), bars)
    assert sides(heard.bars[1]) == ((2, 6, 2, 6), 100, (4, 8, 4, 8), 101)
    assert heard.bars[1].end_time == at(9, 34)


def test_a_side_may_be_absent() -> None:
    bars = [quote_bar(at(9, 30), None, 3), quote_bar(at(9, 31), 2, None), quote_bar(at(9, 32), None, None)]
    heard = run(QuoteBarConsolidator(timedelta(minutes=3)), bars)
    assert sides(heard.bars[0]) == ((2, 2, 2, 2), 100, (3, 3, 3, 3), 101)
    only_ask = run(QuoteBarConsolidator(1), bars[:1])
    assert sides(only_ask.bars[0])[:2] == (None, 0)


def test_the_original_bars_stay_as_they_are() -> None:
    bars = [quote_bar(at(9, 30), 1, 3), quote_bar(at(9, 31), 9, 11)]
    run(QuoteBarConsolidator(2), bars)
    assert sides(bars[0]) == ((1, 1, 1, 1), 100, (3, 3, 3, 3), 101)


def test_ticks() -> None:
    second = timedelta(seconds=1)
    ticks = [quote(at(9, 30), 1, 3), trade(at(9, 30) + second, 99), quote(at(9, 30) + 2 * second, 4, 5, 7),
             quote(at(9, 31), 2, 6), quote(at(9, 32), 3, 4)]  # fmt: skip
    heard = run(TickQuoteBarConsolidator(MINUTE), ticks)
    assert [sides(bar) for bar in heard.bars] == [
        ((1, 4, 1, 4), 7, (3, 5, 3, 5), 7),
        ((4, 4, 2, 2), 1, (5, 6, 5, 6), 1),
    ]
    by_count = run(TickQuoteBarConsolidator(2), ticks)
    assert [bar.end_time for bar in by_count.bars] == [at(9, 30) + 2 * second, at(9, 32)]


def test_a_price_of_zero_is_not_known() -> None:
    heard = run(TickQuoteBarConsolidator(2), [quote(at(9, 30), 0, 3), quote(at(9, 31), 0, 4)])
    assert sides(heard.bars[0])[0] is None
    assert sides(heard.bars[0])[2] == (3, 4, 3, 4)


def test_filtered_ticks() -> None:
    consolidator = FilteredIdentityDataConsolidator.for_tick_type(TickType.QUOTE)
    ticks: list[Tick] = [quote(at(9, 30), 1, 2), trade(at(9, 30), 5), quote(at(9, 30), 3, 4)]
    assert run(consolidator, ticks).bars == [ticks[0], ticks[2]]


def interest(hour: float, value: float, day: int = 0) -> OpenInterest:
    return OpenInterest(MONDAY + timedelta(days=day, hours=hour), SPY, value)


def test_open_interest_by_the_day_takes_the_last() -> None:
    points = [interest(6, 10), interest(9, 20), interest(6, 30, 1), interest(6, 40, 2)]
    heard = run(OpenInterestConsolidator(timedelta(days=1)), points, scan=False)
    assert [(bar.time, bar.value) for bar in heard.bars] == [(at(9), 20), (at(30), 30)]


def test_open_interest_by_the_hour() -> None:
    points = [interest(6, 10), interest(6.5, 15), interest(7, 20), interest(8.25, 30)]
    heard = run(OpenInterestConsolidator(timedelta(hours=1)), points, scan=False)
    assert [(bar.time, bar.value) for bar in heard.bars] == [(at(6, 30), 15), (at(7), 20)]


def test_other_ticks_are_no_open_interest() -> None:
    consolidator = OpenInterestConsolidator(1)
    assert run(consolidator, [trade(at(9), 1)]).bars == []
    with pytest.raises(ConsolidationError, match="QuoteBar"):
        consolidator.update(quote_bar(at(9), 1, 2))
