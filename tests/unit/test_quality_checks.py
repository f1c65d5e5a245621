"""Each fault is found where it was made, and nothing else is; good bars have none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from tests.quality_kit import DAY_US, HOUR_US, MINUTE_US, at, check, codes, good_bars, key_of, row_of

from tradinglab.core.clock import day_of_date
from tradinglab.core.enums import Resolution, TickType
from tradinglab.data.derivation import Action
from tradinglab.data.quality import CHECKS, Bars, Limits, SeriesFacts, inspect, inspect_bars
from tradinglab.data.quality.checking import check_source
from tradinglab.data.source import open_source

DAILY, HOUR, MINUTE = Resolution.DAILY, Resolution.HOUR, Resolution.MINUTE
#: The clocks are set back on 3 November; 29 November and 24 December close at 13:00.
FIRST, LAST = date(2013, 10, 28), date(2013, 12, 31)
MINUTES = good_bars(FIRST, LAST)
DAYS = good_bars(date(2012, 1, 3), date(2013, 12, 31), DAILY)


def changed(bars: Bars, edit: Callable[[np.ndarray, dict[str, np.ndarray]], object]) -> Bars:
    times, values = bars.times_us.copy(), {name: column.copy() for name, column in bars.values.items()}
    edit(times, values)
    return Bars.of(times, values)


def without(bars: Bars, *which: int | slice) -> Bars:
    rows = np.arange(len(bars))
    left = bars.take(np.setdiff1d(rows, np.concatenate([np.atleast_1d(rows[each]) for each in which])))
    return Bars.of(left.times_us, left.values)


def with_rows(bars: Bars, where: int, **new: object) -> Bars:
    """Return bars with the row at *where* written a second time after it, changed."""
    rows = np.insert(np.arange(len(bars)), where + 1, where)
    copied = bars.take(rows)
    times = copied.times_us.copy()
    times[where + 1] = new.pop("time", times[where + 1])
    values = {name: column.copy() for name, column in copied.values.items()}
    for name, value in new.items():
        values[name][where + 1] = value
    return Bars.of(times, values)


# Good bars.


@pytest.mark.parametrize(
    ("market", "resolution", "first", "last"),
    [
        ("usa", MINUTE, FIRST, LAST),
        ("usa", HOUR, date(2013, 1, 2), date(2013, 12, 31)),
        ("usa", DAILY, date(1990, 1, 2), date(2013, 12, 31)),
        ("coinbase", MINUTE, date(2020, 3, 6), date(2020, 3, 10)),
        ("coinbase", DAILY, date(2018, 1, 1), date(2020, 12, 31)),
        ("oanda", MINUTE, date(2019, 3, 4), date(2019, 4, 5)),
        ("oanda", HOUR, date(2019, 1, 3), date(2019, 12, 20)),
        ("xlon", MINUTE, date(2019, 10, 21), date(2019, 12, 31)),
        ("xlon", DAILY, date(2018, 1, 2), date(2019, 12, 31)),
    ],
)
def test_good_bars_have_no_findings(market: str, resolution: Resolution, first: date, last: date) -> None:
    bars = good_bars(first, last, resolution, market)
    report = check(bars, resolution, market)
    assert [str(line) for line in report.lines()][2:] == ["Nothing was found."]
    assert (report.grade.letter, report.grade.percent) == ("A", 100.0)
    assert report.missing == 0
    assert report.expected == len(bars) == report.bars


def test_the_sample_has_no_findings_with_its_splits_known() -> None:
    # AAPL split 2 for 1 in 2000 and 2005, MSFT in 2003; AAPL halved by itself on 2000-09-29, and all fell on
    # 2010-05-06 and came back.
    reports = list(check_source(open_source("sample"), resolutions=[DAILY]))
    assert len(reports) == 10
    assert [report.findings for report in reports] == [()] * 10


def test_leans_own_bars_of_spy_have_no_errors(lean_data: Path) -> None:
    reports = list(check_source(open_source(f"lean:{lean_data}"), symbols=["SPY"], resolutions=[MINUTE, HOUR, DAILY]))
    assert reports
    for report in reports:
        assert not report.has_errors, list(report.lines())


# What is wrong with a bar by itself.

ROW = 1_000


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("close", np.nan, "not_finite"),
        ("volume", np.inf, "not_finite"),
        ("low", 0.0, "non_positive"),
        ("low", -3.0, "non_positive"),
        ("volume", -1.0, "negative_size"),
    ],
)
def test_a_wrong_value_is_named(field: str, value: float, code: str) -> None:
    bars = changed(MINUTES, lambda _, values: values[field].__setitem__(ROW, value))
    report = check(bars)
    assert codes(report) == {code: 1}
    (example,) = report.findings[0].examples
    assert (example.row, example.time_us, example.field) == (ROW, int(MINUTES.times_us[ROW]), field)
    np.testing.assert_equal(example.value, value)
    assert example.before == MINUTES.values[field][ROW - 1]
    assert example.after == MINUTES.values[field][ROW + 1]


def test_high_below_low_and_outside_are_told_apart() -> None:
    def edit(_: np.ndarray, values: dict[str, np.ndarray]) -> None:
        values["high"][10], values["low"][10] = values["low"][10] - 0.01, values["high"][10]
        values["close"][20] = values["high"][20] + 0.5
        values["open"][30] = values["low"][30] - 0.5

    report = check(changed(MINUTES, edit))
    assert codes(report) == {"high_below_low": 1, "outside_range": 2}
    assert [(each.row, each.field) for each in report.findings[1].examples] == [(30, "open"), (20, "close")]


def test_quotes_may_lack_a_side_but_not_both_and_bids_lie_below_asks() -> None:
    taken = MINUTES.take(slice(0, 390))
    values = {f"{side}_{name}": taken.values[name] + add for side, add in (("bid", 0.0), ("ask", 0.01))
              for name in ("open", "high", "low", "close")}  # fmt: skip
    values |= {"bid_size": np.ones(390), "ask_size": np.ones(390)}
    prices = [name for name in values if not name.endswith("size")]
    for name in prices:
        values[name][200] = np.nan
        if name.startswith("ask"):
            values[name][100] = np.nan
            values[name][50] -= 0.03
    key = replace(key_of(), tick_type=TickType.QUOTE)
    report = inspect_bars(Bars.of(taken.times_us, values), SeriesFacts.of(key)).report
    assert {each.code: [one.row for one in each.examples] for each in report.findings} == {
        "not_finite": [200],
        "crossed_quote": [50],
    }


# Order.


def test_rows_out_of_order_are_counted_and_no_gap_is_seen() -> None:
    swapped = np.arange(len(MINUTES))
    swapped[[500, 501]] = [501, 500]
    bars = MINUTES.take(swapped)
    report = check(Bars.of(bars.times_us, bars.values))
    assert codes(report) == {"unsorted": 1}
    assert report.findings[0].examples[0].row == 501


def test_newest_first_is_unsorted_and_nothing_else() -> None:
    bars = MINUTES.take(slice(None, None, -1))
    assert codes(check(Bars.of(bars.times_us, bars.values))) == {"unsorted": len(MINUTES) - 1}


def test_blocks_out_of_order_are_put_in_order() -> None:
    one, two = MINUTES.take(slice(0, 7_000)), MINUTES.take(slice(7_000, None))
    facts = SeriesFacts.of(key_of())
    report = inspect(
        lambda: [Bars.of(two.times_us, two.values), Bars.of(one.times_us, one.values, len(two))], facts
    ).report
    assert codes(report) == {"unsorted": 7_000}


def test_duplicates_same_and_differing() -> None:
    bars = with_rows(with_rows(MINUTES, 700), 300, close=MINUTES.values["low"][300])
    report = check(bars)
    assert codes(report) == {"duplicate": 1, "conflicting_duplicate": 1}
    assert [each.examples[0].row for each in report.findings] == [702, 301]


@pytest.mark.parametrize("size", [1, 37, 5_000])
def test_blocks_do_not_matter(size: int) -> None:
    bars = good_bars(date(2013, 11, 25), date(2013, 11, 29))

    def edit(_: np.ndarray, values: dict[str, np.ndarray]) -> None:
        for row in (74, 148, 500):
            for name in ("open", "high", "low", "close"):
                values[name][row] *= 10
        values["volume"][800:930] = 0
        values["high"][1000] *= 2
        for name in ("open", "high", "low", "close"):
            values[name][1100:1110] = values[name][1100]
        values["high"][1100:1110] += 1

    broken = without(with_rows(changed(bars, edit), 73), 600, 601)
    facts = SeriesFacts.of(key_of())
    whole = inspect_bars(broken, facts)
    parts = inspect(lambda: broken.blocks(size), facts)
    assert set(codes(whole.report)) == {"duplicate", "missing_bars", "outlier", "stale", "zero_volume"}
    assert codes(parts.report) == codes(whole.report)
    assert [[one.row for one in each.examples] for each in parts.report.findings] == [
        [one.row for one in each.examples] for each in whole.report.findings
    ]


# The calendar.


def test_missing_minutes_and_sessions() -> None:
    start = row_of(MINUTES, 2013, 10, 30, 9, 30)
    bars = without(MINUTES, slice(start, start + 390), 100, 101, row_of(MINUTES, 2013, 11, 1, 9, 30))
    report = check(bars)
    assert codes(report) == {"missing_sessions": 1, "missing_bars": 3}
    sessions, minutes = report.findings
    assert sessions.examples[0].time_us == at(2013, 10, 30, 9, 30)
    assert "Wed 2013-10-30, all 390 bars" in str(sessions.examples[0])
    assert [each.time_us for each in minutes.examples] == [int(MINUTES.times_us[100]), at(2013, 11, 1, 9, 30)]
    assert report.missing == 393


def test_a_minute_missing_on_both_sides_of_a_missing_session() -> None:
    start = row_of(MINUTES, 2013, 10, 30, 9, 30)
    report = check(without(MINUTES, slice(start - 1, start + 391)))
    assert codes(report) == {"missing_sessions": 1, "missing_bars": 2}


def test_missing_days_and_days_on_which_the_market_is_closed() -> None:
    gone = int(np.flatnonzero(DAYS.times_us == at(2013, 3, 28))[0])
    bars = changed(DAYS, lambda times, _: times.__setitem__(gone, at(2013, 3, 29)))  # Good Friday
    report = check(bars, DAILY)
    assert codes(report) == {"outside_hours": 1, "missing_sessions": 1}
    assert [each.examples[0].time_us for each in report.findings] == [at(2013, 3, 29), at(2013, 3, 28)]


def test_days_of_long_ago_have_their_own_holidays() -> None:
    # On 1985-09-27 New York was closed for a hurricane, on 1977-07-14 for a power failure.
    calendar = {
        *np.arange("1977-07-11", "1977-07-16", dtype="datetime64[D]").tolist(),
        *np.arange("1985-09-23", "1985-09-28", dtype="datetime64[D]").tolist(),
    } - {date(1977, 7, 14), date(1985, 9, 27)}
    for first, last in ((date(1977, 7, 11), date(1977, 7, 15)), (date(1985, 9, 23), date(1985, 9, 27))):
        days = sorted(each for each in calendar if first <= each <= last)
        times = np.array([at(each.year, each.month, each.day) for each in days])
        values = {
            name: np.full(len(days), 9.0) + np.arange(len(days)) / 10 for name in ("open", "high", "low", "close")
        }
        assert codes(check(Bars.of(times, values | {"volume": np.ones(len(days))}), DAILY)) == {}


def test_bars_outside_of_hours_and_after_an_early_close() -> None:
    close = row_of(MINUTES, 2013, 11, 29, 12, 59)
    bars = with_rows(MINUTES, close, time=at(2013, 11, 29, 13, 30))
    bars = with_rows(bars, row_of(MINUTES, 2013, 11, 27, 15, 59), time=at(2013, 11, 28, 12, 0))  # Thanksgiving
    report = check(bars)
    assert codes(report) == {"outside_hours": 1, "after_early_close": 1}
    assert [each.examples[0].time_us for each in report.findings] == [at(2013, 11, 28, 12, 0), at(2013, 11, 29, 13, 30)]


def test_trading_before_and_after_the_session_is_inside_of_hours() -> None:
    bars = with_rows(MINUTES, row_of(MINUTES, 2013, 11, 1, 15, 59), time=at(2013, 11, 1, 17, 0))
    assert codes(check(bars)) == {}


def test_a_bar_at_the_very_close_is_told_apart() -> None:
    bars = with_rows(MINUTES, row_of(MINUTES, 2013, 11, 1, 15, 59), time=at(2013, 11, 1, 20, 0))
    report = check(bars)
    assert codes(report) == {"at_close": 1}
    assert report.findings[0].examples[0].time_us == at(2013, 11, 1, 20, 0)
    assert report.grade.letter == "A"


def test_who_trades_after_the_close_does_so_after_early_ones() -> None:
    closes = [row for row in range(len(MINUTES) - 1) if MINUTES.times_us[row + 1] - MINUTES.times_us[row] > HOUR_US]
    rows = np.insert(np.arange(len(MINUTES)), np.array(closes) + 1, closes)
    bars = MINUTES.take(rows)
    times = bars.times_us.copy()
    times[1:][np.diff(rows) == 0] += 30 * MINUTE_US
    assert codes(check(Bars.of(times, bars.values))) == {}


def test_bars_between_two_minutes() -> None:
    bars = changed(MINUTES, lambda times, _: times.__setitem__(50, times[50] + 17_000_000))
    assert codes(check(bars))["off_grid"] == 1


def test_a_share_that_is_seldom_traded_has_no_gaps_but_a_day_off() -> None:
    rng = np.random.default_rng(5)
    some = rng.random(len(MINUTES)) < 0.3
    start = row_of(MINUTES, 2013, 11, 12, 9, 30)
    some[start : start + 390] = False
    bars = MINUTES.take(some)
    report = check(Bars.of(bars.times_us, bars.values))
    assert set(codes(report)) == {"sparse", "missing_sessions"}
    assert report.missing == 390


def test_hours_may_begin_at_the_half_hour() -> None:
    minutes = good_bars(date(2013, 11, 4), date(2013, 11, 27))
    which = (minutes.times_us - at(2013, 11, 4, 9, 30)) % HOUR_US == 0
    bars = minutes.take(which)
    assert codes(check(Bars.of(bars.times_us, bars.values), HOUR)) == {}


def test_hours_taken_for_minutes() -> None:
    hours = good_bars(date(2013, 1, 2), date(2013, 3, 28), HOUR)
    report = check(hours)
    assert codes(report)["wrong_length"] == 1
    assert "They are at least 3,600 s apart." in "\n".join(report.lines())


# Zones and labels.


def test_times_in_utc_taken_for_new_yorks() -> None:
    # What was 13:30 or 14:30 UTC stands as 13:30 or 14:30 of New York.
    bars = good_bars(date(2013, 10, 14), date(2013, 11, 22))
    times = np.array([at(*when.timetuple()[:6]) for when in bars.times_us.astype("datetime64[us]").tolist()])
    report = check(Bars.of(times, bars.values))
    assert codes(report) == {"wrong_time_zone": 1}
    assert "as if they were of UTC" in report.findings[0].sentence
    assert (report.grade.letter, report.grade.percent) == ("F", 0.0)


def test_times_an_hour_off_in_summer_only() -> None:
    bars = good_bars(date(2013, 10, 14), date(2013, 11, 22))
    is_summer = bars.times_us < at(2013, 11, 3, 12, 0)
    report = check(Bars.of(bars.times_us - is_summer * HOUR_US, bars.values))
    assert codes(report) == {"no_daylight_saving": 1}
    assert "In summer they fit if they are moved by +1 h" in report.findings[0].sentence


def test_labels_at_the_right_edge() -> None:
    report = check(Bars.of(MINUTES.times_us + MINUTE_US, MINUTES.values))
    assert codes(report) == {"end_labels": 1}


def test_days_that_bear_the_date_of_the_next() -> None:
    assert codes(check(Bars.of(DAYS.times_us + DAY_US, DAYS.values), DAILY))["day_labels"] == 1


def test_the_hours_that_clocks_skip_and_repeat() -> None:
    coins = good_bars(date(2020, 3, 6), date(2020, 3, 10), MINUTE, "coinbase")
    start = int(np.flatnonzero(coins.times_us == np.datetime64("2020-03-08T02:00", "us").astype(np.int64))[0])
    report = check(without(coins, slice(start, start + 60)), MINUTE, "coinbase")
    assert codes(report) == {"missing_hour": 60}
    elsewhere = check(without(coins, slice(start + 1_440, start + 1_500)), MINUTE, "coinbase")
    assert codes(elsewhere) == {"missing_bars": 60}

    autumn = good_bars(date(2020, 10, 31), date(2020, 11, 2), MINUTE, "coinbase")
    first = int(np.flatnonzero(autumn.times_us == np.datetime64("2020-11-01T02:00", "us").astype(np.int64))[0])

    def edit(times: np.ndarray, _: dict[str, np.ndarray]) -> None:
        times[first:] -= HOUR_US

    found = codes(check(changed(autumn, edit), MINUTE, "coinbase"))
    assert found == {"unsorted": 59, "doubled_hour": 60}


# Jumps.


@pytest.mark.parametrize("factor", [10.0, 0.1, 1.5])
@pytest.mark.parametrize("length", [1, 3])
def test_an_outlier_comes_back(factor: float, length: int) -> None:
    def edit(_: np.ndarray, values: dict[str, np.ndarray]) -> None:
        for name in ("open", "high", "low", "close"):
            values[name][2_000 : 2_000 + length] *= factor

    report = check(changed(MINUTES, edit))
    assert codes(report) == {"outlier": length}
    assert [each.row for each in report.findings[0].examples] == list(range(2_000, 2_000 + length))


@pytest.mark.parametrize(("name", "factor"), [("high", 1.6), ("low", 0.6)])
def test_a_wick_is_an_outlier(name: str, factor: float) -> None:
    report = check(changed(MINUTES, lambda _, values: values[name].__setitem__(900, values[name][900] * factor)))
    assert codes(report) == {"outlier": 1}
    assert (report.findings[0].examples[0].row, report.findings[0].examples[0].field) == (900, name)


def test_a_crash_that_does_not_come_back_is_no_outlier() -> None:
    def edit(_: np.ndarray, values: dict[str, np.ndarray]) -> None:
        for name in ("open", "high", "low", "close"):
            values[name][300:] *= 0.57

    assert codes(check(changed(DAYS, edit), DAILY)) == {}


def test_steps_of_a_penny_share_are_no_outliers() -> None:
    # A price that wavers between one and two cents moves by 69 % again and again, and its median return is 0.
    rng = np.random.default_rng(1)
    cents = 0.01 + 0.01 * (rng.random(len(MINUTES)) < 0.1)
    values = dict.fromkeys(("open", "high", "low", "close"), cents) | {"volume": MINUTES.values["volume"]}
    assert "outlier" not in codes(check(Bars.of(MINUTES.times_us, values)))


@pytest.mark.parametrize(("factor", "text"), [(0.5, "2:1"), (2 / 3, "3:2"), (1 / 3, "3:1"), (10.0, "1:10")])
def test_a_jump_like_a_split(factor: float, text: str) -> None:
    row = 250
    day = int(DAYS.times_us[row] // DAY_US)

    def edit(_: np.ndarray, values: dict[str, np.ndarray]) -> None:
        for name in ("open", "high", "low", "close"):
            values[name][row:] *= factor

    bars = changed(DAYS, edit)
    report = check(bars, DAILY, actions=())
    assert codes(report) == {"split_without_action": 1}
    assert report.findings[0].examples[0].row == row
    assert report.findings[0].examples[0].text == f"like {text}"
    known = (Action(day, split_factor=Decimal(str(factor))),)
    assert codes(check(bars, DAILY, actions=known)) == {}


def test_a_split_that_prices_know_already() -> None:
    day = day_of_date(date(2013, 6, 10))
    report = check(DAYS, DAILY, actions=(Action(day, split_factor=Decimal("0.5")),))
    assert codes(report) == {"split_not_in_prices": 1}
    assert report.findings[0].examples[0].time_us == at(2013, 6, 10)
    assert codes(check(DAYS, DAILY, actions=(Action(day, dividend=Decimal("0.5")),))) == {}


def test_the_first_bar_of_a_split_may_open_at_the_old_price() -> None:
    row = 250

    def edit(_: np.ndarray, values: dict[str, np.ndarray]) -> None:
        for name in ("open", "high", "low", "close"):
            values[name][row:] *= 0.5
        values["open"][row] = values["high"][row] = values["close"][row - 1]

    action = Action(int(DAYS.times_us[row] // DAY_US), split_factor=Decimal("0.5"))
    found = codes(check(changed(DAYS, edit), DAILY, actions=(action,)))
    assert "split_not_in_prices" not in found


# Runs.


def test_stale_bars_and_bars_without_volume() -> None:
    def edit(_: np.ndarray, values: dict[str, np.ndarray]) -> None:
        for name in ("open", "high", "low", "close"):
            values[name][100:110] = values[name][100]
            values[name][200:321] = 55.0
            values[name][400:405] = 55.0
        values["high"][100:110] += 0.5
        values["volume"][1_000:1_120] = 0
        values["volume"][1_300:1_419] = 0

    limits = Limits(examples=500, outlier_return=9.0)
    facts = SeriesFacts.of(key_of())
    report = inspect_bars(changed(MINUTES, edit), facts, limits).report
    found = {each.code: [one.row for one in each.examples] for each in report.findings}
    found.pop("split_without_action", None)
    # The first of a row is no repetition; 119 minutes without volume may be.
    assert found == {"stale": [*range(101, 110), *range(201, 321)], "zero_volume": [*range(1_000, 1_120)]}


def test_no_volume_at_all_is_said_once() -> None:
    bars = changed(MINUTES, lambda _, values: values["volume"].fill(0))
    report = check(bars)
    assert codes(report) == {"no_volume": 1}
    assert report.grade.letter == "A"


# Listing.


def test_bars_before_the_listing_after_the_delisting_and_in_the_future() -> None:
    report = check(DAYS, DAILY, listed=date(2012, 1, 5), delisted=date(2013, 12, 30), now_us=at(2013, 12, 31) - 1)
    assert codes(report) == {"before_listing": 2, "after_delisting": 1, "in_future": 1}


def test_every_check_is_shown_by_a_test_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    elsewhere = {"bad_time"}
    assert [code for code in CHECKS if f'"{code}"' not in text and code not in elsewhere] == []
