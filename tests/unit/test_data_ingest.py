"""Imports of packed files, of many symbols, in any order; and imports that are stopped in the middle."""

from __future__ import annotations

import gzip
import random
import resource
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from tradinglab.core.clock import zone
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.download_notes import StoreLedger
from tradinglab.data.errors import DataImportError, MalformedDataError, StoreError, StoreFullError
from tradinglab.data.factors import FactorRow, FactorTable
from tradinglab.data.ingest import journal, settling, staging
from tradinglab.data.ingest.watching import ImportCancelledError, ImportProgress
from tradinglab.data.quality.repairs import Repairs
from tradinglab.data.sources.resume import Answered
from tradinglab.data.store import BarStore, Description, ImportOptions, SeriesKey, import_files, import_tables
from tradinglab.data.store.files import Origin
from tradinglab.data.store.full_disk import is_full
from tradinglab.data.store.rows import FileReader
from tradinglab.data.store.streams import open_bytes

HEAD = "time,open,high,low,close,volume"
FIRST = datetime(2019, 12, 31, 22, tzinfo=UTC)
COUNT = 600


def key(ticker: str = "XYZ") -> SeriesKey:
    return SeriesKey(SecurityType.CRYPTO, "coinbase", ticker, Resolution.MINUTE, TickType.TRADE)


def rows(count: int = COUNT, price: float = 100.0) -> list[str]:
    """Return minutes around the turn of a year."""
    found = []
    for at in range(count):
        close = price + at % 7 / 4
        found.append(f"{FIRST + timedelta(minutes=at):%Y-%m-%d %H:%M:%S},{close},{close + 1},{close - 1},{close},{at}")
    return found


def text(lines: list[str], head: str = HEAD) -> bytes:
    return "\n".join([head, *lines, ""]).encode()


def take(path: Path, store: Path, **more: object) -> int:
    return import_files([path], "XYZ", Resolution.MINUTE, "coinbase", store, **more).bars


def content(store: Path, ticker: str = "XYZ") -> list[tuple[str, int]]:
    """Return the hashes and lengths of the slices of a series: two stores of the same bars have the same."""
    return [(each.sha256, each.rows) for each in BarStore(store).manifest(key(ticker)).slices]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradinglab.data.store.tables._BLOCK", 400)
    monkeypatch.setattr("tradinglab.data.ingest.reading._EVERY", 2)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A store into which the rows were written as numbers, without any import."""
    times = pl.datetime_range(FIRST, FIRST + timedelta(minutes=COUNT - 1), "1m", eager=True).dt.epoch("us").to_numpy()
    table = pl.read_csv(text(rows())).select(pl.exclude("time").cast(pl.Float64))
    BarStore(tmp_path / "plain").write(key(), times, {name: table[name].to_numpy() for name in table.columns}, [])
    return tmp_path / "plain"


def packed_gz(data: bytes, path: Path) -> None:
    path.write_bytes(gzip.compress(data))


def packed_zip(data: bytes, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__MACOSX/._bars.csv", b"x")
        archive.writestr("folder/bars.csv", data)


def packed_zst(data: bytes, path: Path) -> None:
    codec = pa.Codec("zstd")
    # Two frames after each other, as zstd -c a; zstd -c b makes them.
    path.write_bytes(b"".join(codec.compress(part, asbytes=True) for part in (data[:5000], data[5000:])))


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("bars.csv", lambda data, path: path.write_bytes(data)),
        ("bars.csv.gz", packed_gz),
        ("bars.zip", packed_zip),
        ("bars.csv.zst", packed_zst),
        ("bars.parquet", lambda data, path: pl.read_csv(data).write_parquet(path, row_group_size=70)),
    ],
)
def test_packed_or_not_the_bars_are_the_same(
    tmp_path: Path, plain: Path, name: str, pack: Callable[[bytes, Path], object]
) -> None:
    path = tmp_path / name
    pack(text(rows()), path)
    assert take(path, tmp_path / "store") == COUNT
    assert content(tmp_path / "store") == content(plain)
    assert not (tmp_path / "store" / ".imports").exists()


@pytest.mark.usefixtures("small_blocks")
def test_zstd_needs_nothing_but_polars(tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, cut = tmp_path / "bars.csv.zst", tmp_path / "cut.csv.zst"
    packed_zst(text(rows()), path)
    cut.write_bytes(path.read_bytes()[:-40])
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert take(path, tmp_path / "store") == COUNT
    assert content(tmp_path / "store") == content(plain)
    with pytest.raises(MalformedDataError, match="cannot be read"):
        take(cut, tmp_path / "other")


def test_wide_letters_in_zstd_are_named_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bars.csv.zst"
    for at, encoding in enumerate(("utf-16", "utf-16-le")):
        packed_zst(text(rows()).decode().encode(encoding), path)
        assert take(path, tmp_path / f"store{at}") == COUNT
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, "pyarrow", None)
            with pytest.raises(DataImportError, match=r"UTF-16, packed by zstd.*pip install pyarrow"):
                take(path, tmp_path / "other")


def test_what_a_column_says_of_symbols_survives_a_stop(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_bytes(text(rows(1)))

    def begun() -> tuple[FileReader, staging.Staging, journal.Journal]:
        reader = FileReader(path, key(), ImportOptions(), zone("UTC"))
        return reader, staging.Staging(tmp_path, key().fields, Resolution.MINUTE), journal.Journal(tmp_path)

    reader, room, notes = begun()
    reader.symbols.add("ABC")
    notes.save([reader], room)
    again, room, notes = begun()
    assert notes.restore([again], room)
    assert again.symbols == {"ABC"}


@pytest.mark.parametrize("end", [b"\n", b""])
def test_lines_are_counted_alike_however_zstd_is_unpacked(
    tmp_path: Path, end: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Empty lines, quotes, bytes that are no text and ends of lines of other systems stay where they are."""
    path = tmp_path / "bars.csv.zst"
    data = (
        b"\n".join([b'time,"open, or so"', b"", b'1,"2\r', b"  ", b"\xff\xfe", "ä\u2028ö".encode(), b"", b"", b"7"])
        + end
    )
    packed_zst(data * 3000, path)
    found = []
    for is_arrow in (True, False):
        if not is_arrow:
            monkeypatch.setitem(sys.modules, "pyarrow", None)
        with open_bytes(path) as (stream, _):
            found.append(b"".join(iter(lambda stream=stream: stream.read(1000), b"")))  # type: ignore[misc]
    assert found[0] == data * 3000
    assert [line.rstrip(b"\r") for line in found[1].split(b"\n")][: len(found[0].split(b"\n")) - 1] == [
        line.decode("utf-8", "replace").encode().rstrip(b"\r") for line in found[0].split(b"\n")[:-1]
    ]


