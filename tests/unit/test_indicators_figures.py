"""Figures: worked by hand, from definitions in pandas, and of LEAN's own tests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from tests.unit.indicator_market import DAY, SPY, START, market, of_closes, values_of

from tradinglab.algorithm import indicators as i
from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.indicators import CorrelationType
from tradinglab.core.enums import MovingAverageType
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.symbol import Symbol
from tradinglab.data.columns import Floats

BARS = market(300, seed=3)
FRAME = pd.DataFrame(BARS.values)
CLOSE, HIGH, LOW = FRAME["close"], FRAME["high"], FRAME["low"]
QQQ = Symbol.create_equity("QQQ", "usa")


@pytest.fixture(autouse=True)
def _hours() -> Iterator[None]:
    MarketHoursDatabase.use(MarketHoursDatabase.default())
    yield
    MarketHoursDatabase.use(None)


def closes(*values: float) -> Floats:
    return np.array(values, np.float64)


def same(found: Floats, expected: pd.Series[float]) -> None:
    """Say that figures agree where the definition has any."""
    known = expected.notna().to_numpy()
    assert known.sum() > 100
    np.testing.assert_allclose(found[known], expected.to_numpy()[known], rtol=1e-9, atol=1e-9)


# By hand.


def test_a_hull_average_of_a_straight_line_is_the_line() -> None:
    found = values_of(i.HullMovingAverage(9), of_closes(np.arange(1.0, 31.0)))
    np.testing.assert_allclose(found[10:], np.arange(11.0, 31.0))


def test_wilders_average_begins_with_the_mean() -> None:
    found = values_of(i.WilderMovingAverage(3), of_closes(closes(1, 2, 3, 7)))
    np.testing.assert_allclose(found, [1, 1.5, 2, 2 + 5 / 3])


def test_a_strength_is_seen_where_decimals_put_it() -> None:
    bars = of_closes(closes(145.00, 145.03, 145.01, 145.04))
    assert values_of(i.RelativeStrengthIndex(3, MovingAverageType.SIMPLE), bars)[-1] == 75.0


def test_a_stochastic_is_seen_where_decimals_put_it() -> None:
    bars = of_closes(closes(145.00, 145.10, 145.08))
    assert values_of(i.Stochastic(3, 1, 1), bars, "stoch_k")[-1] == 80.0
    assert values_of(i.WilliamsPercentR(3), bars)[-1] == -20.0


def test_a_rate_of_change_of_nothing_is_zero() -> None:
    assert list(values_of(i.RateOfChange(1), of_closes(closes(0, 5, 10)))) == [0, 0, 1]
    assert list(values_of(i.RateOfChangeRatio(1), of_closes(closes(5, 5, 10)))) == [0, 0, 2]


def test_a_zig_zag_turns_when_the_price_has_left_the_turning_point() -> None:
    found = values_of(i.ZigZag(0.1, 1), of_closes(closes(100, 95, 96, 110, 120, 115, 100)))
    assert list(found) == [0, 95, 95, 110, 120, 120, 100]


def test_pivots_are_found_when_the_bars_after_them_are_known() -> None:
    indicator = i.PivotPointsHighLow(1)
    found: list[tuple[float, datetime]] = []
    indicator.new_pivot_point_formed += lambda _, args: found.append((args.pivot_point.value, args.pivot_point.time))
    assert list(values_of(indicator, of_closes(closes(3, 5, 4, 2, 6)))) == [0, 0, 1, 0, -1]
    assert found == [(5.0, START + 2 * DAY), (2.0, START + 4 * DAY)]
    assert [point.value for point in indicator.get_all_pivot_points_array()] == [2.0, 5.0]


def test_volume_profile_finds_the_price_met_most() -> None:
    profile = i.VolumeProfile(3, 0.7, 1.0)
    for day, (price, volume) in enumerate([(9.5, 10), (10.2, 30), (9.9, 25), (10.6, 5)]):
        profile.consume(TradeBar(START + day * DAY, SPY, price, price, price, price, volume, DAY))
    assert (float(profile), profile.poc_volume, profile.profile_low, profile.profile_high) == (11.0, 35.0, 10.0, 11.0)
    assert profile.volume_per_price == {10.0: 25.0, 11.0: 35.0}


# By other definitions.


def test_keltner_channels_are_an_average_and_average_true_ranges() -> None:
    before = CLOSE.shift(1)
    spans = pd.concat([HIGH - LOW, (HIGH - before).abs(), (LOW - before).abs()], axis=1).max(axis=1)
    middle = ((HIGH + LOW + CLOSE) / 3).rolling(20).mean()
    same(values_of(i.KeltnerChannels(20, 1.5), BARS, "upper_band"), middle + 1.5 * spans.rolling(20).mean())


def test_ichimoku_lines_are_middles_of_ranges_delayed() -> None:
    def middle(period: int) -> pd.Series[float]:
        return (HIGH.rolling(period).max() + LOW.rolling(period).min()) / 2

    same(values_of(i.IchimokuKinkoHyo(), BARS, "tenkan"), middle(9))
    same(values_of(i.IchimokuKinkoHyo(), BARS, "senkou_a"), ((middle(9) + middle(26)) / 2).shift(26))
    same(values_of(i.IchimokuKinkoHyo(), BARS, "senkou_b"), middle(52).shift(26))


def test_vwap_is_weighted_by_volume() -> None:
    price = FRAME[["open", "high", "low", "close"]].mean(axis=1)
    worth = (price * FRAME["volume"]).rolling(30).sum()
    same(values_of(i.VolumeWeightedAveragePriceIndicator(30), BARS), worth / FRAME["volume"].rolling(30).sum())


def test_money_flow_of_chaikin() -> None:
    place = ((CLOSE - LOW) - (HIGH - CLOSE)) / (HIGH - LOW)
    flow = (place * FRAME["volume"]).rolling(20).sum() / FRAME["volume"].rolling(20).sum()
    same(values_of(i.ChaikinMoneyFlow(20), BARS), flow)


def test_true_strength_is_doubly_smoothed() -> None:
    change = CLOSE.diff().to_numpy()[1:]

    def smoothed(values: Floats) -> pd.Series[float]:
        import talib

        return pd.Series(talib.EMA(talib.EMA(values, 25), 13))

    expected = 100 * smoothed(change) / smoothed(np.abs(change))
    same(values_of(i.TrueStrengthIndex(), BARS)[1:], expected)


def test_a_hurst_exponent_is_the_slope_of_log_deviations() -> None:
    lags = np.arange(2, 21)
    window = CLOSE.to_numpy()[-100:]
    logs = np.log([np.std(window[lag:] - window[:-lag]) for lag in lags])
    assert values_of(i.HurstExponent(100), BARS)[-1] == pytest.approx(np.polyfit(np.log(lags), logs, 1)[0])


def test_value_at_risk_is_a_normal_quantile() -> None:
    from scipy.stats import norm

    returns = CLOSE.pct_change().fillna(0).to_numpy()[-60:]
    expected = norm.ppf(0.05, returns.mean(), returns.std(ddof=1))
    assert values_of(i.ValueAtRisk(60, 0.95), BARS)[-1] == pytest.approx(expected)


def test_a_sharpe_ratio_divides_mean_by_deviation() -> None:
    returns = CLOSE.pct_change()
    expected = (returns.rolling(20).mean() - 0.0001) / returns.rolling(20).std(ddof=0)
    same(values_of(i.SharpeRatio(20, 0.0001), BARS), expected)


def test_a_super_trend_trails_the_price() -> None:
    """The textbook loop: bands move only towards the price, and the trend turns when it is crossed."""
    spread = values_of(i.AverageTrueRange(10), BARS)
    upper, lower, trend, expected = np.inf, 0.0, 1, np.zeros(len(BARS))
    for row in range(9, len(BARS)):
        middle, before = (HIGH[row] + LOW[row]) / 2, CLOSE[row - 1]
        up, down = middle + 3 * spread[row], middle - 3 * spread[row]
        upper = up if up < upper or before > upper else upper
        lower = down if down > lower or before < lower else lower
        trend = (1 if CLOSE[row] > upper else trend) if trend < 0 else (-1 if CLOSE[row] < lower else trend)
        expected[row] = lower if trend > 0 else upper
    found = values_of(i.SuperTrend(10, 3), BARS)
    np.testing.assert_allclose(found[60:], expected[60:])


# LEAN's.


def pairs(count: int) -> Iterator[TradeBar]:
    """Return the bars of LEAN's own test of alpha: 100, 101, … against 200, 203, …"""
    for day in range(count + 1):
        for symbol, price in ((SPY, 100.0 + day), (QQQ, 200.0 + 3 * day)):
            yield TradeBar(datetime(2020, 1, 2) + day * DAY, symbol, 1, 2, 1, price, 100, DAY)


