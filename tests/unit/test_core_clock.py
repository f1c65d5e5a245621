"""Time zones against the standard library's."""

from __future__ import annotations

import pickle
import random
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tradinglab.core.clock import (
    DAY_NS,
    HOUR_NS,
    SECOND_NS,
    Zone,
    date_of_day,
    day_of,
    day_of_date,
    from_ns,
    span_ns,
    to_ns,
    zone,
)
from tradinglab.core.errors import UnknownTimeZoneError
from tradinglab.core.time_zones import TimeZones
from tradinglab.core.tz_rules import _continue

NAMES = [
    "UTC", "America/New_York", "America/Chicago", "America/Sao_Paulo", "America/St_Johns", "Europe/London",
    "Europe/Dublin", "Europe/Moscow", "Africa/Casablanca", "Africa/Cairo", "Asia/Kolkata", "Asia/Tokyo",
    "Asia/Gaza", "Asia/Jerusalem", "Australia/Lord_Howe", "Australia/Sydney", "Pacific/Apia", "Pacific/Auckland",
]  # fmt: skip
LAST = 4_100_000_000  # in December 2099


def wall_clock(second: int, info: ZoneInfo) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC")) + timedelta(seconds=second)).astimezone(info)


def latest_instant(naive: datetime, info: ZoneInfo) -> int:
    """Return the last second at which clocks showed a time."""
    found = []
    for fold in (0, 1):
        offset = naive.replace(tzinfo=info, fold=fold).utcoffset() or timedelta()
        second = (to_ns(naive) - span_ns(offset)) // SECOND_NS
        if wall_clock(second, info).replace(tzinfo=None) == naive:
            found.append(second)
    return max(found)


@pytest.mark.parametrize("name", NAMES)
def test_every_change_of_offset(name: str) -> None:
    ours, theirs = zone(name), ZoneInfo(name)
    for start in [s // SECOND_NS for s in ours._starts[1:] if s < LAST * SECOND_NS]:
        for second in (start - 1, start, start + 1_800):
            local = wall_clock(second, theirs)
            offset, naive = local.utcoffset(), local.replace(tzinfo=None)
            assert offset is not None
            assert ours.offset_ns(second * SECOND_NS) == span_ns(offset)
            assert ours.datetime(second * SECOND_NS) == naive
            assert ours.to_utc(naive) == latest_instant(naive, theirs) * SECOND_NS


def test_a_trading_day_of_new_york() -> None:
    new_york = zone("America/New_York")
    assert new_york.to_utc(datetime(2024, 7, 1, 9, 30)) == to_ns(datetime(2024, 7, 1, 13, 30))
    assert new_york.to_utc(datetime(2024, 1, 2, 9, 30)) == to_ns(datetime(2024, 1, 2, 14, 30))
    assert new_york.datetime(to_ns(datetime(2024, 11, 3, 6, 30))) == datetime(2024, 11, 3, 1, 30)


def test_arrays_convert_like_single_instants() -> None:
    new_york = zone("America/New_York")
    instants = np.arange(to_ns(datetime(2023, 1, 1)), to_ns(datetime(2025, 1, 1)), 7 * HOUR_NS)
    local = new_york.local_ns_array(instants)
    assert local.tolist() == [new_york.local_ns(int(ns)) for ns in instants]
    assert new_york.utc_ns_array(local).tolist() == [new_york.utc_ns(int(ns)) for ns in local]


def test_instants_that_jump_back_and_forth() -> None:
    new_york = zone("America/New_York")
    winter, summer = to_ns(datetime(2024, 1, 2)), to_ns(datetime(2024, 7, 2))
    assert [new_york.offset_ns(ns) // HOUR_NS for ns in (winter, summer, winter, summer)] == [-5, -4, -5, -4]


@pytest.mark.parametrize("name", ["America/New_York", "Europe/London", "UTC-05", "Australia/Lord_Howe"])
def test_wall_clock_times_that_jump_back_and_forth(name: str) -> None:
    dice = random.Random(1)
    wall = [
        dice.randrange(to_ns(datetime(1990, 1, 1)), to_ns(datetime(2040, 1, 1)), 900 * SECOND_NS) for _ in range(500)
    ]
    wall += [to_ns(datetime(2024, month, day, hour, 30)) for month, day in ((3, 10), (11, 3)) for hour in (0, 1, 2, 3)]
    dice.shuffle(wall)
    place = Zone(name)  # one that has found nothing yet
    assert [place.utc_ns(ns) for ns in wall] == place.utc_ns_array(np.array(wall, np.int64)).tolist()
    assert place.to_utc(datetime(1, 1, 1)) < to_ns(datetime(1, 1, 3)) < place.to_utc(datetime(1, 1, 5))


@pytest.mark.parametrize(
    ("name", "hours"), [("UTC-05", -5), ("UTC+03", 3), ("UTC+5:30", 5.5), ("UTC-0930", -9.5), ("UTC", 0)]
)
def test_fixed_offsets(name: str, hours: float) -> None:
    assert zone(name).offset_ns(0) == hours * HOUR_NS


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "America", "UTC5"])
def test_an_unknown_zone(name: str) -> None:
    with pytest.raises(UnknownTimeZoneError, match="time zone"):
        zone(name)


