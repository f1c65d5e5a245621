"""Consolidated bars equal what a data frame makes of the same bars, whatever the bars and the way they come."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.consolidator_data import Heard, quote_views, trade_columns, trade_views
from tests.unit.schedule_markets import SPY

from tradinglab.algorithm.base_data import IndicatorDataPoint
from tradinglab.algorithm.consolidators import (
    Calendar,
    ClassicRenkoConsolidator,
    QuoteBarConsolidator,
    RangeConsolidator,
    RenkoConsolidator,
    TradeBarConsolidator,
    VolumeRenkoConsolidator,
)
from tradinglab.algorithm.consolidators.pump import ConsolidatorSet
from tradinglab.core.clock import MINUTE_NS, from_ns, to_ns, zone
from tradinglab.core.enums import TickType
from tradinglab.data.columns import QUOTE_FIELDS, BarColumns

PERIODS = [1, 2, 5, 7, 10, 13, 30, 60, 90, 240, 1440]
FIELDS = ("open", "high", "low", "close", "volume")


def random_columns(seed: int, count: int, start: datetime, gap: float) -> BarColumns:
    """Return minute bars of a random walk; a fraction *gap* of them is missing."""
    rng = np.random.default_rng(seed)
    steps = 1 + (rng.random(count) < gap) * rng.integers(1, 300, count)
    times = to_ns(start) + np.cumsum(steps).astype(np.int64) * MINUTE_NS
    prices = 100 + rng.normal(0, 0.2, (count, 4)).cumsum(axis=0)
    values = np.column_stack(
        [prices[:, 0], prices.max(axis=1), prices.min(axis=1), prices[:, 3], rng.integers(0, 99, count)]
    )
    return trade_columns(times, values, MINUTE_NS)


def feed(consolidator: Any, views: list[Any], place: str) -> Heard:
    """Feed as the engine does, and let the last bar end."""
    heard = Heard(consolidator)
    members = ConsolidatorSet()
    members.add(consolidator)
    clock = zone(place)
    for view in views:
        members.feed([view], clock.local_ns(view.end_ns))
    consolidator.scan(datetime(2100, 1, 1))
    return heard


def rows(heard: Heard) -> list[tuple[Any, ...]]:
    return [(bar.time, bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in heard.bars]


def local_frame(columns: BarColumns, place: str) -> pl.DataFrame:
    times = zone(place).local_ns_array(columns.time_ns)
    return pl.DataFrame({"time": times, **{name: columns.values[name] for name in FIELDS}}).with_columns(
        pl.col("time").cast(pl.Datetime("ns"))
    )


def gathered(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    """Return open, high, low, close and volume of each group, in order."""
    bars = frame.group_by("bar", maintain_order=True).agg(
        pl.first("open"), pl.max("high"), pl.min("low"), pl.last("close"), pl.sum("volume")
    )
    return [tuple(row) for row in bars.iter_rows()]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.integers(1, 400), st.sampled_from(PERIODS), st.sampled_from([0.0, 0.02, 0.5]))
def test_bars_of_a_span_equal_a_data_frames(seed: int, count: int, minutes: int, gap: float) -> None:
    columns = random_columns(seed, count, datetime(2024, 5, 6, 13, 11), gap)
    span = timedelta(minutes=minutes)
    heard = feed(TradeBarConsolidator(span), trade_views(columns), "America/New_York")
    frame = local_frame(columns, "America/New_York")
    # LEAN counts spans from the first day of the year 1.
    whole = span // timedelta(minutes=1)
    offset = frame["time"].cast(pl.Int64) // MINUTE_NS + (datetime(1970, 1, 1) - datetime.min) // timedelta(minutes=1)
    starts = (frame["time"].cast(pl.Int64) // MINUTE_NS - offset % whole) * MINUTE_NS
    frame = frame.with_columns(bar=starts.cast(pl.Datetime("ns")))
    assert rows(heard) == gathered(frame)
    assert all(bar.end_time == bar.time + span for bar in heard.bars)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32), st.integers(1, 300), st.integers(1, 40))
def test_bars_of_a_count_equal_a_data_frames(seed: int, count: int, size: int) -> None:
    columns = random_columns(seed, count, datetime(2024, 5, 6, 13, 11), 0.1)
    heard = feed(TradeBarConsolidator(size), trade_views(columns), "America/New_York")
    frame = local_frame(columns, "America/New_York")
    number = pl.int_range(pl.len()) // size
    frame = frame.with_columns(bar=pl.first("time").over(number)).filter(number < count // size)
    assert rows(heard) == gathered(frame)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32), st.sampled_from([("1w", Calendar.WEEKLY), ("1mo", Calendar.MONTHLY),
                                               ("1q", Calendar.QUARTERLY), ("1y", Calendar.YEARLY)]))  # fmt: skip
def test_calendar_bars_equal_a_data_frames(seed: int, period: tuple[str, Any]) -> None:
    columns = random_columns(seed, 600, datetime(2023, 11, 1, 0, 0), 0.9)
    columns = trade_columns(
        columns.time_ns[0] + (columns.time_ns - columns.time_ns[0]) * 12,
        np.column_stack([columns.values[name] for name in FIELDS]),
        MINUTE_NS,
    )
    heard = feed(TradeBarConsolidator(period[1]), trade_views(columns, zone("UTC")), "UTC")
    frame = local_frame(columns, "UTC").with_columns(bar=pl.col("time").dt.truncate(period[0]))
    assert rows(heard) == gathered(frame)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 2**32),
    st.sampled_from(PERIODS),
    st.sampled_from(
        [datetime(2024, 3, 10, 5), datetime(2024, 11, 3, 4), datetime(2024, 3, 30, 23), datetime(2024, 10, 5, 14)]
    ),
    st.sampled_from(["America/New_York", "Europe/London", "Australia/Sydney", "UTC"]),
)
def test_rows_of_columns_give_the_same_bars_as_single_bars(
    seed: int, minutes: int, start: datetime, place: str
) -> None:
    """Reading rows ahead changes nothing, over the days on which clocks change, too."""
    views = trade_views(random_columns(seed, 300, start, 0.02), zone(place))
    span = timedelta(minutes=minutes)
    by_rows = feed(TradeBarConsolidator(span), views, place)

    class Single(TradeBarConsolidator):
        """An author's subclass: it takes the long way."""

    one_by_one = feed(Single(span), [OneBar(view) for view in views], place)
    assert rows(by_rows) == rows(one_by_one)
    assert [bar.end_time for bar in by_rows.bars] == [bar.end_time for bar in one_by_one.bars]


