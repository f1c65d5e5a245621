"""Hearing the hints that there is something new to read; without Redis there are none."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from django.conf import settings
from redis import RedisError
from redis.asyncio import Redis

from tradinglab.server.runs.hints import CHANNEL, hint_read

_log = logging.getLogger(__name__)
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 10.0
_HEALTH_EVERY_S = 10.0


class Hints:
    """Listens to Redis for the whole process.

    Parameters
    ----------
    wake
        Is told the keys of the streams that have news.
    wake_all
        Is called when hints may have been missed.
    """

    def __init__(self, wake: Callable[..., None], wake_all: Callable[[], None]) -> None:
        self._wake = wake
        self._wake_all = wake_all
        self.are_heard = False

    async def hear(self) -> None:
        """Listen; a Redis that is away is tried again and again, and meanwhile everybody looks by themselves."""
        url = settings.ENVIRONMENT.redis_url
        pause = _FIRST_PAUSE_S
        while url is not None:
            try:
                async with Redis.from_url(
                    url, socket_connect_timeout=3, health_check_interval=_HEALTH_EVERY_S
                ) as redis:
                    await self._listen(redis)
            except (RedisError, OSError) as error:
                _log.warning("hints of events are not heard for now: %s", error)
            finally:
                pause = _FIRST_PAUSE_S if self.are_heard else min(2 * pause, _LONGEST_PAUSE_S)
                self.are_heard = False
                self._wake_all()
            await asyncio.sleep(pause)

    async def _listen(self, redis: Redis) -> None:
        async with redis.pubsub() as listening:
            await listening.subscribe(CHANNEL)
            while True:
                message = await listening.get_message(timeout=_HEALTH_EVERY_S)
                if message is None:
                    continue
                if message["type"] == "subscribe":
                    self.are_heard = True
                    self._wake_all()
                elif message["type"] == "message" and (hint := hint_read(message["data"].decode("utf-8", "replace"))):
                    run_id, owner_id = hint
                    self._wake(("run", str(run_id)), ("user", str(owner_id)))
