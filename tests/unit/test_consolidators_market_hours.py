"""Bars that follow the market's hours, and sessions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.unit.consolidator_data import MONDAY, at, quote, quote_bar, run, trade, trade_bar
from tests.unit.schedule_markets import BTCUSD, EURUSD, HOURS, SPY, MarketHours, hours, us_equity

from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.consolidators import (
    ConsolidationError,
    MarketHourAwareConsolidator,
    OpenInterest,
    Session,
    daily_calendar,
    use_strict_end_time,
)
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.enums import Resolution, TickType
from tradinglab.core.market_hours_database import MarketHoursDatabase

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _databases() -> Iterator[None]:
    MarketHoursDatabase.use(MarketHours())  # type: ignore[arg-type]
    yield
    MarketHoursDatabase.use(None)


def aware(
    period: Resolution | timedelta = Resolution.DAILY, strict: bool = True, extended: bool = False,
    data_type: Any = TradeBar, tick_type: TickType = TickType.TRADE,
) -> MarketHourAwareConsolidator:  # fmt: skip
    return MarketHourAwareConsolidator(strict, period, data_type, tick_type, extended)


def day_of_minutes(day: datetime = MONDAY) -> list[TradeBar]:
    """Return minute bars from 4:00 to 20:00."""
    return [trade_bar(at(4, index, day), float(index)) for index in range(16 * 60)]


def test_a_day_goes_from_open_to_close() -> None:
    heard = run(aware(), day_of_minutes())
    assert heard.times == [(at(9, 30), at(16))]
    assert heard.prices == [(330, 719, 330, 719, 390)]


def test_extended_hours_count_when_asked() -> None:
    heard = run(aware(extended=True), day_of_minutes())
    assert heard.times == [(at(4), at(20))]
    assert heard.bars[0].volume == 960


def test_without_strict_ends_a_day_goes_from_midnight_to_midnight() -> None:
    heard = run(aware(strict=False), [*day_of_minutes(), trade_bar(at(33, 30))])
    assert heard.times == [(MONDAY, at(24))]
    assert heard.bars[0].volume == 390


def test_the_close_may_be_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HOURS, "SPY", us_equity({MONDAY: hours(13)}))
    assert run(aware(), day_of_minutes()).times == [(at(9, 30), at(13))]


def test_hourly_bars_that_start_before_the_open_count() -> None:
    bars = [trade_bar(at(index), index, period=HOUR) for index in range(8, 18)]
    heard = run(aware(), bars)
    assert heard.times == [(at(9, 30), at(16))]
    assert heard.prices == [(9, 15, 9, 15, 7)]


@pytest.mark.parametrize("symbol", [BTCUSD, EURUSD])
def test_markets_without_a_close_have_days_from_midnight(symbol: Any) -> None:
    bars = [trade_bar(at(index), index, period=HOUR, symbol=symbol) for index in range(25)]
    assert run(aware(), bars).times == [(MONDAY, at(24))]


def test_intraday_bars_are_counted_from_the_open() -> None:
    heard = run(aware(timedelta(minutes=100)), day_of_minutes())
    assert heard.times == [
        (at(9, 30), at(11, 10)), (at(11, 10), at(12, 50)), (at(12, 50), at(14, 30)), (at(14, 30), at(16)),
    ]  # fmt: skip
    extended = run(aware(timedelta(minutes=7), extended=True), day_of_minutes())
    assert extended.times[0] == (at(4), at(4, 7))
    # The last bar, cut short by the close, is handed out when the time of a whole one is over, as in LEAN.
    assert extended.times[-1] == (at(19, 52), at(19, 59))
    extended.consolidator.scan(at(20, 6))
    assert extended.times[-1] == (at(19, 59), at(20))


def test_periods_that_are_resolutions_are_aligned_to_the_clock() -> None:
    assert run(aware(HOUR), day_of_minutes()).times[0] == (at(9), at(10))
    assert run(aware(Resolution.HOUR), day_of_minutes()).times[0] == (at(9), at(10))
    assert run(aware(DAY), day_of_minutes()).times == [(at(9, 30), at(16))]


def test_longer_periods_begin_with_the_data() -> None:
    bars = [bar for index in range(4) for bar in day_of_minutes(MONDAY + index * DAY)]
    heard = run(aware(2 * DAY), bars)
    assert heard.times == [(at(9, 30), at(57, 30))]


def test_quotes_and_ticks() -> None:
    quotes = [quote_bar(at(9, 25 + index), index + 1, index + 2) for index in range(400)]
    heard = run(aware(data_type=QuoteBar, tick_type=TickType.QUOTE), quotes)
    assert (heard.times[0], heard.bars[0].bid.open) == ((at(9, 30), at(16)), 6)
    ticks = [trade(at(9, 29), 1), trade(at(9, 30), 2), quote(at(9, 31), 1, 2), trade(at(16), 5), trade(at(33, 30), 6)]
    assert run(aware(data_type=Tick), ticks).times == [(at(9, 30), at(16))]
    assert run(aware(data_type=Tick, tick_type=TickType.QUOTE), ticks).bars[0].ask.close == 2
    with pytest.raises(ConsolidationError, match="OpenInterest"):
        aware(data_type=OpenInterest)


def test_reset_and_members() -> None:
    consolidator = aware()
    assert consolidator.exchange_hours is None
    heard = run(consolidator, day_of_minutes())
    assert consolidator.exchange_hours is HOURS["SPY"]
    assert consolidator.data_time_zone is HOURS["SPY"].time_zone
    assert (consolidator.period, consolidator.input_type, consolidator.output_type) == (DAY, TradeBar, TradeBar)
    assert consolidator.consolidated is heard.last()
    consolidator.reset()
    assert consolidator.exchange_hours is None
    assert consolidator.consolidated is None


def test_strict_ends() -> None:
    assert use_strict_end_time(True, SPY, DAY, HOURS["SPY"])
    assert not use_strict_end_time(False, SPY, DAY, HOURS["SPY"])
    assert not use_strict_end_time(True, SPY, HOUR, HOURS["SPY"])
    assert not use_strict_end_time(True, EURUSD, DAY, HOURS["EURUSD"])
    assert not use_strict_end_time(True, BTCUSD, DAY, HOURS["BTCUSD"])
    info = daily_calendar(at(33), HOURS["SPY"], False)
    assert (info.start, info.end, str(info)) == (at(9, 30), at(16), f"{at(9, 30)} 6:30:00")


# Sessions.


def make_session(size: int = 3, tick_type: TickType = TickType.TRADE) -> Session:
    return Session(tick_type, HOURS["SPY"], SPY, size)


def ohlcv(bar: Any) -> tuple[float, ...]:
    return bar.open, bar.high, bar.low, bar.close, bar.volume


def test_a_session_without_size_gathers_nothing() -> None:
    session = make_session(0)
    session.update(trade_bar(at(10), 5))
    session.scan(at(34))
    assert ohlcv(session) == (0, 0, 0, 0, 0)
    assert (session.count, session.is_tracking, str(session)) == (0, False, "")
    session.size = 2
    session.update(trade_bar(at(10), 5))
    assert session.close == 5
    assert session.is_tracking


def test_todays_session() -> None:
    session = make_session()
    assert ohlcv(session) == (0, 0, 0, 0, 0)
    assert session[0].time == datetime.max
    for bar in day_of_minutes():
        session.update(bar)
    assert ohlcv(session) == (330, 719, 330, 719, 390)
    assert session[0].time == MONDAY
    assert session.end_time == at(24)
    assert str(session) == "O: 330 H: 719 L: 330 C: 719 V: 390 OI: 0"


def test_yesterdays_session_moves_back_when_the_date_changes() -> None:
    session = make_session()
    for day in range(3):
        start = MONDAY + day * DAY
        session.scan(start)
        session.update(trade_bar(at(10, 0, start), 10 + day))
        session.update(trade_bar(at(11, 0, start), 20 + day))
        session.scan(at(12, 0, start))
    assert [ohlcv(bar) for bar in session] == [(12, 22, 12, 22, 2), (11, 21, 11, 21, 2), (10, 20, 10, 20, 2)]
    session.scan(MONDAY + 3 * DAY)
    assert [bar.close for bar in session] == [0, 22, 21]
    assert session.samples == 4


def test_hourly_bars_over_minutes_do_not_count_twice() -> None:
    session = make_session()
    session.update(trade_bar(at(10), 5, volume=7))
    session.update(trade_bar(at(10), 9, volume=100, period=HOUR))
    session.update(trade_bar(at(10, 1), 6, volume=3))
    assert ohlcv(session) == (5, 6, 5, 6, 10)


def test_a_session_of_quotes() -> None:
    session = make_session(tick_type=TickType.QUOTE)
    session.update(quote_bar(at(10), 1, 3))
    session.update(quote_bar(at(10, 1), 3, 5))
    session.update(trade_bar(at(10, 2), 99, volume=4))
    assert ohlcv(session) == (2, 4, 2, 4, 4)
    session.scan(at(24))
    session.update(quote_bar(at(34), 9, 11))
    # The next day opens where the last one closed.
    assert ohlcv(session)[:4] == (4, 10, 4, 10)


def test_a_session_of_ticks() -> None:
    session = make_session()
    for tick in (trade(at(10), 5, 2), quote(at(10), 1, 2), trade(at(10, 1), 4, 3), trade(at(8), 100, 100)):
        session.update(tick)
    assert ohlcv(session) == (5, 5, 4, 4, 5)
    session.update(OpenInterest(at(11), SPY, 42))
    assert session.open_interest == 42


def test_a_session_can_be_forgotten() -> None:
    session = make_session()
    session.update(trade_bar(at(10), 5))
    session.scan(at(24))
    session.reset()
    assert (session.count, session.close, session[0].time) == (1, 0, datetime.max)
    session.update(trade_bar(at(10), 6))
    assert session.open == 6


def test_a_session_may_pull_its_data_when_read() -> None:
    """It is then what it would be had the data been pushed as they came."""
    pushed, pulled = make_session(4), make_session(4)
    days = [MONDAY + index * DAY for index in (0, 1, 4, 7, 8)]
    bars = [bar for day in days for bar in day_of_minutes(day)[:: 1 + day.day % 3]]
    waiting: list[TradeBar] = [trade_bar(at(9, 31), 99.0)]
    now = [MONDAY]

    def new_data() -> list[TradeBar]:
        taken = waiting[:]
        waiting.clear()
        return taken

    pulled.follow(new_data, lambda: now[0])
    pulled.reset()
    for index, bar in enumerate(bars):
        for hour in range(24) if index and bars[index - 1].time.date() != bar.time.date() else ():
            pushed.scan(bars[index - 1].end_time + timedelta(hours=hour))
        pushed.scan(bar.end_time)
        pushed.update(bar)
        waiting.append(bar)
        now[0] = bar.end_time
        if index % 997 == 0:
            assert [ohlcv(each) for each in pulled] == [ohlcv(each) for each in pushed]
    assert (ohlcv(pulled), pulled.count, pulled.samples) == (ohlcv(pushed), pushed.count, pushed.samples)
    assert [each.time for each in pulled] == [each.time for each in pushed]
