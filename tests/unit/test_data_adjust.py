"""Raw bars to the prices of a normalisation mode."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import numpy as np
import pytest

from tradinglab.core.clock import DAY_NS, HOUR_NS, MINUTE_NS, to_ns, zone
from tradinglab.core.enums import DataNormalizationMode as Mode
from tradinglab.core.enums import TickType
from tradinglab.data.adjust import normalize
from tradinglab.data.columns import BarColumns, DigitsExact, ScaledExact
from tradinglab.data.factors import FactorRow, FactorTable

NEW_YORK = zone("America/New_York")
UNIT = Decimal("0.0001")
FIRST_DAY = to_ns(datetime(2010, 3, 4)) // DAY_NS


def table(*rows: tuple[int, str, str, str]) -> FactorTable:
    return FactorTable(
        FactorRow(FIRST_DAY + day, Decimal(price), Decimal(split), Decimal(close)) for day, price, split, close in rows
    )


def daily(*closes: int, volume: float = 1000) -> BarColumns:
    """Return days from 2010-03-04 on, in ten-thousandths."""
    raw = np.array(closes, np.int64)
    local = (FIRST_DAY + np.arange(len(raw))) * DAY_NS
    names = ("open", "high", "low", "close")
    return BarColumns(
        TickType.TRADE,
        NEW_YORK.utc_ns_array(local),
        NEW_YORK.utc_ns_array(local + DAY_NS),
        {**dict.fromkeys(names, raw / 10000), "volume": np.full(len(raw), volume)},
        {name: ScaledExact(raw, UNIT) for name in names},
    )


SPLIT_AND_DIVIDEND = table((0, "0.9774637", "0.5", "50"), (1, "0.9774637", "1", "25"), (99, "1", "1", "0"))


def test_an_adjusted_price_has_the_digits_of_price_and_factor() -> None:
    bars = normalize(daily(500000, 250000, 260000), SPLIT_AND_DIVIDEND, Mode.ADJUSTED, NEW_YORK)
    assert [str(bars.exact("close", row)) for row in range(3)] == ["24.436592500000", "24.43659250000", "26.0000"]
    assert bars.values["close"].tolist() == [24.4365925, 24.4365925, 26.0]


def test_a_price_of_leans_regression_suite() -> None:
    # SPY at 167.44 on 2013-10-07: LEAN fills at 144.77307790400, zeros included.
    factors = table((5, "0.8646266", "1", "1"), (99, "1", "1", "0"))
    bars = normalize(daily(1674400), factors, Mode.ADJUSTED, NEW_YORK)
    assert str(bars.exact("close", 0)) == "144.77307790400"


def test_volume_is_divided_and_rounded_to_even() -> None:
    factors = table((0, "1", "2", "1"), (1, "1", "0.4", "1"), (99, "1", "1", "0"))
    bars = normalize(daily(10000, 10000, 10000, volume=1001), factors, Mode.ADJUSTED, NEW_YORK)
    assert bars.values["volume"].tolist() == [500.0, 2502.0, 1001.0]  # 500.5, 2502.5
    assert [bars.exact("volume", row) for row in range(3)] == [500, 2502, 1001]


def test_splits_only() -> None:
    bars = normalize(daily(500000, 250000, 260000), SPLIT_AND_DIVIDEND, Mode.SPLIT_ADJUSTED, NEW_YORK)
    assert [str(bars.exact("close", row)) for row in range(3)] == ["25.00000", "25.0000", "26.0000"]


def test_total_return_adds_dividends_since_the_start() -> None:
    # Of the close of 25 a dividend of 25 * (1 - 0.9774637) = 0.56 is paid, ex on the third day.
    bars = normalize(daily(500000, 250000, 260000, 270000), SPLIT_AND_DIVIDEND, Mode.TOTAL_RETURN, NEW_YORK)
    assert [str(bars.exact("close", row)) for row in range(4)] == ["25.00000", "25.0000", "26.5600", "27.5600"]
    assert bars.values["close"].tolist() == [25.0, 25.0, 26.56, 27.56]
    late = normalize(
        daily(500000, 250000, 260000), SPLIT_AND_DIVIDEND, Mode.TOTAL_RETURN, NEW_YORK, first_day=FIRST_DAY + 2
    )
    assert late.values["close"].tolist() == [25.0, 25.0, 26.0]


def test_scaled_raw_is_in_prices_of_its_end() -> None:
    bars = normalize(daily(500000, 250000), SPLIT_AND_DIVIDEND, Mode.SCALED_RAW, NEW_YORK, end_day=FIRST_DAY + 1)
    assert bars.values["close"].tolist() == [25.0, 25.0]


@pytest.mark.parametrize("mode", [Mode.RAW, Mode.ADJUSTED])
def test_without_a_factor_bars_stay_as_they_are(mode: Mode) -> None:
    bars = daily(500000)
    factors = SPLIT_AND_DIVIDEND if mode == Mode.RAW else table((99, "1.0000000", "1", "0"))
    assert normalize(bars, factors, mode, NEW_YORK) is bars
    assert normalize(bars, None, mode, NEW_YORK) is bars


def test_history_keeps_the_decimals_of_a_factor_of_one() -> None:
    bars = normalize(daily(500000), table((99, "1.0000000", "1", "0")), Mode.ADJUSTED, NEW_YORK, keep_scale=True)
    assert str(bars.exact("close", 0)) == "50.00000000000"
    assert bars.values["close"].tolist() == [50.0]


def test_the_day_of_a_bar_is_that_of_its_start_unless_it_runs_past_midnight() -> None:
    local = np.array([FIRST_DAY * DAY_NS + 20 * HOUR_NS, FIRST_DAY * DAY_NS + 23 * HOUR_NS])
    raw = np.array([10000, 10000], np.int64)
    bars = BarColumns(
        TickType.TRADE,
        NEW_YORK.utc_ns_array(local),
        NEW_YORK.utc_ns_array(local + np.array([DAY_NS, HOUR_NS])),
        {"close": raw / 10_000},
        {"close": ScaledExact(raw, UNIT)},
    )
    factors = table((0, "1", "0.25", "1"), (1, "1", "0.5", "1"), (99, "1", "1", "0"))
    assert normalize(bars, factors, Mode.ADJUSTED, NEW_YORK).values["close"].tolist() == [0.5, 0.25]


def quotes(values: dict[str, list[float]], exact: dict[str, list[int]]) -> BarColumns:
    count = len(next(iter(values.values())))
    time_ns = NEW_YORK.utc_ns_array(FIRST_DAY * DAY_NS + 10 * HOUR_NS + np.arange(count) * MINUTE_NS)
    return BarColumns(
        TickType.QUOTE,
        time_ns,
        time_ns + MINUTE_NS,
        {name: np.array(column, float) for name, column in values.items()},
        {name: ScaledExact(np.array(column, np.int64), UNIT) for name, column in exact.items()},
    )


def test_an_absent_side_of_a_quote_bar_stays_absent() -> None:
    bars = quotes({"bid_open": [1.0, np.nan], "bid_close": [1.0, np.nan]}, {"bid_close": [10000, 0]})
    found = normalize(bars, SPLIT_AND_DIVIDEND, Mode.SPLIT_ADJUSTED, NEW_YORK)
    assert found.values["bid_close"][0] == 0.5
    assert np.isnan(found.values["bid_close"][1])


def test_a_quote_tick_without_a_bid_gets_no_dividend() -> None:
    ticks = quotes({"bid_close": [0.0, 20.0], "bid_size": [0.0, 100.0]}, {"bid_close": [0, 200000]})
    late = table((-9, "0.9", "1", "10"), (-8, "1", "1", "0"))
    found = normalize(ticks, late, Mode.TOTAL_RETURN, NEW_YORK, first_day=FIRST_DAY - 20)
    assert found.values["bid_close"].tolist() == [0.0, 21.0]
    assert [found.exact("bid_close", row) for row in range(2)] == [0, 21]


def test_suspicious_is_no_price() -> None:
    bars = daily(500000)
    bars.values["suspicious"] = np.array([1.0])
    assert normalize(bars, SPLIT_AND_DIVIDEND, Mode.ADJUSTED, NEW_YORK).values["suspicious"].tolist() == [1.0]


def test_digits_of_their_own_are_adjusted_too() -> None:
    bars = daily(500000)
    bars.decimals["close"] = DigitsExact(np.array([5012345]), np.array([5], np.int8))
    bars.values["close"] = np.array([50.12345])
    found = normalize(bars, SPLIT_AND_DIVIDEND, Mode.SPLIT_ADJUSTED, NEW_YORK)
    assert str(found.exact("close", 0)) == "25.061725"
    assert found.values["close"].tolist() == [25.061725]


def test_bars_without_decimals_are_adjusted_as_floats() -> None:
    bars = daily(500000)
    bars.decimals.clear()
    found = normalize(bars, SPLIT_AND_DIVIDEND, Mode.SPLIT_ADJUSTED, NEW_YORK)
    assert found.values["close"].tolist() == [25.0]
    assert found.exact("close", 0) == 25
