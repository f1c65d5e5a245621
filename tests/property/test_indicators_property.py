"""Laws of indicators: arrays and streaming agree, nothing knows the future, equal prices have their own average."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.indicator_market import Subscription, columns, of_closes, values_of

from tradinglab.algorithm import indicators as i
from tradinglab.algorithm.indicators import kernels
from tradinglab.algorithm.indicators.base import IndicatorBase
from tradinglab.algorithm.indicators.gaps import gap, gaps
from tradinglab.algorithm.indicators.sums import ExactSum, window_means, window_sums
from tradinglab.core.enums import MovingAverageType
from tradinglab.data.columns import BarColumns

#: Those that have an array form, of odd periods so that windows overlap in every way.
MAKERS: dict[str, Callable[[], IndicatorBase]] = {
    "SMA": lambda: i.SimpleMovingAverage(3),
    "EMA": lambda: i.ExponentialMovingAverage(4),
    "WWMA": lambda: i.WilderMovingAverage(3),
    "LWMA": lambda: i.LinearWeightedMovingAverage(3),
    "DEMA": lambda: i.DoubleExponentialMovingAverage(3),
    "TEMA": lambda: i.TripleExponentialMovingAverage(2),
    "TRIMA": lambda: i.TriangularMovingAverage(4),
    "HMA": lambda: i.HullMovingAverage(5),
    "RMA": lambda: i.RelativeMovingAverage(2),
    "RSI": lambda: i.RelativeStrengthIndex(3),
    "MACD": lambda: i.MovingAverageConvergenceDivergence(2, 4, 3),
    "BB": lambda: i.BollingerBands(3, 2),
    "BB exponential": lambda: i.BollingerBands(3, 1.5, MovingAverageType.EXPONENTIAL),
    "ATR": lambda: i.AverageTrueRange(3),
    "STD": lambda: i.StandardDeviation(4),
    "MAD": lambda: i.MeanAbsoluteDeviation(3),
    "MOM": lambda: i.Momentum(2),
    "ROC": lambda: i.RateOfChange(2),
    "LOGR": lambda: i.LogReturn(2),
    "MAX": lambda: i.Maximum(3),
    "MIN": lambda: i.Minimum(4),
    "TRIX": lambda: i.Trix(2),
    "DPO": lambda: i.DetrendedPriceOscillator(4),
    "WILR": lambda: i.WilliamsPercentR(3),
    "STO": lambda: i.Stochastic(3, 2, 2),
    "CCI": lambda: i.CommodityChannelIndex(3),
    "DCH": lambda: i.DonchianChannel(3, 2),
    "KCH": lambda: i.KeltnerChannels(3, 1.5),
    "ICHIMOKU": lambda: i.IchimokuKinkoHyo(2, 3, 3, 4, 2, 3),
    "OBV": i.OnBalanceVolume,
    "AD": i.AccumulationDistribution,
}

prices = st.integers(1, 400).map(lambda ticks: ticks / 4) | st.floats(0.01, 1e5, allow_subnormal=False)


numbers = st.floats(-1e6, 1e6).map(lambda value: value if abs(value) > 1e-40 else 0.0)


@st.composite
def markets(draw: st.DrawFn) -> BarColumns:
    """Draw bars, with repeated prices and bars without a range among them."""
    count = draw(st.integers(0, 25))
    four = [draw(st.lists(prices, min_size=count, max_size=count)) for _ in range(2)]
    close, other = (np.array(values, np.float64) for values in four)
    repeats = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    for place in range(1, count):
        if repeats[place]:
            close[place], other[place] = close[place - 1], other[place - 1]
    volume = np.array(draw(st.lists(st.integers(0, 5), min_size=count, max_size=count)), np.float64)
    return columns(other, np.maximum(close, other), np.minimum(close, other), close, volume)


def state(indicator: IndicatorBase) -> tuple[object, ...]:
    return (
        float(indicator),
        indicator.current.end_time,
        float(indicator.previous),
        indicator.samples,
        indicator.is_ready,
    )


@settings(max_examples=60, deadline=None)
@given(bars=markets(), name=st.sampled_from(sorted(MAKERS)), first_row=st.integers(0, 4))
def test_arrays_hold_what_streaming_gives_bit_for_bit(bars: BarColumns, name: str, first_row: int) -> None:
    first_row = min(first_row, len(bars))
    by_array, streamed, feed = MAKERS[name](), MAKERS[name](), Subscription(bars, "", first_row)
    attached = by_array.attach(feed)
    for _ in range(first_row, len(bars)):
        bar = feed.advance(streamed)
        if not attached:
            by_array.consume(bar)
        assert state(by_array) == state(streamed)


@settings(max_examples=60, deadline=None)
@given(bars=markets(), name=st.sampled_from(sorted(MAKERS)), cut=st.integers(0, 25))
def test_a_value_does_not_depend_on_what_comes_later(bars: BarColumns, name: str, cut: int) -> None:
    cut = min(cut, len(bars))
    whole, part = Subscription(bars), Subscription(bars.take(slice(0, cut)))
    long, short = MAKERS[name](), MAKERS[name]()
    if not (long.attach(whole) and short.attach(part)):
        return
    for _ in range(cut):
        whole.advance()
        part.advance()
        assert state(long) == state(short)


@settings(max_examples=60, deadline=None)
@given(bars=markets(), name=st.sampled_from(sorted(MAKERS)), turn=st.integers(0, 25))
def test_an_indicator_can_begin_to_stream_at_any_bar(bars: BarColumns, name: str, turn: int) -> None:
    indicator, streamed, feed = MAKERS[name](), MAKERS[name](), Subscription(bars)
    attached = indicator.attach(feed)
    for row in range(len(bars)):
        if row == turn:
            indicator.detach()
        bar = feed.advance(streamed)
        if feed.is_streaming or not attached:
            indicator.consume(bar)
    assert state(indicator) == state(streamed)


@given(values=st.lists(numbers, min_size=1, max_size=40), size=st.integers(1, 12))
def test_window_sums_are_exact_and_rounded_once(values: list[float], size: int) -> None:
    total, sums, means = ExactSum(size), window_sums(np.array(values), size), window_means(np.array(values), size)
    for place, value in enumerate(values):
        total.push(value)
        window = [Fraction(v) for v in values[max(0, place + 1 - size) : place + 1]]
        assert total.value == sums[place] == float(sum(window))
        assert total.mean == means[place]
        assert abs(Fraction(total.mean) - sum(window) / len(window)) <= abs(Fraction(np.spacing(total.mean)))


@given(price=st.floats(0.001, 1e6), period=st.integers(1, 60))
def test_the_average_of_equal_prices_is_the_price_and_they_do_not_spread(price: float, period: int) -> None:
    bars = of_closes(np.full(period + 3, price))
    for average in (i.SimpleMovingAverage(period), i.ExponentialMovingAverage(period)):
        assert set(values_of(average, bars)[period - 1 :]) == {price}
    assert not values_of(i.StandardDeviation(period), bars).any()


@given(
    values=st.lists(st.integers(-50, 50).map(float), min_size=1, max_size=60), period=st.integers(1, 15),
    largest=st.booleans(),
)  # fmt: skip
def test_window_extremes_are_those_of_each_window(values: list[float], period: int, largest: bool) -> None:
    found = kernels.window_extremes(np.array(values), period, np.maximum if largest else np.minimum)
    choose = max if largest else min
    assert list(found) == [choose(values[max(0, end - period) : end]) for end in range(1, len(values) + 1)]


@given(first=st.integers(1, 99_999_999), second=st.integers(1, 99_999_999))
def test_a_gap_is_the_decimal_difference_of_prices(first: int, second: int) -> None:
    a, b = first / 10_000, second / 10_000
    assert gap(a, b) == (first - second) / 10_000 == gaps(np.array([a]), np.array([b]))[0]
