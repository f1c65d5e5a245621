"""What a subscription emits: sessions, gaps that are filled, hours that are dropped; worked out by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pytest

from tradinglab.core.clock import HOUR_NS, MINUTE_NS, zone
from tradinglab.core.enums import Resolution, TickType
from tradinglab.data.columns import BarColumns
from tradinglab.data.memory import MemorySource
from tradinglab.engine.bar_stream import StreamRequest, read_stream

NEW_YORK = zone("America/New_York")
Row = tuple[str, float, float, bool]


def instant(text: str) -> int:
    return NEW_YORK.to_utc(datetime.fromisoformat(text))


def emitted(bars: dict[str, float], resolution: Resolution, span: tuple[str, str], **options: Any) -> BarColumns:
    """Read bars, given as start in New York and close, through a request."""
    source = MemorySource()
    closes = np.array(list(bars.values()))
    prices = {"open": closes, "high": closes + 1, "low": closes - 1, "close": closes, "volume": closes * 100}
    symbol = source.add("ABC", resolution, {"time": [instant(text) for text in bars], **prices})
    request = StreamRequest(
        symbol=symbol, resolution=resolution, tick_type=TickType.TRADE,
        start_ns=instant(span[0]), end_ns=instant(span[1]), data_zone=NEW_YORK,
        hours=source.market_hours.get_exchange_hours("usa", symbol, symbol.security_type), **options,
    )  # fmt: skip
    return read_stream(source, request)


def rows(bars: BarColumns) -> list[Row]:
    filled = bars.filled if bars.filled is not None else np.zeros(len(bars), bool)
    return [
        (f"{NEW_YORK.datetime(int(bars.end_ns[row])):%d %H:%M}", bars.values["close"][row],
         bars.values["volume"][row], bool(filled[row]))
        for row in range(len(bars))
    ]  # fmt: skip


DAY = ("2020-03-02 00:00", "2020-03-02 23:59")


def test_a_gap_is_filled_with_the_last_price_and_no_volume() -> None:
    found = emitted({"2020-03-02 15:55": 10, "2020-03-02 15:58": 20}, Resolution.MINUTE, DAY, fill_ns=MINUTE_NS)
    assert rows(found) == [
        ("02 15:56", 10, 1000, False), ("02 15:57", 10, 0, True), ("02 15:58", 10, 0, True),
        ("02 15:59", 20, 2000, False), ("02 16:00", 20, 0, True),
    ]  # fmt: skip
    assert [float(found.exact("volume", row)) for row in range(5)] == [1000, 0, 0, 2000, 0]
    assert found.values["high"].tolist() == [11, 11, 11, 21, 21]
    assert (found.end_ns - found.time_ns).tolist() == [MINUTE_NS] * 5


def test_without_filling_there_is_what_there_is() -> None:
    found = emitted({"2020-03-02 15:55": 10, "2020-03-02 15:58": 20}, Resolution.MINUTE, DAY)
    assert [row[0] for row in rows(found)] == ["02 15:56", "02 15:59"]


def test_hours_outside_the_session_are_dropped_but_fill_the_first_minute() -> None:
    bars = {"2020-03-02 09:10": 10, "2020-03-02 09:31": 20}
    span = ("2020-03-02 00:00", "2020-03-02 09:31")
    found = emitted(bars, Resolution.MINUTE, span, fill_ns=MINUTE_NS)
    assert rows(found)[:2] == [("02 09:31", 10, 0, True), ("02 09:32", 20, 2000, False)]
    extended = emitted(bars, Resolution.MINUTE, span, extended=True)
    assert [row[0] for row in rows(extended)] == ["02 09:11", "02 09:32"]


def test_daily_bars_span_their_session() -> None:
    """The day after Thanksgiving ends at 13:00; on the holiday itself there is no session, and no bar."""
    bars = {"2019-11-27 00:00": 10, "2019-11-28 00:00": 15, "2019-11-29 00:00": 20}
    found = emitted(bars, Resolution.DAILY, ("2019-11-27 00:00", "2019-11-30 00:00"))
    assert [row[:2] for row in rows(found)] == [("27 16:00", 10), ("29 13:00", 20)]
    assert ((found.end_ns - found.time_ns) / HOUR_NS).tolist() == [6.5, 3.5]
    plain = emitted(bars, Resolution.DAILY, ("2019-11-27 00:00", "2019-11-30 00:00"), precise_daily_end=False)
    assert [row[0] for row in rows(plain)] == ["28 00:00", "30 00:00"]


def test_a_missing_day_is_filled_at_its_close() -> None:
    bars = {"2020-03-02 00:00": 10, "2020-03-05 00:00": 20}
    found = emitted(bars, Resolution.DAILY, ("2020-03-02 00:00", "2020-03-06 00:00"), fill_ns=24 * HOUR_NS)
    assert rows(found) == [
        ("02 16:00", 10, 1000, False), ("03 16:00", 10, 0, True), ("04 16:00", 10, 0, True),
        ("05 16:00", 20, 2000, False),
    ]  # fmt: skip


def test_filling_passes_over_the_night_and_the_change_of_clocks() -> None:
    """Clocks went forward on Sunday, 8 March 2020: sessions stay at their local hours."""
    found = emitted(
        {"2020-03-06 15:00": 10}, Resolution.HOUR, ("2020-03-06 00:00", "2020-03-09 11:59"), fill_ns=HOUR_NS
    )
    assert [row[0] for row in rows(found)] == ["06 16:00", "09 10:00", "09 11:00", "09 12:00"]


def test_nothing_is_emitted_after_a_delisting() -> None:
    bars = {"2020-03-02 15:58": 10, "2020-03-03 09:30": 20}
    found = emitted(
        bars, Resolution.MINUTE, ("2020-03-02 00:00", "2020-03-03 23:59"), fill_ns=MINUTE_NS,
        delisting_ns=instant("2020-03-03 00:00"),
    )  # fmt: skip
    assert [row[0] for row in rows(found)] == ["02 15:59", "02 16:00"]


@pytest.mark.parametrize(("start", "first"), [("15:56", "02 15:56"), ("15:57", "02 15:57")])
def test_a_bar_that_ends_at_the_start_is_emitted(start: str, first: str) -> None:
    bars = {f"2020-03-02 15:{minute}": 10.0 for minute in (54, 55, 56)}
    found = emitted(bars, Resolution.MINUTE, (f"2020-03-02 {start}", "2020-03-02 23:59"))
    assert rows(found)[0][0] == first


def test_no_bars_give_none() -> None:
    found = emitted({"2020-03-02 15:54": 10}, Resolution.MINUTE, ("2021-03-02 00:00", "2021-03-03 00:00"))
    assert len(found) == 0
