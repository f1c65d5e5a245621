"""``/ws/runs/{id}/`` and ``/ws/me/``: events as they are stored, each in a message of its own.

``docs/events.md`` has the protocol.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from contextlib import suppress
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import Error

from tradinglab.server.errors import NotFoundError
from tradinglab.server.runs.models import Run
from tradinglab.server.streams.entering import BAD_MESSAGE, NOBODY, NOT_FOUND, TOO_MANY, enter, query_of
from tradinglab.server.streams.errors import RefusedError, TooManyListenersError
from tradinglab.server.streams.hub import Channel, hub
from tradinglab.server.streams.reading import Reader, RunReader, UserReader
from tradinglab.server.streams.standing import Standing

_log = logging.getLogger(__name__)
LARGEST_POSITION = (1 << 63) - 1
_CHECK_EVERY_S = 2.0
_LONGEST_SEND_S = 30.0
_MOST_MESSAGES = 30
_MESSAGES_PER_S = 10.0
_OVER = 1000
_SERVER = 1011


class EventsConsumer(AsyncWebsocketConsumer):
    """Sends the events of one stream from where the client left off."""

    async def connect(self) -> None:
        """Find out who asks and for what; then send, while messages of the client's are listened to."""
        # Accepted first: a browser does not show why a connection was not.
        await self.accept()
        self._seek: asyncio.Queue[int] = asyncio.Queue()
        self._heard: list[float] = []
        self._sending = asyncio.create_task(self._serve())

    async def _serve(self) -> None:
        try:
            code, reason = await self._listen()
        except RefusedError as error:
            code, reason = error.close_code, str(error)
        except TooManyListenersError as error:
            code, reason = TOO_MANY, str(error)
        except NotFoundError as error:
            code, reason = NOT_FOUND, str(error)
        except Error as error:
            _log.warning("a WebSocket is closed: the database does not answer: %s", error)
            code, reason = _SERVER, "The database does not answer; connect again."
        except OSError:
            return  # the client is gone, or took nothing for so long that it is given up
        except Exception:
            _log.exception("a WebSocket failed")
            code, reason = _SERVER, "The server failed; connect again."
        with suppress(Exception):  # whoever is gone needs no closing
            async with asyncio.timeout(_LONGEST_SEND_S):
                await self.close(code, reason[:120])

    async def _listen(self) -> tuple[int, str]:
        """Send until there is nothing more to send; return how to close."""
        after = _position(query_of(self.scope).get("after"))
        standing = await hub().load(lambda: enter(self.scope))
        reader = await hub().load(lambda: self.reader(standing))
        async with hub().listening(reader, user_id=standing.user_id) as channel:
            if after is None:
                after = await self.beginning(channel)
            while True:
                sending = asyncio.create_task(self._send_from(channel, standing, after))
                seeking = asyncio.create_task(self._seek.get())
                try:
                    await asyncio.wait((sending, seeking), return_when=asyncio.FIRST_COMPLETED)
                    if not seeking.done():
                        return await sending
                    after = seeking.result()
                finally:
                    for task in (sending, seeking):
                        task.cancel()
                    await asyncio.gather(sending, seeking, return_exceptions=True)

    async def _send_from(self, channel: Channel, standing: Standing, after: int) -> tuple[int, str]:
        await self._say({"control": "following", "after": after})
        checked = time.monotonic()
        async for items in channel.follow(after, tick_s=_CHECK_EVERY_S):
            for item in items:
                async with asyncio.timeout(_LONGEST_SEND_S):
                    await self._send(item.text)
            if time.monotonic() - checked >= _CHECK_EVERY_S:
                checked = time.monotonic()
                if not await hub().holds(standing):
                    return NOBODY, "The session, the key or the user is no longer valid."
        return _OVER, "The run has its outcome."

    async def _say(self, message: dict[str, Any]) -> None:
        await self._send(json.dumps(message))

    async def _send(self, text: str) -> None:
        try:
            await self.send(text_data=text)
        except RuntimeError as error:
            # The client has closed and its server says so by this error, before `disconnect` is heard here.
            raise ConnectionAbortedError(str(error)) from error

    def reader(self, standing: Standing) -> Reader:
        """Return what is listened to.

        Raises
        ------
        NotFoundError
            If there is no such thing, or it is another user's.
        """
        raise NotImplementedError

    async def beginning(self, channel: Channel) -> int:
        """Return where to start if the client does not say."""
        raise NotImplementedError

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Hear ``{"after": n}`` and ``{"ping": …}``."""
        now = time.monotonic()
        self._heard = [each for each in self._heard if now - each < _MESSAGES_PER_S] + [now]
        if len(self._heard) > _MOST_MESSAGES:
            await self._refuse(TOO_MANY, "Too many messages; events need none.")
            return
        try:
            message = json.loads(text_data or "")
            match message:
                case {"after": int(after), **rest} if not rest and type(after) is int:
                    self._seek.put_nowait(_position(str(after)) or 0)
                case {"ping": str() | int() as said, **rest} if not rest:
                    await self._say({"control": "pong", "ping": said})
                case _:
                    raise ValueError
        except RefusedError as error:
            await self._refuse(error.close_code, str(error))
        except OSError:
            return  # the client asked and left
        except (ValueError, RecursionError):
            await self._refuse(BAD_MESSAGE, 'Send {"after": 17} or {"ping": 1} and nothing else.')

    async def _refuse(self, code: int, reason: str) -> None:
        self._sending.cancel()
        await asyncio.gather(self._sending, return_exceptions=True)
        with suppress(RuntimeError):  # closed already
            await self.close(code, reason)

    async def disconnect(self, code: int) -> None:
        """Stop sending."""
        self._sending.cancel()
        await asyncio.gather(self._sending, return_exceptions=True)


class RunConsumer(EventsConsumer):
    """The events of one run; closed after the last one."""

    def reader(self, standing: Standing) -> Reader:
        """Return the run, if it is the user's."""
        run_id = self.scope["url_route"]["kwargs"]["run_id"]
        if not Run.objects.filter(pk=run_id, owner_id=standing.user_id, deleted_at=None).exists():
            raise NotFoundError(f"There is no run {run_id}.")
        return RunReader(run_id)

    async def beginning(self, channel: Channel) -> int:
        """Start with the first event."""
        return 0


class MeConsumer(EventsConsumer):
    """The events of all of a user's runs, new ones too."""

    def reader(self, standing: Standing) -> Reader:
        """Return the user."""
        return UserReader(standing.user_id)

    async def beginning(self, channel: Channel) -> int:
        """Start with what comes next."""
        return await channel.tail()


class NowhereConsumer(AsyncWebsocketConsumer):
    """Where there is no stream."""

    async def connect(self) -> None:
        """Close."""
        await self.accept()
        await self.close(NOT_FOUND, "There is no such stream; see docs/events.md.")


def _position(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= LARGEST_POSITION):
        raise RefusedError(BAD_MESSAGE, "'after' is the number of the last event that you have, or 0.")
    return int(text)
