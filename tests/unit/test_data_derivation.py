"""Splits and dividends from adjusted closes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tradinglab.data.derivation import LAST_DAY, Action, actions_from_adjusted, actions_of_rows, factor_rows
from tradinglab.data.factors import FactorTable

DAYS = [10, 11, 12, 15, 16, 17]
ONE = Decimal(1)


def decimals(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


def test_a_constant_ratio_hides_nothing() -> None:
    closes = decimals("10", "11", "12", "11", "10", "9")
    assert actions_from_adjusted(DAYS, closes, [close / 7 for close in closes]) == []


def test_a_halving_is_a_split() -> None:
    closes = decimals("10", "11", "6", "6", "6", "6")
    adjusted = decimals("5", "5.5", "6", "6", "6", "6")
    assert actions_from_adjusted(DAYS, closes, adjusted) == [Action(12, Decimal(0), Decimal("0.5"))]


@pytest.mark.parametrize("split", ["0.5", "0.25", "2", "10", "1.5"])
def test_splits_of_small_integers_are_exact(split: str) -> None:
    factor = Decimal(split)
    closes = [Decimal(60) * factor**0, *([Decimal(60) / (ONE / factor)] * 5)]
    adjusted = [closes[0] * factor, *closes[1:]]
    assert actions_from_adjusted(DAYS, closes, adjusted) == [Action(11, Decimal(0), factor)]


def test_a_dividend_is_what_the_ex_close_says() -> None:
    # IBM, 2012-02-08: 0.75 paid, closes of 193.35 and 192.95; figures of Quandl's WIKI prices.
    closes, adjusted = decimals("193.35", "192.95"), decimals("163.54148210911", "163.83752306457")
    assert actions_from_adjusted([10, 11], closes, adjusted) == [Action(11, Decimal("0.75"), ONE)]


def test_a_large_special_dividend_is_no_split() -> None:
    # MSFT, 2004-11-15: 3.08 paid (0.08 and 3.00).
    closes, adjusted = decimals("29.97", "27.39"), decimals("20.185104962165", "20.521860133372")
    assert actions_from_adjusted([10, 11], closes, adjusted) == [Action(11, Decimal("3.08"), ONE)]


def test_factors_make_returns_whole() -> None:
    closes = decimals("10", "11", "5.5", "5", "6", "7")
    actions = [Action(12, Decimal(0), Decimal("0.5")), Action(15, Decimal("0.5"), ONE)]
    rows = factor_rows(DAYS, closes, actions)
    assert [(row.day, str(row.price_factor), str(row.split_factor), str(row.reference_price)) for row in rows] == [
        (10, "0.9090909", "0.5", "1"),
        (11, "0.9090909", "0.5", "11"),
        (12, "0.9090909", "1", "5.5"),
        (LAST_DAY, "1", "1", "0"),
    ]
    table = FactorTable(rows)
    assert [(one.day, one.distribution) for one in table.dividends(DAYS)] == [(15, Decimal("0.50"))]
    assert [(one.day, one.split_factor) for one in table.splits(DAYS)] == [(12, Decimal("0.5"))]


def test_events_come_back_from_their_rows() -> None:
    closes = decimals("10", "11", "5.5", "5", "6", "7")
    actions = [
        Action(12, Decimal("0.1"), Decimal("0.5")),
        Action(15, Decimal("0.5"), ONE),
        Action(17, Decimal("2"), ONE),
    ]
    assert actions_of_rows(factor_rows(DAYS, closes, actions), DAYS) == actions
