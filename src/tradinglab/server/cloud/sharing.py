"""What all processes of an installation count together: requests to QuantConnect, and its failures.

Where there is a Redis they count there, on however many machines they are; otherwise in files of the home folder. Who
creates what is claimed in files alone: a run has one worker, and looks for what an earlier one may have created.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeVar

from redis import Redis, RedisError
from redis.client import Pipeline

from tradinglab.core.pacing.breakers import NotedBreakers
from tradinglab.core.pacing.buckets import NotedBuckets
from tradinglab.core.pacing.notes import Change, FileNotes, Note, Notes
from tradinglab.quantconnect import Shared

T = TypeVar("T")
_KEY: Final = "tradinglab:quantconnect:"
#: Longer than any circuit stays open, and any bucket takes to fill.
_KEPT_S: Final = 86_400
_PATIENCE_S: Final = 2.0

_log = logging.getLogger(__name__)


class RedisNotes:
    """Values that processes on many machines share.

    Parameters
    ----------
    redis
        Where they are.
    otherwise
        Where they are while it does not answer.
    """

    def __init__(self, redis: Redis, otherwise: Notes) -> None:
        self._redis = redis
        self._otherwise = otherwise

    def change(self, name: str, change: Change[T]) -> T:
        """Replace a value in one step; begun again if another process was quicker."""
        key = _KEY + hashlib.sha256(name.encode()).hexdigest()[:32]
        results: list[T] = []

        def replaced(pipe: Pipeline) -> None:
            note, result = change(_note(pipe.get(key)))
            results.append(result)
            pipe.multi()
            pipe.set(key, json.dumps(note), ex=_KEPT_S)

        try:
            self._redis.transaction(replaced, key)
        except (RedisError, OSError) as error:
            _log.warning("requests to QuantConnect are counted by this machine for itself: %s", error)
            return self._otherwise.change(name, change)
        return results[-1]

    def seconds(self) -> float:
        """Return the time by Redis's clock, so that machines whose own clocks differ count alike."""
        try:
            whole, millionths = self._redis.time()
        except (RedisError, OSError):
            return time.time()
        return float(whole) + float(millionths) / 1e6


def _note(kept: object) -> Note:
    return {} if kept is None else {str(name): float(value) for name, value in json.loads(str(kept)).items()}


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
    patience = {"socket_connect_timeout": _PATIENCE_S, "socket_timeout": _PATIENCE_S}
    notes = RedisNotes(
        Redis.from_url(redis_url, decode_responses=True, **patience), FileNotes(folder, "requests to QuantConnect")
    )
    return replace(in_folder, buckets=NotedBuckets(notes, notes.seconds), breakers=NotedBreakers(notes, notes.seconds))
