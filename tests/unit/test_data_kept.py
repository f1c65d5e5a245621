"""What was read from files stays at hand only for as long as they are as they were."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

import tradinglab.data.sample
from tradinglab.core.clock import DAY_NS
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.columns import BarColumns
from tradinglab.data.lean import LeanSource, bars, kept, tables
from tradinglab.data.lean.kept import Kept
from tradinglab.data.reads import files_read, reads_noted

SAMPLE = Path(tradinglab.data.sample.__file__).parent / "folder"
NO_TIME, ALL_TIME = 0, 40_000 * DAY_NS


@pytest.fixture
def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take files that were written just now for old ones."""
    monkeypatch.setattr(kept, "_CALM_NS", -(10**12))


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((bars, "_LONG_BARS"), (tables, "_MAP_FILES"), (tables, "_FACTORS")):
        now = getattr(module, name)
        monkeypatch.setattr(module, name, Kept(now._most, now._size))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLE, tmp_path / "folder"))


def reader(path: Path, asked: list[str]) -> Callable[[], str]:
    def read() -> str:
        asked.append(path.name)
        return path.read_text()

    return read


@pytest.mark.usefixtures("calm")
def test_a_file_is_read_once_and_noted_each_time(tmp_path: Path) -> None:
    path, asked, texts = tmp_path / "a.txt", list[str](), Kept[str](10)
    path.write_text("one")
    assert texts.get("k", [path], reader(path, asked)) == "one"
    with reads_noted():
        assert texts.get("k", [path], reader(path, asked)) == "one"
        assert files_read() == [path]
    assert asked == ["a.txt"]


@pytest.mark.usefixtures("calm")
@pytest.mark.parametrize("change", ["text", "time", "another file", "back in time"])
def test_a_file_that_has_changed_is_read_again(tmp_path: Path, change: str) -> None:
    path, asked, texts = tmp_path / "a.txt", list[str](), Kept[str](10)
    path.write_text("one")
    was = path.stat()
    texts.get("k", [path], reader(path, asked))
    if change == "another file":
        other = tmp_path / "b.txt"
        other.write_text("two")
        os.utime(other, ns=(was.st_atime_ns, was.st_mtime_ns))
        other.replace(path)
    else:
        path.write_text("two!" if change == "text" else "two")
        moved = {"time": 1, "back in time": -5}.get(change, 0)
        os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns + moved))
    assert texts.get("k", [path], reader(path, asked)).startswith("two")
    assert len(asked) == 2


def test_a_file_of_just_now_is_read_each_time(tmp_path: Path) -> None:
    path, asked, texts = tmp_path / "a.txt", list[str](), Kept[str](10)
    path.write_text("one")
    for _ in range(3):
        texts.get("k", [path], reader(path, asked))
    assert len(asked) == 3


def test_what_is_not_there_is_for_its_reader_to_say(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Kept[str](10).get("k", [tmp_path / "a"], (tmp_path / "a").read_text)


@pytest.mark.usefixtures("calm")
def test_the_least_recently_used_is_given_up_first(tmp_path: Path) -> None:
    asked, texts = list[str](), Kept[str](5, len)
    paths = [tmp_path / name for name in ("a", "b", "c")]
    for path in paths:
        path.write_text("xx")
    for at in (0, 1, 0, 2, 0, 1):
        texts.get(at, [paths[at]], reader(paths[at], asked))
    assert asked == ["a", "b", "c", "b"]
    paths[0].write_text("longer than all")
    for _ in range(2):
        texts.get(0, [paths[0]], reader(paths[0], asked))
    assert asked[4:] == ["a", "a"]


def ibm_bars(source: LeanSource) -> BarColumns:
    ibm = source.resolve_symbol("IBM", SecurityType.EQUITY, "usa")
    return source.bars(ibm, Resolution.DAILY, TickType.TRADE, NO_TIME, ALL_TIME)


@pytest.mark.usefixtures("calm")
def test_another_source_of_the_folder_gets_the_same_bars_which_nobody_can_change(folder: Path) -> None:
    first, second = ibm_bars(LeanSource(folder)), ibm_bars(LeanSource(folder))
    assert np.shares_memory(first.values["close"], second.values["close"])
    with pytest.raises(ValueError, match="read-only"):
        first.values["close"][0] = 1.0
    first.values["close"] = first.values["close"] * 2
    assert ibm_bars(LeanSource(folder)).values["close"][0] == second.values["close"][0]


@pytest.mark.usefixtures("calm")
def test_bars_and_factors_that_were_written_anew_are_seen(folder: Path) -> None:
    before, source = ibm_bars(LeanSource(folder)), LeanSource(folder)
    ibm = source.resolve_symbol("IBM", SecurityType.EQUITY, "usa")
    factors = source.factors(ibm)
    path = folder / "equity" / "usa" / "daily" / "ibm.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("ibm.csv", "20130102 00:00,1000000,1000000,1000000,1000000,10\n")
    table = folder / "equity" / "usa" / "factor_files" / "ibm.csv"
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join([*lines[:3], *lines[4:]]))
    assert len(before) > 1
    assert len(ibm_bars(LeanSource(folder))) == 1
    assert LeanSource(folder).factors(ibm) != factors


@pytest.mark.usefixtures("calm")
def test_a_map_file_that_is_added_is_seen(folder: Path) -> None:
    assert LeanSource(folder).first_listing("NEW", "usa", None) is None
    (folder / "equity" / "usa" / "map_files" / "new.csv").write_text("20000103,old\n20501231,new\n")
    assert (LeanSource(folder).first_listing("NEW", "usa", None) or ("",))[0] == "OLD"


@pytest.mark.usefixtures("calm")
def test_each_source_is_warned_of_what_is_out_of_order(folder: Path) -> None:
    path = folder / "equity" / "usa" / "daily" / "ibm.zip"
    rows = [f"201301{day:02d} 00:00,1000000,1000000,1000000,1000000,10\n" for day in (2, 4, 3)]
    with ZipFile(path, "w") as archive:
        archive.writestr("ibm.csv", "".join(rows))
    sources = [LeanSource(folder), LeanSource(folder)]
    for source in sources:
        ibm_bars(source)
    assert len(sources[0].warnings) == 1
    assert sources[0].warnings == sources[1].warnings
