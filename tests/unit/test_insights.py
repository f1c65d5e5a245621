"""Insights: the forms in which they are made, when they close, and the collection that keeps them.

The moments are those that the tests of QuantConnect/LEAN (Tests/Algorithm/Framework/InsightTests.cs) state.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tradinglab.algorithm.consolidators import Expiry
from tradinglab.algorithm.insights import Insight, InsightCollection, InsightScore
from tradinglab.algorithm.names import ArgumentException, InvalidOperationException, Time
from tradinglab.core.clock import from_ns, zone
from tradinglab.core.default_market_hours import us_equity_hours
from tradinglab.core.enums import InsightDirection, InsightScoreType, InsightType, Resolution, SecurityType
from tradinglab.core.symbol import Symbol

SPY = Symbol.create("SPY", SecurityType.EQUITY, "usa")
IBM = Symbol.create("IBM", SecurityType.EQUITY, "usa")
UP, DAY = InsightDirection.UP, timedelta(days=1)
HOURS = us_equity_hours(extended=False)
NEW_YORK = zone("America/New_York")


def utc(*parts: int) -> datetime:
    """Return a time of New York in UTC."""
    return from_ns(NEW_YORK.to_utc(datetime(*parts)))  # type: ignore[arg-type]


def alive(insight: Insight, *generated: int) -> Insight:
    insight.generated_time_utc = utc(*generated)
    insight.set_period_and_close_time(HOURS)
    return insight


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        # Friday at three: two days by date, and half a trading day.
        ((2018, 8, 3, 15), timedelta(days=2.5), (2018, 8, 8, 11, 45)),
        ((2018, 8, 3, 15), timedelta(hours=2.5), (2018, 8, 6, 11)),
        ((2018, 8, 3, 15, 59), timedelta(hours=1), (2018, 8, 6, 10, 29)),
        ((2018, 8, 3, 15, 59), (Resolution.HOUR, 1), (2018, 8, 6, 10, 29)),
    ],
)
def test_close_times_are_leans(start: tuple[int, ...], length: Any, end: tuple[int, ...]) -> None:
    given = length if isinstance(length, tuple) else (length,)
    assert Insight.compute_close_time(HOURS, utc(*start), *given) == utc(*end)
    insight = alive(Insight.price(SPY, *given, UP), *start)
    assert insight.close_time_utc == utc(*end)
    assert insight.period == (length if isinstance(length, timedelta) else utc(*end) - utc(*start))


@pytest.mark.parametrize(
    ("expiry", "end"),
    [
        (Expiry.END_OF_DAY, (2018, 12, 4, 9, 30)),
        (Expiry.END_OF_WEEK, (2018, 12, 10, 9, 30)),
        (Expiry.END_OF_MONTH, (2019, 1, 2, 9, 30)),
        (Expiry.ONE_MONTH, (2019, 1, 3, 9, 31)),
    ],
)
def test_an_end_that_a_function_gives_is_in_the_market(expiry: Any, end: tuple[int, ...]) -> None:
    start = (2018, 12, 3, 9, 31)
    for given in (expiry, expiry(datetime(*start))):  # type: ignore[arg-type]
        insight = alive(Insight.price(SPY, given, UP), *start)
        assert (insight.close_time_utc, insight.period) == (utc(*end), utc(*end) - utc(*start))


def test_an_insight_without_end() -> None:
    for end in (Time.END_OF_TIME, Time.END_OF_TIME_TIME_SPAN):
        insight = alive(Insight.price(SPY, end, UP), 2018, 12, 3)
        assert (insight.close_time_utc, insight.period) == (datetime(2050, 12, 31), Time.END_OF_TIME_TIME_SPAN)


def test_forms_of_the_constructor() -> None:
    least = Insight(SPY, DAY, InsightType.VOLATILITY, UP, "tag")
    assert (least.tag, least.magnitude, least.period, least.generated_time_utc) == ("tag", None, DAY, datetime.min)
    most = Insight(SPY, lambda time: time + DAY, InsightType.PRICE, UP, 1, 0.5, "Model", 0.25, "tag")
    assert (most.magnitude, most.confidence, most.source_model, most.weight, most.tag) == (1, 0.5, "Model", 0.25, "tag")
    assert most.period == timedelta(0)
    start = datetime(2024, 5, 23)
    timed = Insight(start, SPY, DAY, InsightType.PRICE, UP, confidence=0.5)
    assert (timed.generated_time_utc, timed.close_time_utc, timed.confidence) == (start, start + DAY, 0.5)
    named = Insight.price(symbol=SPY, resolution=Resolution.DAILY, bar_count=2, direction=UP, weight=0.1)
    assert (named.type, named.Direction, named.weight) == (InsightType.PRICE, UP, 0.1)
    assert Insight.Price(SPY, DAY, direction=UP).Tag == ""


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: Insight.price(SPY, Resolution.DAILY, 0, UP), ArgumentException),
        (lambda: Insight.price(SPY, timedelta(milliseconds=999), UP), ArgumentException),
        (lambda: Insight.price(SPY, 5, UP), TypeError),
        (lambda: Insight.price(SPY, DAY), TypeError),
        (lambda: Insight.price(SPY, DAY, UP, sourcemodel="x"), TypeError),
        (lambda: Insight.price(SPY, DAY, UP, direction=UP), TypeError),
        (lambda: Insight.price(17, DAY, UP), TypeError),
        (lambda: Insight.price(SPY, DAY, 7), ValueError),
        (lambda: Insight(SPY, datetime(2020, 1, 1), InsightType.PRICE, UP), TypeError),
        (lambda: Insight.price(SPY, DAY, UP).set_period_and_close_time(HOURS), InvalidOperationException),
        (lambda: alive(Insight.price(SPY, datetime(2018, 8, 1, 12), UP), 2018, 8, 2), ArgumentException),
    ],
)
def test_what_is_no_insight_is_refused(make: Any, problem: type[Exception]) -> None:
    with pytest.raises(problem):
        make()


def test_it_holds_at_its_close_and_not_after() -> None:
    insight = alive(Insight.price(SPY, timedelta(minutes=1), UP), 2018, 8, 3, 10)
    closes = insight.close_time_utc
    assert insight.is_active(closes)
    assert not insight.is_expired(closes)
    assert insight.is_expired(closes + timedelta(microseconds=1))
    insight.cancel(closes)
    assert insight.period == timedelta(seconds=59)
    insight.expire(closes + DAY)
    assert insight.period == timedelta(seconds=59)


def test_a_group_is_for_good_and_a_copy_has_it_too() -> None:
    first, second, third = (Insight.price(SPY, DAY, UP) for _ in range(3))
    assert Insight.group(first, second) == [first, second]
    assert first.group_id == second.group_id is not None
    assert third.group_id is None
    with pytest.raises(InvalidOperationException):
        Insight.group([third, first])
    first.reference_value_final = 10
    copy = first.clone()
    assert copy != first
    assert (copy.id, copy.group_id, copy.score) == (first.id, first.group_id, first.score)
    assert (copy.reference_value_final, copy.period) == (10.0, DAY)
    assert first.id != second.id


def test_scores_are_cut_and_end() -> None:
    score, now = InsightScore(), datetime(2020, 1, 1)
    score.set_score(InsightScoreType.DIRECTION, 1.5, now)
    score.SetScore(InsightScoreType.Magnitude, -1, now)
    assert (score.direction, score.get_score(InsightScoreType.MAGNITUDE), score.updated_time_utc) == (1.0, 0.0, now)
    score.finalize(now + DAY)
    score.set_score(InsightScoreType.DIRECTION, 0.5, now)
    assert (score.direction, score.is_final_score, score.updated_time_utc) == (1.0, True, now + DAY)
    assert str(score) == "Direction: 100 Magnitude: 0"


def test_a_collection_keeps_what_is_open_and_all_that_was() -> None:
    insights = InsightCollection()
    early = alive(Insight.price(SPY, DAY, UP), 2018, 8, 6, 10)
    late = alive(Insight.price(SPY, 3 * DAY, UP), 2018, 8, 6, 10)
    other = alive(Insight.price(IBM, 2 * DAY, UP), 2018, 8, 6, 10)
    insights.add_range([early, late, other])
    now = early.close_time_utc + timedelta(seconds=1)
    assert insights.get_next_expiry_time() == early.close_time_utc
    assert insights.get_active_insights(now) == [late, other]
    assert insights.has_active_insights(IBM, now)
    assert not insights.has_active_insights(IBM, now + 5 * DAY)
    assert insights.remove_expired_insights(now) == [early]
    assert (insights.count, insights.total_count, list(insights)) == (2, 3, [late, other])
    assert (insights[SPY], insights.try_get_value(IBM), early in insights) == ([late], (True, [other]), False)
    insights.clear([IBM])
    assert not insights.contains_key(IBM)
    assert insights.try_get_value(IBM) == (False, None)
    assert insights.get_insights() == [early, late, other]
    assert insights.get_insights(lambda each: each.symbol == IBM) == [other]
    insights.remove_insights(lambda each: each is late)
    assert (insights.get_insights(), insights.count, insights.get_next_expiry_time()) == ([early, other], 0, None)
    assert not insights.remove(late)
    with pytest.raises(KeyError, match="contains_key"):
        insights[SPY]


def test_texts() -> None:
    insight = Insight.price(SPY, timedelta(days=1, hours=2), UP, 0.05, 0.5, weight=0.125, tag="why")
    text = f"{SPY} Price Up within 1.02:00:00 by 0.05% with 50% confidence and 12.5% weight: why"
    assert str(insight) == f"{insight.id.hex}: {text}"
    assert insight.short_to_string() == "SPY Price Up 1.02:00:00 M:0.05% C:50% W:12.5%. why"
