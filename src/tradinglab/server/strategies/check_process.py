"""The process in which a stranger's files are read: limited in memory and time.

Python's parser, and that of rules, can be made to take long or much by files that are written for it, and nobody else
is to wait for that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from tradinglab.algorithm.check import check_strategy
from tradinglab.server.strategies.limited import answer_order

_MEMORY = 1_500 << 20
_CPU_S = 8


def _check(order: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is wrong with a strategy's files."""
    return asdict(check_strategy(order["files"]))


def _rules(order: Mapping[str, Any]) -> dict[str, Any]:
    """Return what can be said of rules."""
    from tradinglab.server.strategies.rule_files import rules_read

    return rules_read(order["text"], order["parameters"])


_ORDERS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {"check": _check, "rules": _rules}


def _answer(order: Mapping[str, Any]) -> dict[str, Any]:
    return _ORDERS[order["kind"]](order)


if __name__ == "__main__":
    answer_order(_answer, memory=_MEMORY, cpu_s=_CPU_S)
