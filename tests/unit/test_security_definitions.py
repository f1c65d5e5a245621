"""What securities are called in the industry; the lines and the dates are those of LEAN's own tests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.algorithm.runtime import AlgorithmContext, making_with
from tradinglab.core.security_definitions import SecurityDefinition, SecurityDefinitions
from tradinglab.core.security_identifier import SecurityIdentifier
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_properties import SymbolPropertiesDatabase
from tradinglab.data.errors import MalformedDataError
from tradinglab.data.lean import LeanSource

LINES = """# names
AAPL R735QTJ8XC9X,03783310,BBG000B9XRY4,2046251,US0378331005,320193
GOOCV VP83T1ZUHROL,38259P70,BBG002W96FT9,BKM4JZ7,US38259P7069,

SPY R735QTJ8XC9X,,,,
"""
GOOG_MAP = "20140327,goocv,Q\n20140402,goocv,Q\n20501231,goog,Q\n"


@pytest.fixture
def algorithm(tmp_path: Path) -> Iterator[QCAlgorithm]:
    for name, text in (
        ("symbol-properties/security-database.csv", LINES),
        ("equity/usa/map_files/goog.csv", GOOG_MAP),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    source = LeanSource(tmp_path)
    source.symbol_properties = SymbolPropertiesDatabase.default()
    SecurityDefinitions.use(source.security_definitions)
    with making_with(AlgorithmContext(source=source)):
        made = QCAlgorithm()
    made.set_start_date(2021, 9, 9)
    yield made
    SecurityDefinitions.use(None)


def symbol_of(text: str) -> Symbol:
    sid = SecurityIdentifier.parse(text)
    return Symbol(sid, sid.symbol)


def test_a_symbol_says_its_names(algorithm: QCAlgorithm) -> None:
    apple = symbol_of("AAPL R735QTJ8XC9X")
    assert (apple.cusip, apple.composite_figi, apple.sedol) == ("03783310", "BBG000B9XRY4", "2046251")
    assert (apple.isin, apple.cik) == ("US0378331005", 320193)
    assert (apple.CUSIP, apple.CompositeFIGI, apple.SEDOL, apple.ISIN, apple.CIK) == (  # type: ignore[attr-defined]
        algorithm.cusip(apple), algorithm.composite_figi(apple), algorithm.sedol(apple), algorithm.isin(apple),
        algorithm.cik(apple),
    )  # fmt: skip


def test_what_is_not_known_is_none(algorithm: QCAlgorithm) -> None:
    nobody, nameless = symbol_of("IBM R735QTJ8XC9X"), symbol_of("SPY R735QTJ8XC9X")
    for each in (nobody, nameless):
        assert [each.cusip, each.composite_figi, each.sedol, each.isin, each.cik] == [None] * 5
    assert algorithm.cusip("78462F103") is None
    assert algorithm.isin("") is None
    assert algorithm.cik(-9999) == []
    assert algorithm.cik(0) == []
    assert algorithm.cusip("03783310") is None, "without a map file"


@pytest.mark.parametrize(
    ("day", "ticker"),
    [
        (datetime(2021, 9, 9), "GOOG"),
        (datetime(2014, 4, 3), "GOOG"),
        (datetime(2014, 4, 2), "GOOCV"),
        (datetime(2014, 3, 10), "GOOCV"),
        (None, "GOOG"),
    ],
)
@pytest.mark.parametrize(
    ("method", "name"),
    [("cusip", "38259p70"), ("composite_figi", "BBG002W96FT9"), ("sedol", "BKM4JZ7"), ("isin", "US38259P7069")],
)
def test_a_name_finds_the_symbol_under_its_ticker_of_the_day(
    algorithm: QCAlgorithm, method: str, name: str, day: datetime | None, ticker: str
) -> None:
    found = getattr(algorithm, method)(name, day)
    assert (found.value, str(found.id)) == (ticker, "GOOCV VP83T1ZUHROL")


def test_a_date_after_the_algorithms_is_refused(algorithm: QCAlgorithm) -> None:
    with pytest.raises(ValueError, match="2021-09-10 is after the algorithm's, 2021-09-09"):
        algorithm.sedol("2046251", datetime(2021, 9, 10))


def test_without_a_source_nothing_is_known() -> None:
    assert symbol_of("AAPL R735QTJ8XC9X").cusip is None


def test_a_line_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "symbol-properties").mkdir()
    path = tmp_path / "symbol-properties" / "security-database.csv"
    path.write_text("AAPL R735QTJ8XC9X,,,,,many\n")
    with pytest.raises(MalformedDataError, match="line 1"):
        LeanSource(tmp_path).security_definitions()


def test_a_short_line_leaves_names_out() -> None:
    assert SecurityDefinition.parse("AAPL R735QTJ8XC9X,1").cusip == "1"
