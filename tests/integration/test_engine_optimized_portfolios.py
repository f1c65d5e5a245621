"""Portfolios with an optimizer, and alphas of pairs, in a run."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from tradinglab.algorithm.framework import (
    AlphaModel,
    BasePairsTradingAlphaModel,
    BlackLittermanOptimizationPortfolioConstructionModel,
    ConstantAlphaModel,
    HistoricalReturnsAlphaModel,
    MeanVarianceOptimizationPortfolioConstructionModel,
    PearsonCorrelationPairsTradingAlphaModel,
    ReturnsSymbolData,
    RiskParityPortfolioConstructionModel,
    UnconstrainedMeanVariancePortfolioOptimizer,
)
from tradinglab.algorithm.framework.past_returns import returns_matrix
from tradinglab.algorithm.insights import Insight
from tradinglab.algorithm.names import ArgumentException
from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.core.enums import InsightDirection, InsightType, PortfolioBias, Resolution, SecurityType
from tradinglab.core.symbol import Symbol
from tradinglab.data.memory import MemorySource
from tradinglab.engine.errors import StrategyError
from tradinglab.engine.result import BacktestResult
from tradinglab.engine.run import backtest

UP, DOWN, FLAT = InsightDirection.UP, InsightDirection.DOWN, InsightDirection.FLAT
TICKERS = ("IBM", "AAPL", "GOOG")


class Three(QCAlgorithm):
    """Has three securities by the day; a test chooses the models."""

    def initialize(self) -> None:
        self.set_start_date(2012, 6, 1)
        self.set_end_date(2012, 6, 29)
        for ticker in TICKERS:
            self.add_equity(ticker, Resolution.DAILY)
        self.choose()

    def choose(self) -> None:
        raise NotImplementedError


def run(cls: type[QCAlgorithm]) -> BacktestResult:
    return backtest(cls, data="sample")


def equity(ticker: str) -> Symbol:
    return Symbol.create(ticker, SecurityType.EQUITY, "usa")


def constant(magnitude: float | None = 0.01) -> ConstantAlphaModel:
    return ConstantAlphaModel(InsightType.PRICE, UP, timedelta(days=30), magnitude)


class Asked:
    """An optimizer of an author's own, in LEAN's older spelling: it keeps what it was asked, and weighs alike."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def Optimize(self, historical_returns: Any, expected_returns: Any, covariance: Any) -> list[float]:
        self.asked.append((historical_returns, expected_returns, covariance))
        return [0.25] * historical_returns.shape[1]


# Returns.


def kept(symbol: Symbol, *returns: float, day: int = 10) -> ReturnsSymbolData:
    data = ReturnsSymbolData(symbol, 1, 5)
    for place, value in enumerate(returns):
        data.add(datetime(2020, 1, day + place), value)
    return data


def test_returns_are_matched_by_time_when_none_is_missing() -> None:
    a, b = equity("AAA"), equity("BBB")
    known = {a: kept(a, 0.1, 0.2, 0.3), b: kept(b, 0.4, 0.5, day=11)}
    # The first day lacks a return: it is left out. The last comes first.
    assert returns_matrix(known, [b, a]).tolist() == [[0.5, 0.3], [0.4, 0.2]]


def test_returns_at_different_times_are_taken_in_their_order() -> None:
    a, b = equity("AAA"), equity("BBB")
    known = {a: kept(a, 0.1, 0.2), b: kept(b, 0.4, 0.5, day=20)}
    assert returns_matrix(known, [a, b]).tolist() == [[0.2, 0.5], [0.1, 0.4]]
    assert returns_matrix({}, [a]).shape == (0, 0)


def test_rows_of_zeros_are_left_out() -> None:
    a = equity("AAA")
    assert returns_matrix({a: kept(a, 0.1, 0.0, 0.3)}, [a]).tolist() == [[0.3], [0.1]]


def test_returns_of_prices_and_expected_ones_stand_in_one_window() -> None:
    data = ReturnsSymbolData(equity("AAA"), 1, 2)
    for day, price in enumerate((100, 110, 99, 198)):
        data.update(datetime(2020, 1, 1 + day), price)
    data.add(datetime(2020, 1, 4), 0.7)  # there is one for that time
    assert list(data.returns.values()) == pytest.approx([1.0, -0.1])
    data.add(datetime(2020, 1, 5), 0.7)
    assert list(data.Returns.values()) == pytest.approx([0.7, 1.0])
    data.reset()
    assert data.returns == {}


