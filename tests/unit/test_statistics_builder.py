"""Portfolio statistics: definitions, early returns, windows and printed forms."""

from __future__ import annotations

import math
import random
import statistics as oracle
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pytest

from tradinglab.algorithm.models.interest_rate import InterestRateProvider
from tradinglab.core.clock import DAY_NS, day_of_date, to_ns
from tradinglab.core.decimals import to_decimal
from tradinglab.data.interest import InterestRates
from tradinglab.engine.statistics import StatisticsInput, build_statistics, moments
from tradinglab.engine.statistics.builder import window_ranges
from tradinglab.engine.statistics.inputs import Point
from tradinglab.engine.statistics.portfolio import drawdown_and_recovery, probabilistic_sharpe_ratio

START = to_ns(datetime(2020, 1, 1))


def points(values: list[float], step_ns: int = DAY_NS) -> list[Point]:
    return [(START + i * step_ns, to_decimal(value)) for i, value in enumerate(values)]


def flat(days: int = 5, capital: str = "100000") -> StatisticsInput:
    benchmark = [100 + i * i for i in range(days)]
    return StatisticsInput(
        equity=points([100_000.0] * days),
        performance=points([0.0] * days),
        benchmark=points([float(value) for value in benchmark]),
        turnover=points([0.0] * days),
        starting_capital=Decimal(capital),
    )


def test_a_run_without_orders_prints_zeros_of_scale_zero() -> None:
    summary = build_statistics(flat()).summary
    assert len(summary) == 27
    zeros = {"Total Orders", "Expectancy", "Sharpe Ratio", "Sortino Ratio", "Profit-Loss Ratio", "Alpha", "Beta",
             "Annual Standard Deviation", "Annual Variance", "Treynor Ratio", "Drawdown Recovery"}  # fmt: skip
    percents = {"Average Win", "Average Loss", "Compounding Annual Return", "Drawdown", "Net Profit", "Loss Rate",
                "Probabilistic Sharpe Ratio", "Win Rate", "Portfolio Turnover"}  # fmt: skip
    assert {summary[name] for name in zeros} == {"0"}
    assert {summary[name] for name in percents} == {"0%"}
    assert (summary["Total Fees"], summary["Estimated Strategy Capacity"]) == ("$0.00", "$0")
    assert float(summary["Tracking Error"]) > 0 > float(summary["Information Ratio"])


@pytest.mark.parametrize(("capital", "expected"), [("100000", "100000"), ("100000.00", "100000.00")])
def test_the_start_equity_keeps_its_scale(capital: str, expected: str) -> None:
    assert build_statistics(flat(capital=capital)).summary["Start Equity"] == expected


def test_too_few_returns_leave_the_ratios_at_zero() -> None:
    summary = build_statistics(flat(days=3)).summary
    assert (summary["Tracking Error"], summary["Information Ratio"]) == ("0", "0")
    assert (summary["Start Equity"], summary["End Equity"]) == ("100000", "100000")


def test_without_samples_there_are_no_statistics() -> None:
    none = StatisticsInput(equity=[], performance=[], benchmark=[], starting_capital=Decimal(1))
    results = build_statistics(none)
    assert results.summary == {}
    assert results.rolling_performances == {}


def random_run(days: int = 300) -> StatisticsInput:
    rng = random.Random(7)
    equity, bench, performance = [100_000.0], [250.0], [0.0]
    for _ in range(days):
        change = round(rng.gauss(0.0005, 0.01), 8)
        equity.append(equity[-1] * (1 + change))
        performance.append(change * 100)
        bench.append(bench[-1] * (1 + 0.4 * change + rng.gauss(0.0003, 0.008)))
    return StatisticsInput(
        equity=points(equity),
        performance=points(performance),
        benchmark=points(bench),
        turnover=points([0.01] * len(equity)),
        profit_loss={START + DAY_NS: Decimal(1000), START + 2 * DAY_NS: Decimal(-500), START + 3 * DAY_NS: Decimal(0)},
        wins=[START + DAY_NS],
        losses=[START + 2 * DAY_NS, START + 3 * DAY_NS],
        starting_capital=Decimal(100_000),
        total_fees=Decimal("12.345"),
        total_orders=6,
        capacity=Decimal("1234000.00"),
        risk_free_rate=lambda _: Decimal("0.02"),
    )


