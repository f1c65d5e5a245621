"""The compiled kernel, where the result of compiling cannot be kept."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tradinglab import rules

_WITHOUT_A_FOLDER = """
from numba.core import caching
caching.CacheImpl._locator_classes = []
from tradinglab.rules import compiled
print(compiled.mark_crossings.py_func.__name__)
"""


_WITH_ANOTHER_HELPER = """
import sys
from pathlib import Path
import numpy as np
import tradinglab.rules as rules
package = Path(sys.argv[1])
rules.__path__[:] = [str(package)]
from tradinglab.rules import compiled
assert Path(compiled.__file__).parent == package
compiled.moving_means(np.arange(5.0), 1.0, 2, np.empty(5))
print("loaded" if compiled.moving_means.stats.cache_hits else "compiled")
"""


def test_what_was_compiled_is_not_used_when_a_module_that_it_calls_has_changed(tmp_path: Path) -> None:
    package = tmp_path / "rules"
    shutil.copytree(Path(rules.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))

    def use() -> str:
        call = [sys.executable, "-c", _WITH_ANOTHER_HELPER, str(package)]
        done = subprocess.run(call, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        return done.stdout.strip()

    assert use() == "compiled"
    assert use() == "loaded"
    with (package / "costs.py").open("a") as module:
        module.write("# another line\n")
    assert use() == "compiled"


def test_where_nothing_can_be_written_every_process_compiles() -> None:
    done = subprocess.run([sys.executable, "-c", _WITHOUT_A_FOLDER], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("mark_crossings", "")


_WARMED = """
from tradinglab.rules.warming import warm
print(*warm())
"""

_SIMULATED = """
from tradinglab.data.source import open_source
from tradinglab.rules import load_bars, load_rules, simulate, simulate_many
from tradinglab.rules.compiled import KERNELS
from tradinglab.rules.templates import all_rule_templates
for template in all_rule_templates():
    rules = load_rules(template.path)
    bars = load_bars(rules, open_source("sample"))
    simulate(rules, bars)
    simulate_many(rules, bars, [{}, {}], threads=2)
print(*(sum(sum(getattr(each.stats, name).values()) for each in KERNELS) for name in ("cache_misses", "cache_hits")))
"""


def _numbers(code: str) -> list[int]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return [int(each) for each in done.stdout.split()]


def test_once_the_cache_is_warm_no_process_compiles() -> None:
    # The cache of the package itself, in which the first of the tests that simulate leaves most of it.
    compiled, loaded = _numbers(_WARMED)
    assert compiled + loaded >= 8  # a kernel may be compiled for arrays of several layouts
    assert _numbers(_WARMED) == [0, compiled + loaded]
    misses, hits = _numbers(_SIMULATED)
    assert misses == 0
    assert 0 < hits <= compiled + loaded