# Models.


def test_an_optimizer_of_the_author_gets_the_returns_of_the_past() -> None:
    optimizer = Asked()

    class Alike(Three):
        def choose(self) -> None:
            self.set_alpha(constant(0.012))
            self.set_portfolio_construction(
                MeanVarianceOptimizationPortfolioConstructionModel(timedelta(5), period=20, optimizer=optimizer)
            )

        def on_end_of_algorithm(self) -> None:
            assert sum(holding.invested for holding in self.portfolio.values()) == 3
            share = self.portfolio["IBM"].holdings_value / self.portfolio.total_portfolio_value
            assert share == pytest.approx(0.25, abs=0.02)

    run(Alike)
    returns, expected, covariance = optimizer.asked[0]
    assert (returns.shape[1], expected, covariance) == (3, None, None)
    assert returns[0].tolist() == [0.012] * 3  # the magnitudes come last in time, and so first
    assert np.abs(returns[1:]).max() < 0.1


def test_risk_is_shared_alike_in_a_run() -> None:
    seen: list[float] = []

    class Parity(Three):
        def choose(self) -> None:
            self.set_alpha(constant(None))
            self.set_portfolio_construction(RiskParityPortfolioConstructionModel(period=40))

        def on_data(self, data: Any) -> None:
            if (
                self.time.day == 4
            ):  # the models were asked after the close of the 1st, and the bars of the 4th are known
                closes = self.history(list(TICKERS), 42, Resolution.DAILY)["close"].unstack(level=0).iloc[:-1]
                values = [self.portfolio[name].target.quantity for name in map(str, closes.columns)] * closes.iloc[-1]
                shares = values * (closes.pct_change().dropna().cov().to_numpy() @ values)
                seen.extend(shares / shares.sum())

    run(Parity)
    assert seen == pytest.approx([1 / 3] * 3, abs=0.01)


def test_a_bias_holds_whatever_the_optimizer_says() -> None:
    class Wrong:
        def optimize(self, returns: Any, expected: Any, covariance: Any) -> list[float]:
            return [0.3, -0.3, 0.3]

    class Long(Three):
        def choose(self) -> None:
            self.set_alpha(constant())
            self.set_portfolio_construction(
                MeanVarianceOptimizationPortfolioConstructionModel(portfolio_bias=PortfolioBias.LONG, optimizer=Wrong())
            )

        def on_end_of_algorithm(self) -> None:
            held = [self.portfolio[ticker].quantity for ticker in ("AAPL", "GOOG", "IBM")]
            assert min(held[0], held[2]) > held[1] == 0

    run(Long)


@pytest.mark.parametrize(
    ("optimizer", "text"),
    [(object(), "no method optimize"), (type("Short", (), {"optimize": lambda *_: [1.0]})(), "1 weights for 3")],
)
def test_what_is_no_optimizer_is_refused(optimizer: object, text: str) -> None:
    class Wrong(Three):
        def choose(self) -> None:
            self.set_alpha(constant())
            self.set_portfolio_construction(MeanVarianceOptimizationPortfolioConstructionModel(optimizer=optimizer))

    with pytest.raises(StrategyError, match=text):
        run(Wrong)


def test_means_and_variances_want_magnitudes() -> None:
    class Without(Three):
        def choose(self) -> None:
            self.set_alpha(constant(None))
            self.set_portfolio_construction(MeanVarianceOptimizationPortfolioConstructionModel())

    with pytest.raises(StrategyError, match="has no magnitude"):
        run(Without)


def test_risk_parity_is_long() -> None:
    with pytest.raises(ArgumentException, match="give LONG"):
        RiskParityPortfolioConstructionModel(portfolio_bias=PortfolioBias.SHORT)
    with pytest.raises(ArgumentException, match="one bar or more"):
        RiskParityPortfolioConstructionModel(period=0)


# Black and Litterman.

