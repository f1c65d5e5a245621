"""Market hours: what LEAN answers for the same hours."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from tradinglab.core.clock import DAY_NS, HOUR_NS, MINUTE_NS, day_of_date, to_ns
from tradinglab.core.enums import DayOfWeek, MarketHoursState
from tradinglab.core.errors import MarketHoursError
from tradinglab.core.market_hours import LocalMarketHours, MarketHoursSegment, SecurityExchangeHours

PRE, MARKET, POST = MarketHoursState.PRE_MARKET, MarketHoursState.MARKET, MarketHoursState.POST_MARKET
SUNDAY, MONDAY, *REST, FRIDAY, SATURDAY = tuple(DayOfWeek)


def span(clock: str) -> timedelta:
    hours, _, minutes = clock.partition(":")
    return timedelta(hours=int(hours), minutes=int(minutes or 0))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def day_hours(day: DayOfWeek, *segments: tuple[MarketHoursState, str, str]) -> LocalMarketHours:
    return LocalMarketHours(day, [MarketHoursSegment(s, span(a), span(b)) for s, a, b in segments])


@pytest.fixture(scope="module")
def equity() -> SecurityExchangeHours:
    """US equities, with a day that opens late and closes early."""
    day = date(2016, 11, 25)
    week = {d: LocalMarketHours(d, span("9:30"), span("16")) for d in (MONDAY, *REST, FRIDAY)}
    holidays = [date(2016, 9, 5), date(2016, 11, 24)]
    return SecurityExchangeHours("America/New_York", holidays, week, {day: span("13")}, {day: span("10")})


@pytest.fixture(scope="module")
def future() -> SecurityExchangeHours:
    """A future that trades around the clock with two breaks, all of it regular."""
    full = ((MARKET, "0", "16:15"), (MARKET, "16:30", "17"), (MARKET, "18", "24"))
    week = {d: day_hours(d, *full) for d in (MONDAY, *REST)}
    week |= {FRIDAY: day_hours(FRIDAY, *full[:2]), SUNDAY: LocalMarketHours.open_all_day(SUNDAY)}
    early = {date(2013, 11, 28): span("10:30"), date(2013, 11, 29): span("12:15")}
    return SecurityExchangeHours("America/New_York", [], week, early, {})


@pytest.fixture(scope="module")
def extended_future() -> SecurityExchangeHours:
    """A future whose regular session lies in the middle of a long extended one."""
    full = ((PRE, "0", "9:30"), (MARKET, "9:30", "16"), (POST, "18", "24"))
    week = {d: day_hours(d, *full) for d in (MONDAY, *REST)}
    week |= {FRIDAY: day_hours(FRIDAY, *full[:2]), SUNDAY: day_hours(SUNDAY, (PRE, "18", "24"))}
    return SecurityExchangeHours("America/New_York", [], week, {}, {})


@pytest.fixture(scope="module")
def forex() -> SecurityExchangeHours:
    """Currencies, with an early close on New Year's Eve and a late open on New Year."""
    week = {d: LocalMarketHours.open_all_day(d) for d in (MONDAY, *REST)}
    week |= {
        SUNDAY: LocalMarketHours(SUNDAY, span("17"), span("24")),
        FRIDAY: LocalMarketHours(FRIDAY, span("0"), span("17")),
    }
    early, late = {date(2018, 12, 31): span("17")}, {date(2019, 1, 1): span("17")}
    return SecurityExchangeHours("America/New_York", [], week, early, late)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2015-06-30 09:30", "2015-07-01 09:30"),  # the open itself is past
        ("2016-09-05 08:00", "2016-09-06 09:30"),  # a holiday
        ("2015-06-26 09:30:01", "2015-06-29 09:30"),  # over a weekend
        ("2016-11-25 09:45", "2016-11-25 10:00"),  # a late open
        ("2016-11-23 16:00", "2016-11-25 10:00"),
    ],
)
def test_next_open_of_an_equity(equity: SecurityExchangeHours, moment: str, expected: str) -> None:
    assert equity.get_next_market_open(at(moment), False) == at(expected)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2015-06-30 16:00", "2015-07-01 16:00"),  # the close itself is past
        ("2016-09-05 10:00", "2016-09-06 16:00"),
        ("2015-06-26 16:00:01", "2015-06-29 16:00"),
        ("2016-11-25 10:00", "2016-11-25 13:00"),  # an early close
        ("2016-11-25 14:00", "2016-11-28 16:00"),
    ],
)
def test_next_close_of_an_equity(equity: SecurityExchangeHours, moment: str, expected: str) -> None:
    assert equity.get_next_market_close(at(moment), False) == at(expected)


