"""Bars made longer block by block equal those made at once, the engine's consolidators' and a data frame's."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.consolidator_data import Heard, quote_views, run, trade_columns, trade_views

from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.consolidators import (
    Calendar,
    MarketHourAwareConsolidator,
    QuoteBarConsolidator,
    TradeBarConsolidator,
)
from tradinglab.core.clock import MINUTE_NS, to_ns, zone
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.data.columns import QUOTE_FIELDS, TRADE_FIELDS, BarColumns
from tradinglab.data.streaming.cutting import Cut
from tradinglab.data.streaming.periods import Period
from tradinglab.data.streaming.resampling import Resampler, resample_blocks

SHARE = MarketHoursDatabase.default().get_entry("usa", "SPY", SecurityType.EQUITY)
COIN = MarketHoursDatabase.default().get_entry("coinbase", "BTCUSD", SecurityType.CRYPTO)
NEW_YORK = SHARE.exchange_hours.time_zone
#: Early closes at 13:00, a holiday and weekends, both changes of clocks.
STARTS = [datetime(2024, 7, 2, 8), datetime(2024, 11, 27, 13), datetime(2024, 3, 8, 9), datetime(2024, 11, 1, 12)]


def random_trades(seed: int, count: int, start: datetime, gap: float) -> BarColumns:
    rng = np.random.default_rng(seed)
    steps = 1 + (rng.random(count) < gap) * rng.integers(1, 300, count)
    times = NEW_YORK.utc_ns(to_ns(start)) + np.cumsum(steps).astype(np.int64) * MINUTE_NS
    prices = 100 + rng.normal(0, 0.2, (count, 4)).cumsum(axis=0)
    values = np.column_stack(
        [prices[:, 0], prices.max(axis=1), prices.min(axis=1), prices[:, 3], rng.integers(0, 99, count)]
    )
    return trade_columns(times, values, MINUTE_NS)


def random_quotes(seed: int, count: int, start: datetime) -> BarColumns:
    rng = np.random.default_rng(seed)
    times = NEW_YORK.utc_ns(to_ns(start)) + np.cumsum(rng.integers(1, 40, count)).astype(np.int64) * MINUTE_NS
    values: dict[str, Any] = {}
    is_absent = rng.integers(0, 4, count)
    for number, side in enumerate(("bid", "ask"), 1):
        prices = 100 + rng.normal(0, 0.2, (count, 4)).cumsum(axis=0)
        made = (prices[:, 0], prices.max(axis=1), prices.min(axis=1), prices[:, 3])
        for name, column in zip(("open", "high", "low", "close"), made, strict=True):
            values[f"{side}_{name}"] = np.where(is_absent == number, np.nan, column)
        values[f"{side}_size"] = np.where(is_absent == number, 0.0, rng.integers(1, 9, count))
    return BarColumns(TickType.QUOTE, times, times + MINUTE_NS, {name: values[name] for name in QUOTE_FIELDS})


def resampled(columns: BarColumns, cut: Cut, borders: list[int] | None = None) -> dict[str, np.ndarray]:
    """Return what is made of bars that come in blocks with the given borders."""
    times = columns.time_ns // 1000
    at = [0, *sorted(border % (len(times) + 1) for border in borders or []), len(times)]
    blocks = (
        (times[begin:end], {name: column[begin:end] for name, column in columns.values.items()})
        for begin, end in pairwise(at)
    )
    parts = list(resample_blocks(blocks, Resampler(cut, columns.tick_type)))
    if not parts:
        return {"time": np.zeros(0, np.int64)}
    joined = {name: np.concatenate([part[1][name] for part in parts]) for name in parts[0][1]}
    return {"time": np.concatenate([part[0] for part in parts]), **joined}


def rows(found: dict[str, np.ndarray]) -> list[tuple[Any, ...]]:
    local = NEW_YORK.local_ns_array(found["time"] * 1000).astype("datetime64[ns]").astype("datetime64[us]")
    if not len(local):
        return []
    return list(zip(local.tolist(), *(found[name].tolist() for name in TRADE_FIELDS), strict=True))


def heard_rows(heard: Heard) -> list[tuple[Any, ...]]:
    return [(bar.time, bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in heard.bars]


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 2**32),
    st.integers(1, 600),
    st.sampled_from(STARTS),
    st.sampled_from(["2min", "30min", "1h", "4h", "1d", "1w", "1mo"]),
    st.lists(st.integers(0, 600), max_size=8),
    st.booleans(),
    st.booleans(),
)
def test_blocks_leave_no_trace(
    seed: int, count: int, start: datetime, period: str, borders: list[int], is_quotes: bool, is_share: bool
) -> None:
    columns = random_quotes(seed, count, start) if is_quotes else random_trades(seed, count, start, 0.1)
    if not is_quotes:  # sums of fractions depend on their order: they must all the same be equal
        columns.values["volume"][:] += np.random.default_rng(seed).random(count)
    cut = Cut.of(Resolution.MINUTE, Period.parse(period), SHARE if is_share else COIN)
    once, often = resampled(columns, cut), resampled(columns, cut, borders)
    for name in once:
        np.testing.assert_array_equal(once[name], often[name])


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 2**32),
    st.integers(1, 500),
    st.sampled_from(STARTS),
    st.sampled_from(["1d", "2h", "90min", "7h"]),
    st.booleans(),
)
def test_sessions_are_those_of_the_consolidator_that_knows_hours(
    seed: int, count: int, start: datetime, period: str, is_extended: bool
) -> None:
    columns = random_trades(seed, count, start, 0.1)
    span = {"1d": timedelta(days=1), "2h": timedelta(hours=2), "90min": timedelta(minutes=90), "7h": timedelta(hours=7)}
    length = Period("span", span[period] // timedelta(microseconds=1))
    anchor: Any = "clock" if period == "1d" else "open"
    cut = Cut.of(Resolution.MINUTE, length, SHARE, anchor=anchor, is_extended=is_extended)
    consolidator = MarketHourAwareConsolidator(
        False, Resolution.DAILY if period == "1d" else span[period], TradeBar, TickType.TRADE, is_extended
    )
    # If extended hours count, the consolidator takes bars outside of all hours, too: a subscription has none.
    hours = SHARE.exchange_hours
    views = [view for view in trade_views(columns) if hours.is_open(view.time, True)]
    heard = run(consolidator, views, scan=False)
    consolidator.scan(datetime(2100, 1, 1))
    assert rows(resampled(columns, cut)) == heard_rows(heard)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 2**32),
    st.integers(1, 500),
    st.sampled_from(STARTS),
    st.sampled_from([("5min", 5), ("30min", 30), ("1h", 60), ("4h", 240), ("1w", Calendar.WEEKLY),
                     ("1mo", Calendar.MONTHLY)]),
)  # fmt: skip
def test_bars_by_the_clock_are_those_of_the_consolidator(
    seed: int, count: int, start: datetime, period: tuple[str, Any]
) -> None:
    columns = random_trades(seed, count, start, 0.3)
    hours = SHARE.exchange_hours
    regular = [view for view in trade_views(columns) if hours.is_open(view.time, False)]
    what = timedelta(minutes=period[1]) if isinstance(period[1], int) else period[1]
    consolidator = TradeBarConsolidator(what)
    heard = run(consolidator, regular, scan=False)
    consolidator.scan(datetime(2100, 1, 1))
    cut = Cut.of(Resolution.MINUTE, Period.parse(period[0]), SHARE)
    assert rows(resampled(columns, cut)) == heard_rows(heard)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32), st.integers(1, 300), st.sampled_from([5, 60, 240]), st.lists(st.integers(0, 300)))
def test_quotes_are_those_of_the_consolidator(seed: int, count: int, minutes: int, borders: list[int]) -> None:
    columns = random_quotes(seed, count, datetime(2024, 5, 6, 13))
    cut = Cut.of(Resolution.MINUTE, Period.parse(f"{minutes}min"), COIN)
    found = resampled(columns, cut, borders)
    heard = run(QuoteBarConsolidator(timedelta(minutes=minutes)), quote_views(columns, zone("UTC")), scan=False)
    heard.consolidator.scan(datetime(2100, 1, 1))
    assert [to_ns(bar.time) // 1000 for bar in heard.bars] == found["time"].tolist()
    for side in ("bid", "ask"):
        sides = [getattr(bar, side) for bar in heard.bars]
        for name in ("open", "high", "low", "close"):
            expected = [np.nan if each is None else getattr(each, name) for each in sides]
            np.testing.assert_array_equal(found[f"{side}_{name}"], expected)
        sizes = [getattr(bar, f"last_{side}_size") for bar in heard.bars]
        np.testing.assert_array_equal(found[f"{side}_size"], sizes)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 2**32),
    st.integers(1, 500),
    st.sampled_from(STARTS),
    st.sampled_from(["15min", "1h", "1d", "1w", "1mo"]),
)
def test_bars_around_the_clock_are_those_of_a_data_frame(seed: int, count: int, start: datetime, period: str) -> None:
    columns = random_trades(seed, count, start, 0.3)
    found = resampled(columns, Cut.of(Resolution.MINUTE, Period.parse(period), COIN))
    frame = pl.DataFrame({"time": columns.time_ns // 1000, **columns.values}).with_columns(
        pl.col("time").cast(pl.Datetime("us"))
    )
    expected = frame.group_by_dynamic("time", every=period.replace("min", "m"), start_by="window").agg(
        pl.first("open"), pl.max("high"), pl.min("low"), pl.last("close"), pl.sum("volume")
    )
    assert found["time"].tolist() == expected["time"].cast(pl.Int64).to_list()
    for name in TRADE_FIELDS:
        assert found[name].tolist() == expected[name].to_list()