#: He, Litterman: The intuition behind Black-Litterman model portfolios, 1999.
_MARKETS = ("AUS", "CAN", "FRA", "GER", "JAP", "UK", "USA")
_CORRELATIONS = [
    [1.000, 0.488, 0.478, 0.515, 0.439, 0.512, 0.491],
    [0.488, 1.000, 0.664, 0.655, 0.310, 0.608, 0.779],
    [0.478, 0.664, 1.000, 0.861, 0.355, 0.783, 0.668],
    [0.515, 0.655, 0.861, 1.000, 0.354, 0.777, 0.653],
    [0.439, 0.310, 0.355, 0.354, 1.000, 0.405, 0.306],
    [0.512, 0.608, 0.783, 0.777, 0.405, 1.000, 0.652],
    [0.491, 0.779, 0.668, 0.653, 0.306, 0.652, 1.000],
]
_DEVIATIONS = np.array([0.160, 0.203, 0.248, 0.271, 0.210, 0.200, 0.187])
_SHARES = np.array([0.016, 0.022, 0.052, 0.055, 0.116, 0.124, 0.615])


class Paper(BlackLittermanOptimizationPortfolioConstructionModel):
    """Knows the markets of the paper."""

    def __init__(self) -> None:
        super().__init__(optimizer=UnconstrainedMeanVariancePortfolioOptimizer())
        self._returns = {equity(each): kept(equity(each), 0.01, 0.02) for each in _MARKETS}

    def get_equilibrium_returns(self, returns: Any) -> Any:
        covariance = np.array(_CORRELATIONS) * np.outer(_DEVIATIONS, _DEVIATIONS)
        return 2.5 * covariance @ _SHARES, covariance


def view(model: str, **magnitudes: float) -> list[Insight]:
    found = []
    for ticker in _MARKETS:
        size = magnitudes.get(ticker, 0.0)
        direction = InsightDirection(int(np.sign(size)))
        found.append(Insight.price(equity(ticker), timedelta(1), direction, size, None, model))
        found[-1].generated_time_utc = datetime(2018, 8, 7)
    return found


_GERMANY = view("View 1", FRA=-0.01475, GER=0.05, UK=-0.03525)
_CANADA = view("View 2", CAN=0.03, USA=-0.03)


@pytest.mark.parametrize(
    ("insights", "expected"),
    [
        (_GERMANY, [0.0152381, 0.02095238, -0.03948465, 0.35410454, 0.11047619, -0.09461989, 0.58571429]),
        (_GERMANY + _CANADA, [0.0152381, 0.41863571, -0.03409321, 0.33582847, 0.11047619, -0.08173526, 0.18803095]),
    ],
)
def test_views_move_the_weights_as_in_the_paper(insights: list[Insight], expected: list[float]) -> None:
    weights = Paper().determine_target_percent(sorted(insights, key=lambda each: each.symbol))
    assert list(weights.values()) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(
    "insights",
    [[], view("none"), _GERMANY + view("none"), [Insight.price(equity("USA"), timedelta(1), UP)]],
)
def test_without_a_view_there_are_no_weights(insights: list[Insight]) -> None:
    assert Paper().determine_target_percent(insights) == {}


def test_what_the_market_expects_is_where_equal_shares_are_best() -> None:
    returns = np.random.default_rng(3).normal(0.0005, 0.01, (63, 3))
    expected, covariance = BlackLittermanOptimizationPortfolioConstructionModel().get_equilibrium_returns(returns)
    assert covariance == pytest.approx(np.cov(returns, rowvar=False) * 252)
    best = np.linalg.solve(covariance, expected)
    assert best / best.sum() == pytest.approx(np.full(3, 1 / 3))


def test_insights_become_views_in_a_run() -> None:
    class Views(Three):
        def choose(self) -> None:
            self.set_alpha(HistoricalReturnsAlphaModel(2))
            self.set_portfolio_construction(BlackLittermanOptimizationPortfolioConstructionModel())

        def on_end_of_algorithm(self) -> None:
            weights = [each.holdings_value for each in self.portfolio.values()]
            assert sum(weights) / self.portfolio.total_portfolio_value == pytest.approx(1, abs=0.1)

    assert run(Views).record.orders


def test_a_magnitude_out_of_bounds_does_not_count() -> None:
    class Bounded(Three):
        def choose(self) -> None:
            self.settings.max_absolute_portfolio_target_percentage = 0.005
            self.set_alpha(constant(0.01))
            self.set_portfolio_construction(BlackLittermanOptimizationPortfolioConstructionModel())

    lines: list[str] = []
    result = backtest(Bounded, data="sample", on_log=lines.append)
    assert not result.record.orders
    assert any("magnitude 0.01" in line for line in lines)


