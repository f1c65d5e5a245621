"""The house's metrics against empyrical-reloaded, scipy and figures worked by hand."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from datetime import date, timedelta
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
    assert analytics.parametric_value_at_risk(returns) == pytest.approx(quantile, rel=1e-9)


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
    with pytest.raises(analytics.SampleError, match="value 1 was nan") as caught:
        analytics.sharpe_ratio([0.1, float("nan")])
    assert isinstance(caught.value, TradingLabError)
    with pytest.raises(analytics.SampleError, match="one length; they had 2 and 1"):
        analytics.beta([0.1, 0.2], [0.1])
    with pytest.raises(analytics.SampleError, match="shape was"):
        analytics.annual_return([[0.1]])
    with pytest.raises(ValueError, match="between 0 and 1"):
        analytics.value_at_risk([0.1], 5)
    with pytest.raises(ValueError, match="at least 2"):
        analytics.rolling_volatility([0.1], 1)
