"""The section of a report that compares two engines, and where its sides come from."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.test_report_page import Structure, content

from tradinglab.report.errors import ReportError
from tradinglab.report.page import render
from tradinglab.report.parity import Cause, Parity, ParityOrder, ParitySide, parity
from tradinglab.report.parity_page import parity_page, parity_section, percent_text, with_parity
from tradinglab.report.parity_sides import side_of_document

_DAY = 86_400_000_000


def order(number: int, **changes: Any) -> ParityOrder:
    values = {"symbol": "SPY", "side": "Buy", "time_us": number * _DAY, "quantity": 10.0, "price": 100.0, "fee": 1.0}
    return ParityOrder(id=number, **(values | changes))


def found(count: int = 10, *, name: str = "two", **changes: Any) -> Parity:
    equity = [(day * _DAY, 100_000.0 + day) for day in range(1, 60)]
    left = [order(number) for number in range(1, count + 1)]
    right = [order(number, **(changes if number > 3 else {})) for number in range(1, count + 1)]
    return parity(
        ParitySide(name="one", orders=left, statistics={"Sharpe Ratio": "1.2", "Beta": "0"}, equity=equity),
        ParitySide(name=name, orders=right, statistics={"Sharpe Ratio": "1.3", "Beta": "0"}, equity=equity),
    )


def test_the_section_tells_what_differs() -> None:
    section = parity_section(found(fee=2.5))
    for text in (
        "Parity of one and two", "30 % parity", "Probable cause: fee.", "Where they part first: 1970-01-05", "+1.5",
        "SPY 30", "1 of 2 differ", "Equity of both",
    ):  # fmt: skip
        assert text in section, text


@pytest.mark.parametrize("page", [render(content()), render(content()).replace("<!-- parity -->", "")])
def test_it_is_put_into_a_report_once_and_changes_nothing_else(page: str) -> None:
    shown = with_parity(page, found(price=101.0))
    structure = Structure()
    structure.feed(shown)
    assert structure.open == structure.fetched == []
    assert shown.count('id="parity"') == 1
    assert shown.replace(parity_section(found(price=101.0)), "") == page.replace("<!-- parity -->", "")
    assert "Parity of" in render(content(), parity=parity_section(found()))


def test_names_and_symbols_are_text() -> None:
    page = parity_page(found(name="<script>1</script>", symbol="<b>", status="<i>"), title="<u>")
    structure = Structure()
    structure.feed(page)
    assert structure.open == []
    for text in ("<script>1", "<b>S", "<b><", "<i>", "<u>"):
        assert text not in page.replace("<i class", "")
    assert "<!-- parity -->" not in with_parity(render(content(title="<!-- parity -->")), found())


def test_many_that_differ_are_bounded() -> None:
    section = parity_section(found(700, price=120.0))
    assert "197 more are left out" in section
    assert parity_section(parity(ParitySide(name="a"), ParitySide(name="b"))).count("<figure") == 0


def test_nearly_all_is_not_all() -> None:
    assert [percent_text(each) for each in (0.0, 50.0, 99.999, 100.0)] == ["0", "50", "99.99", "100"]


def test_thousands_of_the_same_instant_are_paired_one_with_one() -> None:
    left = [order(n, time_us=_DAY * (n // 40), quantity=float(1 + n % 40)) for n in range(4_000)]
    same = parity(ParitySide(name="a", orders=left), ParitySide(name="b", orders=list(reversed(left))))
    assert (same.percent, same.cause, len(same.pairs)) == (100, Cause.NONE, 4_000)


def test_tens_of_thousands_that_are_all_a_little_late_are_paired() -> None:
    left = [order(n, time_us=n * 60_000_000) for n in range(30_000)]
    late = [order(n, time_us=each.time_us + 7_000_000) for n, each in enumerate(left)]
    found = parity(ParitySide(name="a", orders=left), ParitySide(name="b", orders=late))
    assert (found.cause, len(found.pairs)) == (Cause.TIMING, 30_000)
    assert {each.time_s for each in found.pairs} == {7.0}


def document(**changes: Any) -> dict[str, Any]:
    made = {
        "orders": {"1": {
            "id": 1, "symbol": {"value": "SPY", "id": "SPY R735QTJ8XC9X"}, "price": 10.5, "quantity": 4.0,
            "direction": 0, "time": "2020-01-02T14:31:00Z", "lastFillTime": "2020-01-02T14:32:00.1234567Z", "status": 3,
        }},
        "statistics": {"Total Orders": "1"},
        "charts": {"Strategy Equity": {"series": {"Equity": {"values": [[86400, 1.0, 2.0, 0.5, 1.5]]}}}},
    }  # fmt: skip
    return made | changes


def test_a_result_file_is_a_side() -> None:
    side = side_of_document(document(), name="lean")
    (read,) = side.orders
    assert (read.symbol, read.side, read.quantity, read.price, read.fee, read.status) == (
        "SPY", "Buy", 4.0, 10.5, None, "Filled",
    )  # fmt: skip
    assert read.time_us == 1_577_975_520_123_456
    assert side.equity == [(_DAY, 1.5)]


def test_fills_are_taken_where_they_are_told() -> None:
    told = document()
    told["orders"]["1"] |= {"lastFillTime": None, "direction": "sell", "status": "filled", "events": [
        {"fillQuantity": -1, "fillPrice": 10, "orderFeeAmount": 1}, {"fillQuantity": 0, "fillPrice": 0},
        {"fillQuantity": -3, "fillPrice": 12, "orderFeeAmount": 0.5},
    ]}  # fmt: skip
    (read,) = side_of_document(told, name="x").orders
    assert (read.quantity, read.price, read.fee, read.side) == (-4, 11.5, 1.5, "sell")
    point = {"values": [{"x": 1, "y": 2.0}, {"x": 2, "close": 3.0}, [3, None]]}
    charts = {"Strategy Equity": {"series": {"Equity": point}}}
    assert side_of_document(document(charts=charts), name="x").equity == [(1_000_000, 2.0), (2_000_000, 3.0)]


@pytest.mark.parametrize(
    "wrong", [[], {}, document(orders=[1]), document(orders={"1": {}}), document(charts={}), document(statistics=None),
              document(orders={"1": {**document()["orders"]["1"], "time": 5, "lastFillTime": None}})],
)  # fmt: skip
def test_what_is_no_result_is_refused_by_name(wrong: Any) -> None:
    with pytest.raises(ReportError, match=r"x\.json: this is no result"):
        side_of_document(wrong, name="x.json")