@pytest.mark.parametrize(("name", "pack"), [("b.zip", packed_zip), ("b.csv.zst", packed_zst), ("b.csv.gz", packed_gz)])
def test_what_is_cut_off_is_refused(tmp_path: Path, name: str, pack: Callable[[bytes, Path], object]) -> None:
    path = tmp_path / name
    pack(text(rows()), path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(MalformedDataError, match="cannot be read"):
        take(path, tmp_path / "store")
    assert not (tmp_path / "store" / "crypto").exists()


def test_an_archive_holds_one_file(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "x")
        archive.writestr("b.csv", "x")
    with pytest.raises(DataImportError, match=r"must hold one file of bars, it holds 2: a\.csv, b\.csv"):
        take(path, tmp_path / "store")


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_bytes(b"x" * 40_000_000)
    with pytest.raises(MalformedDataError, match="a line has more than"):
        take(path, tmp_path / "store")


@pytest.mark.usefixtures("small_blocks")
def test_rows_in_any_order_come_to_the_same_files(tmp_path: Path, plain: Path) -> None:
    lines = rows()
    random.Random(5).shuffle(lines)
    (tmp_path / "b.csv").write_bytes(text([*lines, *lines[:50]]))
    report = import_files([tmp_path / "b.csv"], "XYZ", Resolution.MINUTE, "coinbase", tmp_path / "store")
    assert (report.rows, report.bars, report.repeated) == (COUNT + 50, COUNT, 50)
    assert "the rows were not in order of time" in report.notes
    assert content(tmp_path / "store") == content(plain)


@pytest.mark.usefixtures("small_blocks")
def test_rows_far_apart_that_contradict_each_other_are_named(tmp_path: Path) -> None:
    lines = rows()
    (tmp_path / "b.csv").write_bytes(text([*lines, lines[10].replace(",10", ",11")]))
    with pytest.raises(DataImportError, match=rf"b\.csv, line 12 and .*b\.csv, line {COUNT + 2}"):
        take(tmp_path / "b.csv", tmp_path / "store")
    assert not (tmp_path / "store" / "crypto").exists()


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("by_time", [True, False])
def test_a_column_says_the_symbol(tmp_path: Path, plain: Path, *, by_time: bool) -> None:
    of = {"xyz": rows(), "BTC": rows(100, 5.0), "Eth": [*rows(50, 9.0), "2020-01-01 09:00:00,x,1,1,1,1"]}
    lines = [f"{line},{name}" for name, lines in of.items() for line in lines]
    path = tmp_path / "b.csv"
    path.write_bytes(text(sorted(lines) if by_time else lines, HEAD + ",Ticker"))
    options = ImportOptions(on_bad="drop")
    reports = import_tables([path], Resolution.MINUTE, "coinbase", tmp_path / "store", options)
    found = {each.series.ticker: (each.rows, each.bars, each.added, each.dropped) for each in reports}
    assert found == {"XYZ": (600, 600, 600, 0), "BTC": (100, 100, 100, 0), "ETH": (51, 50, 50, 1)}
    assert content(tmp_path / "store") == content(plain)
    assert BarStore(tmp_path / "store").read(key("ETH"))[1]["close"].tolist() == [9 + at % 7 / 4 for at in range(50)]


def test_what_is_no_symbol_is_named(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_bytes(text([rows(1)[0] + ",ABC", rows(2)[1] + ",../x"], HEAD + ",symbol"))
    with pytest.raises(MalformedDataError, match=r"line 3, field 'symbol': .*It was '\.\./x'"):
        import_tables([path], Resolution.MINUTE, "coinbase", tmp_path / "store")
    (report,) = import_tables([path], Resolution.MINUTE, "coinbase", tmp_path / "dropped", ImportOptions(on_bad="drop"))
    assert (report.series.ticker, report.rows, report.dropped) == ("ABC", 1, 0)
    assert "1 rows of b.csv were left out: their symbol is no ticker" in report.notes
    path.write_bytes(text(rows(3)))
    with pytest.raises(DataImportError, match="no column that says the symbol"):
        import_tables([path], Resolution.MINUTE, "coinbase", tmp_path / "store")


@pytest.mark.parametrize("ticker", ["", "../x", "EUR/USD", "ÄÖÜ", " ", "A" * 101])
def test_what_is_no_ticker_is_refused_and_leaves_nothing(tmp_path: Path, ticker: str) -> None:
    (tmp_path / "b.csv").write_bytes(text(rows(3)))
    with pytest.raises(StoreError, match="A ticker may have"):
        import_tables([tmp_path / "b.csv"], Resolution.MINUTE, "coinbase", tmp_path / "store", symbol=ticker)
    assert not (tmp_path / "store").exists()


@pytest.mark.usefixtures("small_blocks")
def test_a_conflict_in_the_last_year_leaves_the_first_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(text(rows()[-1:]))
    (tmp_path / "b.csv").write_bytes(text([*rows()[:-1], rows()[-1].replace(",599", ",1")]))
    take(tmp_path / "a.csv", tmp_path / "store")
    before = content(tmp_path / "store")
    with pytest.raises(StoreError, match="differ from those stored"):
        take(tmp_path / "b.csv", tmp_path / "store")
    assert content(tmp_path / "store") == before


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("stop_at", [1, 5, 20, 40])
def test_a_cancelled_import_goes_on(tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch, stop_at: int) -> None:
    monkeypatch.setattr(settling, "_TOGETHER", 1)
    (tmp_path / "b.csv").write_bytes(text([*rows()[300:], "2020-01-01 09:00:00,x,1,1,1,1", *rows()[:300]]))
    store, options = tmp_path / "store", ImportOptions(on_bad="drop")
    told: list[ImportProgress] = []
    again: list[ImportProgress] = []
    with pytest.raises(ImportCancelledError):
        take(tmp_path / "b.csv", store, options=options, progress=told.append, is_cancelled=lambda: len(told) > stop_at)
    report = import_files(
        [tmp_path / "b.csv"], "XYZ", Resolution.MINUTE, "coinbase", store, options, progress=again.append
    )
    assert (report.bars, report.added, report.known, report.dropped) == (COUNT, COUNT, 0, 1)
    assert content(store) == content(plain)
    assert len([one for one in again if one.step == "reading"]) < len(told + again)
    assert told[-1].rows <= again[0].rows
    assert {one.step for one in told + again} == {"reading", "checking", "writing"}


def test_a_file_that_changed_begins_anew(tmp_path: Path) -> None:
    path, told = tmp_path / "b.csv", []
    path.write_bytes(text(rows(100)))
    with pytest.raises(ImportCancelledError):
        take(path, tmp_path / "store", progress=told.append, is_cancelled=lambda: bool(told))
    path.write_bytes(text(rows(90, 50.0)))
    assert take(path, tmp_path / "store") == 90
    assert BarStore(tmp_path / "store").read(key())[1]["close"].max() < 52


def test_what_was_read_and_is_damaged_is_read_again(tmp_path: Path, plain: Path) -> None:
    path, told = tmp_path / "b.csv", []
    path.write_bytes(text(rows()))
    with pytest.raises(ImportCancelledError):
        take(path, tmp_path / "store", progress=told.append, is_cancelled=lambda: len(told) > 1)
    for part in (tmp_path / "store" / ".imports").glob("*/*.rows"):
        part.write_bytes(bytes(part.stat().st_size))
    assert take(path, tmp_path / "store") == COUNT
    assert content(tmp_path / "store") == content(plain)


_PROGRAM = """
import os, signal, sys
from pathlib import Path
from tradinglab.core.enums import Resolution
from tradinglab.data.ingest import journal, reading, settling, staging
from tradinglab.data.store import import_files, local_place, tables
tables._BLOCK, reading._EVERY, settling._TOGETHER = 40_000, 2, 1
left = int(sys.argv[3])
def deadly(do):
    def step(*given):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return do(*given)
    return step
for owner, name in ((staging.Staging, "_append"), (journal.Journal, "save"), (local_place.LocalPlace, "put")):
    setattr(owner, name, deadly(getattr(owner, name)))
import_files([Path(sys.argv[1])], "XYZ", Resolution.MINUTE, "coinbase", Path(sys.argv[2]))
"""


def test_a_killed_import_goes_on_to_the_same_store(tmp_path: Path) -> None:
    """SIGKILL while rows are read, then while the files of years are written."""
    path, store = tmp_path / "b.csv", tmp_path / "store"
    path.write_bytes(text(rows(15_000)))
    take(path, tmp_path / "whole")
    for step in (2, 9, 13, 11, 4, 4):
        command = [sys.executable, "-c", _PROGRAM, str(path), str(store), str(step)]
        assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
        assert (store / ".imports").is_dir()
    stored = content(store)
    assert [count for _, count in stored] == [120]
    assert take(path, store) == 15_000
    assert content(store) == content(tmp_path / "whole")
    assert not (store / ".imports").exists()


@contextmanager
def no_room(most: int = 4) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def test_a_write_to_a_full_disk_is_told_and_takes_no_room(tmp_path: Path) -> None:
    store, first = BarStore(tmp_path / "store"), key("XYZ")
    few = {name: np.ones(10) for name in first.fields}
    store.write(first, np.arange(10) * 60_000_000, few, [Origin("small")])
    held = sorted((tmp_path / "store").rglob("*.*"))
    many = dict.fromkeys(first.fields, np.random.default_rng(0).random(30_000))
    with no_room(60_000), pytest.raises(StoreError, match=r"The disk of .* is full .* is whole.* Make room"):
        store.write(first, np.arange(100, 30_100) * 60_000_000, many, [Origin("large")])
    assert sorted((tmp_path / "store").rglob("*.*")) == held
    assert len(store.read(first)[0]) == 10


def test_a_full_disk_is_told_by_whatever_is_written(tmp_path: Path) -> None:
    table = FactorTable((FactorRow(day=18_000, price_factor=Decimal("0.5"), split_factor=Decimal(1)),))
    share = SecurityType.EQUITY, "usa", "ABC"
    answer = Answered(start_us=0, end_us=1, source="yahoo", bars=1)
    series = SeriesKey(*share, Resolution.DAILY, TickType.TRADE)
    with no_room(), pytest.raises(StoreFullError, match=r"is full .* is whole.* Make room"):
        BarStore(tmp_path / "new").write_factors(*share, table)  # its marker
    store = BarStore(tmp_path / "store")
    store.mark()
    writes: list[Callable[[], object]] = [
        lambda: store.write_factors(*share, table),
        lambda: store.describe(*share, Description(name="Alphabet")),
        lambda: store.pin("run", {}),
        lambda: StoreLedger(store).add(series, answer),
    ]
    for write in writes:
        before = sorted(store.folder.rglob("*.*"))
        with no_room(), pytest.raises(StoreFullError, match=r"is full .* is whole.* Make room"):
            write()
        assert sorted(store.folder.rglob("*.*")) == before
        write()


def test_a_full_disk_is_known_by_what_polars_says(tmp_path: Path) -> None:
    """Repairs are written by it, and bars where pyarrow is not installed."""
    with no_room(), pytest.raises(OSError) as caught:
        Repairs().write(tmp_path / "repairs.parquet")
    assert is_full(caught.value)
    with pytest.raises(FileNotFoundError):
        Repairs().write(tmp_path / "no" / "repairs.parquet")


def test_a_full_disk_is_told_and_leaves_nothing_half(tmp_path: Path) -> None:
    path, store = tmp_path / "b.csv", tmp_path / "store"
    path.write_bytes(text(rows(3000)))
    with no_room(60_000), pytest.raises(DataImportError, match="is full"):
        take(path, store)
    assert {path.name for path in store.glob("*")} <= {".locks"}
    assert take(path, store) == 3000
