"""All that the figures of a backtest depend on."""

from __future__ import annotations

import platform
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version

import tradinglab

#: Libraries that figures could depend on.
_LIBRARIES = ("numpy", "pandas", "polars", "scipy", "tzdata")


@lru_cache(maxsize=1)
def engine_versions() -> dict[str, str]:
    """Return the versions of the engine, of Python and of the libraries that figures could depend on."""
    found = {"tradinglab": tradinglab.__version__, "python": platform.python_version()}
    return found | {name: _version(name) for name in _LIBRARIES}


def calendar_versions() -> dict[str, str]:
    """Return the versions of the market calendars: the library's, and our own tables', which come with the engine."""
    return {"exchange_calendars": _version("exchange_calendars"), "tradinglab": tradinglab.__version__}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
