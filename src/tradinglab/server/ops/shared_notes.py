"""Small values that processes on many machines share, in Redis."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from typing import Final, TypeVar

from redis import Redis, RedisError
from redis.client import Pipeline

from tradinglab.core.pacing.notes import Change, Note, Notes

T = TypeVar("T")
#: Longer than any circuit stays open, and any bucket takes to fill.
_KEPT_S: Final = 2 * 86_400
_PATIENCE_S: Final = 2.0

_log = logging.getLogger(__name__)


class RedisNotes:
    """Values that processes on many machines share.

    Parameters
    ----------
    redis
        Where they are.
    prefix
        What their names begin with there.
    otherwise
        Where they are while it does not answer.
    what
        What is counted in them, for the warning that each machine counts for itself.
    """

    def __init__(self, redis: Redis, *, prefix: str, otherwise: Notes, what: str) -> None:
        self._redis = redis
        self._prefix = prefix
        self._otherwise = otherwise
        self._what = what

    def change(self, name: str, change: Change[T]) -> T:
        """Replace a value in one step; begun again if another process was quicker."""
        key = self._prefix + hashlib.sha256(name.encode()).hexdigest()[:32]
        results: list[T] = []

        def replaced(pipe: Pipeline) -> None:
            note, result = change(_note(pipe.get(key)))
            results.append(result)
            pipe.multi()
            pipe.set(key, json.dumps(note), ex=_KEPT_S)

        try:
            self._redis.transaction(replaced, key)
        except (RedisError, OSError) as error:
            _log.warning("%s are counted by this machine for itself: %s", self._what, error)
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


def redis_notes(url: str, *, prefix: str, otherwise: Notes, what: str) -> RedisNotes:
    """Return the values that are kept in the Redis at an address, which is not waited for long."""
    redis = Redis.from_url(url, decode_responses=True, socket_connect_timeout=_PATIENCE_S, socket_timeout=_PATIENCE_S)
    return RedisNotes(redis, prefix=prefix, otherwise=otherwise, what=what)
