"""Trade bars by time, by count, by both, and by the calendar."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.unit.consolidator_data import MINUTE, MONDAY, Heard, at, run, trade, trade_bar
from tests.unit.schedule_markets import EURUSD, SPY

from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.base_data import BaseData, IndicatorDataPoint
from tradinglab.algorithm.consolidators import (
    BaseDataConsolidator,
    Calendar,
    CalendarInfo,
    ConsolidationError,
    DynamicDataConsolidator,
    Expiry,
    IdentityDataConsolidator,
    SequentialConsolidator,
    TickConsolidator,
    TradeBarConsolidator,
    listen,
)
from tradinglab.core.enums import MarketDataType, Resolution

TEN = timedelta(minutes=10)


def minutes(count: int, start: datetime = MONDAY + timedelta(hours=9, minutes=30)) -> list[TradeBar]:
    """Return minute bars whose close is their number."""
    return [trade_bar(start + index * MINUTE, float(index), 2.0) for index in range(count)]


def test_bars_are_aligned_and_handed_out_by_the_scan() -> None:
    consolidator = TradeBarConsolidator(TEN)
    heard = run(consolidator, minutes(24, at(9, 35)))
    assert heard.times == [(at(9, 30), at(9, 40)), (at(9, 40), at(9, 50))]
    assert heard.prices == [(0, 4, 0, 4, 10), (5, 14, 5, 14, 20)]
    assert consolidator.working_bar is not None
    assert (consolidator.working_bar.time, consolidator.working_bar.volume) == (at(9, 50), 18)
    consolidator.scan(at(10))
    assert heard.times[2:] == [(at(9, 50), at(10))]
    assert consolidator.working_data is None


def test_without_scans_the_next_bar_hands_out() -> None:
    consolidator = TradeBarConsolidator(TEN)
    heard = run(consolidator, minutes(11), scan=False)
    assert heard.times == [(at(9, 30), at(9, 40))]
    assert heard.prices == [(0, 9, 0, 9, 20)]


def test_a_scan_before_the_end_does_nothing() -> None:
    consolidator = TradeBarConsolidator(TEN)
    heard = run(consolidator, minutes(3))
    consolidator.scan(at(9, 39) + timedelta(seconds=59))
    assert heard.bars == []
    consolidator.scan(at(9, 40))
    consolidator.scan(at(9, 40))
    assert len(heard.bars) == 1


def test_a_gap_leaves_no_empty_bars() -> None:
    heard = run(TradeBarConsolidator(TEN), [*minutes(2), trade_bar(at(11, 3)), trade_bar(at(11, 12))], scan=False)
    assert heard.times == [(at(9, 30), at(9, 40)), (at(11), at(11, 10))]


def test_a_late_bar_is_passed_over() -> None:
    consolidator = TradeBarConsolidator(TEN)
    heard = run(consolidator, minutes(10))
    consolidator.update(trade_bar(at(9, 35), 99.0))
    assert consolidator.working_data is None
    assert len(heard.bars) == 1


def test_filled_bars_count() -> None:
    bars = [bar.clone(fill_forward=index > 3) for index, bar in enumerate(minutes(10))]
    assert run(TradeBarConsolidator(TEN), bars).prices == [(0, 9, 0, 9, 20)]


def test_daily_spans_begin_at_midnight_and_longer_ones_with_the_data() -> None:
    hours = [
        trade_bar(at(10 + index % 6, 0, MONDAY + timedelta(days=index // 6)), index, period=TEN * 6)
        for index in range(18)
    ]
    daily = run(TradeBarConsolidator(timedelta(days=1)), hours, scan=False)
    assert daily.times == [(MONDAY, at(24)), (at(24), at(48))]
    two_days = run(TradeBarConsolidator(timedelta(days=2)), hours, scan=False)
    assert two_days.times == [(at(10), at(58))]


def test_seven_minutes_are_counted_from_the_year_one() -> None:
    heard = run(TradeBarConsolidator(timedelta(minutes=7)), minutes(20))
    for start, _ in heard.times:
        assert (start - datetime(1, 1, 1)) % timedelta(minutes=7) == timedelta(0)


@pytest.mark.parametrize(
    ("period", "start_time", "expected"),
    [
        (timedelta(hours=4), timedelta(hours=9, minutes=30), [(9, 30), (13, 30)]),
        (timedelta(hours=1), timedelta(minutes=30), [(9, 30), (10, 30), (11, 30), (12, 30), (13, 30), (14, 30)]),
        (timedelta(days=1), timedelta(hours=10), [(-14, 0), (10, 0)]),
    ],
)
def test_bars_counted_from_a_time_of_day(period: timedelta, start_time: timedelta, expected: list[Any]) -> None:
    day = minutes(390)
    heard = run(TradeBarConsolidator(period, start_time), [*day, trade_bar(at(9, 30) + timedelta(days=3))], scan=False)
    assert [start for start, _ in heard.times][: len(expected)] == [
        MONDAY + timedelta(hours=h, minutes=m) for h, m in expected
    ]
    assert {bar.period for bar in heard.bars} == {period}


def test_weeks_with_a_start_time_are_counted_from_the_first_of_the_month() -> None:
    days = [trade_bar(MONDAY + timedelta(days=index), index, period=timedelta(days=1)) for index in range(12)]
    heard = run(TradeBarConsolidator(timedelta(days=7), timedelta(0)), days)
    assert heard.times == [(datetime(2024, 3, 1), datetime(2024, 3, 8)), (datetime(2024, 3, 8), datetime(2024, 3, 15))]


def test_count() -> None:
    consolidator = TradeBarConsolidator(4)
    heard = run(consolidator, minutes(9))
    assert heard.times == [(at(9, 30), at(9, 34)), (at(9, 34), at(9, 38))]
    assert heard.prices == [(0, 3, 0, 3, 8), (4, 7, 4, 7, 8)]
    assert heard.bars[0].period == timedelta(minutes=4)
    assert consolidator.period is None


def test_count_spans_gaps() -> None:
    heard = run(TradeBarConsolidator(2), [trade_bar(at(9, 30)), trade_bar(at(15, 59)), trade_bar(at(33, 30))])
    assert heard.times == [(at(9, 30), at(16))]


def test_count_or_time_whichever_comes_first() -> None:
    consolidator = TradeBarConsolidator(4, timedelta(minutes=2))
    heard = run(consolidator, [trade_bar(at(9, 30)), trade_bar(at(9, 40)), trade_bar(at(9, 41))], scan=False)
    assert [len(heard.bars), heard.bars[0].time, heard.bars[0].period] == [1, at(9, 30), timedelta(minutes=2)]
    by_count = run(TradeBarConsolidator(2, timedelta(hours=1)), minutes(4), scan=False)
    assert [bar.time for bar in by_count.bars] == [at(9, 30), at(9, 32)]


def test_zero_period_makes_a_bar_of_each_tick() -> None:
    heard = run(TickConsolidator(timedelta(0)), [trade(at(9, 30), price) for price in (1, 2, 3)])
    assert [bar.close for bar in heard.bars] == [1, 2, 3]


@pytest.mark.parametrize(
    ("calendar", "start", "end"),
    [
        (Calendar.WEEKLY, datetime(2024, 3, 4), datetime(2024, 3, 11)),
        (Calendar.MONTHLY, datetime(2024, 3, 1), datetime(2024, 4, 1)),
        (Calendar.Quarterly, datetime(2024, 1, 1), datetime(2024, 4, 1)),
        (Calendar.YEARLY, datetime(2024, 1, 1), datetime(2025, 1, 1)),
    ],
)
def test_calendar_periods(calendar: Any, start: datetime, end: datetime) -> None:
    days = [trade_bar(MONDAY + timedelta(days=index), index, period=timedelta(days=1)) for index in range(320)]
    heard = run(TradeBarConsolidator(calendar), days)
    assert heard.times[0] == (start, end)
    assert all(bar.end_time - bar.time == bar.period for bar in heard.bars)
    assert all(b.time == a.end_time for a, b in zip(heard.bars, heard.bars[1:], strict=False))


def test_a_function_of_the_author() -> None:
    def from_four(time: datetime) -> CalendarInfo:
        start = datetime(time.year, time.month, time.day, 16)
        return CalendarInfo(start if start <= time else start - timedelta(days=1), timedelta(days=1))

    hours = [trade_bar(at(9) + timedelta(hours=index), index, period=TEN * 6) for index in range(40)]
    heard = run(TradeBarConsolidator(from_four), hours)
    assert heard.times == [(at(-8), at(16)), (at(16), at(40))]
    with pytest.raises(ConsolidationError, match="later one"):
        TradeBarConsolidator(lambda time: CalendarInfo(time + MINUTE, MINUTE))


def test_a_function_may_give_a_date() -> None:
    consolidator = TradeBarConsolidator(lambda time: CalendarInfo(time.date(), timedelta(days=1)))  # type: ignore[arg-type]
    assert run(consolidator, [*minutes(2), trade_bar(at(30))]).times == [(MONDAY, at(24))]


def test_hourly_bars_that_start_before_the_open_belong_to_their_day() -> None:
    def sessions(time: datetime) -> CalendarInfo:
        opened = datetime(time.year, time.month, time.day, 9, 30)
        return CalendarInfo(opened if opened <= time else opened - timedelta(days=1), timedelta(hours=6.5))

    hours = [trade_bar(at(9 + index), index, period=TEN * 6) for index in range(7)]
    heard = run(TradeBarConsolidator(sessions), hours)
    assert heard.times == [(at(9, 30), at(16))]
    assert heard.prices == [(0, 6, 0, 6, 7)]


def test_ends_of_periods() -> None:
    time = datetime(2024, 1, 31, 10, 15)
    assert Expiry.ONE_MONTH(time) == datetime(2024, 2, 29, 10, 15)
    assert Expiry.OneYear(datetime(2024, 2, 29)) == datetime(2025, 2, 28)
    assert Expiry.ONE_QUARTER(time) == datetime(2024, 4, 30, 10, 15)
    assert Expiry.END_OF_DAY(time) == datetime(2024, 2, 1)
    assert [Expiry.EndOfWeek(datetime(2024, 3, day)) for day in (9, 10, 11)] == [
        datetime(2024, 3, 11), datetime(2024, 3, 11), datetime(2024, 3, 18),
    ]  # fmt: skip
    assert Expiry.END_OF_MONTH(time) == datetime(2024, 2, 1)
    assert Expiry.END_OF_QUARTER(time) == datetime(2024, 4, 1)
    assert Expiry.END_OF_YEAR(time) == datetime(2025, 1, 1)


def test_what_cannot_be_consolidated() -> None:
    with pytest.raises(ConsolidationError, match="1:00:00"):
        TradeBarConsolidator(TEN).update(trade_bar(at(9), period=timedelta(hours=1)))
    one = TradeBarConsolidator(TEN)
    one.update(trade_bar(at(9)))
    with pytest.raises(ConsolidationError, match="one symbol"):
        one.update(trade_bar(at(9, 1), symbol=EURUSD))
    with pytest.raises(ConsolidationError, match="takes TradeBar, but was given Tick"):
        TradeBarConsolidator(TEN).update(trade(at(9), 1.0))
    for wrong in (Resolution.DAILY, "1d", None):
        with pytest.raises(ConsolidationError, match="timedelta"):
            TradeBarConsolidator(wrong)  # type: ignore[arg-type]


def test_reset_allows_another_symbol() -> None:
    consolidator = TradeBarConsolidator(TEN)
    heard = run(consolidator, minutes(12))
    consolidator.reset()
    assert consolidator.consolidated is None
    assert consolidator.window.count == 0
    consolidator.update(trade_bar(at(8), symbol=EURUSD))
    consolidator.scan(at(8, 10))
    assert heard.last().symbol == EURUSD


def test_window_and_order_of_listeners() -> None:
    order: list[Any] = []
    consolidator = TradeBarConsolidator(2)
    consolidator.data_consolidated += lambda sender, bar: order.append(
        ("author", bar.close, sender.consolidated is bar)
    )
    listen(consolidator, lambda sender, bar: order.append(("engine", bar.close, sender.consolidated is bar)))
    run(consolidator, minutes(4))
    assert order == [("engine", 1, False), ("author", 1, True), ("engine", 3, False), ("author", 3, True)]
    assert [bar.close for bar in consolidator] == [3, 1]
    assert consolidator.current is consolidator[0]
    assert consolidator.previous is not None
    assert consolidator.previous.value == 1


def test_a_handler_sees_the_new_bar_first() -> None:
    consolidator = TradeBarConsolidator(TEN)
    consolidator.data_consolidated += lambda sender, bar: seen.append(sender[0] is bar)
    seen: list[bool] = []
    for bar in minutes(20):
        consolidator.update(bar)
        consolidator.scan(bar.end_time)
    assert seen == [True, True]


def test_ticks() -> None:
    ticks = [trade(at(9, 30) + timedelta(seconds=index * 20), 10 + index % 4, index) for index in range(10)]
    heard = run(TickConsolidator(MINUTE), ticks)
    assert heard.times[0] == (at(9, 30), at(9, 31))
    assert heard.prices == [(10, 12, 10, 12, 3), (13, 13, 10, 11, 12), (12, 13, 10, 10, 21)]
    by_count = run(TickConsolidator(3), ticks)
    assert by_count.times[0] == (at(9, 30), at(9, 30) + timedelta(seconds=40))


def test_values() -> None:
    points = [IndicatorDataPoint(SPY, at(9, 30) + index * MINUTE, float(index)) for index in range(5)]
    heard = run(BaseDataConsolidator(3), points)
    assert heard.prices == [(0, 2, 0, 2, 0)]
    assert heard.bars[0].data_type == MarketDataType.BASE
    late = run(BaseDataConsolidator(TEN), [*points, IndicatorDataPoint(SPY, at(9, 40), 9.0)], scan=False)
    assert late.times == [(at(9, 30), at(9, 40))]
    # LEAN leaves the period of such a bar at a minute when a scan hands it out.
    scanned = BaseDataConsolidator(TEN)
    heard = run(scanned, points)
    scanned.scan(at(9, 40))
    assert heard.times == [(at(9, 30), at(9, 31))]


def test_custom_data() -> None:
    class Weather(BaseData):
        def __init__(self, time: datetime, **fields: float) -> None:
            super().__init__()
            self._symbol, self._time, self._value = SPY, time, 5.0
            vars(self).update(fields)

    full = [Weather(at(9, 30 + i), Open=i, high=i + 2, low=i - 2, Close=i + 1, volume=2.5) for i in range(2)]
    assert run(DynamicDataConsolidator(2), full).prices == [(0, 3, -2, 2, 4)]
    bare = [Weather(at(9, 30 + i)) for i in range(2)]
    assert run(DynamicDataConsolidator(2), bare).prices == [(5, 5, 5, 5, 0)]


def test_identity() -> None:
    consolidator = IdentityDataConsolidator[TradeBar]()
    bars = minutes(2)
    heard = run(consolidator, [bars[0], bars[0], bars[1]])
    assert heard.bars == bars
    assert consolidator.input_type is consolidator.output_type is TradeBar
    assert consolidator.working_data is not bars[1]
    assert type(consolidator) is type(IdentityDataConsolidator[TradeBar]())
    with pytest.raises(ConsolidationError, match="Tick"):
        consolidator.update(trade(at(9), 1.0))


def test_two_in_a_row() -> None:
    consolidator = SequentialConsolidator(TradeBarConsolidator(2), TradeBarConsolidator(timedelta(minutes=10)))
    heard = run(consolidator, minutes(10))
    assert heard.bars == []
    consolidator.update(minutes(12)[10])
    consolidator.update(minutes(12)[11])
    assert heard.times == [(at(9, 30), at(9, 40))]
    assert consolidator.consolidated is heard.last()
    with pytest.raises(ConsolidationError, match="TradeBar"):
        SequentialConsolidator(TradeBarConsolidator(2), TickConsolidator(2))


class Doubled(TradeBarConsolidator):
    """A consolidator of an author's own."""

    def AggregateBar(self, working_bar: Any, data: Any) -> Any:
        bar = super().aggregate_bar(working_bar, data)
        bar.volume = bar.volume + data.volume
        return bar


def test_an_author_may_override() -> None:
    assert run(Doubled(TEN), minutes(10)).prices == [(0, 9, 0, 9, 40)]


def test_an_author_need_not_call_our_constructor() -> None:
    class AtFour(TradeBarConsolidator):
        def __init__(self) -> None:
            self.bar: Any = None

        def update(self, data: Any) -> None:
            self.bar = self.aggregate_bar(self.bar, data)

        def scan(self, time: datetime) -> None:
            if self.bar is not None and time.hour == 16:
                self.bar.end_time = time
                self.on_data_consolidated(self.bar)
                self.bar = None

    heard = run(AtFour(), minutes(390))
    assert heard.times == [(at(9, 30), at(16))]
    assert heard.prices == [(0, 389, 0, 389, 780)]


def test_from_resolution_and_pascal_names() -> None:
    consolidator: Any = TradeBarConsolidator.from_resolution(Resolution.HOUR)
    assert consolidator.Period == timedelta(hours=1)
    heard: list[Any] = []
    consolidator.DataConsolidated += lambda sender, bar: heard.append(bar)
    consolidator.Update(trade_bar(at(9, 30)))
    consolidator.Scan(at(10))
    assert heard[0].EndTime == at(10)
    assert Heard(consolidator).bars == []
