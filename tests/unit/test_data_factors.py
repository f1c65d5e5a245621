"""Factors, and the dividends and splits between them, by LEAN's rules."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from tradinglab.core.clock import day_of_date
from tradinglab.core.enums import DataNormalizationMode as Mode
from tradinglab.data.factors import DividendEvent, FactorRow, FactorTable, SplitEvent


def day(text: str) -> int:
    return day_of_date(date.fromisoformat(text))


def row(when: str, price: str, split: str, reference: str = "0") -> FactorRow:
    return FactorRow(day(when), Decimal(price), Decimal(split), Decimal(reference))


TABLE = FactorTable(
    [
        row("2010-01-04", "0.9800000", "0.25", "1"),
        row("2010-03-05", "0.9800000", "0.25", "80"),  # split 2:1 on the next trading day
        row("2010-06-04", "0.9800000", "0.5", "50"),  # dividend of 1.00
        row("2010-09-03", "1", "0.5", "60"),  # split 2:1
        row("2050-12-31", "1", "1"),
    ]
)
WEEKDAYS = [one for one in range(day("2010-01-04"), day("2010-12-31")) if (one + 3) % 7 < 5]


@pytest.mark.parametrize(
    ("when", "mode", "factor"),
    [
        ("2009-01-01", Mode.ADJUSTED, "0.245000000"),
        ("2010-03-05", Mode.ADJUSTED, "0.245000000"),
        ("2010-03-06", Mode.ADJUSTED, "0.49000000"),
        ("2010-06-04", Mode.ADJUSTED, "0.49000000"),
        ("2010-06-05", Mode.ADJUSTED, "0.5"),
        ("2010-09-04", Mode.ADJUSTED, "1"),
        ("2051-01-01", Mode.ADJUSTED, "1"),
        ("2010-03-05", Mode.SPLIT_ADJUSTED, "0.25"),
        ("2010-03-05", Mode.TOTAL_RETURN, "0.25"),
        ("2010-03-05", Mode.RAW, "1"),
    ],
)
def test_the_factor_of_a_day_is_that_of_the_next_row(when: str, mode: Mode, factor: str) -> None:
    found = TABLE.price_factor_on(day(when), mode)
    assert str(found) == factor  # with every decimal of both factors
    factors, index = TABLE.factors_on(np.array([day(when)]), mode)
    assert str(factors[index[0]]) == factor


def test_scaled_raw_adjusts_to_the_prices_of_a_day() -> None:
    assert TABLE.price_factor_on(day("2010-03-05"), Mode.SCALED_RAW, day("2010-06-05")) == Decimal("0.49")
    with pytest.raises(ValueError, match="ScaledRaw"):
        TABLE.price_factor_on(day("2010-03-05"), Mode.SCALED_RAW)


def test_modes_of_futures_are_refused() -> None:
    with pytest.raises(ValueError, match="BackwardsRatio"):
        TABLE.price_factor_on(day("2010-03-05"), Mode.BACKWARDS_RATIO)


def test_dividends_are_ex_on_the_next_trading_day_in_whole_cents() -> None:
    assert TABLE.dividends(WEEKDAYS) == [DividendEvent(day("2010-06-07"), Decimal("1.00"), Decimal("50"))]


def test_splits_are_announced_a_trading_day_before() -> None:
    assert TABLE.splits(WEEKDAYS) == [
        SplitEvent(day("2010-03-05"), day("2010-03-08"), Decimal("0.5"), Decimal("80")),
        SplitEvent(day("2010-09-03"), day("2010-09-06"), Decimal("0.5"), Decimal("60")),
    ]


def test_an_event_needs_its_announcement_among_the_trading_days() -> None:
    assert TABLE.dividends([one for one in WEEKDAYS if one >= day("2010-06-07")]) == []
    assert TABLE.dividends([one for one in WEEKDAYS if one <= day("2010-06-04")]) == []
    last = TABLE.splits([one for one in WEEKDAYS if one <= day("2010-03-05")])
    assert [(split.warning_day, split.day) for split in last] == [(day("2010-03-05"), None)]


def test_half_cents_are_rounded_to_even() -> None:
    table = FactorTable([row("2010-06-04", "0.9875", "1", "1"), row("2050-12-31", "1", "1")])
    assert table.dividends(WEEKDAYS)[0].distribution == Decimal("0.01")  # 0.0125
    table = FactorTable([row("2010-06-04", "0.985", "1", "1"), row("2050-12-31", "1", "1")])
    assert table.dividends(WEEKDAYS)[0].distribution == Decimal("0.02")  # 0.015


def test_dividends_sum_up_from_a_first_day() -> None:
    assert TABLE.running_dividends(day("2010-01-01")) == ([day("2010-06-04")], [Decimal("1.00")])
    assert TABLE.running_dividends(day("2010-06-05")) == ([], [])


def test_rows_without_factors_and_repeated_days_do_not_count() -> None:
    table = FactorTable([row("2010-01-05", "1", "1"), row("2010-01-04", "0", "1"), row("2010-01-05", "0.5", "1")])
    assert table.rows == [row("2010-01-05", "1", "1")]
    assert table.minimum_day == day("2010-01-04")
    assert FactorTable([]).minimum_day is None
