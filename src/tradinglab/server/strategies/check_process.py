"""The process in which a stranger's files are read: limited in memory and time.

Python's parser, and that of rules, can be made to take long or much by files that are written for it, and nobody else
is to wait for that. It takes an order as JSON from the standard input, answers in JSON on the standard output, and
imports no Django.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from tradinglab.algorithm.check import check_strategy

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


def main() -> None:
    """Carry out the order that is handed in."""
    limit(memory=_MEMORY, cpu_s=_CPU_S)
    order = json.load(sys.stdin)
    json.dump(_ORDERS[order["kind"]](order), sys.stdout)


def limit(*, memory: int, cpu_s: int) -> None:
    """Let this process have so many bytes of memory and so many seconds of a processor."""
    for kind, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, cpu_s), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    main()
