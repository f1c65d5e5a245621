"""``tradinglab data show`` and ``quotes``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tradinglab.cli.main import main
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.store import BarStore, Origin, SeriesKey

_KEY = SeriesKey(SecurityType.EQUITY, "usa", "ABC", Resolution.DAILY, TickType.TRADE)


@pytest.fixture
def store(tmp_path: Path) -> str:
    times = [int(datetime(2024, 1, day, 5, tzinfo=UTC).timestamp()) * 1_000_000 for day in (16, 17, 18, 19)]
    values = {name: np.array([10.0, 11.0, 12.5, 13.0]) for name in _KEY.fields}
    BarStore(tmp_path / "bars").write(_KEY, np.array(times), values, [Origin("test", "ab" * 32)])
    return f"store:{tmp_path / 'bars'}"


def test_the_last_bars_of_a_range_are_shown(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "show", "abc", "--data", store, "--end", "2024-01-18", "--rows", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines[1:3]] == [
        ["2024-01-17", "05:00:00", "11"],
        ["2024-01-18", "05:00:00", "12.5"],
    ]
    assert "and 1 before" in lines[3]


def test_a_last_bar_is_stale_when_a_later_session_is_over(
    store: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def at(moment: str) -> tuple[int, str]:
        now = int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()) * 1_000_000_000
        monkeypatch.setattr("tradinglab.cli.data_show.time.time_ns", lambda: now)
        return main(["data", "quotes", "--data", store]), capsys.readouterr().out

    status, output = at("2024-01-22T20:59:00")
    assert status == 0
    assert "13" in output
    assert "stale" not in output
    status, output = at("2024-01-22T21:00:00")
    assert status == 1
    assert "2024-01-19 21:00:00  2024-01-22 21:00:00  stale" in output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "NOPE"], "no such bars of NOPE"),
        (["show", "ABC", "--resolution", "hour"], "no such bars of ABC"),
        (["show", "ABC", "--start", "2024-02-01", "--end", "2024-01-01"], "swap them"),
        (["show", "ABC", "--rows", "0"], "at least 1"),
        (["show", "ABC", "--view", "upside"], "Choose from: raw"),
        (["quotes", "ABC", "NOPE"], "no such bars of NOPE"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    store: str, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", *words, "--data", store]) == 2
    assert said in capsys.readouterr().err