def test_an_equity_is_open_from_its_open_up_to_its_close(equity: SecurityExchangeHours) -> None:
    assert not equity.is_open(at("2016-11-25 09:59:59"), False)
    assert equity.is_open(at("2016-11-25 10:00"), False)
    assert equity.is_open(at("2016-11-25 12:59:59"), False)
    assert not equity.is_open(at("2016-11-25 13:00"), False)
    assert not equity.is_open(at("2016-11-25 13:00"), at("2016-11-25 13:30"), False)
    assert equity.is_open(at("2016-11-25 09:00"), at("2016-11-25 10:00:01"), False)
    assert not equity.is_open(at("2016-11-26 00:00"), at("2016-11-28 09:30"), False)
    assert equity.is_open(at("2016-11-25 15:00"), at("2016-11-28 09:31"), False)
    assert equity.is_open(at("2016-11-28 10:00"), at("2016-11-28 10:00"), False)


def test_days_of_trading(equity: SecurityExchangeHours) -> None:
    assert not equity.is_date_open(at("2016-11-24"))
    assert equity.is_date_open(at("2016-11-25 23:00"))
    assert equity.get_previous_trading_day(at("2016-11-25")) == at("2016-11-23")
    assert equity.get_next_trading_day(at("2016-11-25 09:00")) == at("2016-11-28 09:00")
    assert equity.regular_market_duration == timedelta(hours=6.5)
    assert not equity.is_market_always_open
    assert equity.holidays == {at("2016-09-05"), at("2016-11-24")}
    assert equity.early_closes == {at("2016-11-25"): span("13")}
    assert equity.late_opens == {at("2016-11-25"): span("10")}


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2022-01-03", "2022-01-03 16:30"),  # Monday runs on from Sunday: no open at midnight
        ("2022-01-02", "2022-01-03 16:30"),
        ("2022-01-01", "2022-01-02"),  # Sunday begins after a closed day
        ("2013-11-28 11:00", "2013-11-29"),  # after an early close the next day begins anew
        ("2022-01-03 18:30", "2022-01-04 16:30"),
    ],
)
def test_next_open_of_a_future(future: SecurityExchangeHours, moment: str, expected: str) -> None:
    assert future.get_next_market_open(at(moment), False) == at(expected)


def test_closes_and_earlier_opens_of_a_future(future: SecurityExchangeHours) -> None:
    assert future.get_next_market_close(at("2022-01-01"), False) == at("2022-01-03 16:15")
    assert future.get_next_market_close(at("2022-01-03 18:00"), False) == at("2022-01-04 16:15")
    assert future.get_last_daily_market_close(at("2022-01-03"), False) == at("2022-01-04")
    assert future.get_previous_market_open(at("2022-03-18 05:00"), False) == at("2022-03-17 18:00")
    assert future.get_first_daily_market_open(at("2022-03-18 16:45"), False) == at("2022-03-18")


