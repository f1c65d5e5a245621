"""Market hours: the fast ways agree with the slow ones, and with what a day's segments say."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradinglab.core.clock import DAY_NS, HOUR_NS, MINUTE_NS, day_of_date, from_ns, to_ns
from tradinglab.core.default_market_hours import forex_hours, us_equity_hours
from tradinglab.core.enums import DayOfWeek, MarketHoursState
from tradinglab.core.market_hours import LocalMarketHours, MarketHoursSegment, SecurityExchangeHours

FIRST = day_of_date(date(2023, 1, 1))
moments = st.integers(FIRST * DAY_NS, (FIRST + 1_000) * DAY_NS)
lengths = st.integers(0, 4 * DAY_NS)
STATES = (MarketHoursState.PRE_MARKET, MarketHoursState.MARKET, MarketHoursState.POST_MARKET)


def random_day(day: DayOfWeek, cuts: list[int], states: list[MarketHoursState]) -> LocalMarketHours:
    """Return a day that is in a state from every second cut to the next."""
    edges = sorted(set(cuts))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return LocalMarketHours(
        day, [MarketHoursSegment(state, a * HOUR_NS, b * HOUR_NS) for (a, b), state in zip(pairs, states, strict=False)]
    )


@st.composite
def random_hours(draw: st.DrawFn) -> SecurityExchangeHours:
    cuts = st.lists(st.integers(0, 24), max_size=6)
    states = st.lists(st.sampled_from(STATES), min_size=3, max_size=3)
    week = {day: random_day(day, draw(cuts), draw(states)) for day in DayOfWeek}
    days = st.integers(FIRST, FIRST + 30)
    times = st.integers(1, 23).map(lambda hour: hour * HOUR_NS)
    return SecurityExchangeHours(
        "UTC",
        draw(st.lists(days, max_size=4)),
        week,
        draw(st.dictionaries(days, times, max_size=5)),
        draw(st.dictionaries(days, times, max_size=5)),
    )


def brute_open(hours: SecurityExchangeHours, local_ns: int, extended: bool) -> bool:
    moment = from_ns(local_ns)
    return any(
        segment.contains(moment - datetime.combine(moment.date(), datetime.min.time()))
        and (extended or segment.state is MarketHoursState.MARKET)
        for segment in hours.get_market_hours(moment).segments
    )


@given(random_hours(), st.lists(st.integers(0, 40 * 96), min_size=1, max_size=50), st.booleans())
def test_is_open_in_three_ways(hours: SecurityExchangeHours, quarters: list[int], extended: bool) -> None:
    local = np.array([FIRST * DAY_NS + quarter * 15 * MINUTE_NS for quarter in quarters], np.int64)
    expected = [brute_open(hours, int(ns), extended) for ns in local]
    assert [hours.is_open_ns(int(ns), extended) for ns in local] == expected
    assert hours.is_open_mask(local, extended).tolist() == expected


@given(random_hours(), st.integers(0, 30 * 24), st.integers(1, 60), st.booleans())
def test_a_stretch_is_open_if_any_of_its_moments_is(
    hours: SecurityExchangeHours, start: int, length: int, extended: bool
) -> None:
    begin, end = FIRST * DAY_NS + start * HOUR_NS, FIRST * DAY_NS + (start + length) * HOUR_NS
    expected = any(hours.is_open_ns(ns, extended) for ns in range(begin, end, HOUR_NS))
    assert hours.is_open_during_ns(begin, end, extended) == expected


@given(random_hours(), st.booleans())
def test_sessions_cover_what_is_open_and_do_not_touch(hours: SecurityExchangeHours, extended: bool) -> None:
    opens, closes = hours.segments(FIRST, FIRST + 30, extended)
    assert (opens < closes).all()
    assert (opens[1:] > closes[:-1]).all()
    half_hours = np.arange(FIRST * DAY_NS, (FIRST + 31) * DAY_NS, 30 * MINUTE_NS)
    total = sum(hours.is_open_ns(int(ns), extended) for ns in half_hours) * 30 * MINUTE_NS
    assert int((closes - opens).sum()) == total


@given(random_hours(), st.integers(-40, 40), st.integers(0, 20), st.booleans())
def test_sessions_of_some_days_are_those_of_their_own_hours(
    hours: SecurityExchangeHours, start: int, count: int, extended: bool
) -> None:
    """However long the stretches are into which days before and after them run."""
    first, end = FIRST + start, FIRST + start + count
    opens, closes = hours.segments(first, end - 1, extended)
    half_hours = np.arange(first * DAY_NS, end * DAY_NS, 30 * MINUTE_NS)
    total = sum(hours.is_open_ns(int(ns), extended) for ns in half_hours) * 30 * MINUTE_NS
    assert int((closes - opens).sum()) == total
    assert (opens >= first * DAY_NS).all()
    assert (closes <= end * DAY_NS).all()
    assert (opens[1:] > closes[:-1]).all()


@pytest.mark.parametrize("hours", [us_equity_hours(extended=True), forex_hours()], ids=["equity", "forex"])
@given(moment=moments, extended=st.booleans())
def test_open_and_close_are_the_next_of_the_sessions(hours: SecurityExchangeHours, moment: int, extended: bool) -> None:
    day = moment // DAY_NS
    opens, closes = hours.segments(day - 15, day + 15, extended)
    assert hours.next_open_ns(moment, extended) == opens[np.searchsorted(opens, moment, "right")]
    assert hours.next_close_ns(moment, extended) == closes[np.searchsorted(closes, moment, "right")]
    assert hours.previous_open_ns(moment, extended) == opens[np.searchsorted(opens, moment, "right") - 1]


@given(moment=moments)
def test_trading_days_come_one_after_the_other(moment: int) -> None:
    hours, when = us_equity_hours(extended=False), from_ns(moment // DAY_NS * DAY_NS)
    following = hours.get_next_trading_day(when)
    assert hours.is_date_open(following)
    assert following > when
    assert hours.get_previous_trading_day(following) <= when or not hours.is_date_open(when)
    between = [when + timedelta(days=n) for n in range(1, (following - when).days)]
    assert not any(hours.is_date_open(day) for day in between)


@given(random_hours(), moments, st.booleans())
def test_datetimes_and_nanoseconds_give_the_same(hours: SecurityExchangeHours, moment: int, extended: bool) -> None:
    whole = moment // 1_000 * 1_000
    assert hours.is_open(from_ns(whole), extended) == hours.is_open_ns(whole, extended)
    assert hours.is_open(from_ns(whole), from_ns(whole + HOUR_NS), extended) == hours.is_open_during_ns(
        whole, whole + HOUR_NS, extended
    )
    assert to_ns(from_ns(whole)) == whole


@given(lengths)
def test_nothing_is_open_while_nothing_trades(length: int) -> None:
    hours = SecurityExchangeHours("UTC", [], {}, {}, {})
    assert not hours.is_open_during_ns(FIRST * DAY_NS, FIRST * DAY_NS + length, True)
