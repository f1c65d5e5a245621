"""When compiled code is worth loading: numba takes half a second to import, and compiles for some seconds once."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from tradinglab.core.compiled_code import has_numba

#: From so many looks at bars on compiled code is used if it is loaded, loaded if it was compiled before, compiled.
_IF_LOADED = 1_000
_IF_COMPILED = 60_000
_ANYHOW = 300_000
_done = 0
_is_wanted = False


def pays_to_compile(looks: int) -> bool:
    """Return whether work of so many looks at bars, each of which costs Python some microseconds, is to be compiled."""
    if _is_wanted:
        return has_numba()
    if looks < _IF_LOADED or not has_numba():
        return False
    if "tradinglab.rules.compiled" in sys.modules:
        return True
    # Who asks for much comes again.
    return looks >= _IF_COMPILED - 4 * _done if _was_compiled() else looks >= _ANYHOW - _done


@contextmanager
def compiled_anyhow() -> Iterator[None]:
    """Have compiled code used, however few bars there are, as far as it can be had."""
    global _is_wanted
    _is_wanted = True
    try:
        yield
    finally:
        _is_wanted = False


def note_looks(looks: int) -> None:
    """Note that Python has done so many looks, as there was no compiled code."""
    global _done
    _done += looks


@lru_cache(maxsize=1)
def _was_compiled() -> bool:
    """Return whether there is compiled code from an earlier process."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    folder = Path(given) if given else Path(__file__).with_name("__pycache__")
    return any(folder.glob("**/kernel.walk-*.nbi"))
