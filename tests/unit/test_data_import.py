"""CSV and Parquet files into a bar store."""

from __future__ import annotations

import gzip
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from tests.lean_folder import EVER

from tradinglab.core.clock import date_of_day, day_of_date, zone
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.columns import BarColumns
from tradinglab.data.errors import DataError, DataImportError, MalformedDataError, StoreError
from tradinglab.data.store import BarStore, ImportOptions, ImportReport, StoreSource, import_files

NEW_YORK = zone("America/New_York")
HEAD = "time,open,high,low,close,volume"
ROW = ",1,2,0.5,1.5,10"


class Desk:
    """A folder of files and a store."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = root / "bars"

    def file(self, *lines: str, name: str = "abc.csv") -> Path:
        path = self.root / name
        path.write_text("\n".join(lines) + "\n")
        return path

    def take(
        self,
        *paths: Path,
        resolution: Resolution = Resolution.MINUTE,
        market: str = "usa",
        symbol: str = "ABC",
        **options: object,
    ) -> ImportReport:
        return import_files(paths, symbol, resolution, market, self.store, ImportOptions(**options))

    def bars(
        self, resolution: Resolution = Resolution.MINUTE, kind: SecurityType = SecurityType.EQUITY, market: str = "usa",
        tick_type: TickType = TickType.TRADE, symbol: str = "ABC",
    ) -> BarColumns:  # fmt: skip
        source = StoreSource(self.store)
        return source.bars(source.resolve_symbol(symbol, kind, market), resolution, tick_type, *EVER)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize(
    "lines",
    [
        (HEAD, f"2020-01-02 09:30:00{ROW}", f"2020-01-02 09:31:00{ROW}"),
        (HEAD, f"2020-01-02T09:30{ROW}", f"2020-01-02T09:31{ROW}"),
        (HEAD, f"2020-01-02T09:30:00-05:00{ROW}", f"2020-01-02T09:31:00-05:00{ROW}"),
        (HEAD, f"2020-01-02T14:30:00Z{ROW}", f"2020-01-02T14:31:00Z{ROW}"),
        (HEAD, f"2020-01-02 14:30:00.000 UTC{ROW}", f"2020-01-02 14:31:00.000 UTC{ROW}"),
        (HEAD, f"1577975400{ROW}", f"1577975460{ROW}"),
        (f"1577975400000{ROW}", f"1577975460000{ROW}"),
        (HEAD, f"1577975400000000{ROW}", f"1577975460000000{ROW}"),
        (HEAD, f"1577975400.0{ROW}", f"1577975460.0{ROW}"),
        (HEAD, f"1577975400000000000{ROW}", f"1577975460000000000{ROW}"),
        (HEAD, f"20200102093000{ROW}", f"20200102093100{ROW}"),
        (f"2020.01.02,09:30{ROW}", f"2020.01.02,09:31{ROW}"),
        ("20200102 093000;1;2;0.5;1.5;10", "20200102 093100;1;2;0.5;1.5;10"),
        ("Date\tTime\tO\tH\tL\tC\tV", "2020-01-02\t93000\t1\t2\t0.5\t1.5\t10", "2020-01-02\t93100\t1\t2\t0.5\t1.5\t10"),
        ("Gmt time,Open,High,Low,Close,Volume", f"02.01.2020 14:30:00.000{ROW}", f"02.01.2020 14:31:00.000{ROW}"),
        (
            "Date,Time,Open,High,Low,Close,Volume",
            *(f"1/{when}:00 AM{ROW}" for when in ("2/2020,9:30", "2/2020,9:31", "13/2020,9:30")),
        ),
        (
            '"Timestamp","1. open","2. high","3. low","4. close","5. volume"',
            *(f'"2020-01-02 09:{minute}:00","1","2","0.5","1.5","10"' for minute in (30, 31)),
        ),
        ("<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>", f"20200102,093000{ROW}", f"20200102,093100{ROW}"),
        ("volume,close,low,high,open,date", "10,1.5,0.5,2,1,2020-01-02 09:30", "10,1.5,0.5,2,1,2020-01-02 09:31"),
        (HEAD, "", f"2020-01-02 09:30:00{ROW}", "", "", f" 2020-01-02 09:31:00 {ROW}", ""),
    ],
)  # fmt: skip
def test_tables_in_many_forms(desk: Desk, lines: tuple[str, ...]) -> None:
    desk.take(desk.file(*lines))
    bars = desk.bars()
    assert [NEW_YORK.datetime(time) for time in bars.time_ns.tolist()][:2] == [
        datetime(2020, 1, 2, 9, 30),
        datetime(2020, 1, 2, 9, 31),
    ]
    row = {name: column[0] for name, column in bars.values.items()}
    assert row == {"open": 1, "high": 2, "low": 0.5, "close": 1.5, "volume": 10}
    assert str(bars.exact("close", 0)) == "1.5"


@pytest.mark.parametrize(
    "stamps",
    [
        ("2020-01-02", "2020-01-03"),
        ("20200102", "20200103"),
        ("2020-01-02 00:00:00", "2020-01-03 00:00:00"),
        ("2020-01-02T00:00:00Z", "2020-01-03T00:00:00Z"),
        ("1577923200", "1578009600"),  # midnights UTC
        ("1577975400", "1578061800"),  # 09:30 in New York, as Yahoo stamps days
        ("2020-01-02 16:00:00-05:00", "2020-01-03 16:00:00-05:00"),
        ("02-Jan-2020", "03-Jan-2020"),
    ],
)
def test_days_are_days_however_they_are_stamped(desk: Desk, stamps: tuple[str, str]) -> None:
    desk.take(desk.file(HEAD, *(stamp + ROW for stamp in stamps)), resolution=Resolution.DAILY)
    bars = desk.bars(Resolution.DAILY)
    assert [NEW_YORK.datetime(time) for time in bars.time_ns.tolist()] == [datetime(2020, 1, 2), datetime(2020, 1, 3)]
    assert NEW_YORK.datetime(int(bars.end_ns[0])) == datetime(2020, 1, 3)


@pytest.mark.parametrize(
    "stamp", ["99999999999", "9999999999", "9223372036854775", "-9223372036854775808", "1577975400000", "1.5.1"]
)
def test_numbers_that_are_no_times_are_not_those_of_another_year(desk: Desk, stamp: str) -> None:
    path = desk.file(HEAD, *(f"{1577975400 + second}{ROW}" for second in range(120)), f"{stamp}{ROW}")
    with pytest.raises(MalformedDataError) as caught:
        desk.take(path, resolution=Resolution.SECOND)
    assert (caught.value.line, caught.value.value) == (122, stamp)


def test_seconds_since_1970_had_a_digit_less_before_2001(desk: Desk) -> None:
    desk.take(desk.file(HEAD, f"999914400{ROW}", f"1000000800{ROW}"), resolution=Resolution.DAILY)
    bars = desk.bars(Resolution.DAILY)
    assert [NEW_YORK.datetime(time).date() for time in bars.time_ns.tolist()] == [date(2001, 9, 7), date(2001, 9, 8)]


def test_days_that_nanoseconds_do_not_reach_are_refused_in_parquet_too(desk: Desk) -> None:
    path = desk.root / "far.parquet"
    prices = {name: [1.0, 1.0] for name in ("open", "high", "low", "close")}
    pl.DataFrame({"date": [date(2020, 1, 2), date(9999, 12, 31)], **prices}).write_parquet(path)
    with pytest.raises(MalformedDataError, match="9999-12-31"):
        desk.take(path, resolution=Resolution.DAILY)


@pytest.mark.parametrize(
    "content",
    [
        # As a German, a French, a Swiss and an American spreadsheet save it, and two sites of quotes.
        "sep=;\r\nDatum;Open;High;Low;Close;Volume\r\n02.01.2020;1.234,50;1.240,00;1.230,25;1.235,75;12.300\r\n",
        "Date;Open;High;Low;Close;Volume\n2020-01-02;1\u202f234,5;1 240;1230,25;1\u00a0235,75;12 300\n",
        "Date;Open;High;Low;Close;Volume\n02.01.2020;1'234.50;1\u2019240.00;1230.25;1'235.75;12'300\n",
        'Date,Open,High,Low,Close,Volume\n01/02/2020,"1,234.50","1,240.00","1,230.25","1,235.75","12,300"\n',
        "Date,Close/Last,Volume,Open,High,Low\n01/02/2020,$1235.75,12300,$1234.50,$1240.00,$1230.25\n",
        '"Date","Price","Open","High","Low","Vol."\n"Jan 02, 2020","1,235.75","1,234.50","1,240","1230.25","12.30K"\n',
        "Date\tOpen\tHigh\tLow\tClose\tVolume\n2020-01-02\t1234,50\t1.240\t1230,25\t1235,75\t12.300\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le"])
def test_numbers_as_spreadsheets_write_them(desk: Desk, content: str, encoding: str) -> None:
    path = desk.root / "abc.csv"
    path.write_bytes(content.replace("Datum", "Date").encode(encoding))
    form = "%m/%d/%Y" if "01/02/2020" in content else None
    desk.take(path, resolution=Resolution.DAILY, time_form=form)
    bars = desk.bars(Resolution.DAILY)
    row = {name: column.tolist() for name, column in bars.values.items()}
    assert row == {"open": [1234.5], "high": [1240], "low": [1230.25], "close": [1235.75], "volume": [12300]}
    assert NEW_YORK.datetime(int(bars.time_ns[0])) == datetime(2020, 1, 2)


def test_the_decimals_of_numbers_that_can_be_read_in_two_ways_are_told(desk: Desk) -> None:
    path = desk.file("Date;Open;High;Low;Close;Volume", "2020-01-02;1,234;1,240;1,230;1,235;100")
    with pytest.raises(DataImportError, match=r"such as '1,234' in 'Open'\..*--decimal point or --decimal comma"):
        desk.take(path, resolution=Resolution.DAILY)
    desk.take(path, resolution=Resolution.DAILY, decimal="comma", symbol="CO")
    desk.take(path, resolution=Resolution.DAILY, decimal="point", symbol="PO")
    assert [desk.bars(Resolution.DAILY, symbol=each).values["close"].tolist() for each in ("CO", "PO")] == [
        [1.235],
        [1235],
    ]
    path = desk.file("Date;Open;High;Low;Close;Volume", "2020-01-02;1.234;1.240;1.230;1.235;100", name="points.csv")
    desk.take(path, resolution=Resolution.DAILY, decimal="comma", symbol="TH")
    assert desk.bars(Resolution.DAILY, symbol="TH").values["close"].tolist() == [1235]


@pytest.mark.parametrize("price", ["1.23,4", "12,34,5", "1,2345.6", "--1", "1.2.3", "$", "1,", "1K"])
def test_marks_in_odd_places_make_no_number(desk: Desk, price: str) -> None:
    path = desk.file(HEAD, f"2020-01-02 09:30{ROW}", f'2020-01-02 09:31,1,"{price}",0.5,1.5,10')
    with pytest.raises(MalformedDataError) as caught:
        desk.take(path)
    assert (caught.value.line, caught.value.field, caught.value.value) == (3, "high", price)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b'{"Note": "apikey=abc123"}', r"message in place of a table: .*apikey=\*\*\*"),
        (b"Exceeded the daily hits limit", "used up"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "workbook of a spreadsheet: save the sheet as CSV"),
        (b"ABC prices\n\n" + HEAD.encode() + b"\n", "remove titles above it"),
    ],
)
def test_what_is_no_table_is_said_so(desk: Desk, content: bytes, said: str) -> None:
    for path, data in ((desk.root / "a.csv", content), (desk.root / "b.csv", gzip.compress(content))):
        path.write_bytes(data)
        with pytest.raises(DataError, match=said):
            desk.take(path)


def test_a_workbook_is_told_from_an_archive(desk: Desk) -> None:
    path = desk.root / "abc.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(DataImportError, match="save the sheet as CSV"):
        desk.take(path)


def test_names_tell_nothing_of_how_a_file_is_packed(desk: Desk) -> None:
    table = "\n".join([HEAD, f"2020-01-02 09:30{ROW}"]).encode()
    frame = pl.read_csv(table)
    frame.write_parquet(desk.root / "parquet.csv")
    (desk.root / "gzip.csv").write_bytes(gzip.compress(table))
    (desk.root / "plain.csv.gz").write_bytes(table)
    with zipfile.ZipFile(desk.root / "zip.csv", "w") as archive:
        archive.writestr("abc.csv", table)
    for name in ("parquet.csv", "gzip.csv", "plain.csv.gz", "zip.csv"):
        assert desk.take(desk.root / name).bars == 1


def test_other_texts_may_be_in_another_encoding(desk: Desk) -> None:
    path = desk.root / "abc.csv"
    path.write_bytes(f"{HEAD},Währung\n2020-01-02 09:30{ROW},Österreich\n".encode("latin-1"))
    assert desk.take(path).bars == 1


def test_a_first_line_of_prices_is_a_bar_even_if_its_time_has_letters(desk: Desk) -> None:
    report = desk.take(desk.file(f"2020-01-02T14:30:00Z{ROW}", f"2020-01-02T14:31:00Z{ROW}"))
    assert report.bars == 2


def test_rows_of_several_symbols_are_not_taken_for_one(desk: Desk) -> None:
    one = desk.file(f"symbol,{HEAD}", f"ABC.US,2020-01-02 09:30{ROW}", f"ABC.US,2020-01-02 09:31{ROW}")
    assert desk.take(one).bars == 2
    two = desk.file(f"symbol,{HEAD}", f"ABC,2020-01-02 09:30{ROW}", f"XYZ,2020-01-02 09:32{ROW}", name="two.csv")
    with pytest.raises(DataImportError, match=r"several symbols in 'symbol': ABC, XYZ.*[Ll]eave the symbol out"):
        desk.take(two)


def test_the_report_says_what_was_done(desk: Desk) -> None:
    first = desk.file(HEAD, f"2020-01-03 09:31{ROW}", f"2020-01-03 09:30{ROW}", name="new.csv")
    second = desk.file(
        HEAD, f"2020-01-02 09:30{ROW}", f"2020-01-02 09:31{ROW}", f"2020-01-03 09:30{ROW}", name="old.csv"
    )
    report = desk.take(first, second)
    assert (report.rows, report.bars, report.added, report.known, report.repeated) == (5, 4, 4, 0, 1)
    assert (report.first, report.last) == (datetime(2020, 1, 2, 9, 30), datetime(2020, 1, 3, 9, 31))
    assert report.columns["close"] == "close"
    assert (report.time_form, report.time_zone) == ("%Y-%m-%d %H:%M", "America/New_York")
    assert "the rows were not in order of time" in report.notes
    text = "\n".join(report.lines())
    assert "4 bars of ABC" in text
    assert "1 repeated" in text
    origins = BarStore(desk.store).files(report.series)[0].origins
    assert [(one.name, len(one.sha256)) for one in origins] == [("new.csv", 64), ("old.csv", 64)]


def test_importing_again_adds_nothing(desk: Desk) -> None:
    path = desk.file(HEAD, f"2020-01-02 09:30{ROW}", f"2020-01-02 09:31{ROW}")
    desk.take(path)
    report = desk.take(path)
    assert (report.added, report.known, report.written) == (0, 2, ())
    changed = desk.file(HEAD, "2020-01-02 09:30,1,2,0.5,1.6,10", f"2020-01-02 09:32{ROW}", name="b.csv")
    with pytest.raises(StoreError, match="differ from those stored"):
        desk.take(changed)
    assert desk.take(changed, on_conflict="replace").added == 1
    assert desk.bars().values["close"].tolist() == [1.6, 1.5, 1.5]


def test_times_may_be_ends_and_of_another_zone(desk: Desk) -> None:
    desk.take(
        desk.file(HEAD, f"2020-01-02 15:31{ROW}", f"2020-01-02 15:32{ROW}"), stamp="end", time_zone="Europe/Berlin"
    )
    assert NEW_YORK.datetime(int(desk.bars().time_ns[0])) == datetime(2020, 1, 2, 9, 30)


def test_columns_may_be_named(desk: Desk) -> None:
    path = desk.file("when,erster,high,low,letzter,vol", f"2020-01-02 09:30{ROW}", f"2020-01-02 09:31{ROW}")
    with pytest.raises(DataImportError, match="no column for open, close, time"):
        desk.take(path)
    desk.take(path, columns={"open": "erster", "close": "letzter", "time": "when"})
    with pytest.raises(DataImportError, match="no column 'x' for 'open'"):
        desk.take(path, columns={"open": "x"})


def test_a_missing_volume_is_zero_and_noted(desk: Desk) -> None:
    report = desk.take(
        desk.file("time,open,high,low,close", "2020-01-02 09:30,1,2,0.5,1.5", "2020-01-02 09:31,1,2,0.5,1.5")
    )
    assert "abc.csv has no volume: it is 0." in report.notes
    assert desk.bars().values["volume"].tolist() == [0, 0]


def test_wrong_rows_may_be_dropped(desk: Desk) -> None:
    path = desk.file(
        HEAD,
        f"2020-01-02 09:30{ROW}",
        "2020-01-02 09:31,null,null,null,null,null",
        f"2020-01-02 09:32{ROW}",
        f"2020-01-02 09:33{ROW}",
    )
    with pytest.raises(MalformedDataError, match="line 3, field 'open'"):
        desk.take(path)
    report = desk.take(path, on_bad="drop")
    assert (report.rows, report.bars, report.dropped) == (4, 3, 1)


@pytest.mark.parametrize(
    ("row", "field", "value"),
    [
        ("2020-01-02 09:31,1,x,0.5,1.5,10", "high", "x"),
        ("2020-01-02 09:31,1,nan,0.5,1.5,10", "high", "nan"),
        ("2020-01-02 09:31,1,inf,0.5,1.5,10", "high", "inf"),
        ("2020-01-02 09:31,1,,0.5,1.5,10", "high", ""),
        ("2020-01-02 09:31,-1,2,0.5,1.5,10", "open", "-1"),
        ("2020-01-02 09:31,0,2,0.5,1.5,10", "open", "0"),
        ("2020-01-02 09:31,1,1.2,0.5,1.5,10", "high", "1.2"),
        ("2020-01-02 09:31,1,2,1.1,1.5,10", "low", "1.1"),
        ("2020-01-02 09:31,1,2,0.5,1.5,-10", "volume", "-10"),
        ("yesterday,1,2,0.5,1.5,10", "time", "yesterday"),
        ("0001-01-01 09:31,1,2,0.5,1.5,10", "time", "0001-01-01 09:31"),
        ("9999-12-31 09:31,1,2,0.5,1.5,10", "time", "9999-12-31 09:31"),
        (",1,2,0.5,1.5,10", "time", ""),
        ("2020-01-02 09:31,1,2,0.5", None, "2020-01-02 09:31,1,2,0.5"),
        ("2020-01-02 09:31,1,2,0.5,1.5,10,7", None, "2020-01-02 09:31,1,2,0.5,1.5,10,7"),
    ],
)
def test_a_wrong_row_is_named(desk: Desk, row: str, field: str | None, value: str) -> None:
    path = desk.file(HEAD, f"2020-01-02 09:30{ROW}", "", row, f"2020-01-02 09:32{ROW}")
    with pytest.raises(MalformedDataError) as caught:
        desk.take(path)
    assert (caught.value.file, caught.value.line, caught.value.field, caught.value.value) == (path, 4, field, value)
    assert not (desk.store / "equity").exists()


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ((), "is empty"),
        ((HEAD,), "no rows"),
        (("a,b,c", "1,2,3"), "no column for"),
        (("2020-01-02 09:30,1", "2020-01-02 09:31,1"), "no line that names them"),
        ((HEAD, f"the first{ROW}", f"the second{ROW}"), "unknown form"),
        ((HEAD, f"01/02/2020 09:30{ROW}", f"01/03/2020 09:31{ROW}"), "two ways"),
        ((HEAD, f"2020-01-02 09:30{ROW}", "2020-01-02 09:30,1,2,0.5,1.6,10"), "line 2 and .*line 3"),
        ((HEAD, *(f"2020-01-02 09:{minute}{ROW}" for minute in (30, 35, 40, 45))), "300 s apart"),
        ((HEAD, *(f"2020-01-02 09:30:{second}{ROW}" for second in (10, 11, 12))), "1 s apart"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_imported(desk: Desk, lines: tuple[str, ...], text: str) -> None:
    with pytest.raises(DataImportError, match=text):
        desk.take(desk.file(*lines))


def test_a_form_settles_what_can_be_read_in_two_ways(desk: Desk) -> None:
    path = desk.file(HEAD, f"01/02/2020 09:30{ROW}", f"01/03/2020 09:31{ROW}")
    desk.take(path, time_form="%d/%m/%Y %H:%M")
    assert NEW_YORK.datetime(int(desk.bars().time_ns[0])) == datetime(2020, 2, 1, 9, 30)


@pytest.mark.parametrize("name", ["missing.csv", "folder"])
def test_a_file_that_is_not_there(desk: Desk, name: str) -> None:
    (desk.root / "folder").mkdir()
    with pytest.raises(DataImportError, match="There is no file"):
        desk.take(desk.root / name)


@pytest.mark.parametrize("price", ["1", "1,234.50"])
def test_times_that_clocks_skip_are_named(desk: Desk, price: str) -> None:
    """On 8 March 2020 clocks in New York went from 02:00 to 03:00."""
    clocks = ("01:58", "01:59", "02:30", "03:00")
    rows = [f'2020-03-08 {clock}:00,"{price}","{price}","{price}","{price}",5' for clock in clocks]
    path = desk.file(HEAD, *rows)
    with pytest.raises(MalformedDataError, match=r"line 4, field 'time': There is no such time in America/New_York"):
        desk.take(path)
    assert desk.take(path, on_bad="drop").dropped == 1
    desk.store = desk.root / "utc"
    assert desk.take(path, time_zone="UTC").bars == 4


def test_a_bar_may_end_when_clocks_are_put_forward(desk: Desk) -> None:
    for at, clock in enumerate(("02:00", "03:00")):
        desk.store = desk.root / str(at)
        desk.take(desk.file(HEAD, f"2020-03-08 01:59{ROW}", f"2020-03-08 {clock}{ROW}"), stamp="end")
        assert [str(NEW_YORK.datetime(one))[11:16] for one in desk.bars().time_ns.tolist()] == ["01:58", "01:59"]
    with pytest.raises(MalformedDataError, match="no such time"):
        desk.take(desk.file(HEAD, f"2020-03-08 02:01{ROW}"), stamp="end")


def test_days_begin_whatever_clocks_do(desk: Desk) -> None:
    path = desk.file(HEAD, f"2019-11-03{ROW}", f"2020-03-08{ROW}")
    assert desk.take(path, resolution=Resolution.DAILY, time_zone="America/Sao_Paulo").bars == 2


@pytest.mark.parametrize("times", [("45292.5", "45293.25"), ("45292", "45293")])
def test_serial_dates_of_spreadsheets_are_named(desk: Desk, times: tuple[str, str]) -> None:
    with pytest.raises(DataImportError, match=r"'45292.*Excel's serial dates.*Format the column as a date"):
        desk.take(desk.file(HEAD, *(f"{time}{ROW}" for time in times)))
    path = desk.root / "abc.parquet"
    prices = {name: [1.0, 1.0] for name in ("open", "high", "low", "close", "volume")}
    pl.DataFrame({"time": [float(time) if "." in time else int(time) for time in times], **prices}).write_parquet(path)
    with pytest.raises(DataImportError, match=r"'45292.*Excel's serial dates"):
        desk.take(path)


@pytest.mark.parametrize("below", ["", "bars"])
def test_a_file_where_the_store_is_to_be(desk: Desk, below: str) -> None:
    desk.store = desk.file(HEAD, name="taken") / below
    with pytest.raises(StoreError, match=r"is no folder of a store: .* is a file\. Name a folder"):
        desk.take(desk.file(HEAD, f"2020-01-02 09:30{ROW}"))


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc", "New York"])
def test_an_unknown_time_zone(desk: Desk, name: str) -> None:
    with pytest.raises(DataImportError, match=r"There is no time zone .*Use an IANA name"):
        desk.take(desk.file(HEAD, f"2020-01-02 09:30{ROW}"), time_zone=name)


def test_no_files_and_ticks(desk: Desk) -> None:
    with pytest.raises(DataImportError, match="no files"):
        desk.take()
    with pytest.raises(DataImportError, match="Ticks"):
        desk.take(desk.file(HEAD), resolution=Resolution.TICK)


def test_gzip(desk: Desk) -> None:
    path = desk.root / "abc.csv.gz"
    path.write_bytes(gzip.compress(f"{HEAD}\n2020-01-02 09:30{ROW}\n2020-01-02 09:31{ROW}".encode()))
    assert desk.take(path).bars == 2
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(MalformedDataError, match="cannot be read"):
        desk.take(path)


def test_blocks_are_joined(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradinglab.data.store.tables._BLOCK", 100)
    lines = [f"2020-01-02 {9 + minute // 60:02}:{minute % 60:02}{ROW}" for minute in range(30, 200)]
    assert desk.take(desk.file(HEAD, *lines)).bars == 170
    lines[99] = "2020-01-02 11:09,x,2,0.5,1.5,10"
    with pytest.raises(MalformedDataError) as caught:
        desk.take(desk.file(HEAD, *lines))
    assert caught.value.line == 101


@pytest.mark.parametrize(
    "times",
    [
        pl.Series([datetime(2020, 1, 2, 9, 30), datetime(2020, 1, 2, 9, 31)]),
        pl.Series([datetime(2020, 1, 2, 14, 30), datetime(2020, 1, 2, 14, 31)]).dt.replace_time_zone("UTC"),
        pl.Series([1577975400, 1577975460]),
        pl.Series([1577975400000, 1577975460000]),
        pl.Series(["2020-01-02 09:30", "2020-01-02 09:31"]),
    ],
    ids=["naive", "utc", "seconds", "milliseconds", "text"],
)
def test_parquet(desk: Desk, times: pl.Series) -> None:
    path = desk.root / "abc.parquet"
    prices = {"Open": [1, 1], "High": [2.0, 2.0], "Low": [0.5, 0.5], "Close": [1.5, 1.5], "Volume": [10, 10]}
    pl.DataFrame({"timestamp": times, **prices}).write_parquet(path)
    desk.take(path)
    assert NEW_YORK.datetime(int(desk.bars().time_ns[0])) == datetime(2020, 1, 2, 9, 30)
    assert desk.bars().values["high"].tolist() == [2, 2]


def test_parquet_that_is_none_or_has_odd_times(desk: Desk) -> None:
    path = desk.root / "abc.parquet"
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(MalformedDataError, match="truncated or broken"):
        desk.take(path)
    pl.DataFrame({"time": [1.5], "open": [1], "high": [1], "low": [1], "close": [1]}).write_parquet(path)
    with pytest.raises(DataImportError, match="does not hold times"):
        desk.take(path)


def test_quotes(desk: Desk) -> None:
    names = [f"{side} {part}" for side in ("Bid", "Ask") for part in ("Open", "High", "Low", "Close")]
    path = desk.file(
        "time," + ",".join(names), "2020-01-02 00:00,1,1,1,1,2,2,2,2", "2020-01-02 00:01,,,,,2,2,2,2", name="eurusd.csv"
    )
    report = desk.take(path, symbol="EURUSD", market="oanda", tick_type=TickType.QUOTE)
    assert report.series.security_type == SecurityType.FOREX
    bars = desk.bars(Resolution.MINUTE, SecurityType.FOREX, "oanda", TickType.QUOTE, "EURUSD")
    assert bars.values["ask_close"].tolist() == [2, 2]


def test_missing_days_and_bars_out_of_hours_are_noted(desk: Desk) -> None:
    report = desk.take(
        desk.file(HEAD, *(f"2020-01-{day:02}{ROW}" for day in (2, 3, 4, 8))), resolution=Resolution.DAILY
    )
    assert "2 trading days have no bars: 2020-01-06, 2020-01-07" in report.notes
    assert "1 bars are of days on which the market is closed: 2020-01-04" in report.notes
    report = desk.take(desk.file(HEAD, f"2020-01-02 03:00{ROW}", f"2020-01-02 09:30{ROW}"), symbol="XYZ")
    assert "1 bars begin while the market is closed" in report.notes


YAHOO = ["Date,Open,High,Low,Close,Adj Close,Volume"]


def test_factors_come_from_adjusted_closes(desk: Desk) -> None:
    path = desk.file(
        *YAHOO,
        "2020-01-02,10,10,10,10,4.75,1",
        "2020-01-03,10,10,10,10,4.75,1",
        "2020-01-06,5,5,5,5,4.75,1",
        "2020-01-07,4.75,4.75,4.75,4.75,4.75,1",
    )
    report = desk.take(path, resolution=Resolution.DAILY)
    assert (report.dividends, report.splits) == (1, 1)
    source = StoreSource(desk.store)
    table = source.factors(source.resolve_symbol("ABC", SecurityType.EQUITY, "usa"))
    days = [day_of_date(date(2020, 1, day)) for day in (2, 3, 6, 7)]
    assert [(date_of_day(one.day), one.split_factor) for one in table.splits(days)] == [
        (date(2020, 1, 6), Decimal("0.5"))
    ]
    assert [(date_of_day(one.day), one.distribution) for one in table.dividends(days)] == [
        (date(2020, 1, 7), Decimal("0.25"))
    ]


def test_factors_come_from_dividends_and_splits(desk: Desk) -> None:
    head = "timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient"
    early = desk.file(
        head,
        "2020-01-06,5,5,5,5,9,1,0.0,2.0",
        "2020-01-03,10,10,10,10,9,1,0.0,1.0",
        "2020-01-02,10,10,10,10,9,1,0.0,1.0",
    )
    late = desk.file(head, "2020-01-08,5,5,5,5,9,1,0.5,1.0", "2020-01-07,5,5,5,5,9,1,0.0,1.0", name="late.csv")
    assert desk.take(early, resolution=Resolution.DAILY).splits == 1
    assert desk.take(late, resolution=Resolution.DAILY).dividends == 1
    source = StoreSource(desk.store)
    table = source.factors(source.resolve_symbol("ABC", SecurityType.EQUITY, "usa"))
    assert [(date_of_day(row.day).day, str(row.price_factor), str(row.split_factor)) for row in table.rows] == [
        (2, "0.9", "0.5"),
        (3, "0.9", "0.5"),
        (7, "0.9", "1"),
        (31, "1", "1"),
    ]


def test_every_refusal_is_a_data_error() -> None:
    assert issubclass(DataImportError, DataError)
    assert issubclass(MalformedDataError, DataError)
    assert issubclass(StoreError, DataError)