@pytest.mark.parametrize(
    ("moment", "extended", "expected"),
    [
        ("2022-01-01", False, "2022-01-03 09:30"),
        ("2022-01-03 08:00", False, "2022-01-03 09:30"),
        ("2022-01-02 18:00", True, "2022-01-03 18:00"),
        ("2022-01-03 12:00", True, "2022-01-03 18:00"),
        ("2022-01-03 16:00", True, "2022-01-03 18:00"),
        ("2022-01-01", True, "2022-01-02 18:00"),
    ],
)
def test_next_open_with_extended_hours(
    extended_future: SecurityExchangeHours, moment: str, extended: bool, expected: str
) -> None:
    assert extended_future.get_next_market_open(at(moment), extended) == at(expected)


@pytest.mark.parametrize("extended", [False, True])
@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2022-01-01", "2022-01-03 16:00"),
        ("2022-01-02 18:00", "2022-01-03 16:00"),
        ("2022-01-03", "2022-01-03 16:00"),
        ("2022-01-03 10:00", "2022-01-03 16:00"),
        ("2022-01-03 18:00", "2022-01-04 16:00"),
    ],
)
def test_next_close_with_extended_hours(
    extended_future: SecurityExchangeHours, moment: str, extended: bool, expected: str
) -> None:
    assert extended_future.get_next_market_close(at(moment), extended) == at(expected)


def test_a_day_with_only_extended_hours(extended_future: SecurityExchangeHours) -> None:
    sunday = at("2022-01-02")
    assert not extended_future.is_date_open(sunday)
    assert extended_future.is_date_open(sunday, True)
    assert extended_future.is_open(at("2022-01-02 19:00"), True)
    assert not extended_future.is_open(at("2022-01-02 19:00"), False)


def test_forex_around_new_year(forex: SecurityExchangeHours) -> None:
    assert not forex.is_open(at("2019-01-01 16:59:59"), False)
    assert forex.is_open(at("2019-01-01 17:00:01"), False)
    assert forex.get_next_market_open(at("2019-01-01 16:59:59"), False) == at("2019-01-01 17:00")
    assert forex.get_next_market_open(at("2019-01-01 17:00:01"), False) == at("2019-01-06 17:00")
    assert not forex.is_open(at("2015-06-19 17:00"), at("2015-06-21 17:00"), False)
    assert forex.is_open(at("2015-06-19 16:59:59"), at("2015-06-21 16:59:59"), False)
    assert forex.is_open(at("2015-06-19 17:00"), at("2015-06-21 17:00:01"), False)


DAY = ((PRE, "0", "8:30"), (MARKET, "8:30", "16"))


@pytest.mark.parametrize(
    ("early", "late", "expected"),
    [
        (None, None, DAY),
        ("12", None, (DAY[0], (MARKET, "8:30", "12"))),
        ("7", None, ((PRE, "0", "7"),)),
        ("17", None, DAY),
        (None, "10", ((MARKET, "10", "16"),)),
        (None, "7", ((PRE, "7", "8:30"), DAY[1])),
        (None, "17", DAY),
        ("12", "13", (DAY[0], (MARKET, "8:30", "12"), (MARKET, "13", "16"))),  # closes and resumes
        ("15", "14", ((MARKET, "14", "15"),)),
        ("7", "14", ((PRE, "0", "7"), (MARKET, "14", "16"))),
        ("7", "6", ((PRE, "6", "7"),)),
        ("8:30", None, (DAY[0],)),
        (None, "16", ((MARKET, "16", "16"),)),
        ("13", "13", (DAY[0], (MARKET, "8:30", "13"), (MARKET, "13", "13"))),
    ],
)
def test_early_closes_and_late_opens(
    early: str | None, late: str | None, expected: tuple[tuple[MarketHoursState, str, str], ...]
) -> None:
    when = date(2020, 7, 3)
    hours = SecurityExchangeHours(
        "America/Chicago",
        [],
        {FRIDAY: day_hours(FRIDAY, *DAY)},
        {when: span(early)} if early else {},
        {when: span(late)} if late else {},
    )
    assert hours.get_market_hours(when).segments == day_hours(FRIDAY, *expected).segments


