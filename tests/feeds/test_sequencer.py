"""Grace, restatements, silence, clocks that differ, clock changes and the ends of sessions."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from tests.feeds.kit import Clock, Heard, series, starts, values

from tradinglab.core.clock import HOUR_NS, MINUTE_NS, SECOND_NS, to_ns
from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.data.feeds.grid import BarGrid
from tradinglab.data.feeds.protocol import FeedTerms, NoticeKind, Series
from tradinglab.data.feeds.sequencer import Sequencer

START = to_ns(datetime(2024, 3, 1, 12))
GRID = BarGrid()
IBM = series("IBM", kind=SecurityType.EQUITY, market="usa")


class Case:
    def __init__(self, wanted: Series, start_ns: int = START) -> None:
        self.wanted, self.clock, self.heard = wanted, Clock(start_ns), Heard()
        self.sequencer = Sequencer(GRID, FeedTerms(grace_s=10, hold_s=300), self.clock.now_ns)
        self.sequencer.open(wanted, np.empty(0, np.int64), values([]))

    def at(self, seconds: float, *bars: tuple[int, float], is_heard: bool = True) -> Case:
        """Let time come to so many seconds after the start, and bars with it: minute and price."""
        self.clock.ns = START + int(seconds * SECOND_NS)
        for minute, price in bars:
            self.sequencer.take(self.wanted, starts(START + minute * MINUTE_NS), values([price]))
        if is_heard:
            self.sequencer.hear(self.wanted, self.clock.ns)
        self.heard.take(self.sequencer.due())
        return self

    @property
    def live(self) -> list[tuple[int, float]]:
        return [((start - START) // MINUTE_NS, price) for start, price in self.heard.live.get(self.wanted, [])]


def test_time_waits_for_a_bar_for_the_grace_and_goes_on_without_it() -> None:
    case = Case(series()).at(60).at(69.9)
    assert case.sequencer.settled_ns == START + MINUTE_NS
    case.at(70)
    assert case.sequencer.settled_ns == START + 2 * MINUTE_NS
    assert case.heard.notices == []  # a minute in which nothing was traded is none to tell of
    case.at(71, (0, 5.0))
    assert (case.live, case.heard.kinds()) == ([], ["late"])
    assert case.heard.corrected == [(case.wanted, START, 5.0)]
    assert case.heard.notices[0].data["bar"] == "2024-03-01 12:00 UTC"


def test_a_later_bar_waits_for_the_one_before_it() -> None:
    case = Case(series())
    case.at(121, (1, 11.0), is_heard=False)
    assert case.live == []
    case.at(122, (0, 10.0))
    assert case.live == [(0, 10.0), (1, 11.0)]


def test_what_is_revised_before_its_turn_is_delivered_as_it_is_last() -> None:
    case = Case(series()).at(121, (1, 11.0), is_heard=False).at(122, (1, 12.0), is_heard=False).at(123, (0, 10.0))
    assert (case.live, case.heard.kinds()) == ([(0, 10.0), (1, 12.0)], [])


def test_a_bar_that_the_source_changes_after_delivery_is_a_restatement() -> None:
    case = Case(series()).at(61, (0, 10.0)).at(62, (0, 10.0)).at(63, (0, 10.5))
    assert case.live == [(0, 10.0)]
    (notice,) = case.heard.notices
    assert notice.kind == NoticeKind.RESTATED
    assert (notice.data["before"]["open"], notice.data["values"]["open"]) == (10.0, 10.5)  # type: ignore[index]
    assert case.heard.corrected == [(case.wanted, START, 10.5)]
    case.at(64, (0, 10.5))
    assert len(case.heard.notices) == 1


def test_a_source_that_is_not_heard_is_waited_for_and_then_told_of() -> None:
    case = Case(series()).at(0)
    for second in range(1, 359):
        case.at(second, is_heard=False)
    assert case.sequencer.settled_ns == START + MINUTE_NS
    case.at(360, is_heard=False)
    assert (case.heard.kinds(), case.sequencer.settled_ns) == (["behind"], START + 2 * MINUTE_NS)
    case.at(421, is_heard=False)
    assert case.heard.kinds() == ["behind"]  # told once
    case.at(425, *((minute, 10.0 + minute) for minute in range(7)))
    # The first two were given up; of the others none was.
    assert case.live == [(minute, 10.0 + minute) for minute in range(2, 7)]
    assert case.heard.kinds() == ["behind", "late", "late"]


def test_a_clock_that_is_behind_the_source_is_told_of_once() -> None:
    case = Case(series()).at(55, (0, 10.0)).at(115, (1, 11.0))
    assert case.heard.kinds() == ["skewed"]
    assert case.heard.notices[0].data["seconds"] == 5.0
    assert case.live == [(0, 10.0), (1, 11.0)]


def utc(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp()) * SECOND_NS  # type: ignore[misc]


@pytest.mark.parametrize(
    ("wanted", "after", "expected"),
    [
        # Hours after the session end at 20:00 in New York, which is 01:00 UTC in winter; then comes the next morning's.
        (IBM, utc(2024, 3, 8, 0, 59), utc(2024, 3, 8, 1, 0)),
        (IBM, utc(2024, 3, 8, 1, 0), utc(2024, 3, 8, 9, 1)),
        # Over the weekend on which New York's clocks go forward.
        (IBM, utc(2024, 3, 9, 1, 0), utc(2024, 3, 11, 8, 1)),
        # Good Friday is closed.
        (IBM, utc(2024, 3, 29, 0, 0), utc(2024, 4, 1, 8, 1)),
        (series("BTCUSDT"), utc(2024, 3, 10, 7, 0, 30), utc(2024, 3, 10, 7, 1)),
        # A day has 23 hours when clocks go forward, and 25 when they go back.
        (series("EURUSD", Resolution.DAILY, SecurityType.FOREX, "oanda"), utc(2024, 3, 10, 5), utc(2024, 3, 11, 4)),
        (series("EURUSD", Resolution.DAILY, SecurityType.FOREX, "oanda"), utc(2024, 11, 3, 4), utc(2024, 11, 4, 5)),
        (series("IBM", Resolution.DAILY, SecurityType.EQUITY, "usa"), utc(2024, 3, 8, 5), utc(2024, 3, 9, 5)),
        (series("IBM", Resolution.DAILY, SecurityType.EQUITY, "usa"), utc(2024, 3, 9, 5), utc(2024, 3, 12, 4)),
    ],
    ids=str,
)  # fmt: skip
def test_when_the_next_bar_may_end(wanted: Series, after: int, expected: int) -> None:
    assert GRID.next_end_ns(wanted, after) == expected


def test_hours_go_on_over_a_change_of_clocks() -> None:
    wanted = series("EURUSD", Resolution.HOUR, SecurityType.FOREX, "oanda")
    at, found = utc(2024, 11, 3, 22), []
    for _ in range(6):
        at = GRID.next_end_ns(wanted, at)
        found.append(at)
    assert found == [utc(2024, 11, 3, 23) + each * HOUR_NS for each in range(6)]


def test_after_the_end_of_a_session_nothing_is_waited_for_until_the_next() -> None:
    wanted = IBM
    clock, heard = Clock(utc(2024, 3, 8, 0, 58, 50)), Heard()
    sequencer = Sequencer(GRID, FeedTerms(grace_s=10), clock.now_ns)
    sequencer.open(wanted, np.empty(0, np.int64), values([]))
    clock.ns = utc(2024, 3, 8, 1, 0, 11)
    sequencer.hear(wanted, clock.ns)
    heard.take(sequencer.due())
    assert sequencer.settled_ns == utc(2024, 3, 8, 9, 1)
    clock.ns = utc(2024, 3, 8, 9, 0)
    heard.take(sequencer.due())
    assert heard.notices == []