@pytest.mark.parametrize("days", [(), (0,), (1, 3), (-40, 2, 30)])
def test_a_table_of_rates_is_looked_up_as_asked_for_each_moment(days: tuple[int, ...]) -> None:
    first = START // DAY_NS
    table = InterestRates.of((first + day, Decimal(f"0.0{at + 1}50")) for at, day in enumerate(days))
    run = random_run()
    asked = replace(run, risk_free_rate=InterestRateProvider(table).get_interest_rate)
    found = build_statistics(replace(run, rate_table=table))
    assert found.summary == build_statistics(asked).summary


def test_definitions_against_numpy() -> None:
    run = random_run()
    found = build_statistics(run).total_performance.portfolio_statistics
    returns = np.array([float(value) for _, value in run.performance][2:]) / 100
    prices = np.array([float(value) for _, value in run.benchmark])
    benchmark = (prices[1:] / prices[:-1] - 1)[1:]
    annual, annual_benchmark = (1 + returns.mean()) ** 252 - 1, (1 + benchmark.mean()) ** 252 - 1
    deviation = math.sqrt(returns.var(ddof=1) * 252)
    downside = math.sqrt(returns[returns < 0].var(ddof=1) * 252)
    beta = np.cov(returns, benchmark)[0, 1] / benchmark.var(ddof=1)
    tracking = math.sqrt((returns - benchmark).var(ddof=1) * 252)
    assert found.annual_standard_deviation == pytest.approx(deviation, rel=1e-12)
    assert found.sharpe_ratio == pytest.approx((annual - 0.02) / deviation, rel=1e-12)
    assert found.sortino_ratio == pytest.approx((annual - 0.02) / downside, rel=1e-12)
    assert found.beta == pytest.approx(beta, rel=1e-10)
    assert found.alpha == pytest.approx(annual - (0.02 + beta * (annual_benchmark - 0.02)), rel=1e-9)
    assert found.tracking_error == pytest.approx(tracking, rel=1e-12)
    assert found.information_ratio == pytest.approx((annual - annual_benchmark) / tracking, rel=1e-9)
    assert found.treynor_ratio == pytest.approx((annual - 0.02) / beta, rel=1e-9)
    growth = float(run.equity[-1][1]) / 100_000
    assert found.compounding_annual_return == pytest.approx(growth ** (365 / 300) - 1, rel=1e-10)
    quantile = oracle.NormalDist(returns[-252:].mean(), returns[-252:].std(ddof=1)).inv_cdf(0.05)
    assert found.value_at_risk_95 == pytest.approx(quantile, abs=5e-4)


def test_wins_and_losses_compound() -> None:
    summary = build_statistics(random_run()).summary
    assert summary["Average Win"] == "1.00%"
    assert summary["Average Loss"] == "-0.25%"  # -500 / 101,000 and a zero, which counts as a loss
    assert (summary["Win Rate"], summary["Loss Rate"]) == ("33%", "67%")
    assert summary["Total Fees"] == "$12.35"
    assert summary["Estimated Strategy Capacity"] == "$1200000.00"
    assert summary["Portfolio Turnover"] == "1.00%"


def test_moments_are_the_bias_corrected_ones() -> None:
    stats = pytest.importorskip("scipy.stats")
    sample = [0.01, -0.02, 0.005, 0.03, -0.015, 0.0, 0.02, -0.001]
    skewness, kurtosis = moments.skewness_and_kurtosis(sample)
    assert skewness == pytest.approx(stats.skew(sample, bias=False), rel=1e-12)
    assert kurtosis == pytest.approx(stats.kurtosis(sample, bias=False), rel=1e-12)
    assert moments.variance(sample) == pytest.approx(oracle.variance(sample), rel=1e-12)


