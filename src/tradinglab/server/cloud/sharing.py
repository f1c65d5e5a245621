"""What all processes of an installation count together: requests to QuantConnect, and its failures.

Where there is a Redis they count there, on however many machines they are; otherwise in files of the home folder. Who
creates what is claimed in files alone: a run has one worker, and looks for what an earlier one may have created.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from tradinglab.core.pacing.breakers import NotedBreakers
from tradinglab.core.pacing.buckets import NotedBuckets
from tradinglab.core.pacing.notes import FileNotes
from tradinglab.quantconnect import Shared
from tradinglab.server.ops.shared_notes import redis_notes

_KEY: Final = "tradinglab:quantconnect:"


@lru_cache(maxsize=2)
def shared_by_all(folder: Path, redis_url: str | None) -> Shared:
    """Return what the processes of an installation have in common.

    Parameters
    ----------
    folder
        Where it is kept without a Redis.
    redis_url
        Where it is kept with one.
    """
    in_folder = Shared.in_folder(folder)
    if redis_url is None:
        return in_folder
    what = "requests to QuantConnect"
    notes = redis_notes(redis_url, prefix=_KEY, otherwise=FileNotes(folder, what), what=what)
    return replace(in_folder, buckets=NotedBuckets(notes, notes.seconds), breakers=NotedBreakers(notes, notes.seconds))
