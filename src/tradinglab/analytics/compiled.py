"""What metrics go through return by return, compiled by numba."""

from __future__ import annotations

from pathlib import Path

from tradinglab.analytics import walks
from tradinglab.core.compiled_code import compiled, sources_of

_SOURCES = sources_of(Path(__file__).parent)

add_lanes = compiled(walks.add_lanes, _SOURCES)
add_shortfalls = compiled(walks.add_shortfalls, _SOURCES)
walk_falls = compiled(walks.walk_falls, _SOURCES)
pick_tails = compiled(walks.pick_tails, _SOURCES)
