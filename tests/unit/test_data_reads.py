"""Which files of its data a run has read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradinglab import backtest
from tradinglab.data.reads import files_read, note_read, reads_noted
from tradinglab.sandbox.answer import Reader
from tradinglab.sandbox.packing import packed
from tradinglab.sandbox.unpacking import unpacked

STRATEGY = """
from AlgorithmImports import *

class Reads(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 8)
        self.add_equity("SPY", Resolution.MINUTE)
"""


def test_blocks_are_nested() -> None:
    with reads_noted():
        note_read(Path("a"))
        with reads_noted():
            note_read(Path("b"))
            assert files_read() == [Path("b")]
        note_read(Path("a"))
        assert files_read() == [Path("a"), Path("b")]
    assert files_read() == []


@pytest.mark.lean
def test_a_run_names_what_it_read(lean_data: Path, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(STRATEGY)
    result = backtest(tmp_path / "main.py", data=f"lean:{lean_data}")
    names = {Path(each).relative_to(lean_data).as_posix() for each in result.record.data_files}
    assert {f"equity/usa/minute/spy/2013100{day}_trade.zip" for day in (7, 8)} <= names
    assert {"equity/usa/factor_files/spy.csv", "market-hours/market-hours-database.json"} <= names
    assert not any("2013100" in each and "20131007" not in each and "20131008" not in each for each in names)
    again = unpacked(Reader(packed(result)), data="x")
    assert again.record.data_files == result.record.data_files
