"""``tradinglab data import``: files that do not explain themselves, and what is said of them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tradinglab.cli.main import main

DOCS = Path(__file__).parents[2] / "docs"
DAYS = "Date,Open,High,Low,Close\n2013-03-04,1,1,1,1\n2013-03-05,1,1,1,1\n2013-03-06,1,1,1,1\n"
MINUTES = "Time,O,H,L,C\n2013-03-04 09:30,1,2,1,2\n2013-03-04 09:31,2,2,1,1\n2013-03-04 09:32,1,1,1,1\n"


def told(capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, *options: str) -> tuple[int, str]:
    """Return the status and the words of an import of a file with *text*."""
    path = tmp_path / "bars.csv"
    path.write_text(text)
    status = main(["data", "import", str(path), "--symbol", "ABC", "--store", str(tmp_path / "store"), *options])
    captured = capsys.readouterr()
    return status, captured.out + captured.err


def test_the_example_of_the_documentation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (DOCS / "data.md").read_text()
    text = re.search(r"```csv\n(.*?)```", page, re.DOTALL)
    command = re.search(r"tradinglab (data import spy\.csv.*?)```", page, re.DOTALL)
    assert text
    assert command
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spy.csv").write_text(text.group(1))
    assert main(shlex.split(command.group(1).replace("\\\n", ""))) == 0
    out = capsys.readouterr().out
    assert "2 bars of SPY (equity, usa, minute, trade), 2013-10-07 09:31:00 to 2013-10-07 09:32:00" in out


def test_the_security_type_may_be_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--resolution", "daily", "--market", "oanda", "--security-type", "cfd")
    status, words = told(capsys, tmp_path, DAYS, *options)
    assert status == 0
    assert "(cfd, oanda, daily, trade)" in words


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (DAYS, ["--resolution", "minute"], "They are bars of days: give --resolution daily."),
        (MINUTES, ["--resolution", "second"], "Give their own: --resolution minute."),
        (MINUTES, ["--resolution", "hour"], "Give their own: --resolution minute."),
        (MINUTES, ["--resolution", "daily"], "If the bars are shorter than a day, give their --resolution."),
        (DAYS.replace("Date", "When"), ["--resolution", "daily"], "for example --columns time=When"),
        (DAYS, ["--resolution", "daily", "--columns", "opn=Open"], "no field 'opn'. Did you mean: 'open'?"),
        (DAYS, ["--resolution", "daily", "--columns", "open"], "--columns: 'open' is no NAME=VALUE"),
        (DAYS, ["--resolution", "daily", "--columns", "open=Opening"], "has no column 'Opening' for 'open'"),
        (
            DAYS,
            ["--resolution", "daily", "--time-format", "%Y/%m/%d"],
            "This is no time of the form %Y/%m/%d from 1678 to 2261.",
        ),
        (
            "Date,Open,High,Low,Close\n03/04/2013,1,1,1,1\n03/05/2013,1,1,1,1\n",
            ["--resolution", "daily"],
            '--time-format "%m/%d/%Y" or "%d/%m/%Y"',
        ),
    ],
)
def test_what_is_wrong_names_the_option(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, options: list[str], said: str
) -> None:
    status, words = told(capsys, tmp_path, text, *options)
    assert status == 2
    assert said in words
