"""Metrics of any returns: equal to empyrical's, of a table equal to those of its columns, and always defined."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tradinglab import analytics
from tradinglab.analytics import TailModel

Floats = npt.NDArray[np.float64]
Metric = Callable[..., analytics.Figure]

#: Returns of at most four digits: differences are then never what rounding left.
RETURN = st.integers(-9_000, 15_000).map(lambda each: each / 10_000)
SERIES = st.lists(RETURN, min_size=2, max_size=60).map(lambda each: np.array(each, np.float64))

ALONE: list[tuple[Metric, str]] = [
    (analytics.cumulative_return, "cum_returns_final"),
    (analytics.annual_return, "annual_return"),
    (analytics.annual_volatility, "annual_volatility"),
    (analytics.sharpe_ratio, "sharpe_ratio"),
    (analytics.sortino_ratio, "sortino_ratio"),
    (analytics.calmar_ratio, "calmar_ratio"),
    (analytics.omega_ratio, "omega_ratio"),
    (analytics.downside_deviation, "downside_risk"),
    (analytics.max_drawdown, "max_drawdown"),
    (analytics.stability, "stability_of_timeseries"),
    (analytics.tail_ratio, "tail_ratio"),
    (analytics.value_at_risk, "value_at_risk"),
    (analytics.conditional_value_at_risk, "conditional_value_at_risk"),
]
OTHERS: list[Metric] = [
    analytics.ulcer_index,
    analytics.time_under_water,
    analytics.longest_time_under_water,
    analytics.skewness,
    analytics.excess_kurtosis,
    lambda returns: analytics.value_at_risk(returns, 0.01, TailModel.GAUSSIAN),
    lambda returns: analytics.value_at_risk(returns, 0.1, TailModel.CORNISH_FISHER),
    lambda returns: analytics.conditional_value_at_risk(returns, 0.01, TailModel.GAUSSIAN),
    lambda returns: analytics.conditional_value_at_risk(returns, 0.1, TailModel.CORNISH_FISHER),
    lambda returns: analytics.sharpe_ratio(returns, 0.001, 12),
    lambda returns: analytics.omega_ratio(returns, 0.002),
]
EVERY = [metric for metric, _ in ALONE] + OTHERS
PAIRS: list[Metric] = [
    analytics.alpha,
    analytics.beta,
    analytics.correlation,
    analytics.tracking_error,
    analytics.information_ratio,
    analytics.treynor_ratio,
    analytics.m_squared,
    lambda returns, benchmark: analytics.capture_ratio(returns, benchmark, up=True),
    lambda returns, benchmark: analytics.capture_ratio(returns, benchmark, up=False),
]


@pytest.fixture(scope="module")
def empyrical() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("empyrical")


def close(found: float, oracle: float) -> bool:
    """Whether two figures are equal; the oracle's infinity is what is undefined here."""
    if not np.isfinite(oracle):
        return bool(np.isnan(found))
    return bool(np.isclose(found, oracle, rtol=1e-10, atol=1e-10))


@pytest.mark.parametrize(("ours", "name"), ALONE)
@given(returns=SERIES, data=st.data())
@settings(deadline=None)
def test_as_empyrical_has_it(
    empyrical: ModuleType, ours: Metric, name: str, returns: Floats, data: st.DataObject
) -> None:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        assert close(ours(returns), getattr(empyrical, name)(returns))  # type: ignore[arg-type]
        if name not in {"value_at_risk", "omega_ratio"}:  # which know no missing returns
            gaps = data.draw(st.sets(st.integers(0, len(returns) - 1), max_size=len(returns) - 2))
            gappy = returns.copy()
            gappy[list(gaps)] = np.nan
            oracle = getattr(empyrical, name)(gappy[~np.isnan(gappy)])
            assert close(ours(gappy), oracle)  # type: ignore[arg-type]


