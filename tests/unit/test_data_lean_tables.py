"""Map files, factor files and rates of a LEAN data folder."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile

import pytest
from tests.lean_folder import LeanFolder

from tradinglab.core.clock import day_of_date, to_ns
from tradinglab.core.enums import SecurityType
from tradinglab.core.symbol import Symbol
from tradinglab.data.interest import InterestRates
from tradinglab.data.source import ShortableDay


def day(text: str) -> int:
    return day_of_date(date.fromisoformat(text))


@pytest.fixture
def folder(tmp_path: Path) -> LeanFolder:
    return LeanFolder(tmp_path / "Data")


def archive(path: Path, **entries: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(path, "w") as target:
        for name, text in entries.items():
            target.writestr(f"{name}.csv", text)


def test_the_newest_archives_are_read_and_single_files_go_first(folder: LeanFolder) -> None:
    maps, factors = folder.root / "equity/usa/map_files", folder.root / "equity/usa/factor_files"
    archive(maps / "map_files_20200101.zip", abc="20000103,wrong\n20501231,abc\n")
    archive(maps / "map_files_20210101.zip", abc="20010102,first\n20501231,abc\n", xyz="20020102,xyz\n20501231,xyz\n")
    archive(factors / "factor_files_20210101.zip", abc="20010102,0.5,1,1\n20501231,1,1,0\n", xyz="20010102,0.1,1\n")
    folder.text("equity/usa/map_files/xyz.csv", "20030102,own", "20501231,xyz")
    folder.text("equity/usa/factor_files/xyz.csv", "20030102,0.25,1,1", "20501231,1,1,0")
    source = folder.source()
    abc, xyz = (source.resolve_symbol(name, SecurityType.EQUITY, "usa") for name in ("ABC", "XYZ"))
    assert (abc.id.symbol, abc.id.date) == ("FIRST", datetime(2001, 1, 2))
    assert (xyz.id.symbol, xyz.id.date) == ("OWN", datetime(2003, 1, 2))
    assert [source.factors(one).rows[0].price_factor for one in (abc, xyz)] == [Decimal("0.5"), Decimal("0.25")]


def test_the_first_listing_of_a_ticker(folder: LeanFolder) -> None:
    folder.text("equity/usa/map_files/abc.csv", "20010102,old", "20501231,abc")
    source = folder.source()
    assert source.first_listing("ABC", "usa", None) == ("OLD", datetime(2001, 1, 2))
    assert source.first_listing("ABC", "usa", datetime(2000, 1, 3)) is None
    assert source.first_listing("XYZ", "usa", None) is None
    assert source.map_file(Symbol.create("EURUSD", SecurityType.FOREX, "oanda")) is None


def test_infinite_factors_and_ones_with_an_exponent_are_left_out(folder: LeanFolder) -> None:
    folder.text("equity/usa/factor_files/abc.csv", "20010102,inf,1,1", "20020102,1.5e+6,1,1", "20030102,0.5,1,2")
    source = folder.source()
    rows = source.factors(source.resolve_symbol("ABC", SecurityType.EQUITY, "usa")).rows
    assert [(row.day, row.reference_price) for row in rows] == [(day("2003-01-02"), 2)]


def test_without_files_there_is_nothing(folder: LeanFolder) -> None:
    source = folder.source()
    symbol = source.resolve_symbol("ABC", SecurityType.EQUITY, "usa")
    assert source.factors(symbol) is None
    assert source.map_file(symbol) is None
    assert source.margin_interest_rates(symbol) == []
    assert source.shortable(symbol, "atreyu") == {}
    assert source.interest_rates().rate_on(day("2020-01-01")) == Decimal("0.01")
    assert list(source.coverage()) == []


def test_interest_rates_hold_until_the_next(folder: LeanFolder) -> None:
    folder.text("alternative/interest-rate/usa/interest-rate.csv", "DATE,RATE", "2003-01-09,2.25", "2003-06-26,2.00")
    rates = folder.source().interest_rates()
    asked = ("1990-01-01", "2003-01-09", "2003-06-25", "2003-06-26", "2030-01-01")
    assert [str(rates.rate_on(day(when))) for when in asked] == ["0.0225", "0.0225", "0.0225", "0.02", "0.02"]


def test_interest_rates_may_come_in_any_order() -> None:
    assert InterestRates.of([(5, Decimal(2)), (1, Decimal(1))]).rate_on(4) == 1


def test_funding_rates(folder: LeanFolder) -> None:
    folder.text(
        "cryptofuture/bybit/margin_interest/btcusd.csv", "20221213 00:00:00,-0.00004667", "20221213 08:00:00,0.0001"
    )
    symbol = Symbol.create("BTCUSD", SecurityType.CRYPTO_FUTURE, "bybit")
    assert folder.source().margin_interest_rates(symbol) == [
        (to_ns(datetime(2022, 12, 13)), Decimal("-0.00004667")),
        (to_ns(datetime(2022, 12, 13, 8)), Decimal("0.0001")),
    ]


def test_shares_to_borrow(folder: LeanFolder) -> None:
    folder.text(
        "equity/usa/shortable/atreyu/symbols/abc.csv",
        "# date, quantity, rebate, fee",
        "20131004,1000,3.8500,",
        "20131007,,,0.2500",
        "20131008,5",
    )
    source = folder.source()
    symbol = source.resolve_symbol("ABC", SecurityType.EQUITY, "usa")
    assert source.shortable(symbol, "Atreyu") == {
        day("2013-10-04"): ShortableDay(1000, Decimal("0.0385"), Decimal(0)),
        day("2013-10-07"): ShortableDay(None, Decimal(0), Decimal("0.0025")),
        day("2013-10-08"): ShortableDay(5, Decimal(0), Decimal(0)),
    }
