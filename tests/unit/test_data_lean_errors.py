"""What is wrong in a LEAN data folder is named: file, line, field and value."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.lean_folder import EVER, LeanFolder

from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.columns import BarColumns
from tradinglab.data.errors import DataSourceError, MalformedDataError
from tradinglab.data.source import open_source

MINUTE = "equity/usa/minute/abc/20131007_trade.zip"
DAILY = "equity/usa/daily/abc.zip"
GOOD = "34200000,1,1,1,1,1"
GOOD_DAY = "20131007 00:00,1,1,1,1,1"


@pytest.fixture
def folder(tmp_path: Path) -> LeanFolder:
    return LeanFolder(tmp_path / "Data")


def read(folder: LeanFolder, resolution: Resolution = Resolution.MINUTE) -> BarColumns:
    source = folder.source()
    symbol = source.resolve_symbol("ABC", SecurityType.EQUITY, "usa")
    return source.bars(symbol, resolution, TickType.TRADE, *EVER)


def problem(folder: LeanFolder, resolution: Resolution = Resolution.MINUTE) -> MalformedDataError:
    with pytest.raises(MalformedDataError) as caught:
        read(folder, resolution)
    assert str(caught.value.file) in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("row", "field", "value"),
    [
        ("34260000,1,1,x,1,1", "low", "x"),
        ("34260000,1,1,1,nan,1", "close", "nan"),
        ("34260000,-1,1,1,1,1", "open", "-1"),
        ("34260000,1,0,1,1,1", "high", "0"),
        ("34260000,1,1,1,,1", "close", ""),
        ("34260000,1,1,1,1,-5", "volume", "-5"),
        ("86400000,1,1,1,1,1", "time", "86400000"),
        ("-1,1,1,1,1,1", "time", "-1"),
        (",1,1,1,1,1", "time", ""),
        ("09:31,1,1,1,1,1", "time", "09:31"),
        ("34260000,1,1,1,1", None, "34260000,1,1,1,1"),
        ("34260000,1,1,1,1,1,1", None, "34260000,1,1,1,1,1,1"),
    ],
)
def test_a_wrong_row_of_a_day(folder: LeanFolder, row: str, field: str | None, value: str) -> None:
    path = folder.bars(MINUTE, GOOD, "", row)
    folder.bars(MINUTE.replace("1007", "1004"), GOOD, GOOD.replace("342", "343"))
    found = problem(folder)
    assert (found.file, found.line, found.field, found.value) == (path, 3, field, value)


@pytest.mark.parametrize(
    ("row", "field", "value"),
    [
        ("20131332 00:00,1,1,1,1,1", "time", "201313320000"),
        ("20130230 00:00,1,1,1,1,1", "time", "201302300000"),
        ("20131008 25:00,1,1,1,1,1", "time", "201310082500"),
        ("20131008,1,1,1,1,1", "time", "20131008"),
        ("20131008 00:00,1,1,1,1.x,1", "close", "1.x"),
    ],
)
def test_a_wrong_row_of_days(folder: LeanFolder, row: str, field: str, value: str) -> None:
    path = folder.bars(DAILY, GOOD_DAY, row)
    found = problem(folder, Resolution.DAILY)
    assert (found.file, found.line, found.field) == (path, 2, field)
    assert found.value is not None
    assert found.value.replace(" ", "").replace(":", "") == value


def test_the_first_row_may_be_too_short(folder: LeanFolder) -> None:
    folder.bars(MINUTE, "34200000,1,1")
    assert problem(folder).line == 1


def test_a_truncated_archive(folder: LeanFolder) -> None:
    path = folder.bars(MINUTE, *[GOOD] * 50)
    path.write_bytes(path.read_bytes()[:-30])
    found = problem(folder)
    assert found.file == path
    assert "truncated or broken" in str(found)


def test_an_archive_with_a_flipped_byte(folder: LeanFolder) -> None:
    path = folder.bars(MINUTE, *(f"{34200000 + at * 60000},1,1,1,1,{at * 7}" for at in range(300)))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    assert "truncated or broken" in str(problem(folder))


def test_a_file_that_is_no_archive(folder: LeanFolder) -> None:
    folder.text(MINUTE, "hello")
    assert "truncated or broken" in str(problem(folder))


def test_an_archive_without_entries(folder: LeanFolder) -> None:
    from zipfile import ZipFile

    path = folder.bars(MINUTE, GOOD)
    path.unlink()
    ZipFile(path, "w").close()
    assert "empty" in str(problem(folder))


def test_an_empty_entry_has_no_bars(folder: LeanFolder) -> None:
    folder.bars(MINUTE, "")
    assert len(read(folder)) == 0


@pytest.mark.parametrize(
    ("path", "row", "field"),
    [
        ("equity/usa/map_files/abc.csv", "2013-10-07,abc,N", "date"),
        ("equity/usa/map_files/abc.csv", "20131007", None),
        ("equity/usa/factor_files/abc.csv", "20131007,one,1,1", "price factor"),
        ("equity/usa/factor_files/abc.csv", "20131399,1,1,1", "date"),
        ("equity/usa/factor_files/abc.csv", "20131007,1,nan", "split factor"),
    ],
)
def test_a_wrong_row_of_a_table(folder: LeanFolder, path: str, row: str, field: str | None) -> None:
    target = folder.text(path, "20131004,1,1,1" if "factor" in path else "20131004,abc,N", row)
    folder.bars(MINUTE, GOOD)
    found = problem(folder)
    assert (found.file, found.line, found.field) == (target, 2, field)


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("yahoo", "Use sample, lean:DIR or store:DIR"),
        ("", "Use sample, lean:DIR or store:DIR"),
        ("lean:", "the folder is missing"),
        ("store:", "the folder is missing"),
        ("lean:/no/such/folder", "there is no folder"),
        ("store:/no/such/folder", "there is no folder"),
        ("sample:x", "Use sample"),
    ],
)
def test_a_source_that_cannot_be_opened(spec: str, text: str) -> None:
    with pytest.raises(DataSourceError, match=text) as caught:
        open_source(spec)
    assert caught.value.code == "data_source"


def test_a_folder_that_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(DataSourceError, match="not a bar store"):
        open_source(f"store:{tmp_path}")
