"""The compiled kernel, where the result of compiling cannot be kept."""

from __future__ import annotations

import subprocess
import sys

_WITHOUT_A_FOLDER = """
from numba.core import caching
caching.CacheImpl._locator_classes = []
from tradinglab.rules import compiled
print(compiled.mark_crossings.py_func.__name__)
"""


def test_where_nothing_can_be_written_every_process_compiles() -> None:
    done = subprocess.run([sys.executable, "-c", _WITHOUT_A_FOLDER], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("mark_crossings", "")
