"""The process in which a stranger's files are read for a check: limited in memory and time.

Python's parser can be made to take long or much by files that are written for it, and nobody else is to wait for that.
It takes the files as JSON from the standard input, answers in JSON on the standard output, and imports no Django.
"""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import asdict

from tradinglab.algorithm.check import check_strategy

_MEMORY = 1_500 << 20
_CPU_S = 8


def main() -> None:
    """Check the files that are handed in."""
    for kind, most in ((resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_CPU, _CPU_S), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))
    files = json.load(sys.stdin)
    json.dump(asdict(check_strategy(files)), sys.stdout)


if __name__ == "__main__":
    main()
