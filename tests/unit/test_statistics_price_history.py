"""The trade builder's prices, from the columns of a security's feeds."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.symbol import Symbol
from tradinglab.data.columns import BarColumns
from tradinglab.engine.price_history import FeedPrices

SPY = Symbol.create("SPY", SecurityType.EQUITY, "usa")


def feed(ends: list[int], closes: list[float], tick_type: TickType, resolution: Resolution) -> SimpleNamespace:
    times = np.array(ends, np.int64)
    names = ["close"] if tick_type == TickType.TRADE else ["bid_close", "ask_close"]
    columns = BarColumns(tick_type, times - 1, times, {name: np.array(closes) for name in names})
    return SimpleNamespace(
        columns=columns, tick_type=tick_type, resolution=resolution, is_internal=False, row=lambda: -1
    )


def prices_of(kind: SecurityType, *feeds: SimpleNamespace) -> FeedPrices:
    security = SimpleNamespace(type=kind, cache=SimpleNamespace(feeds=list(feeds)))
    return FeedPrices({SPY: security})  # type: ignore[arg-type]


def test_prices_lie_after_the_first_instant_and_up_to_the_last() -> None:
    prices = prices_of(
        SecurityType.EQUITY,
        feed([10, 20, 30, 40], [1.0, 2.0, 3.0, 4.0], TickType.TRADE, Resolution.MINUTE),
        feed([15, 25], [9.0, 9.0], TickType.QUOTE, Resolution.MINUTE),  # quotes do not set a share's price
    )
    assert list(prices.prices(SPY, 10, 30)) == [2.0, 3.0]
    assert list(prices.prices(SPY, 40, 50)) == []


def test_feeds_are_merged_and_quotes_count_by_their_middle_where_they_set_the_price() -> None:
    prices = prices_of(
        SecurityType.FOREX,
        feed([10, 30], [1.0, 3.0], TickType.QUOTE, Resolution.MINUTE),
        feed([20], [2.0], TickType.QUOTE, Resolution.HOUR),
    )
    assert list(prices.prices(SPY, 0, 30)) == [1.0, 2.0, 3.0]


def test_coins_have_the_prices_of_trades_once_there_are_some() -> None:
    prices = prices_of(
        SecurityType.CRYPTO,
        feed([20, 40], [2.0, 4.0], TickType.TRADE, Resolution.MINUTE),
        feed([10, 20, 30], [1.0, 9.0, 9.0], TickType.QUOTE, Resolution.MINUTE),
    )
    assert list(prices.prices(SPY, 0, 40)) == [1.0, 2.0, 4.0]


def test_without_feeds_there_are_no_prices() -> None:
    assert list(prices_of(SecurityType.EQUITY).prices(SPY, 0, 100)) == []
