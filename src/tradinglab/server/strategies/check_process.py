"""The process in which a stranger's code is read: limited in memory and time.

Python's parser can be made to take long or much by files that are written for it, and nobody else is to wait for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tradinglab.algorithm.check import check_strategy
from tradinglab.server.strategies.limited import answer_order

_MEMORY = 1_500 << 20
_CPU_S = 8


def _check(files: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is wrong with a strategy's files."""
    return asdict(check_strategy(files))


if __name__ == "__main__":
    answer_order(_check, memory=_MEMORY, cpu_s=_CPU_S)
