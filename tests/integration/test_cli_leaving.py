"""The end of the process, which does not look for garbage, loses nothing that a strategy has written."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tradinglab

STRATEGY = """
from AlgorithmImports import *
import gzip

class Notes(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2012, 1, 3)
        self.set_end_date(2012, 1, 10)
        self.add_equity("AAPL", Resolution.DAILY)
        self.notes = {opened}
        self.itself = self

    def on_data(self, data):
        self.notes.write("seen\\n")
"""


@pytest.mark.parametrize("opened", ['open("notes.txt", "w")', 'gzip.open("notes.txt", "wt")'])
def test_a_file_that_a_strategy_left_open_is_written(tmp_path: Path, opened: str) -> None:
    strategy = tmp_path / "main.py"
    strategy.write_text(STRATEGY.replace("{opened}", opened))
    code = "import sys; from tradinglab.cli.main import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, "backtest", str(strategy)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(tradinglab.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    written = (tmp_path / "notes.txt").read_bytes()
    if opened.startswith("gzip"):
        written = gzip.decompress(written)
    assert written.count(b"seen") >= 5
