"""Indicators in a run: made by an algorithm's methods, registered, warmed up, read as arrays or streamed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tradinglab.algorithm.consolidators import TradeBarConsolidator
from tradinglab.algorithm.indicators import (
    AverageDirectionalIndex,
    AverageTrueRange,
    BollingerBands,
    CompositeIndicator,
    Doji,
    EveningStar,
    ExponentialMovingAverage,
    Field,
    Harami,
    Identity,
    IndicatorExtensions,
    IntradayVwap,
    Maximum,
    PythonIndicator,
    RelativeStrengthIndex,
    SimpleMovingAverage,
    Stochastic,
    ThreeInside,
    ValueAtRisk,
)
from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.core.enums import MovingAverageType, Resolution
from tradinglab.engine.run import backtest

FIRST, LAST = datetime(2012, 1, 3), datetime(2012, 3, 30)


class Strategy(QCAlgorithm):
    """A strategy over daily bars of the bundled sample whose parts the tests give."""

    made: Any
    last: Strategy

    def initialize(self) -> None:
        type(self).last = self
        self.set_start_date(FIRST)
        self.set_end_date(LAST)
        self.set_benchmark(lambda time: 0)
        self.add_equity("AAPL", Resolution.DAILY)
        self.add_equity("IBM", Resolution.DAILY)
        self.bars: list[Any] = []
        self.prepare()

    def prepare(self) -> None:
        """Make indicators."""

    def on_data(self, slice: Any) -> None:
        if "AAPL" in slice.bars:
            self.bars.append(slice.bars["AAPL"].clone())
            self.look()

    def look(self) -> None:
        """Look at them after a bar of AAPL."""


def run(kind: type[Strategy]) -> Any:
    backtest(kind, data="sample")
    return kind.last


class Reading(Strategy):
    """Reads indicators after each bar, beside ones that it updates itself."""

    def prepare(self) -> None:
        simple = MovingAverageType.SIMPLE
        self.pairs = [
            (self.sma("AAPL", 5), SimpleMovingAverage(5), None),
            (self.ema("AAPL", 7, selector=Field.HIGH), ExponentialMovingAverage(7), Field.HIGH),
            (self.RSI("AAPL", 5, simple, Resolution.DAILY), RelativeStrengthIndex(5, simple), None),
            (self.bb("AAPL", 6, 2), BollingerBands(6, 2), None),
            (self.atr("AAPL", 4), AverageTrueRange(4, simple), None),
            (self.max("AAPL", 4), Maximum(4), Field.HIGH),
            (self.sto("AAPL", 5), Stochastic(5, 5, 3), None),
            (self.adx("AAPL", 3), AverageDirectionalIndex(3), None),
        ]
        self.read: list[tuple[Any, Any]] = []

    def look(self) -> None:
        bar = self.bars[-1]
        for made, own, field in self.pairs:
            if field is None:
                own.consume(bar)
            else:
                own.update(bar.end_time, field(bar))
            self.read.append((self.state(made), self.state(own)))

    def state(self, indicator: Any) -> tuple[Any, ...]:
        return indicator.current.value, indicator.current.end_time, indicator.samples, indicator.is_ready


def test_indicators_are_updated_with_each_bar_before_the_strategy_sees_it() -> None:
    strategy = run(Reading)
    assert len(strategy.read) == 62 * len(strategy.pairs)
    for made, own in strategy.read:
        assert made == own
    assert all(made.is_ready for made, _, _ in strategy.pairs)


def test_indicators_are_named_as_in_lean() -> None:
    names = [made.name for made, _, _ in run(Reading).pairs]
    assert names == [
        "SMA(5,AAPL_day)", "EMA(7,AAPL_day)", "RSI(5,Simple,AAPL_day)", "BB(6,2,AAPL_day)", "ATR(4,AAPL_day)",
        "MAX(4,AAPL_day)", "STO(5,5,3,AAPL_day)", "ADX(3,AAPL_day)",
    ]  # fmt: skip


class Patterns(Strategy):
    """Makes candlestick patterns."""

    def prepare(self) -> None:
        make = self.candlestick_patterns
        self.pairs = [
            (make.doji("AAPL"), Doji()),
            (self.CandlestickPatterns.ThreeInside("AAPL", Resolution.DAILY), ThreeInside()),
            (make.evening_star("AAPL", 0.2), EveningStar(0.2)),
            (make.harami("AAPL", selector=lambda bar: bar), Harami()),
        ]

    def look(self) -> None:
        for made, own in self.pairs:
            own.consume(self.bars[-1])
            assert (made.current.value, made.samples) == (own.current.value, own.samples)


def test_candlestick_patterns_are_made_and_updated() -> None:
    strategy = run(Patterns)
    assert [made.name for made, _ in strategy.pairs] == [
        "DOJI(AAPL_day)", "THREEINSIDE(AAPL_day)", "EVENINGSTAR(AAPL_day)", "HARAMI(AAPL_day)",
    ]  # fmt: skip
    assert all(made.samples == 62 for made, _ in strategy.pairs)
    assert strategy.CandlestickPatterns.ThreeInside.__doc__ == strategy.candlestick_patterns.three_inside.__doc__


class Forms(Strategy):
    """Calls the methods in the forms that LEAN's overloads allow."""

    def prepare(self) -> None:
        self.made = [
            self.ema("AAPL", 5, 0.5),
            self.ema("AAPL", 5, Resolution.DAILY, Field.LOW),
            self.kama("AAPL", 5, Resolution.DAILY),
            self.sto("AAPL", 5, 3, 2, Resolution.DAILY),
            self.dch("AAPL", 5, Resolution.DAILY),
            self.aroon("AAPL", 5, 6),
            self.var("AAPL", 5),
            self.var("AAPL", 5, 0.95, Resolution.DAILY),
            self.vwap("AAPL"),
            self.vwap("AAPL", 5),
            self.arima("AAPL", 1, 1, 0, 20, Resolution.DAILY),
            self.identity("AAPL", Resolution.DAILY, Field.VOLUME, "volume"),
            self.identity("AAPL", timedelta(days=1)),
            self.filtered_identity("AAPL", Resolution.DAILY, None, lambda bar: bar.close > bar.open),
            self.macd("AAPL", 3, 6, 2, type=MovingAverageType.SIMPLE),
            self.sr("AAPL", 5),
            self.b("AAPL", "IBM", 5),
            self.a("AAPL", "IBM", 2, 5),
            self.trin(["AAPL", "IBM"]),
            self.sma("AAPL", period=5, selector=lambda bar: bar.close * 2),
        ]


