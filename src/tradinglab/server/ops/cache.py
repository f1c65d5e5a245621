"""The cache that all processes share; while Redis is away each process has one of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis import RedisError

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_WITHOUT_REDIS_S = 5.0


class PatientRedisCache(RedisCache):
    """Django's cache in Redis, for what may be forgotten: a Redis that is away fails no request."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._own = LocMemCache("while-redis-is-away", {})

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep a value if there is none."""
        return self._tried(
            lambda: super(PatientRedisCache, self).add(key, value, timeout, version),
            lambda: self._own.add(key, value, timeout, version),
        )

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """Return a value."""
        return self._tried(
            lambda: super(PatientRedisCache, self).get(key, default, version),
            lambda: self._own.get(key, default, version),
        )

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Keep a value."""
        self._tried(
            lambda: super(PatientRedisCache, self).set(key, value, timeout, version),
            lambda: self._own.set(key, value, timeout, version),
        )

    def delete(self, key: Any, version: int | None = None) -> bool:
        """Forget a value."""
        return self._tried(
            lambda: super(PatientRedisCache, self).delete(key, version), lambda: self._own.delete(key, version)
        )

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Count a number up.

        Raises
        ------
        ValueError
            If there is none: it may have been kept elsewhere before Redis went or came.
        """
        return self._tried(
            lambda: super(PatientRedisCache, self).incr(key, delta, version),
            lambda: self._own.incr(key, delta, version),
        )

    def clear(self) -> None:
        """Forget all."""
        self._own.clear()
        self._tried(super().clear, self._own.clear)

    def _tried(self, shared: Callable[[], _T], own: Callable[[], _T]) -> _T:
        global _away_until
        if time.monotonic() >= _away_until:
            try:
                return shared()
            except (RedisError, OSError) as error:
                _away_until = time.monotonic() + _WITHOUT_REDIS_S
                _log.warning("each process has a cache of its own: %s", error)
        return own()


#: Django has a cache for each thread; they share what they know of Redis.
_away_until = 0.0
