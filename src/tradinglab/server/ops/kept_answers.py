"""Answers that are dear to make, kept by what they are made of: in Redis for all processes, or in this one.

The key of an answer is a hash over the content that it was made of and over what was asked, so that nothing stale can
be found: of other content the key is another. Both places hold so many bytes and give up what was not used longest.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from django.conf import settings
from prometheus_client import Counter, Gauge
from redis import Redis, RedisError

from tradinglab.server.ops.requests import REGISTRY

_log = logging.getLogger(__name__)
_PREFIX: Final = "tradinglab:kept-answers:"
_MB: Final = 1 << 20
#: One answer may take so much of all room.
_LARGEST_SHARE: Final = 8
_WITHOUT_REDIS_S: Final = 5.0
_SOCKET_S: Final = 0.5

_LOOKS = Counter(
    "tradinglab_kept_answers_looks",
    "Looks for answers that may be kept, by what they are of and whether there was one.",
    ["kind", "found"],
    registry=REGISTRY,
)
_MADE = Counter(
    "tradinglab_kept_answers_making_seconds",
    "Time that making those took that there were not.",
    ["kind"],
    registry=REGISTRY,
)
_SIZE = Gauge(
    "tradinglab_kept_answers_bytes", "Bytes of the answers that this process keeps itself.", registry=REGISTRY
)

#: Keeps an answer, and gives up the oldest ones while there are too many bytes; one step, whoever else writes.
_PUT = """
local name, value, now, room = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local before = tonumber(redis.call('HGET', KEYS[2], name) or '0')
redis.call('SET', KEYS[4] .. name, value)
redis.call('HSET', KEYS[2], name, #value)
redis.call('ZADD', KEYS[1], now, name)
local total = redis.call('INCRBY', KEYS[3], #value - before)
while total > room do
  local gone = redis.call('ZPOPMIN', KEYS[1])
  if #gone == 0 then redis.call('SET', KEYS[3], 0) break end
  local size = tonumber(redis.call('HGET', KEYS[2], gone[1]) or '0')
  redis.call('DEL', KEYS[4] .. gone[1])
  redis.call('HDEL', KEYS[2], gone[1])
  total = redis.call('INCRBY', KEYS[3], -size)
end
return total
"""


class ProcessAnswers:
    """Answers in this process's memory."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._size = 0
        self._lock = threading.Lock()
        self._answers: OrderedDict[str, bytes] = OrderedDict()

    def get(self, key: str) -> bytes | None:
        """Return an answer, if it is kept."""
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
            return self._answers.get(key)

    def put(self, key: str, answer: bytes) -> None:
        """Keep an answer; those that were not used longest make room for it."""
        with self._lock:
            self._size += len(answer) - len(self._answers.pop(key, b""))
            self._answers[key] = answer
            while self._size > self._room:
                self._size -= len(self._answers.popitem(last=False)[1])
            _SIZE.set(self._size)

    @property
    def size(self) -> int:
        """How many bytes are kept."""
        return self._size


class RedisAnswers:
    """Answers in Redis, for all processes; while it is away, in this one.

    Nothing expires: the room bounds them, and what is written to Redis otherwise is not touched.
    """

    def __init__(self, redis: Redis, own: ProcessAnswers, room: int) -> None:
        self._redis = redis
        self._own = own
        self._room = room
        self._away_until = 0.0
        self._put = redis.register_script(_PUT)

    def get(self, key: str) -> bytes | None:
        """Return an answer, if it is kept."""

        def look() -> bytes | None:
            steps = self._redis.pipeline(transaction=False)
            steps.get(f"{_PREFIX}a:{key}")
            steps.zadd(f"{_PREFIX}used", {key: time.time()}, xx=True)
            found: bytes | None = steps.execute()[0]
            return found

        return self._tried(look, lambda: self._own.get(key))

    def put(self, key: str, answer: bytes) -> None:
        """Keep an answer; those that were not used longest make room for it."""
        keys = [f"{_PREFIX}used", f"{_PREFIX}sizes", f"{_PREFIX}total", f"{_PREFIX}a:"]
        self._tried(
            lambda: self._put(keys=keys, args=[key, answer, time.time(), self._room]) and None,
            lambda: self._own.put(key, answer),
        )

    def _tried(self, shared: Callable[[], bytes | None], own: Callable[[], bytes | None]) -> bytes | None:
        if time.monotonic() >= self._away_until:
            try:
                return shared()
            except (RedisError, OSError) as error:
                self._away_until = time.monotonic() + _WITHOUT_REDIS_S
                _log.warning("each process keeps answers of its own: %s", error)
        return own()


def kept_answer(*, kind: str, key: str, make: Callable[[], bytes | None]) -> bytes | None:
    """Return the answer of a key: the one that is kept, or one that is made now, and kept.

    Parameters
    ----------
    kind
        What it is of, for who counts how often one was found.
    key
        A hash over all that the answer depends on, the content included.
    make
        Makes it. ``None`` is handed on and not kept.
    """
    place = _place(settings.ENVIRONMENT.redis_url, settings.ENVIRONMENT.kept_answers_mb)
    found = place.get(key)
    _LOOKS.labels(kind, "no" if found is None else "yes").inc()
    if found is not None:
        return found
    began = time.perf_counter()
    made = make()
    _MADE.labels(kind).inc(time.perf_counter() - began)
    if made is not None and len(made) <= settings.ENVIRONMENT.kept_answers_mb * _MB // _LARGEST_SHARE:
        place.put(key, made)
    return made


@lru_cache(maxsize=4)
def _place(redis_url: str | None, room_mb: int) -> ProcessAnswers | RedisAnswers:
    own = ProcessAnswers(room_mb * _MB)
    if redis_url is None:
        return own
    redis = Redis.from_url(redis_url, socket_timeout=_SOCKET_S, socket_connect_timeout=_SOCKET_S)
    return RedisAnswers(redis, own, room_mb * _MB)
