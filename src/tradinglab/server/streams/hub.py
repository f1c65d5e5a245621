"""Those who listen in this process: whatever their number, one of them reads the database for each stream.

What was read lately is kept once for all. Each listener has a position and nothing else: one that is slow or comes late
reads from the database what is kept no longer, and holds up nobody.
"""

from __future__ import annotations

import asyncio
import logging
import time
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import Context
from functools import partial
from itertools import islice
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import Error, connection

from tradinglab.server.runs.patience import AWAY
from tradinglab.server.streams.errors import TooManyListenersError
from tradinglab.server.streams.listening import Hints
from tradinglab.server.streams.reading import Item, Reader
from tradinglab.server.streams.standing import Standing

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

#: How often the database is looked at when nobody tells of news, and when somebody does.
LOOK_EVERY_S = 0.25
LOOK_EVERY_WITH_HINTS_S = 3.0
_AFTER_ERROR_S = 1.0
_KEPT = 1000
_PAGE = 200
_THREADS = 4
_STANDING_VALID_S = 2.0


class Channel:
    """One stream, for all in this process who listen to it."""

    def __init__(self, reader: Reader, hub: Hub) -> None:
        self._reader = reader
        self._hub = hub
        self._kept: deque[Item] = deque(maxlen=_KEPT)
        self._start = 0  # what comes after it, up to the position, is kept
        self._position = 0
        self._is_over = False
        self._changed = asyncio.Event()
        self._woken = asyncio.Event()
        self._ready = asyncio.Event()
        self.listeners = 0

    async def tail(self) -> int:
        """Return the position of the newest event that is known."""
        await self._ready.wait()
        return self._position

    def wake(self) -> None:
        """Look at the database now."""
        self._woken.set()

    async def watch(self) -> None:
        """Read what is new, again and again, until nothing more will come."""
        while not self._is_over:
            try:
                if not self._ready.is_set():
                    self._start = self._position = await self._hub.load(self._reader.tail)
                    self._ready.set()
                more = await self._read()
            except Error as error:
                _log.warning("events could not be read: %s", error)
                await asyncio.sleep(_AFTER_ERROR_S)
                continue
            if not more and not self._is_over:
                await _wait(self._woken, LOOK_EVERY_WITH_HINTS_S if self._hub.hints.are_heard else LOOK_EVERY_S)

    async def _read(self) -> bool:
        self._woken.clear()
        reading = await self._hub.load(partial(self._reader.read, after=self._position, limit=_PAGE))
        for item in reading.items:
            if len(self._kept) == _KEPT:
                self._start = self._kept[0].position
            self._kept.append(item)
        self._position, self._is_over = reading.position, reading.is_over
        if reading.items or reading.is_over:
            self._changed.set()
            self._changed = asyncio.Event()
        return len(reading.items) == _PAGE

    async def follow(self, after: int, *, tick_s: float) -> AsyncIterator[list[Item]]:
        """Yield what comes after a position, in its order, until nothing more will come; nothing at each *tick_s*."""
        await self._ready.wait()
        while True:
            changed = self._changed
            items = await self._next(after)
            if items:
                after = items[-1].position
                yield items
            elif self._is_over:
                return
            elif not await _wait(changed, tick_s):
                yield []

    async def _next(self, after: int) -> list[Item]:
        """Return some of what comes after a position: from what is kept, or from the database."""
        while after < self._start:
            upto = self._start
            try:
                stored = await self._hub.load(partial(self._reader.stored, after=after, upto=upto, limit=_PAGE))
            except Error as error:
                _log.warning("events could not be read: %s", error)
                await asyncio.sleep(_AFTER_ERROR_S)
                continue
            if stored:
                return stored
            after = upto
        first = bisect_right(self._kept, after, key=lambda item: item.position)
        return list(islice(self._kept, first, first + _PAGE))


class Hub:
    """The channels of this process, and who listens."""

    def __init__(self) -> None:
        self.hints = Hints(self._wake, self._wake_all)
        self._channels: dict[tuple[str, str], Channel] = {}
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._hearing: asyncio.Task[None] | None = None
        self._users: Counter[int] = Counter()
        self._standings: dict[Standing, tuple[float, bool]] = {}
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="tradinglab-hub")

    async def load(self, read: Callable[[], _T]) -> _T:
        """Read from the database in one of the hub's own threads; again, if its connection had broken."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _guarded, read)

    @contextmanager
    def _admitted(self, user_id: int) -> Any:
        most = settings.ENVIRONMENT.listeners_per_user
        if self._users[user_id] >= most:
            raise TooManyListenersError(
                f"You listen {most} times already in this process; close a connection, then open another."
            )
        self._users[user_id] += 1
        try:
            yield
        finally:
            self._users[user_id] -= 1
            self._users += Counter()  # forget those at zero

    @asynccontextmanager
    async def listening(self, reader: Reader, *, user_id: int) -> AsyncIterator[Channel]:
        """Listen to a stream; the last one who leaves ends the reading.

        Raises
        ------
        TooManyListenersError
            If the user has as many connections as one may have.
        """
        with self._admitted(user_id):
            channel = self._channels.get(reader.key)
            if channel is None:
                channel = self._channels[reader.key] = Channel(reader, self)
                self._tasks[reader.key] = _start(channel.watch())
                if self._hearing is None:
                    self._hearing = _start(self.hints.hear())
            channel.listeners += 1
            try:
                yield channel
            finally:
                channel.listeners -= 1
                if not channel.listeners:
                    self._leave(reader.key)

    def _leave(self, key: tuple[str, str]) -> None:
        del self._channels[key]
        self._tasks.pop(key).cancel()
        if not self._channels and self._hearing is not None:
            self._hearing.cancel()
            self._hearing = None

    async def holds(self, standing: Standing) -> bool:
        """Say whether somebody may still listen; asked of the database every few seconds, once for all alike."""
        known = self._standings.get(standing)
        if known is not None and time.monotonic() - known[0] < _STANDING_VALID_S:
            return known[1]
        try:
            found = await self.load(standing.holds)
        except Error:
            return True  # the database is away: what is sent was allowed a moment ago
        now = time.monotonic()
        self._standings = {k: v for k, v in self._standings.items() if now - v[0] < _STANDING_VALID_S}
        self._standings[standing] = (now, found)
        return found

    def _wake(self, *keys: tuple[str, str]) -> None:
        for key in keys:
            if channel := self._channels.get(key):
                channel.wake()

    def _wake_all(self) -> None:
        self._wake(*self._channels)


def _guarded(read: Callable[[], _T]) -> _T:
    was_open = connection.connection is not None
    try:
        return _read_once(read)
    except AWAY as error:
        if not was_open:
            raise
        # Whoever comes first after an outage finds a connection of before it: that the database is back is seen by
        # a new one.
        _log.info("a connection to the database broke, and a new one is tried: %s", error)
    return _read_once(read)


def _read_once(read: Callable[[], _T]) -> _T:
    try:
        return read()
    except Error:
        # A connection that broke is not used again.
        with suppress(Error):
            connection.close()
        raise


def _start(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Start a task that belongs to the process, not to the request that was the first to need it."""
    return asyncio.get_running_loop().create_task(work, context=Context())


async def _wait(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """Return the hub of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]
