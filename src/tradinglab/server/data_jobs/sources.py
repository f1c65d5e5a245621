"""Sources of bars as the server asks them: with the installation's keys, at a pace that all its processes share."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from tradinglab.core.pacing.notes import FileNotes
from tradinglab.data.sources.http import World
from tradinglab.data.sources.opening import OpenSources
from tradinglab.data.sources.turns import SharedPace
from tradinglab.server.ops.shared_notes import redis_notes

_WHAT = "requests to sources of bars"


def sources_open(*, is_cancelled: Callable[[], bool]) -> OpenSources:
    """Return what opens sources; whoever opens them closes them together."""
    for name, value in settings.ENVIRONMENT.source_variables.items():
        # The file .env is the server's alone; the sources look into the environment.
        os.environ.setdefault(name, value)
    pace = _shared_pace(settings.HOME.sources, settings.ENVIRONMENT.redis_url)
    return OpenSources(World(pace=pace, is_cancelled=is_cancelled))


@lru_cache(maxsize=2)
def _shared_pace(folder: Path, redis_url: str | None) -> SharedPace:
    """Return where turns are counted: in Redis for all machines, without one in files for this machine."""
    files = FileNotes(folder, _WHAT)
    if redis_url is None:
        return SharedPace(notes=files)
    notes = redis_notes(redis_url, prefix="tradinglab:sources:", otherwise=files, what=_WHAT)
    return SharedPace(notes=notes, monotonic=notes.seconds, now=notes.seconds)