def test_the_usual_session_is_the_most_common_one_and_of_equals_the_longest() -> None:
    lengths = {SUNDAY: 2, MONDAY: 2, REST[0]: 5, REST[1]: 5, REST[2]: 22, FRIDAY: 23, SATURDAY: 20}
    week = {day: LocalMarketHours(day, span("0"), timedelta(hours=length)) for day, length in lengths.items()}
    assert SecurityExchangeHours("UTC", [], week, {}, {}).regular_market_duration == timedelta(hours=5)


def test_a_market_that_is_always_open() -> None:
    hours = SecurityExchangeHours.always_open("UTC")
    assert hours.is_market_always_open
    assert hours.is_open(at("2020-02-29 23:59:59"), False)
    assert hours.regular_market_duration == timedelta(days=1)
    for question in (hours.get_next_market_open, hours.get_next_market_close, hours.get_previous_market_open):
        with pytest.raises(MarketHoursError, match="always open"):
            question(at("2020-01-01"), False)
    opens, closes = hours.segments(100, 199, False)
    assert (opens.tolist(), closes.tolist()) == ([100 * DAY_NS], [200 * DAY_NS])


def test_a_market_without_any_session() -> None:
    hours = SecurityExchangeHours("UTC", [], {}, {}, {})
    assert not hours.is_open_mask(np.array([0, DAY_NS]), True).any()
    assert hours.segments(0, 10, True)[0].size == 0
    with pytest.raises(MarketHoursError, match="trading day"):
        hours.get_next_trading_day(at("2020-01-01"))


def test_sessions_that_touch_are_one(extended_future: SecurityExchangeHours) -> None:
    sunday = day_of_date(date(2022, 1, 2))
    opens, closes = extended_future.segments(sunday, sunday + 2, True)
    assert [int(x) for x in opens - sunday * DAY_NS] == [18 * HOUR_NS, DAY_NS + 18 * HOUR_NS, 2 * DAY_NS + 18 * HOUR_NS]
    assert [int(x) for x in closes - sunday * DAY_NS] == [DAY_NS + 16 * HOUR_NS, 2 * DAY_NS + 16 * HOUR_NS, 3 * DAY_NS]
    opens, _ = extended_future.segments(sunday, sunday + 2, False)
    assert [int(x) for x in opens - sunday * DAY_NS] == [DAY_NS + 570 * MINUTE_NS, 2 * DAY_NS + 570 * MINUTE_NS]
    with pytest.raises(ValueError, match="read-only"):
        opens[0] = 0


def test_both_spellings(equity: SecurityExchangeHours) -> None:
    assert equity.IsOpen(at("2016-11-28 10:00"), False)
    assert equity.TimeZone.Id == "America/New_York"
    assert equity.RegularMarketDuration == equity.regular_market_duration
    monday = equity.MarketHours[DayOfWeek.Monday]
    assert monday.GetMarketOpen(timedelta(), False) == span("9:30")
    assert monday.get_market_close(timedelta(), False) == span("16")
    assert monday.get_market_close(span("16"), False) is None
    assert monday.IsOpen(span("9:30"), False)
    assert not monday.is_open(span("16"), span("17"), False)
    assert monday.Segments[0].contains(span("15:59"))
    assert not monday.IsClosedAllDay


def test_times_of_a_day_must_be_in_order() -> None:
    with pytest.raises(ValueError, match="order"):
        LocalMarketHours(MONDAY, span("10"), span("9"))


def test_nanoseconds_and_datetimes_agree(forex: SecurityExchangeHours) -> None:
    moment = at("2019-01-03 12:34:56")
    assert forex.next_open_ns(to_ns(moment), False) == to_ns(forex.get_next_market_open(moment, False))
    assert forex.next_close_ns(to_ns(moment), False) == to_ns(forex.get_next_market_close(moment, False))
    assert forex.previous_open_ns(to_ns(moment), False) == to_ns(forex.get_previous_market_open(moment, False))
