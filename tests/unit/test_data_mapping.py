"""Tickers over time."""

from __future__ import annotations

from datetime import date

import pytest

from tradinglab.core.clock import day_of_date
from tradinglab.data.mapping import FIRST_DAY_OF_ALL, MapFile, MapFiles, MapRow, SymbolChange, TickerSpan


def day(text: str) -> int:
    return day_of_date(date.fromisoformat(text))


def map_file(permtick: str, *rows: tuple[str, str]) -> MapFile:
    return MapFile(permtick, [MapRow(day(when), ticker.upper()) for when, ticker in rows])


SPWR = map_file("spwr", ("2005-11-17", "spwr"), ("2008-09-29", "spwr"), ("2011-11-16", "spwra"), ("2050-12-31", "spwr"))


@pytest.mark.parametrize(
    ("when", "ticker"),
    [
        ("2005-11-17", "SPWR"),
        ("2008-09-29", "SPWR"),
        ("2008-09-30", "SPWRA"),
        ("2011-11-16", "SPWRA"),
        ("2011-11-17", "SPWR"),
        ("2050-12-31", "SPWR"),
    ],
)
def test_a_ticker_holds_up_to_the_day_of_its_row(when: str, ticker: str) -> None:
    assert SPWR.ticker_on(day(when)) == ticker


def test_after_the_last_row_there_is_no_ticker_and_no_data() -> None:
    file = map_file("twx.1", ("1998-01-02", "twx"), ("2001-01-11", "twx"))
    assert file.ticker_on(day("2001-01-12")) is None
    assert [file.has_data(day(when)) for when in ("1998-01-01", "1998-01-02", "2001-01-11", "2001-01-12")] == [
        False,
        True,
        True,
        False,
    ]
    assert file.delisting_day == day("2001-01-11")


def test_spans_cover_the_days_asked_for() -> None:
    assert SPWR.spans(day("2008-09-01"), day("2011-11-17")) == [
        TickerSpan("SPWR", day("2008-09-01"), day("2008-09-29")),
        TickerSpan("SPWRA", day("2008-09-30"), day("2011-11-16")),
        TickerSpan("SPWR", day("2011-11-17"), day("2011-11-17")),
    ]
    assert SPWR.spans(day("2000-01-01"), day("2005-11-16")) == []
    assert SPWR.spans(day("2000-01-01"), day("2006-01-01")) == [
        TickerSpan("SPWR", day("2005-11-17"), day("2006-01-01"))
    ]


def test_changes_happen_on_the_first_trading_day_of_the_new_ticker() -> None:
    days = [day(when) for when in ("2008-09-26", "2008-09-29", "2008-10-01", "2008-10-02")]
    assert SPWR.changes(days, "SPWR") == [SymbolChange(day("2008-10-01"), "SPWR", "SPWRA")]
    assert SPWR.changes(days, "OTHER")[0] == SymbolChange(days[0], "OTHER", "SPWR")


def test_the_first_ticker_has_no_number() -> None:
    assert map_file("fb.1", ("1999-09-29", "fb.1"), ("2003-03-28", "fb.1")).first_ticker == "FB"
    assert map_file("brk.b", ("1999-09-29", "brk.b")).first_ticker == "BRK.B"


FB = map_file("fb", ("2012-05-18", "fb"), ("2050-12-31", "fb"))
OLD_FB = map_file("fb.1", ("1999-09-29", "fb"), ("2003-03-28", "fb"))
FILES = MapFiles([FB, OLD_FB, SPWR])


@pytest.mark.parametrize(
    ("ticker", "when", "found"),
    [
        ("FB", "2002-01-01", OLD_FB),
        ("fb", "2013-01-01", FB),
        ("FB", "2060-01-01", FB),  # after all of them: the last
        ("FB", "2003-03-28", OLD_FB),
        ("FB", "2003-03-29", None),  # the next one was not listed yet
        ("FB.1", "2002-01-01", OLD_FB),
        ("SPWRA", "2020-01-01", SPWR),
        ("ABC", "2013-01-01", None),
    ],
)
def test_a_ticker_is_resolved_by_the_day(ticker: str, when: str, found: MapFile | None) -> None:
    assert FILES.resolve(ticker, day(when)) is found


def test_the_day_of_an_identifier_without_one_finds_a_file_that_begins_later() -> None:
    assert FILES.resolve("SPWRA", FIRST_DAY_OF_ALL) is SPWR
