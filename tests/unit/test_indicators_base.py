"""What indicators share: numbers, windows, events, parts, names, and an author's own."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Any

import pytest
from tests.unit.indicator_market import DAY, SPY, START, Subscription, market

from tradinglab.algorithm.bars import Bar, QuoteBar, TradeBar
from tradinglab.algorithm.indicators import (
    BollingerBands,
    CompositeIndicator,
    ConnorsRelativeStrengthIndex,
    Delay,
    DonchianChannel,
    ExponentialMovingAverage,
    Field,
    FilteredIdentity,
    Identity,
    IndicatorExtensions,
    KnowSureThing,
    Maximum,
    MovingAverageConvergenceDivergence,
    PythonIndicator,
    RelativeStrengthIndex,
    SimpleMovingAverage,
)
from tradinglab.algorithm.indicators.base import IndicatorBase
from tradinglab.algorithm.indicators.composites import as_indicator
from tradinglab.algorithm.indicators.tracks import NO_SHIFT
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.enums import TickType

BARS = market(60)


def fed(indicator: Any, *values: float) -> Any:
    """Return an indicator after values, a day apart."""
    for day, value in enumerate(values):
        indicator.update(START + day * DAY, value)
    return indicator


# Names.


def test_names_are_leans_unless_given() -> None:
    assert SimpleMovingAverage(14).name == "SMA(14)"
    assert SimpleMovingAverage("mine", 14).name == "mine"
    assert BollingerBands(20, 2.0).name == "BB(20,2)"
    assert BollingerBands(20, 2.5).upper_band.name == "BB(20,2.5)_UpperBand"
    assert MovingAverageConvergenceDivergence(fastPeriod=12, slowPeriod=26, signalPeriod=9).name == "MACD(12,26,9)"
    assert DonchianChannel(20).upper_band.name == "DCH(20,20)_UpperBand"


def test_both_spellings_read_the_same() -> None:
    macd = MovingAverageConvergenceDivergence(2, 3, 2)
    assert macd.IsReady is macd.is_ready
    assert macd.WarmUpPeriod == 4
    assert macd.Signal is macd.signal


def test_arguments_go_by_all_names_that_lean_gives_them() -> None:
    connors = ConnorsRelativeStrengthIndex(rsi_period=3, rsiPeriodStreak=2, roc_period=20)
    assert connors.name == ConnorsRelativeStrengthIndex(3, 2, 20).name == "CRSI(3,2,20)"
    assert DonchianChannel(period=5).warm_up_period == 5
    assert KnowSureThing(5, 5, 10, 5, 15, 5, roc_4_period=25, roc4MaPeriod=10, signal_period=9).warm_up_period == 35


# An indicator as a number.


def test_it_compares_and_calculates_as_its_value() -> None:
    average = fed(SimpleMovingAverage(2), 10, 20)
    assert average > 14
    assert average <= 15.0
    assert average == 15
    assert average != 14
    assert average * 2 + 1 == 31
    assert 30 / average == 2
    assert 20 - average == 5
    assert float(average) == 15.0
    assert average > fed(Identity(), 3)
    assert average != fed(SimpleMovingAverage(2), 10, 20)


@pytest.mark.parametrize(("value", "text"), [(15.0, "15.0"), (1 / 3, "0.33333"), (-2.5, "-2.5"), (0.000004, "0.0")])
def test_it_prints_as_in_lean(value: float, text: str) -> None:
    identity = fed(Identity("me"), value)
    assert str(identity) == text
    assert identity.to_detailed_string() == f"me - {text}"


# Values of the past.


def test_it_remembers_two_values_unless_told_otherwise() -> None:
    identity = fed(Identity(), 1, 2, 3)
    assert [point.value for point in identity] == [3, 2]
    assert (identity[0].value, identity[1].value, identity.previous.value) == (3, 2, 2)
    assert identity.current.end_time == START + 2 * DAY
    identity.window.size = 4
    fed_more = fed(identity, *[0.0] * 0)
    for day in (3, 4):
        fed_more.update(START + day * DAY, day + 1.0)
    assert [point.value for point in identity] == [5, 4, 3, 2]


def test_before_the_first_value_there_is_zero() -> None:
    identity = Identity()
    assert (identity.current.value, identity.current.time, identity.previous.value) == (0, datetime.min, 0)


# Events and indicators of indicators.


def test_a_listener_hears_each_value() -> None:
    heard: list[tuple[IndicatorBase, float]] = []
    average = SimpleMovingAverage(2)

    def listen(sender: IndicatorBase, point: Any) -> None:
        heard.append((sender, point.value))

    average.updated += listen
    fed(average, 4, 8)
    average.updated -= listen
    average.update(START + 2 * DAY, 12)
    assert heard == [(average, 4.0), (average, 6.0)]


def test_of_waits_until_the_first_is_ready() -> None:
    first, second, eager = SimpleMovingAverage(2), Delay(1), Identity()
    assert IndicatorExtensions.of(second, first) is second
    IndicatorExtensions.of(eager, first, False)
    fed(first, 1, 3, 5)
    assert (second.samples, float(second), second.is_ready, eager.samples) == (2, 2.0, True, 3)


def test_arithmetic_of_indicators() -> None:
    left, right = Identity("l"), Identity("r")
    made = [
        IndicatorExtensions.plus(left, right),
        IndicatorExtensions.minus(left, right),
        IndicatorExtensions.times(left, 3),
        IndicatorExtensions.over(left, right, "ratio"),
    ]
    fed(left, 6)
    assert [indicator.samples for indicator in made] == [0, 0, 1, 0]
    fed(right, 2)
    assert [float(indicator) for indicator in made] == [8, 4, 18, 3]
    assert [indicator.name for indicator in made] == ["COMPOSE(l,r)", "COMPOSE(l,r)", "COMPOSE(l,3)", "ratio"]
    left.update(START + DAY, 7)
    right.update(START + DAY, 0)
    assert float(made[3]) == 3, "a division by zero gives no value"
    made[0].reset()
    assert (left.samples, right.samples, float(made[0])) == (0, 0, 0)


def test_averages_and_extremes_of_an_indicator() -> None:
    rsi = Identity("x")
    average, smooth = IndicatorExtensions.sma(rsi, 2), IndicatorExtensions.EMA(rsi, 2)
    top, bottom = IndicatorExtensions.MAX(rsi, 2), IndicatorExtensions.MIN(rsi, 2)
    fed(rsi, 1, 2, 4)
    assert [float(each) for each in (average, smooth, top, bottom)] == pytest.approx([3, 4 * 2 / 3 + 1.5 / 3, 4, 2])
    assert (average.name, top.name) == ("SMA2_Of_x", "MAX2_Of_x")


def test_weighted_by_gives_the_weighted_average() -> None:
    price, volume = Identity("p"), Identity("v")
    weighted = IndicatorExtensions.weighted_by(price, volume, 2)
    for day, (p, v) in enumerate([(10, 1), (20, 3), (40, 1)]):
        price.update(START + day * DAY, p)
        volume.update(START + day * DAY, v)
    assert float(weighted) == (20 * 3 + 40) / 4


def test_a_composite_takes_a_number_from_its_composer() -> None:
    left, right = Identity("l"), Identity("r")
    lower = CompositeIndicator("low", left, right, lambda a, b: min(a.current.value, b.current.value))
    fed(left, 5)
    fed(right, 4)
    assert (float(lower), lower.name, lower.left, lower.right) == (4.0, "low", left, right)


# An author's own indicators.


class Mean(PythonIndicator):
    """Its private names are those that our own indicators use."""

    _track = _inputs = _updated = None

    def __init__(self, name: str, period: int) -> None:
        self.name = name
        self.value = 0
        self._value = self._samples = self._window = self._name = 0
        self._queue: deque[float] = deque(maxlen=period)

    def update(self, input: Any) -> bool:
        self._queue.append(input.value)
        self.value = sum(self._queue) / len(self._queue)
        return len(self._queue) == self._queue.maxlen


class OldStyle(PythonIndicator):
    def __init__(self) -> None:
        super().__init__()
        self.Name = "Old"
        self.WarmUpPeriod = 3
        self.Value = 0

    @property
    def IsReady(self) -> bool:
        return self.Samples > 1

    def Update(self, input: Any) -> None:
        self.Value += input.Value


class Plain:
    def __init__(self) -> None:
        self.name, self.value, self.is_ready, self.warm_up_period = "plain", 0.0, False, 2

    def update(self, input: Any) -> bool:
        self.value, self.is_ready = input.value * 2, True
        return True


def test_an_authors_indicator_is_updated_by_its_own_method() -> None:
    mean = Mean("mean", 2)
    for row in range(2):
        as_indicator(mean).consume(Subscription(BARS).bar(row))
    closes = BARS.values["close"]
    assert float(mean) == mean.current.value == pytest.approx((closes[0] + closes[1]) / 2)
    assert (mean.name, mean.samples, mean.is_ready, mean.warm_up_period) == ("mean", 2, True, 0)


def test_an_authors_indicator_in_pascal_case() -> None:
    old = OldStyle()
    for row in range(2):
        as_indicator(old).consume(Subscription(BARS).bar(row))
    assert (old.name, old.warm_up_period, old.is_ready, old.samples) == ("Old", 3, True, 2)
    assert float(old) == pytest.approx(BARS.values["close"][:2].sum())


def test_an_object_of_another_base_is_wrapped() -> None:
    plain = Plain()
    wrapped = as_indicator(PythonIndicator(plain))
    wrapped.consume(Subscription(BARS).bar(0))
    assert (wrapped.name, getattr(wrapped, "warm_up_period", None), wrapped.is_ready) == ("plain", 2, True)
    assert float(wrapped) == plain.value == BARS.values["close"][0] * 2


def test_an_authors_indicator_tells_those_that_listen() -> None:
    mean, heard = Mean("mean", 1), []
    average = IndicatorExtensions.sma(mean, 2)
    mean.updated += lambda sender, point: heard.append((sender, point.value))
    for row in range(2):
        as_indicator(mean).consume(Subscription(BARS).bar(row))
    closes = BARS.values["close"]
    assert heard == [(mean, closes[0]), (mean, closes[1])]
    assert float(average) == pytest.approx(closes[:2].mean())
    assert mean > 0
    assert [point.value for point in mean] == [closes[1], closes[0]]


def test_what_an_authors_indicator_lacks_is_named() -> None:
    class Nothing(PythonIndicator):
        pass

    class Half:
        value = 0

        def update(self, input: Any) -> bool:
            return True

    with pytest.raises(NotImplementedError, match=r"Indicator.update must be implemented.*Nothing"):
        as_indicator(Nothing()).consume(Subscription(BARS).bar(0))
    with pytest.raises(NotImplementedError, match=r"Indicator.is_ready must be implemented.*Half.*PythonIndicator"):
        PythonIndicator(Half())


# Inputs.


def test_fields_pick_a_number_of_a_data_point() -> None:
    trade = TradeBar(START, SPY, 10, 14, 8, 12, 500, DAY)
    quote = QuoteBar(START, SPY, Bar(1, 4, 1, 2), 5, Bar(3, 6, 3, 4), 7, DAY)
    tick = Tick(START, SPY, 3, 9, tick_type=TickType.QUOTE, bid_price=2, ask_price=4)
    assert [Field.OPEN(trade), Field.High(trade), Field.LOW(trade), Field.CLOSE(trade)] == [10, 14, 8, 12]
    assert [Field.AVERAGE(trade), Field.MEDIAN(trade), Field.WEIGHTED(trade)] == [11, 11, 11.5]
    assert [Field.TYPICAL(trade), Field.SEVEN_BAR(trade)] == pytest.approx([34 / 3, (20 + 14 + 8 + 36) / 7])
    assert [Field.VOLUME(trade), Field.VOLUME(tick), Field.BID_CLOSE(trade)] == [500, 9, 12]
    assert [Field.BID_HIGH(quote), Field.ASK_LOW(quote), Field.BID_PRICE(quote), Field.HIGH(quote)] == [4, 3, 2, 5]
    assert [Field.BID_PRICE(tick), Field.ASK_PRICE(tick), Field.OPEN(tick)] == [2, 4, 3]


def test_a_filter_keeps_the_last_value_that_passed() -> None:
    passed = FilteredIdentity(lambda bar: bar.close > 10)
    for day, close in enumerate((9, 11, 8)):
        passed.consume(TradeBar(START + day * DAY, SPY, close, close, close, close, 1, DAY))
        assert float(passed) == (0, 11, 11)[day]
    assert passed.is_ready


def test_bad_periods_are_refused_with_what_they_were() -> None:
    with pytest.raises(ValueError, match="it was 0"):
        SimpleMovingAverage(0)
    with pytest.raises(ValueError, match="they were 26 and 12"):
        MovingAverageConvergenceDivergence(26, 12, 9)


def test_an_indicator_of_trade_bars_refuses_quotes() -> None:
    from tradinglab.algorithm.indicators import OnBalanceVolume

    with pytest.raises(TypeError, match="takes a trade bar; it was given a QuoteBar"):
        OnBalanceVolume().consume(QuoteBar(START, SPY, Bar(1, 1, 1, 1), 1, Bar(1, 1, 1, 1), 1, DAY))


# Following columns.


def test_an_attached_indicator_reads_where_the_run_is() -> None:
    feed, average = Subscription(BARS), SimpleMovingAverage(5)
    assert average.attach(feed)
    assert (average.samples, float(average), average.current.time) == (0, 0.0, datetime.min)
    for _ in range(5):
        feed.advance()
    assert (average.samples, average.is_ready, average.current.symbol) == (5, True, SPY)
    assert float(average) == pytest.approx(BARS.values["close"][:5].mean())
    assert average.rolling_sum.is_ready
    assert not feed.is_streaming


@pytest.mark.parametrize("first_row", [0, 3])
def test_what_was_read_stays_and_the_short_way_reads_what_the_long_one_does(first_row: int) -> None:
    short, long = Subscription(BARS, "", first_row), Subscription(BARS, "", first_row)
    long.place.shift = NO_SHIFT
    quick, asked = SimpleMovingAverage(5), SimpleMovingAverage(5)
    assert (quick.attach(short), asked.attach(long)) == (True, True)
    kept, seen = [], []
    for _ in range(40):
        short.advance()
        long.advance()
        assert quick.current is quick.current
        kept.append(quick.current)
        seen.append((asked.current.end_time, asked.current.value, float(quick)))
    assert [(point.end_time, point.value, point.price) for point in kept] == seen
    short.cursor.consumed, short._row = -1, first_row + 6
    assert quick.current.value == kept[6].value


@pytest.mark.parametrize("touch", ["window", "listen", "update", "iterate", "older"])
def test_what_needs_streaming_makes_an_attached_indicator_stream(touch: str) -> None:
    feed, average, streamed = Subscription(BARS), SimpleMovingAverage(5), SimpleMovingAverage(5)
    average.attach(feed)
    for _ in range(9):
        feed.advance(streamed)
    if touch == "window":
        assert [p.value for p in average.window] == [p.value for p in streamed.window]
    elif touch == "listen":
        average.updated += lambda sender, point: None
    elif touch == "update":
        average.update(START + 40 * DAY, 1.0)
        streamed.update(START + 40 * DAY, 1.0)
    elif touch == "iterate":
        assert [p.end_time for p in average] == [p.end_time for p in streamed]
    else:
        assert average[5] is None
    assert feed.is_streaming
    assert (float(average), average.samples, average.previous.value) == (
        float(streamed), streamed.samples, streamed.previous.value
    )  # fmt: skip


def test_a_part_takes_the_whole_along() -> None:
    feed, bands = Subscription(BARS), BollingerBands(5, 2)
    bands.attach(feed)
    for _ in range(8):
        feed.advance()
    upper = float(bands.upper_band)
    bands.upper_band.window.size = 10
    assert feed.is_streaming
    assert float(bands.upper_band) == upper
    assert bands.middle_band.samples == bands.samples == 8


def test_reset_of_an_attached_indicator_begins_anew() -> None:
    feed, average = Subscription(BARS), ExponentialMovingAverage(3)
    average.attach(feed)
    feed.advance()
    average.reset()
    assert (average.samples, float(average), feed.is_streaming) == (0, 0.0, True)
    feed.advance(average)
    assert average.samples == 1


def test_it_does_not_attach_what_was_updated_or_is_listened_to() -> None:
    used, heard, part = fed(SimpleMovingAverage(3), 1.0), SimpleMovingAverage(3), BollingerBands(3, 2)
    heard.updated += lambda sender, point: None
    IndicatorExtensions.of(Identity(), part.middle_band)
    assert not any(indicator.attach(Subscription(BARS)) for indicator in (used, heard, part))
    assert part.standard_deviation.samples == 0


def test_an_attached_indicator_works_on_a_field() -> None:
    feed = Subscription(BARS, "typical")
    highest = Maximum(3)
    highest.attach(feed)
    for _ in range(10):
        feed.advance()
    values = sum(BARS.values[name] for name in ("high", "low", "close")) / 3
    assert float(highest) == max(values[7:10])


def test_the_state_of_rsi_averages_can_be_read() -> None:
    rsi = fed(RelativeStrengthIndex(2), 10, 11, 9)
    assert (float(rsi.average_gain), float(rsi.average_loss)) == (0.5, 1.0)