# Pairs.


def minutes(*prices: float, each: int) -> dict[str, Any]:
    """Return bars of the minutes of some days, *each* of them at the same price."""
    days = ("2013-10-07", "2013-10-08", "2013-10-09")
    times = np.concatenate([np.arange(np.datetime64(f"{day}T13:30"), np.datetime64(f"{day}T20:00")) for day in days])
    price = np.repeat(np.array(prices), each)
    times = times[: len(price)].astype("datetime64[ns]")
    return {"time": times, "open": price, "high": price, "low": price, "close": price, "volume": np.ones(len(price))}


def pairs_of(model: AlphaModel) -> BacktestResult:
    class Pairs(QCAlgorithm):
        def initialize(self) -> None:
            self.set_start_date(2013, 10, 7)
            self.set_end_date(2013, 10, 9)
            self.set_benchmark(lambda time: 0)
            self.set_alpha(model)
            for ticker in ("AAA", "BBB"):
                self.add_equity(ticker)

        def on_data(self, data: Any) -> None:
            if self.time.day == 9 and self.time.hour == 15:
                self.remove_security("BBB")

        def on_end_of_algorithm(self) -> None:
            assert not any(config.consolidators.count for config in self.subscription_manager.subscriptions)

    source = MemorySource()
    source.add("AAA", Resolution.MINUTE, minutes(100, 100, 100, 100, 102, 98, 100, each=150))
    source.add("BBB", Resolution.MINUTE, minutes(50, 50, 50, 50, 50, 50, 50, each=150))
    return backtest(Pairs, data=source)


def test_a_pair_is_expected_to_come_back_to_its_mean() -> None:
    # The mean of 500 minutes is near 2 when the first price rises by two percent; at 98 it is below, at 100 between.
    model = BasePairsTradingAlphaModel(90, Resolution.MINUTE)
    insights = pairs_of(model).record.insights
    assert model.name == "BasePairsTradingAlphaModel(90,Minute,1)"
    assert [(str(each.symbol), int(each.direction)) for each in insights] == [
        ("AAA", -1), ("BBB", 1), ("AAA", 1), ("BBB", -1),
    ]  # fmt: skip
    assert {each.period_s for each in insights} == {90 * 60.0}
    assert len({each.group_id for each in insights}) == 2


def test_a_wider_threshold_is_passed_less_often() -> None:
    assert not pairs_of(BasePairsTradingAlphaModel(90, Resolution.MINUTE, 5)).record.insights


def test_a_test_of_the_author_chooses_pairs() -> None:
    class None_(BasePairsTradingAlphaModel):
        def HasPassedTest(self, algorithm: QCAlgorithm, asset1: Symbol, asset2: Symbol) -> bool:
            assert [str(asset1), str(asset2)] == ["AAA", "BBB"]
            return False

    assert not pairs_of(None_()).record.insights


def test_the_pair_that_correlates_most_is_the_one_that_is_traded() -> None:
    found: list[Any] = []

    class Correlates(QCAlgorithm):
        def initialize(self) -> None:
            self.set_start_date(2012, 6, 1)
            self.set_end_date(2012, 6, 5)
            for ticker in ("IBM", "AAPL", "GOOG", "MSFT"):
                self.add_equity(ticker, Resolution.DAILY)
            self.model = PearsonCorrelationPairsTradingAlphaModel(100, Resolution.DAILY, minimum_correlation=0.3)
            self.set_alpha(self.model)

        def on_data(self, data: Any) -> None:
            symbols = [each.symbol for each in self.model.Securities]
            passed = [{str(a), str(b)} for a in symbols for b in symbols if self.model.has_passed_test(self, a, b)]
            closes = self.history(["IBM", "AAPL", "GOOG", "MSFT"], 101, Resolution.DAILY)["close"].unstack(level=0)
            table = np.log(closes).diff().dropna().iloc[:-1].corr()
            best = max(
                ((table.iloc[i, j], {str(table.index[i]), str(table.index[j])}) for i in range(4) for j in range(i)),
                key=lambda each: each[0],
            )
            found.append((passed, best))

    run(Correlates)
    (passed, (correlation, names)), *_ = found
    assert correlation > 0.3
    assert passed == [{Symbol.create(name.split()[0], SecurityType.EQUITY, "usa").value for name in names}]