@pytest.mark.parametrize(
    ("arguments", "days", "expected"),
    [
        ((5,), 5, 0.0032053150),
        ((5, 0.0002), 5, 0.0030959108),
        ((1, 252, 0.0025), 252, -0.0000620852),
        ((1, 252), 252, 0.0008518139),
    ],
)
def test_alpha_is_leans(arguments: tuple[float, ...], days: int, expected: float) -> None:
    alpha = i.Alpha("alpha", SPY, QQQ, *arguments)
    for bar in pairs(days):
        alpha.consume(bar)
    assert float(alpha) == pytest.approx(expected, abs=1e-10)


def test_beta_correlation_and_covariance_are_numpys() -> None:
    other = market(300, seed=4).values["close"]
    close = CLOSE.to_numpy()
    made = [
        i.Beta(SPY, QQQ, 50), i.Covariance(SPY, QQQ, 50), i.Correlation(SPY, QQQ, 50),
        i.Correlation(SPY, QQQ, 50, CorrelationType.SPEARMAN),
    ]  # fmt: skip
    for row in range(len(close)):
        for symbol, price in ((SPY, close[row]), (QQQ, other[row])):
            bar = TradeBar(START + row * DAY, symbol, price, price, price, price, 1, DAY)
            for indicator in made:
                indicator.consume(bar)
    moves = np.cov(np.diff(close)[-50:] / close[-51:-1], np.diff(other)[-50:] / other[-51:-1])
    frame = pd.DataFrame({"a": close[-50:], "b": other[-50:]})
    expected = [moves[0, 1] / moves[1, 1], moves[0, 1], frame.corr().iloc[0, 1], frame.corr("spearman").iloc[0, 1]]
    assert [float(indicator) for indicator in made] == pytest.approx(expected)


