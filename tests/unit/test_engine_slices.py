"""Slices and data frames of the past, as a strategy meets them in a run; settings in both spellings."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.algorithm.settings import AlgorithmSettings, UniverseSettings
from tradinglab.core.enums import Resolution
from tradinglab.data.memory import MemorySource
from tradinglab.engine.run import backtest

DAYS = np.array(["2020-03-02T05", "2020-03-03T05", "2020-03-04T05", "2020-03-05T05", "2020-03-06T05"], "datetime64[ns]")


class Looking(QCAlgorithm):
    last: Looking

    def initialize(self) -> None:
        type(self).last = self
        self.set_start_date(2020, 3, 5)
        self.set_end_date(2020, 3, 6)
        self.set_benchmark(lambda time: 0)
        for ticker in ("SPY", "IBM"):
            self.add_equity(ticker, Resolution.DAILY, fill_forward=False)
        self.slices: list[Any] = []

    def on_data(self, slice: Any) -> None:
        self.slices.append((slice, slice.bars.get("SPY"), slice.get("NIL"), len(slice)))
        self.frame = self.history(["SPY", "IBM"], 3, Resolution.DAILY)
        self.one = self.history(self.symbol("SPY"), timedelta(days=30), Resolution.DAILY)
        self.none = self.history(self.symbol("SPY"), datetime(2001, 1, 1), datetime(2001, 2, 1), Resolution.DAILY)
        self.typed = self.history[TradeBar]("SPY", 2, Resolution.DAILY)


@pytest.fixture(scope="module")
def strategy() -> Looking:
    source = MemorySource()
    for ticker, kept in (("SPY", slice(None)), ("IBM", slice(0, 4))):
        close = np.arange(10.0, 15.0)[kept]
        prices = {"open": close - 1, "high": close + 1, "low": close - 2, "close": close, "volume": close * 10}
        source.add(ticker, Resolution.DAILY, {"time": DAYS[kept], **prices})
    backtest(Looking, data=source)
    return Looking.last


def test_a_slice_has_the_symbols_with_data(strategy: Looking) -> None:
    (first, _, _, both), (second, spy, nothing, alone) = strategy.slices
    assert (both, alone) == (2, 1)
    assert "IBM" in first
    assert first.contains_key("spy")
    assert "IBM" not in second
    assert not second.contains_key("NIL")
    assert nothing is None
    assert (spy.close, second["SPY"].close, second.get("SPY").close) == (14, 14, 14)


def test_a_missing_symbol_is_explained(strategy: Looking) -> None:
    second = strategy.slices[1][0]
    with pytest.raises(KeyError, match="'IBM' was not found in the slice at 2020-03-06 16:00:00"):
        second["IBM"]
    assert second.get("IBM") is None
    assert second.bars.get("IBM") is None
    assert second.try_get_value("IBM") == (False, None)


def test_data_is_got_by_type_too(strategy: Looking) -> None:
    first = strategy.slices[0][0]
    bars = first.get(TradeBar)
    assert sorted(symbol.value for symbol in bars.keys()) == ["IBM", "SPY"]  # noqa: SIM118
    assert first.get(TradeBar, "SPY").close == bars["SPY"].close == 13
    assert [pair.key.value for pair in first.bars] == [symbol.value for symbol in first.bars.keys()]  # noqa: SIM118


def test_a_history_frame_is_indexed_by_symbol_and_time(strategy: Looking) -> None:
    frame = strategy.frame
    assert list(frame.index.names) == ["symbol", "time"]
    assert list(frame.columns) == ["close", "high", "low", "open", "volume"]
    spy = frame.loc["SPY"]
    assert spy["close"].tolist() == [12, 13, 14]
    assert spy.index.name == "time"
    assert spy.index[-1] == datetime(2020, 3, 6, 16)
    assert frame.loc[strategy.securities["SPY"].symbol].equals(spy)


@pytest.mark.parametrize(
    "look",
    [
        lambda frame, key: frame.loc[key]["close"],
        lambda frame, key: frame["close"][key],
        lambda frame, key: frame.xs(key)["close"],
        lambda frame, key: frame.loc[(key, slice(None)), "close"],
        lambda frame, key: frame["close"].unstack(level=0)[key].dropna(),
        lambda frame, key: frame.unstack(level=0)["close"][[key]].dropna()[key],
        lambda frame, key: frame.dropna().loc[key, "close"],
        lambda frame, key: frame.loc[[key]]["close"],
        lambda frame, key: frame.loc[([key], slice(None)), "close"],
        lambda frame, key: frame["close"].loc[[key]],
        lambda frame, key: frame[frame.index.isin([key], level=0)]["close"] if key in frame.index else frame[key],
    ],
)
def test_a_ticker_finds_what_its_symbol_finds(strategy: Looking, look: Any) -> None:
    for ticker, closes in (("SPY", [12, 13, 14]), ("IBM", [12, 13])):
        symbol = strategy.securities[ticker].symbol
        assert look(strategy.frame, ticker).tolist() == look(strategy.frame, symbol).tolist() == closes
    assert "SPY" in strategy.frame.index
    assert "NIL" not in strategy.frame.index
    with pytest.raises(KeyError):
        look(strategy.frame, "NIL")


def test_a_history_of_one_symbol_keeps_the_index(strategy: Looking) -> None:
    assert list(strategy.one.index.names) == ["symbol", "time"]
    assert strategy.one.loc["SPY"]["close"].tolist() == [10, 11, 12, 13, 14]


def test_a_history_without_bars_is_empty(strategy: Looking) -> None:
    assert strategy.none.empty


def test_typed_history_gives_bars(strategy: Looking) -> None:
    assert all(isinstance(bar, TradeBar) for bar in strategy.typed)
    assert [(bar.close, bar.end_time.day) for bar in strategy.typed] == [(13, 5), (14, 6)]


@pytest.mark.parametrize(
    ("snake", "pascal", "value"),
    [
        ("free_portfolio_value_percentage", "FreePortfolioValuePercentage", 0.05),
        ("daily_precise_end_time", "DailyPreciseEndTime", False),
        ("stale_price_time_span", "StalePriceTimeSpan", timedelta(minutes=5)),
        ("warmup_resolution", "WarmUpResolution", Resolution.DAILY),
    ],
)
def test_a_setting_is_one_value_under_both_names(snake: str, pascal: str, value: object) -> None:
    one, two = AlgorithmSettings(), AlgorithmSettings()
    setattr(one, snake, value)
    setattr(two, pascal, value)
    assert getattr(one, pascal) == getattr(two, snake) == value
    assert getattr(AlgorithmSettings(), snake) != value


def test_settings_of_universes_too() -> None:
    settings = UniverseSettings()
    settings.Resolution = Resolution.HOUR
    assert settings.resolution == Resolution.HOUR
    settings.leverage = 3
    assert settings.Leverage == 3
