"""The house's metrics against empyrical-reloaded, scipy and figures worked by hand."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest

from tradinglab import analytics
from tradinglab.core.errors import TradingLabError

Floats = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def empyrical() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("empyrical")


@pytest.fixture(params=[3, 5, 11])
def returns(request: pytest.FixtureRequest) -> Floats:
    return np.random.default_rng(request.param).normal(0.0004, 0.012, 600)


@pytest.fixture
def benchmark(returns: Floats) -> Floats:
    return 0.6 * returns + np.random.default_rng(99).normal(0.0003, 0.008, len(returns))


ALONE: list[tuple[str, Callable[[Floats], float]]] = [
    ("cum_returns_final", analytics.cumulative_return),
    ("annual_return", analytics.annual_return),
    ("annual_volatility", analytics.annual_volatility),
    ("sharpe_ratio", analytics.sharpe_ratio),
    ("sortino_ratio", analytics.sortino_ratio),
    ("calmar_ratio", analytics.calmar_ratio),
    ("omega_ratio", analytics.omega_ratio),
    ("downside_risk", analytics.downside_deviation),
    ("max_drawdown", analytics.max_drawdown),
    ("stability_of_timeseries", analytics.stability),
    ("tail_ratio", analytics.tail_ratio),
    ("value_at_risk", analytics.value_at_risk),
    ("conditional_value_at_risk", analytics.conditional_value_at_risk),
]


@pytest.mark.parametrize(("name", "ours"), ALONE)
def test_metrics_of_returns(empyrical: ModuleType, returns: Floats, name: str, ours: Callable[[Floats], float]) -> None:
    assert ours(returns) == pytest.approx(getattr(empyrical, name)(returns), rel=1e-10)


def test_metrics_against_a_benchmark(empyrical: ModuleType, returns: Floats, benchmark: Floats) -> None:
    assert analytics.beta(returns, benchmark) == pytest.approx(empyrical.beta(returns, benchmark), rel=1e-10)
    assert analytics.alpha(returns, benchmark, 0.0001) == pytest.approx(
        empyrical.alpha(returns, benchmark, 0.0001), rel=1e-9
    )
    assert analytics.information_ratio(returns, benchmark) == pytest.approx(
        empyrical.excess_sharpe(returns, benchmark) * np.sqrt(252), rel=1e-10
    )
    up = analytics.capture_ratio(returns, benchmark, up=True)
    assert up == pytest.approx(empyrical.up_capture(returns, benchmark), rel=1e-9)
    down = analytics.capture_ratio(returns, benchmark, up=False)
    assert down == pytest.approx(empyrical.down_capture(returns, benchmark), rel=1e-9)


def test_risk_free_and_required_returns(empyrical: ModuleType, returns: Floats) -> None:
    assert analytics.sharpe_ratio(returns, 0.0002, 365) == pytest.approx(
        empyrical.sharpe_ratio(returns, 0.0002, annualization=365), rel=1e-10
    )
    assert analytics.sortino_ratio(returns, 0.001) == pytest.approx(empyrical.sortino_ratio(returns, 0.001), rel=1e-10)


def test_rolling(empyrical: ModuleType, returns: Floats) -> None:
    rolled = analytics.rolling_sharpe_ratio(returns, 60)
    assert np.isnan(rolled[:59]).all()
    np.testing.assert_allclose(rolled[59:], empyrical.roll_sharpe_ratio(returns, window=60), rtol=1e-9)
    volatility = analytics.rolling_volatility(returns, 60)
    np.testing.assert_allclose(volatility[59:], empyrical.roll_annual_volatility(returns, window=60), rtol=1e-9)


def test_a_rolled_value_knows_nothing_of_the_future(returns: Floats) -> None:
    whole, part = analytics.rolling_sharpe_ratio(returns, 20), analytics.rolling_sharpe_ratio(returns[:100], 20)
    np.testing.assert_array_equal(whole[:100], part)


def test_higher_moments(returns: Floats) -> None:
    stats = pytest.importorskip("scipy.stats")
    assert analytics.skewness(returns) == pytest.approx(stats.skew(returns, bias=False), rel=1e-10)
    assert analytics.excess_kurtosis(returns) == pytest.approx(stats.kurtosis(returns, bias=False), rel=1e-10)
    quantile = stats.norm.ppf(0.05, returns.mean(), returns.std(ddof=1))
    assert analytics.value_at_risk(returns, model="gaussian") == pytest.approx(quantile, rel=1e-9)


def test_months_and_years(empyrical: ModuleType, returns: Floats) -> None:
    pd = pytest.importorskip("pandas")
    days = [date(2019, 3, 5) + timedelta(days=i) for i in range(len(returns))]
    series = pd.Series(returns, index=pd.DatetimeIndex(days))
    monthly = empyrical.aggregate_returns(series, "monthly")
    ours = analytics.monthly_returns(days, returns)
    assert list(ours) == [tuple(key) for key in monthly.index]
    np.testing.assert_allclose(list(ours.values()), monthly.to_numpy(), rtol=1e-10)
    yearly = empyrical.aggregate_returns(series, "yearly")
    np.testing.assert_allclose(list(analytics.yearly_returns(days, returns).values()), yearly.to_numpy(), rtol=1e-10)
    table = analytics.monthly_table(days, returns)
    assert table[2019][:2] == [None, None]
    assert table[2019][2] == ours[(2019, 3)]


def test_drawdowns_by_hand() -> None:
    # Wealth: 1, 0.9, 0.99, 1.188, 1.0692, 0.53460, 0.69498
    returns = [-0.1, 0.1, 0.2, -0.1, -0.5, 0.3]
    deepest, first = analytics.drawdowns(returns)
    assert (deepest.peak, deepest.trough, deepest.recovery) == (3, 5, None)
    assert deepest.depth == pytest.approx(-0.55)
    assert (deepest.periods_down, deepest.periods_to_recover) == (2, None)
    assert (first.peak, first.trough, first.recovery, first.periods_to_recover) == (0, 1, 3, 3)
    assert analytics.drawdowns(returns, 1) == [deepest]
    assert analytics.max_drawdown(returns) == pytest.approx(-0.55)
    np.testing.assert_allclose(analytics.underwater(returns)[:3], [-0.1, -0.01, 0.0], atol=1e-12)
    assert analytics.ulcer_index([-0.1, 0.0]) == pytest.approx(0.1)


def test_returns_of_prices() -> None:
    np.testing.assert_allclose(analytics.simple_returns([100, 110, 99]), [0.1, -0.1])
    np.testing.assert_allclose(analytics.cumulative_returns([0.1, -0.1]), [0.1, -0.01])


@pytest.mark.parametrize("metric", [ours for _, ours in ALONE])
@pytest.mark.parametrize("sample", [[], [0.01], [0.0, 0.0, 0.0]])
def test_small_and_flat_samples_raise_nothing(metric: Callable[[Floats], float], sample: list[float]) -> None:
    value = metric(np.array(sample))
    assert isinstance(value, float)
    assert not np.isinf(value)


def test_what_is_undefined_is_not_a_number() -> None:
    assert np.isnan(analytics.sharpe_ratio([0.01, 0.01, 0.01]))
    assert np.isnan(analytics.beta([0.01, 0.02], [0.0, 0.0]))
    assert np.isnan(analytics.annual_return([-1.5, 0.1]))
    assert np.isnan(analytics.skewness([0.1, 0.1, 0.1]))
    assert np.isnan(analytics.rolling_sharpe_ratio([0.1, 0.2], 5)).all()


def test_bad_samples_are_named() -> None:
    with pytest.raises(analytics.SampleError, match="value 1 was inf") as caught:
        analytics.sharpe_ratio([0.1, float("inf")])
    assert isinstance(caught.value, TradingLabError)
    with pytest.raises(analytics.SampleError, match="one length; they had 2 and 1"):
        analytics.beta([0.1, 0.2], [0.1])
    with pytest.raises(analytics.SampleError, match="shape was"):
        analytics.annual_return([[[0.1]]])
    with pytest.raises(ValueError, match="between 0 and 1"):
        analytics.value_at_risk([0.1], 5)
    with pytest.raises(ValueError, match="at least 2"):
        analytics.rolling_volatility([0.1], 1)


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        (["0.1", "0.2"], "must be numbers; they were of the type <U3"),
        ([0.1, "0.2"], "must be numbers"),
        ([None, "a"], "must be numbers; one of them was 'a'"),
        ([True, False], "must be numbers; they were of the type bool"),
        ([0.1, 1j], "must be numbers; they were of the type complex128"),
        ([[0.1], [0.1, 0.2]], "rows of one length"),
        ([0.1, -float("inf")], "must be finite; value 1 was -inf"),
        ([[0.1, 0.2], [0.3, float("inf")]], "must be finite; value 1 of series 1 was inf"),
        (np.array(["2020-01-01"], "datetime64[D]"), "must be numbers"),
        ([10**400, None], "must be finite"),
        (0.1, "its shape was"),
    ],
)
def test_what_is_no_sample_is_refused(sample: npt.ArrayLike, message: str) -> None:
    for metric in (analytics.sharpe_ratio, analytics.underwater, analytics.summary, analytics.cumulative_returns):
        with pytest.raises(analytics.SampleError, match=message):
            metric(sample)


def test_whatever_holds_numbers_is_a_sample() -> None:
    pd, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    expected = analytics.sharpe_ratio([0.01, 0.03, -0.02])
    for sample in (
        [Decimal("0.01"), None, Decimal("0.03"), Decimal("-0.02")],
        np.ma.masked_array([0.01, 9.0, 0.03, -0.02], [False, True, False, False]),
        pd.Series([0.01, None, 0.03, -0.02]),
        polars.Series([0.01, None, 0.03, -0.02]),
    ):
        assert analytics.sharpe_ratio(sample) == pytest.approx(expected, rel=1e-15)
    table = pd.DataFrame({"a": [0.01, 0.03, -0.02], "b": [1, 2, 3]})
    np.testing.assert_allclose(analytics.sharpe_ratio(table)[0], expected, rtol=1e-15)  # type: ignore[index]


@pytest.mark.parametrize(
    "call",
    [
        lambda: analytics.sharpe_ratio([0.1, 0.2], periods_per_year=0),
        lambda: analytics.sharpe_ratio([0.1, 0.2], float("nan")),
        lambda: analytics.annual_return([0.1, 0.2], float("inf")),
        lambda: analytics.value_at_risk([0.1], 0.0),
        lambda: analytics.value_at_risk([0.1], model="student"),
        lambda: analytics.rolling(analytics.sharpe_ratio, [0.1, 0.2], 0),
        lambda: analytics.rolling(analytics.sharpe_ratio, [0.1, 0.2], 2.5),  # type: ignore[arg-type]
        lambda: analytics.rolling(analytics.sharpe_ratio, [0.1], 5, periods_per_year=-1),
        lambda: analytics.drawdowns([0.1], -1),
        lambda: analytics.summary([0.1], tail=2),
        lambda: analytics.summary([0.1], risk_free=float("inf")),
    ],
)
def test_settings_without_a_meaning_are_refused(call: Callable[[], object]) -> None:
    with pytest.raises(analytics.ParameterError, match="must be"):
        call()


def test_tails_of_models(returns: Floats) -> None:
    stats, integrate = pytest.importorskip("scipy.stats"), pytest.importorskip("scipy.integrate")
    mean, deviation = returns.mean(), returns.std(ddof=1)
    skew, kurtosis = stats.skew(returns), stats.kurtosis(returns)

    def quantile(share: float) -> float:
        z = stats.norm.ppf(share)
        expanded = z + (z**2 - 1) * skew / 6 + (z**3 - 3 * z) * kurtosis / 24 - (2 * z**3 - 5 * z) * skew**2 / 36
        return float(mean + deviation * expanded)

    for tail in (0.01, 0.05, 0.3):
        assert analytics.value_at_risk(returns, tail, "cornish_fisher") == pytest.approx(quantile(tail), rel=1e-9)
        shortfall = integrate.quad(quantile, 0, tail)[0] / tail
        assert analytics.conditional_value_at_risk(returns, tail, "cornish_fisher") == pytest.approx(
            shortfall, rel=1e-6
        )
        normal = integrate.quad(lambda share: stats.norm.ppf(share, mean, deviation), 0, tail)[0] / tail
        assert analytics.conditional_value_at_risk(returns, tail, "gaussian") == pytest.approx(normal, rel=1e-6)


def test_treynor_and_m_squared_by_hand() -> None:
    # Means 2 % and 1 %, standard deviations 2 % and 1 %, beta 2, of four periods a year; 0.5 % free of risk.
    returns, benchmark = [0.0, 0.02, 0.04], [0.0, 0.01, 0.02]
    assert analytics.treynor_ratio(returns, benchmark, 0.005, 4) == pytest.approx(0.015 * 4 / 2)
    assert analytics.m_squared(returns, benchmark, 0.005, 4) == pytest.approx(4 * (0.005 + 0.015 / 0.02 * 0.01))
    assert analytics.correlation(returns, benchmark) == pytest.approx(1)
    # Of the benchmark itself, it is the benchmark's return.
    assert analytics.m_squared(benchmark, benchmark, 0.005, 4) == pytest.approx(0.04)
    assert np.isnan(analytics.information_ratio([0.1, 0.3, 0.2], [0.05, 0.25, 0.15]))  # a constant difference


def test_time_under_water_by_hand() -> None:
    returns = [0.1, -0.1, 0.05, 0.2, -0.1, -0.1, -0.1, 0.5]
    assert analytics.time_under_water(returns) == 5 / 8
    assert analytics.longest_time_under_water(returns) == 3
    assert analytics.longest_time_under_water([-0.1, -0.1]) == 2
    worst = analytics.drawdowns_by_series(np.column_stack([returns, np.zeros(8)]), 1)
    assert [len(each) for each in worst] == [1, 0]
    assert (worst[0][0].peak, worst[0][0].trough, worst[0][0].recovery) == (4, 7, 8)


def test_a_missing_return_changes_nothing_where_places_are_told() -> None:
    missing = [0.1, float("nan"), -0.1, 0.2]
    np.testing.assert_allclose(analytics.underwater(missing), [0, 0, -0.1, 0], atol=1e-15)
    np.testing.assert_allclose(analytics.cumulative_returns(missing), [0.1, 0.1, -0.01, 0.188], atol=1e-15)
    assert analytics.drawdowns(missing)[0].trough == 3
    rolled = analytics.rolling_volatility([0.1, 0.2, float("nan"), 0.1, 0.3], 2)
    np.testing.assert_array_equal(np.isnan(rolled), [True, False, True, True, False])
    table = np.array([[0.1, 0.2], [0.3, -0.2]])
    np.testing.assert_array_equal(analytics.underwater(table)[:, 1], analytics.underwater(table[:, 1]))


def test_months_and_years_of_a_table() -> None:
    days = [date(2020, 2, 29), date(2019, 12, 31), date(2020, 1, 2), date(2020, 2, 1)]
    table = np.array([[0.1, np.nan], [0.2, 0.1], [0.3, 0.1], [0.1, np.nan]])
    months, grown = analytics.returns_by_month(days, table)
    assert months.tolist() == [date(2019, 12, 1), date(2020, 1, 1), date(2020, 2, 1)]
    np.testing.assert_allclose(grown, [[0.2, 0.1], [0.3, 0.1], [0.21, np.nan]])
    years, yearly = analytics.returns_by_year(np.array(days, "datetime64[ns]"), table)
    assert years.astype(str).tolist() == ["2019", "2020"]
    np.testing.assert_allclose(yearly, [[0.2, 0.1], [1.3 * 1.21 - 1, 0.1]])
    assert analytics.monthly_returns([date(1969, 12, 31)], [0.5]) == {(1969, 12): 0.5}
    assert analytics.yearly_returns([], []) == {}
    for bad in (["2020-01-01"] * 4, np.array(["NaT"] * 4, "datetime64[D]"), [None] * 4):
        with pytest.raises(analytics.SampleError, match="days must"):
            analytics.returns_by_month(bad, table)  # type: ignore[arg-type]


def test_tiny_and_huge_returns_give_no_false_figures() -> None:
    assert np.isnan(analytics.sharpe_ratio([1e300, -1e300, 1e299]))
    assert np.isnan(analytics.sharpe_ratio([1e-160, 3e-160, 2e-160]))
    assert np.isnan(analytics.cumulative_return([1e300, 1e300]))
    assert analytics.value_at_risk([1e300, -1e300, 0.0], 0.5) == 0.0
    assert analytics.drawdowns([1e300, 1e300, -0.5]) == []


def test_the_package_imports_no_more_than_numpy() -> None:
    code = "import sys, tradinglab.analytics; print([m for m in ('scipy', 'pandas', 'numba') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_summary_of_some_metrics(returns: Floats) -> None:
    found = analytics.summary(returns, only=["max_drawdown", "sharpe_ratio"])
    assert found == {name: getattr(analytics, name)(returns) for name in ("sharpe_ratio", "max_drawdown")}
    with pytest.raises(analytics.ParameterError, match="no metric 'beta' without a benchmark; there are: cumulative"):
        analytics.summary(returns, only=["beta"])
    table = np.zeros((3, 4))
    table[1, 3] = np.inf
    for threads in (1, 2, 8):
        with pytest.raises(analytics.SampleError, match="value 1 of series 3 was inf"):
            analytics.summary(table, threads=threads)
    with pytest.raises(analytics.ParameterError, match="threads must be a whole number of at least 1; it was 0"):
        analytics.summary(returns, threads=0)
    with pytest.raises(analytics.ParameterError, match="no metric 'alpa'; there are"):
        analytics.summary(returns, returns, only=["alpa"])
