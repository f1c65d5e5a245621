"""Names in the environment that look like settings and are none: a misspelt one would be lost in silence."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from pydantic_settings import BaseSettings, DotEnvSettingsSource

from tradinglab.core.surface import did_you_mean

_PREFIX = "TRADINGLAB_"
#: What the tests and the benchmarks read.
_NOT_OF_THE_SERVER = ("TRADINGLAB_LEAN_DATA", "TRADINGLAB_ATTACKS", "TRADINGLAB_BENCH")


def misspelt(known: Iterable[str], file: Path) -> list[str]:
    """Return a line for each name that begins as ours do, in the environment or in *file*, and that nobody reads."""
    names = sorted(known)
    found = [(name, "") for name in os.environ if name.startswith(_PREFIX)]
    if file.is_file():
        in_file = DotEnvSettingsSource(BaseSettings, env_file=file, case_sensitive=True).env_vars
        found += [(name, f" (in {file})") for name in in_file if name.startswith(_PREFIX)]
    return [
        f"{name}: there is no such setting{place}{did_you_mean(name, names)}"
        for name, place in sorted(found)
        if name not in names and name not in _NOT_OF_THE_SERVER
    ]
