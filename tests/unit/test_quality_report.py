"""The grade by its formula, the report as text and JSON, files with their lines, and the page."""

from __future__ import annotations

import json
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.quality_kit import check, good_bars

from tradinglab.cli.main import main
from tradinglab.core.enums import Resolution
from tradinglab.data.quality import CHECKS, QualityReport, UncheckedError
from tradinglab.data.quality.checking import check_files, check_source
from tradinglab.data.quality.grading import grade_of
from tradinglab.data.source import open_source
from tradinglab.report.quality_page import quality_page

HEAD = "time,open,high,low,close,volume"


def write(folder: Path, *lines: str, name: str = "abc.csv") -> Path:
    path = folder / name
    path.write_text("\n".join((HEAD, *lines)) + "\n")
    return path


@pytest.mark.parametrize(
    ("bars", "expected", "missing", "counts", "grade"),
    [
        (1_000, 1_000, 0, {}, "A (100.00 %)"),
        (990, 1_000, 10, {"missing_bars": 10}, "B (99.00 %)"),
        (1_000, 1_000, 0, {"outlier": 1}, "A (99.90 %)"),
        (100_000, 100_000, 0, {"not_finite": 1}, "C (99.99 %)"),
        (1_000, 1_000, 0, {"not_finite": 2, "outlier": 15}, "D (96.50 %)"),
        (10, 100, 90, {"missing_sessions": 1}, "F (10.00 %)"),
        (1_000, 1_000, 0, {"end_labels": 1}, "F (0.00 %)"),
        (1_000, 1_000, 0, {"sparse": 400, "no_volume": 1}, "A (100.00 %)"),
        (10, 10, 0, {"not_finite": 9}, "F (0.00 %)"),
        (0, 0, 0, {}, "F (0.00 %)"),
    ],
)
def test_grades_follow_the_formula(bars: int, expected: int, missing: int, counts: dict[str, int], grade: str) -> None:
    assert str(grade_of(bars, expected, missing, counts)) == grade


def test_a_file_is_checked_as_it_is_and_lines_are_named(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "2020-01-02 09:30,10,10.2,9.9,10.1,5",
        "2020-01-02 09:31,10,x,9.9,10.1,5",
        "",
        "soon,10,10.2,9.9,10.1,5",
        "2020-01-02 09:32,10,9,9.9,10.1,",
        "2020-01-02 09:34,10,10.2,9.9,10.1,5",
    )
    report = check_files([path], "abc")
    assert report.series.resolution == Resolution.MINUTE
    assert [(each.code, each.count, each.examples[0].line) for each in report.findings] == [
        ("bad_time", 1, 5), ("not_finite", 1, 3), ("high_below_low", 1, 6), ("missing_bars", 1, None),
    ]  # fmt: skip
    assert report.has_errors
    text = "\n".join(report.lines())
    assert "line 5, 'soon'" in text
    assert "2020-01-02 14:33:00 UTC, 1 bar missing, the next is of 2020-01-02 14:34:00 UTC" in text
    assert json.loads(json.dumps(report.to_json(), allow_nan=False))["findings"][1]["examples"][0]["value"] == "nan"


def test_bars_of_several_files_are_one_series(tmp_path: Path) -> None:
    one = write(tmp_path, "2020-01-02,10,10.2,9.9,10.1,5", "2020-01-03,10,10.2,9.9,10.1,6", name="a.csv")
    two = write(tmp_path, "2020-01-06,10,10.2,9.9,10.1,5", "2020-01-07,10,-10.2,9.9,10.1,6", name="b.csv")
    report = check_files([one, two], "abc", resolution=Resolution.DAILY)
    assert report.bars == 4
    place = next(each for each in report.findings if each.code == "non_positive").examples[0]
    assert (place.line, place.text) == (3, "b.csv")


def test_what_cannot_be_checked_is_said(tmp_path: Path) -> None:
    with pytest.raises(UncheckedError, match="give --resolution"):
        check_files([write(tmp_path, "2020-01-02 09:30,10,10.2,9.9,10.1,5")], "abc")
    with pytest.raises(UncheckedError, match="has no NOPE to check"):
        list(check_source(open_source("sample"), symbols=["NOPE"]))


def broken_report(tmp_path: Path) -> QualityReport:
    path = write(
        tmp_path,
        "2020-01-02,10,10.2,9.9,10.1,5",
        "2020-01-03,10,9,9.9,<b>,6",
        "2020-02-06,10,10.2,9.9,10.1,5",
        name="<i>.csv",
    )
    return check_files([path], "abc", resolution=Resolution.DAILY)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_needs_nothing_else_and_no_script(tmp_path: Path) -> None:
    page = quality_page([broken_report(tmp_path), check(good_bars(date(2013, 1, 2), date(2013, 3, 1)))])
    parser = _Page()
    parser.feed(page)
    assert "<i>" not in page
    assert not [tag for tag, _ in parser.tags if tag in ("script", "link", "img", "i", "iframe")]
    assert not [
        name for _, attributes in parser.tags for name in attributes if name == "style" or name.startswith("on")
    ]
    assert not re.search(r"https?://|url\(|@import", page)
    for text in (
        "high_below_low",
        "not_finite",
        "missing_sessions",
        "2020-01: 2 of 21 bars",
        "line 3",
        "Nothing was found.",
    ):
        assert text in page
    # Months without a bar are drawn, too: of January to February 2020 and of January to March 2013.
    assert sum(tag == "rect" and "x" in attributes for tag, attributes in parser.tags) == 2 + 3


def test_data_check_says_what_is_wrong_by_its_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = write(tmp_path, *(f"2020-01-0{day},10,10.{day},9.9,10.1,5" for day in (6, 7, 8)))
    assert main(["data", "check", str(good)]) == 0
    assert "quality: A (100.00 %)" in capsys.readouterr().out
    bad = write(tmp_path, "2020-01-06,10,10.2,9.9,10.1,5", "2020-01-07,10,9,9.9,10.1,6", name="bad.csv")
    page = tmp_path / "page.html"
    assert main(["data", "check", str(bad), "--symbol", "xyz", "--json", "--report", str(page)]) == 1
    (said,) = json.loads(capsys.readouterr().out)
    assert (said["series"], said["errors"]) == ("XYZ (equity, usa, daily, trade)", 1)
    assert "high_below_low" in page.read_text(encoding="utf-8")
    assert main(["data", "check", str(tmp_path / "none.csv")]) == 2
    assert "none.csv" in capsys.readouterr().err


def test_data_check_of_a_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", "sample", "--symbol", "IBM,fb", "--resolution", "daily"]) == 0
    out = capsys.readouterr().out
    assert "3,270 bars of IBM" in out
    assert "2 series, 0 with errors" in out


def test_the_documentation_tells_of_every_check() -> None:
    text = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.MULTILINE))
    for check_ in CHECKS.values():
        severity, title, repairs = rows[check_.code].split(" | ")
        assert severity.partition(",")[0] == check_.severity
        assert title == check_.title
        assert re.findall(r"`(\w+)`", repairs) == [str(rule) for rule in check_.rules]
