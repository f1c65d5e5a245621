"""What every indicator of the registry keeps."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.indicator_market import DAY, SPY, Subscription, market

from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.indicators import SwissArmyKnifeTool
from tradinglab.algorithm.indicators.base import IndicatorBase, IndicatorResult
from tradinglab.algorithm.indicators.registry import FAMILIES, indicator_type, list_indicators
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.symbol import Symbol

QQQ = Symbol.create_equity("QQQ", "usa")
BARS = market(170, seed=7)

#: Arguments of those that have parameters without defaults; the others are made from their names.
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "Alpha": (SPY, QQQ, 3, 8),
    "AroonOscillator": (9, 7),
    "AutoRegressiveIntegratedMovingAverage": (1, 1, 1, 25),
    "Beta": (SPY, QQQ, 8),
    "BollingerBands": (20, 2),
    "ConnorsRelativeStrengthIndex": (3, 2, 20),
    "Correlation": (SPY, QQQ, 8),
    "Covariance": (SPY, QQQ, 8),
    "HurstExponent": (60,),
    "KeltnerChannels": (20, 1.5),
    "KnowSureThing": (5, 5, 10, 5, 15, 5, 25, 10, 9),
    "Momersion": (6, 12),
    "MomersionIndicator": (6, 12),
    "PivotPointsHighLow": (3,),
    "SqueezeMomentum": (20, 2, 20, 1.5),
    "SwissArmyKnife": (20, 0.1, SwissArmyKnifeTool.GAUSS),
    "ValueAtRisk": (60, 0.95),
}
_BY_NAME = {"fast_period": 5, "slow_period": 12, "signal_period": 7, "k": 2, "multiplier": 3, "limit_move": 8, "n": 16}
#: Made of other indicators, of functions or of an author's class.
BUILT = {"CompositeIndicator", "ResetCompositeIndicator", "FunctionalIndicator", "ConstantIndicator", "PythonIndicator"}
#: Those that need several symbols.
PAIRS = {"Alpha", "Beta", "Correlation", "Covariance"}
#: Those that are zero most of the time.
PATTERNS = {name for family, names in FAMILIES.items() if family.startswith("candles_") for name in names.split()}
NAMES = sorted(name for names in FAMILIES.values() for name in names.split() if name not in BUILT)


@pytest.fixture(autouse=True)
def _hours() -> Iterator[None]:
    with own_hours():
        yield


@contextmanager
def own_hours() -> Iterator[None]:
    """Let nothing depend on market hours that another test set."""
    MarketHoursDatabase.use(MarketHoursDatabase.default())
    yield
    MarketHoursDatabase.use(None)


def make(name: str) -> IndicatorBase:
    """Return an indicator with small periods."""
    kind = indicator_type(name)
    if name in ARGUMENTS:
        return kind(*ARGUMENTS[name])
    values = [
        _BY_NAME.get(parameter.name, 10)
        for parameter in list(inspect.signature(kind).parameters.values())
        if parameter.default is parameter.empty and parameter.name != "name"
    ]
    indicator = kind("IS", *values) if name == "RelativeVigorIndexSignal" else kind(*values)
    if hasattr(indicator, "add"):
        indicator.add(SPY)
        indicator.add(QQQ)
    return indicator


def inputs(indicator: IndicatorBase) -> Iterator[TradeBar]:
    """Return bars; of two symbols if the indicator wants two."""
    feed, other = Subscription(BARS), Subscription(market(170, seed=8))
    double = type(indicator).__name__ in PAIRS or hasattr(indicator, "add")
    for row in range(len(BARS)):
        yield feed.bar(row)
        if double:
            bar = other.bar(row)
            bar.symbol = QQQ
            yield bar


def run(indicator: IndicatorBase) -> list[tuple[float, bool, int]]:
    """Return value, readiness and samples after each input."""
    return [
        (float(indicator), indicator.is_ready, indicator.samples) for bar in inputs(indicator) if _take(indicator, bar)
    ]


def _take(indicator: IndicatorBase, bar: TradeBar) -> bool:
    indicator.consume(bar)
    return True


@pytest.mark.parametrize("name", NAMES)
def test_it_begins_empty_and_gets_ready(name: str) -> None:
    indicator = make(name)
    assert (float(indicator), indicator.samples, indicator.current.end_time.year) == (0.0, 0, 1)
    states = run(indicator)
    assert [samples for _, _, samples in states] == list(range(1, len(states) + 1))
    assert indicator.is_ready
    assert name in PATTERNS or any(value != 0 for value, _, _ in states)


@pytest.mark.parametrize("name", NAMES)
def test_reset_forgets_everything(name: str) -> None:
    indicator = make(name)
    first = run(indicator)
    indicator.reset()
    assert (float(indicator), indicator.samples) == (0.0, 0)
    if name != "McClellanSummationIndex":  # LEAN's keeps its sum
        assert run(indicator) == first


@pytest.mark.parametrize("name", [name for name in NAMES if hasattr(make(name), "warm_up_period")])
def test_it_is_ready_after_as_many_inputs_as_it_says(name: str) -> None:
    indicator = make(name)
    period, ready_at = indicator.warm_up_period, None
    bars = 0
    for bar in inputs(indicator):
        bars += bar.symbol == SPY
        indicator.consume(bar)
        if ready_at is None and indicator.is_ready:
            ready_at = bars
    assert ready_at is not None
    assert ready_at == period - (name in EARLY) + (name in LATE)


#: LEAN says one input more than these need.
EARLY = {"McClellanOscillator", "McClellanSummationIndex", "ZeroLagExponentialMovingAverage"}
#: LEAN says one input less.
LATE = {"AbandonedBaby", "MatHold", "RiseFallThreeMethods"}


@pytest.mark.parametrize("name", NAMES)
def test_an_input_of_the_past_and_the_same_input_again_are_ignored(name: str) -> None:
    indicator = make(name)
    for _, bar in zip(range(40), inputs(indicator), strict=False):
        indicator.consume(bar)
    value, samples = float(indicator), indicator.samples
    late = Subscription(BARS).bar(0)
    indicator.consume(late)
    assert (float(indicator), indicator.samples) == (value, samples)


@pytest.mark.parametrize("name", [name for name in NAMES if make(name).input_kind == "point"])
def test_values_are_taken_with_their_time(name: str) -> None:
    by_bar, by_value = make(name), make(name)
    for bar in inputs(by_bar):
        by_bar.consume(bar)
        by_value.update(bar.end_time, bar.close)
    assert float(by_bar) == float(by_value)
    assert by_bar.current.end_time == by_value.current.end_time == bar.end_time


@pytest.mark.parametrize("name", [name for name in NAMES if make(name).input_kind in ("bar", "trade_bar")])
def test_an_indicator_of_bars_refuses_values(name: str) -> None:
    indicator = make(name)
    with pytest.raises(TypeError, match="takes bars"):
        indicator.update(Subscription(BARS).time(0), 1.0)


@pytest.mark.parametrize("name", NAMES)
def test_whole_arrays_hold_what_streaming_gives(name: str) -> None:
    if name in PAIRS or hasattr(make(name), "add"):
        pytest.skip("an indicator of several symbols streams")
    by_array, streamed, feed = make(name), make(name), Subscription(BARS)
    attached = by_array.attach(feed)
    for _ in range(len(BARS)):
        bar = feed.advance(streamed)
        if feed.is_streaming or not attached:
            by_array.consume(bar)
        assert snapshot(by_array) == snapshot(streamed)


def snapshot(indicator: IndicatorBase) -> dict[str, Any]:
    """Return the state of an indicator and of its parts."""
    parts = {"": indicator}
    for name in dir(type(indicator)):
        if not name.startswith("_") and name.islower() and name not in ("updated", "window"):
            member = getattr(indicator, name)
            if isinstance(member, IndicatorBase):
                parts[name] = member
    return {
        name: (float(part), part.current.end_time, float(part.previous), part.samples, part.is_ready)
        for name, part in parts.items()
    }


def test_every_indicator_is_listed_with_what_it_is() -> None:
    entries = {entry.name: entry for entry in list_indicators()}
    assert set(NAMES) | BUILT == set(entries)
    assert all(entry.description for entry in entries.values())
    assert entries["SimpleMovingAverage"].method == "sma"
    assert entries["BollingerBands"].parameters == "period, k, moving_average_type=Simple"


def test_a_result_that_does_not_count_leaves_the_value() -> None:
    from tradinglab.algorithm.indicators import CompositeIndicator, Identity
    from tradinglab.core.enums import IndicatorStatus

    left, right = Identity("l"), Identity("r")
    composer: Callable[[IndicatorBase, IndicatorBase], IndicatorResult] = lambda a, b: IndicatorResult(  # noqa: E731
        float(a) + float(b), IndicatorStatus.SUCCESS if float(b) else IndicatorStatus.MATH_ERROR
    )
    both = CompositeIndicator("both", left, right, composer)
    time = Subscription(BARS).time(0)
    for offset, value in ((timedelta(0), 1.0), (DAY, 0.0)):
        left.update(time + offset, 5.0)
        right.update(time + offset, value)
    assert (float(both), both.samples, both.current.time) == (6.0, 2, time)
