from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from tradinglab.cli import progress


@dataclass
class Step:
    fraction: float
    date: date = date(2012, 1, 3)
    equity: float = 100_250.5
    bars_per_second: float = 412_345.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_lines_come_every_few_seconds(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with progress.LineReporter() as report:
        for second in range(12):
            clock[0] = second
            report(Step(second / 12))  # type: ignore[arg-type]
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "2012-01-03   42%  equity 100,250.50  412,345 bars/s",
        "2012-01-03   83%  equity 100,250.50  412,345 bars/s",
    ]


def test_a_short_run_draws_no_bar(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with progress.BarReporter() as report:
        report(Step(0.5))  # type: ignore[arg-type]
    assert capsys.readouterr() == ("", "")


def test_a_long_run_draws_one(
    clock: list[float], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with progress.BarReporter() as report:
        clock[0] = 2.0
        report(Step(0.5))  # type: ignore[arg-type]
    err = capsys.readouterr().err
    assert "2012-01-03" in err
    assert "100,250.50" in err
    assert "412,345 bars/s" in err


def test_what_is_not_a_terminal_gets_lines() -> None:
    assert isinstance(progress.reporter(), progress.LineReporter)


def test_what_has_no_bar_is_told_by_lines(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with progress.line_reporter(lambda done: f"{done} trials") as report:
        for second in range(12):
            clock[0] = second
            report(second)
    assert capsys.readouterr() == ("", "5 trials\n10 trials\n")


def test_on_a_terminal_one_line_changes_and_is_gone_at_the_end(
    clock: list[float], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "is_terminal", lambda stream: True)
    monkeypatch.setenv("COLUMNS", "20")
    with progress.line_reporter(lambda done: f"{done} trials with a long tail") as report:
        for tenth in (0.05, 0.2, 0.21, 0.5):
            clock[0] = tenth
            report(tenth)
    lines = capsys.readouterr().err.split("\r")
    assert lines == ["", "0.2 trials with a l\x1b[K", "0.5 trials with a l\x1b[K", "\x1b[K"]