@given(data=st.data(), returns=SERIES)
@settings(deadline=None)
def test_against_a_benchmark_as_empyrical_has_it(empyrical: ModuleType, data: st.DataObject, returns: Floats) -> None:
    benchmark = np.array(data.draw(st.lists(RETURN, min_size=len(returns), max_size=len(returns))))
    assume(np.ptp(benchmark) > 0.01)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        assert close(analytics.beta(returns, benchmark), empyrical.beta(returns, benchmark))  # type: ignore[arg-type]
        alpha = analytics.alpha(returns, benchmark, 0.0001, 1)
        assert close(alpha, empyrical.alpha(returns, benchmark, 0.0001, annualization=1))  # type: ignore[arg-type]
        difference = returns - benchmark
        if np.ptp(difference) > 1e-9:
            ratio = analytics.information_ratio(returns, benchmark, 1)
            assert close(ratio, empyrical.excess_sharpe(returns, benchmark))  # type: ignore[arg-type]
        for up, name in ((True, "up_capture"), (False, "down_capture")):
            if not (benchmark > 0 if up else benchmark < 0).any():
                continue
            captured = analytics.capture_ratio(returns, benchmark, up=up)
            oracle = getattr(empyrical, name)(returns, benchmark)
            # Near nothing to capture, the quotient amplifies the last digits of an annual return.
            assert close(captured, oracle) or abs(oracle) > 1e6  # type: ignore[arg-type]


def same(found: npt.ArrayLike, expected: npt.ArrayLike) -> None:
    """The same figures, but for the last digits: sums of a table may be added up in another order."""
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)


TABLES = arrays(
    np.float64,
    st.tuples(st.integers(0, 12), st.integers(1, 5)),
    elements=st.one_of(RETURN, st.just(np.nan), st.sampled_from([0.0, 0.01, -1.0, -1.5, 1e300, -1e300, 1e-300])),
)


@given(table=TABLES)
@settings(deadline=None)
def test_a_table_is_its_columns_and_every_figure_is_defined(table: Floats) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for metric in EVERY:
            found = np.asarray(metric(table))
            alone = [metric(np.ascontiguousarray(column)) for column in table.T]
            same(found, alone)
            assert not np.isinf(found).any()
            present = [metric(column[~np.isnan(column)]) for column in table.T]
            same(found, present)


@given(table=TABLES, data=st.data())
@settings(deadline=None)
def test_a_table_against_one_benchmark_or_one_each(table: Floats, data: st.DataObject) -> None:
    periods, series = table.shape
    element = st.one_of(RETURN, st.sampled_from([np.nan, 0.0, 1e300]))
    shared = data.draw(arrays(np.float64, (periods,), elements=element))
    own = data.draw(arrays(np.float64, (periods, series), elements=element))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for metric in PAIRS:
            found = np.asarray(metric(table, shared))
            same(found, [metric(column, shared) for column in table.T])
            assert not np.isinf(found).any()
            each = np.asarray(metric(table, own))
            same(each, [metric(*both) for both in zip(table.T, own.T, strict=True)])


@given(table=TABLES)
@settings(deadline=None)
def test_a_summary_holds_what_the_metrics_say(table: Floats) -> None:
    benchmark = np.linspace(-0.02, 0.03, len(table))
    found = analytics.summary(table, benchmark, tail=0.1, risk_free=0.0001, periods_per_year=365)
    same(found["max_drawdown"], analytics.max_drawdown(table))
    same(found["sharpe_ratio"], analytics.sharpe_ratio(table, 0.0001, 365))
    same(found["cornish_fisher_value_at_risk"], analytics.value_at_risk(table, 0.1, "cornish_fisher"))
    same(found["alpha"], analytics.alpha(table, benchmark, 0.0001, 365))
    threaded = analytics.summary(table, benchmark, tail=0.1, risk_free=0.0001, periods_per_year=365, threads=3)
    same(list(threaded.values()), list(found.values()))
    single = analytics.summary(table[:, 0], benchmark, tail=0.1, risk_free=0.0001, periods_per_year=365)
    assert list(single) == list(found)
    same([each[0] for each in found.values()], list(single.values()))  # type: ignore[index]


@given(returns=SERIES, window=st.integers(2, 8))
@settings(deadline=None)
def test_a_rolled_metric_is_that_of_each_window(returns: Floats, window: int) -> None:
    benchmark = np.cos(np.arange(len(returns)))
    for metric in (analytics.sharpe_ratio, analytics.max_drawdown, analytics.value_at_risk):
        rolled = analytics.rolling(metric, returns, window)
        for last in range(len(returns)):
            part = returns[last - window + 1 : last + 1] if last >= window - 1 else returns[:0]
            same(rolled[last], metric(part))
    rolled = analytics.rolling(analytics.beta, np.column_stack([returns, benchmark]), window, benchmark=benchmark)
    np.testing.assert_allclose(rolled[window - 1 :, 1], 1.0, rtol=1e-12)