def test_methods_take_arguments_as_leans_overloads_do() -> None:
    strategy = run(Forms)
    made = strategy.made
    assert [indicator.name for indicator in made] == [
        "EMA(5,AAPL_day)", "EMA(5,AAPL_day)", "KAMA(5,2,30,AAPL_day)", "STO(5,3,2,AAPL_day)", "DCH(5,5,AAPL_day)",
        "AROON(5,6,AAPL_day)", "V(5,AAPL_day)", "VAR(5,0.95,AAPL_day)", "VWAP(AAPL_day)", "VWAP(5,AAPL_day)",
        "ARIMA(1,1,0,20,AAPL_day)", "volume(AAPL_day)", "AAPL(close,1.00:00:00)", "close(AAPL_day)",
        "MACD(3,6,2,AAPL_day)", "SR(5,AAPL_day)", "B(5,)", "A(2,5,AAPL_day)", "TRIN(day)", "SMA(5,AAPL_day)",
    ]  # fmt: skip
    assert all(indicator.is_ready for indicator in made)
    assert isinstance(made[7], ValueAtRisk)
    assert isinstance(made[8], IntradayVwap)
    assert float(made[11]) == strategy.bars[-1].volume
    assert float(made[-1]) == pytest.approx(2 * sum(bar.close for bar in strategy.bars[-5:]) / 5)


class Registered(Strategy):
    """Registers indicators of its own."""

    def prepare(self) -> None:
        self.plain, self.weekly, self.listened = (SimpleMovingAverage(3) for _ in range(3))
        self.register_indicator("AAPL", self.plain, Resolution.DAILY)
        self.register_indicator("AAPL", self.weekly, TradeBarConsolidator(5), Field.HIGH)
        self.register_indicator("AAPL", self.listened)
        self.heard: list[float] = []
        self.listened.updated += lambda sender, point: self.heard.append(point.value)
        self.custom = Doubled()
        self.register_indicator("AAPL", self.custom, Resolution.DAILY)
        self.wrapped = NoBase()
        self.register_indicator("AAPL", self.wrapped, Resolution.DAILY)
        self.chained = IndicatorExtensions.of(Identity("late"), self.plain)
        low, close = self.min("AAPL", 3, Resolution.DAILY, Field.LOW), self.identity("AAPL", Resolution.DAILY)
        self.both = CompositeIndicator("both", close, low, lambda left, right: left.current.value - right.current.value)
        self.samples: list[int] = []

    def look(self) -> None:
        if len(self.bars) == 10:
            self.unregister_indicator(self.plain)
            self.unregister_indicator(self.listened)
        self.samples.append(self.plain.samples)


