"""When insights close: counting by stretches agrees with stepping from bar to bar, as LEAN does."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradinglab.algorithm.insights import Insight
from tradinglab.algorithm.insights.close_times import close_after_bars_ns, close_after_period_ns
from tradinglab.algorithm.names import ArgumentException
from tradinglab.core.clock import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, day_of_date, from_ns
from tradinglab.core.default_market_hours import forex_hours, us_equity_hours
from tradinglab.core.enums import DayOfWeek, MarketHoursState, Resolution
from tradinglab.core.market_hours import LocalMarketHours, MarketHoursSegment, SecurityExchangeHours

FIRST = day_of_date(date(2018, 8, 6))
SIZES = {Resolution.TICK: SECOND_NS, Resolution.SECOND: SECOND_NS, Resolution.MINUTE: MINUTE_NS,
         Resolution.HOUR: MINUTE_NS, Resolution.DAILY: DAY_NS}  # fmt: skip
EQUITY, FOREX = us_equity_hours(extended=True), forex_hours()
moments = st.integers(FIRST * 86_400, (FIRST + 100) * 86_400).map(lambda second: second * SECOND_NS)


@st.composite
def seldom_open(draw: st.DrawFn) -> SecurityExchangeHours:
    """A market in UTC that is open for some stretches of most days, before and after hours too."""
    week = {}
    for day in DayOfWeek:
        cuts = sorted(draw(st.sets(st.integers(0, 24 * 60), max_size=6)))
        states = st.sampled_from((MarketHoursState.PRE_MARKET, MarketHoursState.MARKET))
        week[day] = LocalMarketHours(
            day, [MarketHoursSegment(draw(states), a * MINUTE_NS, b * MINUTE_NS)
                  for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
        )  # fmt: skip
    week[DayOfWeek.WEDNESDAY] = LocalMarketHours(
        DayOfWeek.WEDNESDAY, [MarketHoursSegment(MarketHoursState.MARKET, 9 * HOUR_NS, 9 * HOUR_NS + 90 * SECOND_NS)]
    )
    closed = draw(st.lists(st.integers(FIRST, FIRST + 5), max_size=3))
    return SecurityExchangeHours("UTC", closed, week, {}, {})


def stepped(hours: SecurityExchangeHours, start_ns: int, resolution: Resolution, count: int) -> int:
    """Return what stepping gives: local nanoseconds in, local nanoseconds out."""
    size, at = SIZES[resolution], start_ns
    count *= 60 if resolution == Resolution.HOUR else 1
    while count:
        before, at = at, at + size
        if size == DAY_NS:
            count -= hours.is_date_open(from_ns(at))
        else:
            count -= hours.is_open_during_ns(before, at, False)
    return at


@given(seldom_open(), moments, st.sampled_from((Resolution.MINUTE, Resolution.HOUR, Resolution.DAILY)),
       st.integers(1, 40))  # fmt: skip
def test_bars_are_counted_as_by_stepping(
    hours: SecurityExchangeHours, moment: int, resolution: Resolution, count: int
) -> None:
    count = min(count, 3) if resolution == Resolution.HOUR else count
    assert close_after_bars_ns(hours, moment, resolution, count) == stepped(hours, moment, resolution, count)


@pytest.mark.parametrize("hours", [EQUITY, FOREX], ids=["equity", "forex"])
@given(moment=moments, resolution=st.sampled_from(tuple(SIZES)), count=st.integers(1, 90))
def test_bars_of_real_markets(hours: SecurityExchangeHours, moment: int, resolution: Resolution, count: int) -> None:
    zone = hours.time_zone
    if resolution in (Resolution.TICK, Resolution.SECOND) and not hours.is_open_at(moment):
        moment = zone.utc_ns(hours.next_open_ns(zone.local_ns(moment), False)) - 30 * SECOND_NS
    expected = zone.utc_ns(stepped(hours, zone.local_ns(moment), resolution, min(count, 20)))
    assert close_after_bars_ns(hours, moment, resolution, min(count, 20)) == expected


@given(moment=moments, seconds=st.integers(1, 12 * 86_400))
def test_a_period_is_its_bars_and_a_rest(moment: int, seconds: int) -> None:
    closes = close_after_period_ns(EQUITY, moment, seconds * SECOND_NS)
    assert closes > moment
    assert Insight.compute_close_time(EQUITY, from_ns(moment), timedelta(seconds=seconds)) == from_ns(closes)
    days, rest = divmod(seconds, 86_400)
    if not days:
        size, unit = (60, Resolution.MINUTE) if seconds >= 60 else (1, Resolution.SECOND)
        assert closes == close_after_bars_ns(EQUITY, moment, unit, seconds // size)
        return
    after_days = close_after_bars_ns(EQUITY, moment, Resolution.DAILY, days)
    # Of 390 minutes of trading, the share that the rest is of a day.
    minutes = rest * 390 // 86_400
    expected = close_after_bars_ns(EQUITY, after_days, Resolution.MINUTE, minutes) if minutes else after_days
    assert closes == expected


def test_a_market_that_never_opens_is_refused() -> None:
    never = SecurityExchangeHours("UTC", [], {}, {}, {})
    for resolution in (Resolution.MINUTE, Resolution.DAILY):
        with pytest.raises(ArgumentException, match="2100"):
            close_after_bars_ns(never, FIRST * DAY_NS, resolution, 1)