def test_arima_forecasts_a_regression_of_the_series_reversed() -> None:
    """LEAN fits from the newest value to the oldest; without moving-average terms that is one regression."""
    found = values_of(i.AutoRegressiveIntegratedMovingAverage(1, 1, 0, 50), BARS)
    window = CLOSE.to_numpy()[-50:][::-1]
    moves = window[:-1] - window[1:]
    weight = moves[:-1] @ moves[1:] / (moves[:-1] @ moves[:-1])
    assert found[-1] == pytest.approx(window[0] + weight * moves[0])
    assert not found[:49].any()


def test_arima_with_errors_solves_the_normal_equations() -> None:
    indicator = i.AutoRegressiveIntegratedMovingAverage(1, 0, 1, 40)
    found = values_of(indicator, BARS)
    series = CLOSE.to_numpy()[-40:][::-1]
    weight = series[:-1] @ series[1:] / (series[:-1] @ series[:-1])
    errors = np.concatenate([[0.0], series[1:] - weight * series[:-1]])
    inputs = np.column_stack([np.ones(39), series[:-1], errors[:-1]])
    fit = np.linalg.lstsq(inputs, series[1:], rcond=None)[0]
    assert found[-1] == pytest.approx(fit[0] + fit[1] * series[0] + fit[2] * errors[2])
    assert [indicator.intercept, *indicator.ar_parameters, *indicator.ma_parameters] == pytest.approx(list(fit))


def test_arima_of_equal_prices_cannot_be_fitted_and_stands_still() -> None:
    indicator = i.AutoRegressiveIntegratedMovingAverage(1, 1, 1, 10)
    assert values_of(indicator, of_closes(np.full(12, 50.0)))[-1] == 50.0
    strict = i.AutoRegressiveIntegratedMovingAverage(1, 1, 1, 10)
    strict.handle_exceptions = False
    with pytest.raises(np.linalg.LinAlgError):
        values_of(strict, of_closes(np.full(12, 50.0)))
