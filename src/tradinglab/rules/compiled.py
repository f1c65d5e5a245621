"""The kernel compiled by numba: the same functions, and what they call.

The first process on a machine compiles for some seconds; the result is kept beside the package (or where
``NUMBA_CACHE_DIR`` says), so that later ones only load it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from numba.extending import register_jitable

from tradinglab.rules import kernel

for _function in (
    kernel.book, kernel.commission, kernel.distance, kernel.enter, kernel.equity, kernel.kelly, kernel.leave,
    kernel.leaves, kernel.look, kernel.order, kernel.score, kernel.size, kernel.slip,
):  # fmt: skip
    register_jitable(_function)

_compile: Callable[[Any], Any] = numba.njit(nogil=True, cache=True)
walk = _compile(kernel.walk)
finish = _compile(kernel.finish)
