"""Telling those who listen that there is something new to read. A hint that is lost costs them a moment, no event."""

from __future__ import annotations

import logging
import threading
import time
from functools import lru_cache
from uuid import UUID

from django.conf import settings
from redis import Redis, RedisError

CHANNEL = "tradinglab:events"
_PATIENCE_S = 0.5
_QUIET_S = 5.0
_log = logging.getLogger(__name__)


class _Teller:
    """Speaks to Redis, and stays quiet for a while after it did not listen: a run must not wait for it again."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, socket_connect_timeout=_PATIENCE_S, socket_timeout=_PATIENCE_S)
        self._quiet_until = 0.0
        self._lock = threading.Lock()

    def tell(self, text: str) -> None:
        if time.monotonic() < self._quiet_until:
            return
        try:
            self._redis.publish(CHANNEL, text)
        except (RedisError, OSError) as error:
            with self._lock:
                self._quiet_until = time.monotonic() + _QUIET_S
            _log.warning("listeners were not told of an event, and find it later: %s", error)


@lru_cache(maxsize=2)
def _teller(url: str) -> _Teller:
    return _Teller(url)


def hint_publish(*, run_id: UUID, owner_id: int) -> None:
    """Say that a run of a user has a new event; without Redis nobody is told, and all look by themselves."""
    if url := settings.ENVIRONMENT.redis_url:
        _teller(url).tell(f"{run_id} {owner_id}")


def hint_read(text: str) -> tuple[UUID, int] | None:
    """Return the run and the owner that a hint names; ``None`` for what is no hint."""
    run, _, owner = text.partition(" ")
    try:
        return UUID(run), int(owner)
    except ValueError:
        return None
