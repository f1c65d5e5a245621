"""When compiled code is worth loading for metrics: numba takes half a second to import.

What it comes to is bit for bit what arrays come to, so that figures do not depend on what a process did before.
"""

from __future__ import annotations

import sys
from typing import Any

from tradinglab.core.compiled_code import has_numba

#: From so many returns on, which were measured by arrays, compiled code is loaded: if numba is there, and anyhow.
_IF_IMPORTED = 2_000_000
_ANYHOW = 40_000_000
_measured = 0


def compiled_walks(returns: int) -> Any:
    """Return the module of the compiled walks; ``None`` while it is not worth loading.

    Parameters
    ----------
    returns
        How many are to be gone through.
    """
    global _measured
    if "tradinglab.analytics.compiled" not in sys.modules:
        _measured += returns
        if _measured < (_IF_IMPORTED if "numba" in sys.modules else _ANYHOW) or not has_numba():
            return None
    from tradinglab.analytics import compiled

    return compiled
