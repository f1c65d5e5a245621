"""Orders that are carried out in a process of their own, with so much memory and time; both ends of it.

An order and its answer are JSON, on the standard input and output. No Django is imported here: the process answers
without.
"""

from __future__ import annotations

import json
import logging
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

#: The exit status of a process that had not the memory for its order.
NO_MEMORY = 75
_MOST_SAID = 2_000
_log = logging.getLogger(__name__)


class BeyondLimitsError(Exception):
    """An order took more memory or time than it may."""


class CrashedError(Exception):
    """A process that carried out an order failed, which the log has the reason of."""


def carried_out(
    module: str, order: Mapping[str, Any], *, timeout_s: float, env: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return what *module*, run as a process, answers to an order.

    Raises
    ------
    BeyondLimitsError, CrashedError
    """
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-m", module],
            input=json.dumps(order).encode(),
            capture_output=True,
            env={"OPENBLAS_NUM_THREADS": "1", **(env or {})},
            cwd="/",
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BeyondLimitsError from None
    # Whoever is over the time limit, or has a library that cannot go on without memory, is ended by a signal.
    if done.returncode < 0 or done.returncode == NO_MEMORY:
        raise BeyondLimitsError
    if done.returncode != 0:
        _log.error("%s failed: %s", module, done.stderr.decode(errors="replace")[-_MOST_SAID:])
        raise CrashedError
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def answer_order(answer: Callable[[Mapping[str, Any]], dict[str, Any]], *, memory: int, cpu_s: int) -> None:
    """Carry out the order that is handed to this process, in so many bytes and seconds of a processor."""
    limit_process(memory=memory, cpu_s=cpu_s)
    try:
        said = json.dumps(answer(json.load(sys.stdin)))
    except MemoryError:
        sys.exit(NO_MEMORY)
    sys.stdout.write(said)


def limit_process(*, memory: int, cpu_s: int) -> None:
    """Let this process have so many bytes of memory and so many seconds of a processor."""
    for kind, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, cpu_s), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))
