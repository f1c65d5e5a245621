"""The process in which strangers' rules are read: limited in memory and time, and kept for the next ones.

Rules are data, and no line of a strategy is run in it. A few lines that name each other again and again can stand for
far too much, though, which nobody else is to wait for. An order is a line of JSON on the standard input, its answer one
on the standard output: what rules say or, with ``windows``, whether they look back too far. The process ends when it
has had nothing to do for a while, or when it has grown.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import sys
from pathlib import Path
from typing import Final

from tradinglab.server.strategies.limited import NO_MEMORY, limit_process
from tradinglab.server.strategies.rule_files import rules_read, windows_refused

_MEMORY: Final = 1_500 << 20
#: Seconds of a processor for one text.
_CPU_S: Final = 8
#: Seconds of a processor in the whole life of such a process.
_LIFE_CPU_S: Final = 3_600
_IDLE_S: Final = 60.0
#: What one text has made it take is not kept from the next one; in kilobytes.
_GROWN_KB: Final = 300 << 10


def main() -> None:
    """Read rules until there are no more."""
    limit_process(memory=_MEMORY, cpu_s=_LIFE_CPU_S)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    # Whatever a library prints is no answer.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # Who asks sends one order and waits, so that none is in a buffer while the pipe is looked at.
    while _has_grown_little() and select.select([sys.stdin], [], [], _IDLE_S)[0]:
        line = sys.stdin.readline()
        if not line:
            return
        answers.write(_answer(line) + "\n")
        answers.flush()


def _answer(line: str) -> str:
    # Its signal ends the process, wherever it is: as the limit of a process that reads one text would.
    signal.setitimer(signal.ITIMER_PROF, _CPU_S)
    try:
        order = json.loads(line)
        if "windows" in order:
            return json.dumps(windows_refused(order["text"], order["windows"]))
        return json.dumps(rules_read(order["text"], order["parameters"]))
    except MemoryError:
        sys.exit(NO_MEMORY)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _has_grown_little() -> bool:
    return _resident_kb() < _GROWN_KB


def _resident_kb() -> int:
    """Return how much memory this process holds; Linux counts that of its parent among the most that it has held."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:  # macOS, which counts in bytes
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return pages * resource.getpagesize() >> 10


if __name__ == "__main__":
    main()
