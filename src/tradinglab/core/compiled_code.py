"""Functions compiled by numba, and kept for later processes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

#: Nothing that is compiled makes an array: counting references would take half of the time.
OPTIONS: dict[str, Any] = {"error_model": "numpy", "_nrt": False}


@lru_cache(maxsize=1)
def has_numba() -> bool:
    """Return whether numba is installed."""
    return find_spec("numba") is not None


def sources_of(folder: Path) -> str:
    """Return a hash of the modules in a folder."""
    found = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()


def compiled(function: Callable[..., Any], sources: str) -> Any:
    """Return a function compiled, the result kept beside its module or where ``NUMBA_CACHE_DIR`` says.

    Parameters
    ----------
    sources
        What the result depends on besides the function's own file; compiled anew if it has changed.
    """
    import numba

    try:
        found = numba.njit(nogil=True, cache=True, **OPTIONS)(function)
    except RuntimeError:  # there is no folder to keep the result in
        return numba.njit(nogil=True, **OPTIONS)(function)
    # numba looks whether the function's own file has changed, and not at those of the functions that it calls.
    kept = found._cache._cache_file
    kept._source_stamp = (*kept._source_stamp, sources)
    return found
