"""Compiling what simulates rules before anybody waits for it.

``python -m tradinglab.rules.warming FOLDER`` does so at the lowest priority, and keeps the result in a folder, from
which all processes that have it as their ``NUMBA_CACHE_DIR`` load it.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import NamedTuple

from tradinglab.core.compiled_code import has_numba

#: Rules that between them go through every kernel: crossings of one security, moving averages of both kinds, other
#: conditions, and exits that are looked for at each bar.
_TEMPLATES = ("sma-cross", "crypto-trend", "macd-trend", "turtle")


class Warmed(NamedTuple):
    """How many kernels were compiled now, and how many had been before."""

    compiled: int
    loaded: int


def warm() -> Warmed:
    """Compile every kernel that is not in the cache, by simulating some rules over bundled bars.

    What a simulation hands over decides how a kernel is compiled; so it is simulations that are carried out here.
    Without numba there is nothing to do.
    """
    if not has_numba():
        return Warmed(0, 0)
    from tradinglab.data.source import open_source
    from tradinglab.rules import load_bars, load_rules, simulate, simulate_many
    from tradinglab.rules.compiled import KERNELS
    from tradinglab.rules.compiling import compiled_anyhow
    from tradinglab.rules.templates import find_rule_template

    source = open_source("sample")
    with compiled_anyhow():
        for name in _TEMPLATES:
            template = find_rule_template(name)
            assert template is not None
            rules = load_rules(template.path)
            bars = load_bars(rules, source)
            simulate(rules, bars)
            simulate_many(rules, bars, [{}], threads=1)
    return Warmed(
        compiled=sum(sum(each.stats.cache_misses.values()) for each in KERNELS),
        loaded=sum(sum(each.stats.cache_hits.values()) for each in KERNELS),
    )


def main() -> None:
    """Warm the cache in the folder that is named."""
    os.environ["NUMBA_CACHE_DIR"] = sys.argv[1]
    with suppress(OSError):
        os.nice(19)
    warm()


if __name__ == "__main__":
    main()