class OneBar:
    """Makes a plain bar of a view that knows its instants."""

    def __new__(cls, view: Any) -> Any:
        bar: Any = view.clone()
        bar.end_time = view.end_time  # a bar over which clocks change is longer or shorter in local time
        bar.end_ns = view.end_ns
        return bar


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32), st.sampled_from(PERIODS), st.floats(0, 0.3))
def test_quotes_in_rows_give_the_same_bars_as_single_bars(seed: int, minutes: int, absent: float) -> None:
    rng = np.random.default_rng(seed)
    trades = random_columns(seed, 300, datetime(2024, 3, 10, 5), 0.02)
    values = {}
    for side, shift in (("bid", -0.01), ("ask", 0.01)):
        missing = rng.random(300) < absent
        for name in ("open", "high", "low", "close"):
            values[f"{side}_{name}"] = np.where(missing, np.nan, trades.values[name] + shift)
        values[f"{side}_size"] = np.where(missing, np.nan, trades.values["volume"])
    columns = BarColumns(
        TickType.QUOTE,
        trades.time_ns,
        trades.end_ns,
        {name: np.ascontiguousarray(values[name]) for name in QUOTE_FIELDS},
    )
    views = quote_views(columns)
    span = timedelta(minutes=minutes)
    found = []
    for consolidator, data in (
        (QuoteBarConsolidator(span), views),
        (QuoteBarConsolidator(span), [OneBar(v) for v in views]),
    ):
        heard = feed(consolidator, data, "America/New_York")
        found.append([
            (bar.time, bar.end_time, str(bar), bar.close, bar.last_bid_size, bar.last_ask_size) for bar in heard.bars
        ])  # fmt: skip
    assert found[0] == found[1]


# Bars of price.

prices = st.lists(st.integers(900, 1100), min_size=1, max_size=80).map(lambda values: [Decimal(v) / 10 for v in values])


def feed_values(consolidator: Any, values: list[Decimal]) -> Heard:
    heard = Heard(consolidator)
    for index, value in enumerate(values):
        consolidator.update(IndicatorDataPoint(SPY, from_ns(index * MINUTE_NS), value))
    return heard


@settings(deadline=None)
@given(prices, st.sampled_from([Decimal("0.5"), Decimal("0.7"), Decimal(2)]))
def test_renko_bars_are_one_brick_high_and_join(values: list[Decimal], size: Decimal) -> None:
    for consolidator in (RenkoConsolidator(size), ClassicRenkoConsolidator(size)):
        bars = feed_values(consolidator, values).bars
        assert all(abs(bar.exact_close - bar.exact_open) == size for bar in bars)
        assert all(bar.exact_open % size == 0 for bar in bars)
        assert all(bar.exact_low <= min(bar.exact_open, bar.exact_close) for bar in bars)
        for before, after in pairwise(bars):
            joins = {before.exact_close} if isinstance(consolidator, ClassicRenkoConsolidator) else {
                before.exact_close, before.exact_open,
            }  # fmt: skip
            assert after.exact_open in joins


@settings(deadline=None)
@given(prices, st.integers(1, 300))
def test_range_bars_span_their_range(values: list[Decimal], size: int) -> None:
    bars = feed_values(RangeConsolidator(size), values).bars
    reach = Decimal(size) / 100
    assert all(bar.exact_high - bar.exact_low == reach for bar in bars)
    assert all(bar.exact_close in (bar.exact_high, bar.exact_low) for bar in bars)
    gaps = [(a, b.exact_open) for a, b in pairwise(bars)]
    assert all(opened in (a.exact_high + Decimal("0.01"), a.exact_low - Decimal("0.01")) for a, opened in gaps)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32), st.integers(1, 500))
def test_volume_bars_keep_all_volume(seed: int, size: int) -> None:
    views = trade_views(random_columns(seed, 200, datetime(2024, 5, 6, 13, 11), 0.1))
    consolidator = VolumeRenkoConsolidator(size)
    heard = Heard(consolidator)
    for view in views:
        consolidator.update(view)
    assert {bar.volume for bar in heard.bars} <= {float(size)}
    working: Any = consolidator.working_data
    assert len(heard.bars) * size + working.volume == sum(view.volume for view in views)
    assert max(bar.exact_high for bar in [*heard.bars, working]) == max(view.exact_high for view in views)