@pytest.mark.parametrize(
    ("rule", "spring", "autumn"),
    [
        ("EST5EDT,M3.2.0,M11.1.0", datetime(2050, 3, 13, 7), datetime(2050, 11, 6, 6)),
        ("CET-1CEST,M3.5.0,M10.5.0/3", datetime(2050, 3, 27, 1), datetime(2050, 10, 30, 1)),
        ("AAA0BBB,J60/2,J300/2", datetime(2048, 3, 1, 2), datetime(2048, 10, 27, 1)),  # a leap year
        ("AAA0BBB,59/2,299/2", datetime(2050, 3, 1, 2), datetime(2050, 10, 27, 1)),
        ("<+00>0<+02>-2,M3.2.0/-1,M11.1.0", datetime(2050, 3, 12, 23), datetime(2050, 11, 6, 0)),
    ],
)
def test_rules_for_the_years_to_come(rule: str, spring: datetime, autumn: datetime) -> None:
    changes = [start for start, _ in _continue(rule, 0, 2051)]
    assert to_ns(spring) // SECOND_NS in changes
    assert to_ns(autumn) // SECOND_NS in changes


def test_zones_are_values() -> None:
    tokyo = zone("Asia/Tokyo")
    assert zone("Asia/Tokyo") is tokyo
    assert Zone("Asia/Tokyo") == tokyo == "Asia/Tokyo"
    assert tokyo != zone("Asia/Seoul")
    assert pickle.loads(pickle.dumps(tokyo)) is tokyo
    assert str(tokyo) == tokyo.Id == "Asia/Tokyo"
    assert TimeZones.TOKYO is TimeZones.Tokyo is tokyo
    assert TimeZones.EasternStandard.offset_ns(0) == -5 * HOUR_NS
    assert "NEW_YORK" in dir(TimeZones)
    with pytest.raises(AttributeError, match="ATLANTIS"):
        TimeZones.ATLANTIS  # noqa: B018


def test_days_and_times() -> None:
    moment = datetime(2024, 2, 29, 12, 30, 15, 123456)
    assert from_ns(to_ns(moment)) == moment
    assert from_ns(to_ns(datetime(1969, 12, 31, 23))) == datetime(1969, 12, 31, 23)
    assert span_ns(timedelta(days=-1, seconds=1)) == -DAY_NS + SECOND_NS
    assert date_of_day(day_of(to_ns(moment))) == moment.date()
    assert day_of_date(date(1970, 1, 2)) == 1
    assert day_of(-1) == -1