def test_probabilistic_sharpe_ratio() -> None:
    stats = pytest.importorskip("scipy.stats")
    sample = [0.01, -0.02, 0.005, 0.03, -0.015, 0.0, 0.02, -0.001]
    sharpe = np.mean(sample) / np.std(sample, ddof=1)
    skewness, kurtosis = stats.skew(sample, bias=False), stats.kurtosis(sample, bias=False)
    spread = math.sqrt((1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe**2) / 7)
    expected = stats.norm.cdf((sharpe - 1 / math.sqrt(252)) / spread)
    assert probabilistic_sharpe_ratio(sample, 252, 0.0) == pytest.approx(expected, rel=1e-12)
    assert probabilistic_sharpe_ratio([0.0, 0.0, 0.0], 252, 0.0) == 0.0


@pytest.mark.parametrize(
    ("equity", "drawdown", "days"),
    [
        ([100.0, 90.0, 100.0], "0.1", 2),
        ([100.0, 90.0, 95.0], "0.1", 0),  # never recovered
        ([100.0, 99.9999, 100.0], "0.000", 2),
        ([100.0, 100.0, 101.0], "0", 0),
        ([100.0, 80.0, 120.0, 60.0, 70.0, 80.0, 130.0], "0.5", 4),
    ],
)
def test_drawdowns(equity: list[float], drawdown: str, days: int) -> None:
    found, recovery = drawdown_and_recovery(points(equity))
    assert (str(found), recovery) == (drawdown, days)


def test_extreme_returns_do_not_end_the_run() -> None:
    run = StatisticsInput(
        equity=points([1.0, 50.0, 2500.0, 1e7, 1e12]),
        performance=points([0.0, 4900.0, 4900.0, 399900.0, 9999900.0]),
        benchmark=points([1.0, 1.0, 1.0, 1.0, 1.0]),
        starting_capital=Decimal(1),
    )
    assert build_statistics(run).summary["Beta"] == "0"


def days_of(first: date, last: date, months: int) -> list[tuple[str, str]]:
    ranges = window_ranges(months, day_of_date(first), day_of_date(last))
    return [(str(date.fromordinal(a + 719_163)), str(date.fromordinal(b + 719_163))) for a, b in ranges]


def test_windows_end_on_month_ends() -> None:
    assert days_of(date(2013, 10, 7), date(2013, 12, 5), 1) == [
        ("2013-10-07", "2013-10-31"), ("2013-11-01", "2013-11-30"), ("2013-12-01", "2013-12-05"),
    ]  # fmt: skip
    assert days_of(date(2013, 10, 7), date(2014, 2, 5), 3) == [
        ("2013-10-07", "2013-10-31"), ("2013-10-07", "2013-11-30"), ("2013-10-07", "2013-12-31"),
        ("2013-11-01", "2014-01-31"), ("2013-12-01", "2014-02-05"),
    ]  # fmt: skip


def test_windows_have_their_own_start() -> None:
    run = random_run()
    windows = build_statistics(run).rolling_performances
    assert {"M1_20200131", "M3_20200331", "M12_20201027"} <= set(windows)
    february = windows["M1_20200229"].portfolio_statistics
    assert february.exact["start_equity"] == run.equity[31][1]
    assert windows["M1_20200131"].portfolio_statistics.win_rate > 0.3
    assert february.win_rate == 0


def test_the_form_of_the_result_file() -> None:
    written = build_statistics(random_run()).total_performance.portfolio_statistics.to_json()
    assert next(iter(written)) == "averageWinRate"
    assert list(written)[-3:] == ["valueAtRisk99", "valueAtRisk95", "drawdownRecovery"]
    assert written["averageWinRate"] == "0.01"
    assert all(isinstance(value, str) for value in written.values())


def test_both_spellings() -> None:
    results = build_statistics(random_run())
    assert results.TotalPerformance.PortfolioStatistics.SharpeRatio == (
        results.total_performance.portfolio_statistics.sharpe_ratio
    )


@pytest.mark.parametrize("probability", [1e-9, 0.01, 0.05, 0.3, 0.5, 0.7, 0.99])
def test_quantile_of_the_normal_distribution(probability: float) -> None:
    assert moments.normal_quantile(probability) == oracle.NormalDist().inv_cdf(probability)
