"""Token buckets: so many requests at once, and as many again in the time that the rate names.

Looking and taking are one step, in Redis for all processes together, without it in each for itself.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from django.conf import settings
from redis import Redis, RedisError

from tradinglab.server.rest.rates import Rate

_log = logging.getLogger(__name__)
_MOST_BUCKETS = 10_000
_PATIENCE_S = 0.5
_WITHOUT_REDIS_S = 5.0
_TAKE = """
local capacity, per_second = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1e6
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(kept[1]) or capacity, tonumber(kept[2]) or now
tokens = math.min(capacity, tokens + math.max(0, now - at) * per_second)
local taken = 0
if tokens >= 1 then tokens = tokens - 1; taken = 1 end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(now))
redis.call('PEXPIRE', KEYS[1], math.ceil(capacity / per_second * 1000) + 1000)
return {taken, tostring(tokens)}
"""


class Taken(NamedTuple):
    """What came of taking one from a bucket."""

    rate: Rate
    is_allowed: bool
    tokens: float

    @property
    def wait_s(self) -> float:
        """Seconds until there is one again."""
        return max(0.0, (1 - self.tokens) / self.rate.per_second)

    def headers(self) -> dict[str, str]:
        """Return what the client is told."""
        full_in = (self.rate.most - self.tokens) / self.rate.per_second
        told = {
            "RateLimit-Limit": str(self.rate.most),
            "RateLimit-Remaining": str(int(self.tokens)),
            "RateLimit-Reset": str(math.ceil(full_in)),
            "RateLimit-Policy": f"{self.rate.most};w={self.rate.seconds}",
        }
        return told if self.is_allowed else told | {"Retry-After": str(max(1, math.ceil(self.wait_s)))}


class Buckets(Protocol):
    """Where the buckets are."""

    def take(self, name: str, rate: Rate) -> Taken:
        """Take one from a bucket, if there is one."""


class LocalBuckets:
    """The buckets of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, float]] = {}

    def take(self, name: str, rate: Rate) -> Taken:
        """Take one from a bucket, if there is one."""
        now = time.monotonic()
        with self._lock:
            tokens, at = self._kept.pop(name, (float(rate.most), now))
            tokens = min(rate.most, tokens + (now - at) * rate.per_second)
            is_allowed = tokens >= 1
            tokens -= is_allowed
            # The one that was used last stands last: the first is the one to forget.
            self._kept[name] = tokens, now
            if len(self._kept) > _MOST_BUCKETS:
                del self._kept[next(iter(self._kept))]
        return Taken(rate, is_allowed, tokens)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._kept.clear()


class RedisBuckets:
    """The buckets of all processes; while Redis is away each process counts for itself."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, socket_connect_timeout=_PATIENCE_S, socket_timeout=_PATIENCE_S)
        self._take: Any = self._redis.register_script(_TAKE)
        self._away_until = 0.0

    def take(self, name: str, rate: Rate) -> Taken:
        """Take one from a bucket, if there is one."""
        if time.monotonic() >= self._away_until:
            try:
                taken, tokens = self._take(keys=[f"tradinglab:rate:{name}"], args=[rate.most, rate.per_second])
                return Taken(rate, bool(taken), float(tokens))
            except (RedisError, OSError) as error:
                self._away_until = time.monotonic() + _WITHOUT_REDIS_S
                _log.warning("requests are counted by each process for itself: %s", error)
        return local_buckets.take(name, rate)


#: This process's own.
local_buckets = LocalBuckets()


@lru_cache(maxsize=4)
def _shared(url: str) -> RedisBuckets:
    return RedisBuckets(url)


def buckets() -> Buckets:
    """Return the buckets to take from."""
    url = settings.ENVIRONMENT.redis_url
    return _shared(url) if url else local_buckets
