"""The kernel compiled by numba: the same functions, and what they call.

The first process on a machine compiles for some seconds; the result is kept beside the package (or where
``NUMBA_CACHE_DIR`` says), so that later ones only load it. Where nothing can be written, every process compiles.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba.extending import register_jitable

from tradinglab.rules import alone as lone
from tradinglab.rules import costs, curves, kernel

# Nothing here makes an array: counting references would take half of the time.
_OPTIONS: dict[str, Any] = {"error_model": "numpy", "_nrt": False}

for _function in (
    lone.decide,
    lone.fill,
    curves.round_even,
    curves.stretch,
    kernel.book, costs.commission, kernel.distance, kernel.enter, kernel.equity, kernel.kelly, kernel.leave,
    kernel.leaves, kernel.look, kernel.order, kernel.rebalance, kernel.score, kernel.units, kernel.size, costs.slip,
):  # fmt: skip
    register_jitable(**_OPTIONS)(_function)


def _sources() -> str:
    """Return a hash of the package's modules."""
    found = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()


_SOURCES = _sources()


def _compile(function: Callable[..., Any]) -> Any:
    try:
        compiled = numba.njit(nogil=True, cache=True, **_OPTIONS)(function)
    except RuntimeError:  # there is no folder to keep the result in
        return numba.njit(nogil=True, **_OPTIONS)(function)
    # numba looks whether the function's own file has changed, and not at those of the functions that it calls.
    kept = compiled._cache._cache_file
    kept._source_stamp = (*kept._source_stamp, _SOURCES)
    return compiled


walk = _compile(kernel.walk)
finish = _compile(kernel.finish)
figures = _compile(curves.figures)
moving_means = _compile(curves.moving_means)
moving_average = _compile(curves.moving_average)
mark_crossings = _compile(curves.mark_crossings)
alone = _compile(lone.alone)
