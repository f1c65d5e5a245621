from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from html.parser import HTMLParser

import pytest

from tradinglab.report.content import LogLine, PlottedChart, PlottedSeries, ReportContent, TradeRow
from tradinglab.report.page import render


def content(count: int = 600, **changes: object) -> ReportContent:
    days = tuple(date(2020, 1, 1) + timedelta(index) for index in range(count))
    values: dict[str, object] = {
        "title": "Demo",
        "facts": ("2020", "$100,000"),
        "status": "completed",
        "days": days,
        "equity": tuple(100_000.0 * (1 + 0.001 * index + 0.02 * (index % 7)) for index in range(count)),
        "benchmark": tuple(100_000.0 + 10 * index for index in range(count)),
        "statistics": (("Total Orders", "3"),),
    }
    return ReportContent(**(values | changes))  # type: ignore[arg-type]


def trade(change: float = 0.1, symbol: str = "AAPL") -> TradeRow:
    moment = datetime(2020, 3, 2, 9, 30)
    return TradeRow(
        symbol=symbol, direction="Long", quantity=10, entry_time=moment, entry_price=100.0,
        exit_time=moment + timedelta(days=3), exit_price=100 * (1 + change), profit=1000 * change, fees=2.0,
        change=change,
    )  # fmt: skip


class Structure(HTMLParser):
    """Notes unclosed tags, and everything that would be fetched."""

    VOID = frozenset({"meta", "input", "path", "br", "link", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_fetches_nothing() -> None:
    page = render(content(trades=(trade(),) * 6, logs=(LogLine(time=None, level="log", text="hello"),)))
    structure = Structure()
    structure.feed(page)
    assert structure.open == []
    assert structure.fetched == []
    assert not re.search(r"https?://|url\(", page)


def test_it_shows_every_part() -> None:
    points = tuple((datetime(2020, 1, 1 + index), float(index)) for index in range(5))
    plots = (PlottedChart(name="Signals", series=(PlottedSeries(name="Score", kind="line", points=points),)),)
    page = render(content(trades=(trade(0.1), trade(-0.1)) * 3, charts=plots, headline=(("Net profit", "12%", "up"),)))
    parts = "Equity/Underwater/Monthly returns/Yearly returns/Rolling Sharpe ratio/Worst drawdowns/Trades by return"
    for title in [*parts.split("/"), "Signals", "Statistics", "6 closed trades", "Net profit"]:
        assert title in page


def test_what_a_strategy_wrote_is_escaped() -> None:
    page = render(
        content(title="<b>x</b>", logs=(LogLine(time=None, level="log", text="</script><script>alert(1)</script>"),))
    )
    assert "<b>x</b>" not in page
    assert "<script>alert(1)" not in page


def test_a_benchmark_name_cannot_leave_the_script() -> None:
    assert "</script><i>" not in render(content(benchmark_name="</script><i>"))


@pytest.mark.parametrize("count", [0, 1, 2, 5, 130])
def test_short_runs_make_a_page_too(count: int) -> None:
    page = render(content(count))
    assert ('<div class="view"' in page) == (count > 1)


def test_a_run_without_benchmark_or_with_negative_equity() -> None:
    assert "Log</label>" not in render(content(3, benchmark=(), equity=(100.0, -20.0, 5.0)))


def test_a_failed_run_shows_its_error() -> None:
    page = render(content(3, status="failed", problem="ZeroDivisionError: division by zero"))
    assert "The strategy failed" in page
    assert "ZeroDivisionError" in page


def test_long_lists_are_cut_and_say_so() -> None:
    page = render(content(3, trades=(trade(),) * 2_100))
    assert page.count("2020-03-05 09:30:00") == 2_000
    assert "the first 2,000 of 2,100 closed trades" in page


def test_the_funnel_is_shown_when_there_is_one() -> None:
    assert "From bars to orders" in render(content(3, funnel=(("bars", 1000), ("orders", 0))))
    assert "From bars to orders" not in render(content(3))


def test_the_badge_stays_one_word_where_a_long_title_is_broken_anywhere() -> None:
    page = render(content(title="MovingAverageCross" * 5))
    (badge,) = re.findall(r"\.badge\s*{([^}]*)}", page)
    assert re.search(r"white-space:\s*nowrap", badge)
    assert re.search(r"display:\s*inline-block", badge)