class Doubled(PythonIndicator):
    def __init__(self) -> None:
        self.value = 0

    def update(self, input: Any) -> bool:
        self.value = 2 * input.close
        return True


class NoBase:
    def __init__(self) -> None:
        self.value, self.is_ready, self.count = 0.0, False, 0

    def update(self, input: Any) -> bool:
        self.value, self.is_ready, self.count = input.close, True, self.count + 1
        return True


def test_indicators_of_an_authors_own_are_registered() -> None:
    strategy = run(Registered)
    bars = strategy.bars
    highs = [max(bar.high for bar in bars[start : start + 5]) for start in range(0, 60, 5)]
    assert strategy.weekly.samples == 12
    assert float(strategy.weekly) == pytest.approx(sum(highs[-3:]) / 3)
    assert float(strategy.custom) == 2 * bars[-1].close
    assert (strategy.wrapped.value, strategy.wrapped.count) == (bars[-1].close, len(bars))
    assert float(strategy.both) == pytest.approx(bars[-1].close - min(bar.low for bar in bars[-3:]))


def test_an_unregistered_indicator_is_updated_no_more() -> None:
    strategy = run(Registered)
    assert strategy.samples[8:13] == [9, 10, 10, 10, 10]
    assert strategy.samples[-1] == 10
    assert len(strategy.heard) == 10
    assert strategy.chained.samples == 8


class WarmedUp(Strategy):
    """Warms indicators up, in all ways."""

    def prepare(self) -> None:
        self.settings.automatic_indicator_warm_up = True
        self.by_setting = self.sma("AAPL", 10)
        self.settings.automatic_indicator_warm_up = False
        self.by_hand, self.by_span, self.missing = SimpleMovingAverage(10), Stochastic(5, 3, 3), Doubled()
        self.warm_up_indicator("AAPL", self.by_hand, Resolution.DAILY)
        self.warm_up_indicator("AAPL", self.by_span, timedelta(days=1))
        self.warm_up_indicator("AAPL", self.missing, Resolution.DAILY)
        self.past = self.history("AAPL", 10, Resolution.DAILY)
        self.first = (float(self.by_setting), self.by_setting.samples)


def test_warm_up_feeds_what_the_indicator_needs() -> None:
    strategy = run(WarmedUp)
    mean = strategy.past["close"].mean()
    assert strategy.first == (pytest.approx(mean), 10)
    assert (float(strategy.by_hand), strategy.by_hand.is_ready) == (pytest.approx(mean), True)
    assert strategy.by_span.is_ready
    assert strategy.missing.samples == 0
    assert strategy.by_setting.samples == 10 + len(strategy.bars)


class History(Strategy):
    """Asks for an indicator's past."""

    def prepare(self) -> None:
        self.bands = BollingerBands(20, 2)
        self.by_count = self.indicator_history(self.bands, "AAPL", 30, Resolution.DAILY)
        span = timedelta(days=30)
        self.by_span = self.indicator_history(RelativeStrengthIndex(5), "AAPL", span, Resolution.DAILY)
        self.by_dates = self.indicator_history(
            SimpleMovingAverage(5), "AAPL", datetime(2011, 11, 1), datetime(2011, 12, 1), Resolution.DAILY, Field.OPEN
        )
        self.past = self.history("AAPL", 49, Resolution.DAILY)


def test_indicator_history_gives_the_values_of_an_indicator_and_of_its_parts() -> None:
    strategy = run(History)
    history, closes = strategy.by_count, strategy.past["close"]
    assert (history.count, len(list(history)), len(history.current), len(history["upper_band"])) == (30, 30, 30, 30)
    last = list(history)[-1]
    assert last["middle_band"].value == last.middle_band.value == pytest.approx(closes[-20:].mean())
    assert last.end_time == history.current[-1].end_time
    frame = history.data_frame
    assert list(frame.columns) == [
        "bandwidth", "current", "lowerband", "middleband", "movingaveragetype", "percentb", "price",
        "standarddeviation", "upperband",
    ]  # fmt: skip
    assert frame["upperband"].iloc[0] == pytest.approx(closes[:20].mean() + 2 * closes[:20].std(ddof=0))
    assert strategy.bands.is_ready


def test_indicator_history_covers_the_dates_asked_for() -> None:
    strategy = run(History)
    times = [point.end_time for point in strategy.by_dates.current]
    assert (times[0].date(), times[-1].date()) == (datetime(2011, 11, 1).date(), datetime(2011, 11, 30).date())
    assert len(times) == 21
    assert strategy.by_span.count >= 18
    assert "upper_band" in str(strategy.by_count)
