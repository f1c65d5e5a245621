"""Server-Sent Events, over the same channels as the WebSockets."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator

from tradinglab.server.streams.errors import TooManyListenersError
from tradinglab.server.streams.hub import hub
from tradinglab.server.streams.reading import Item, Reader
from tradinglab.server.streams.standing import Standing

_CHECK_EVERY_S = 2.0
_SIGN_OF_LIFE_EVERY_S = 15.0


async def event_stream(*, reader: Reader, after: int | None, standing: Standing) -> AsyncIterator[bytes]:
    """Yield the events after a position until nothing more will come, or who listens may do so no longer.

    Without a position the stream begins with what comes next.
    """
    try:
        async for part in _parts(reader, after, standing):
            yield part
    except TooManyListenersError as error:
        said = json.dumps({"code": error.code, "detail": str(error)})
        yield f"retry: 30000\nevent: refused\ndata: {said}\n\n".encode()


async def _parts(reader: Reader, after: int | None, standing: Standing) -> AsyncIterator[bytes]:
    async with hub().listening(reader, user_id=standing.user_id) as channel:
        yield b"retry: 2000\n\n"
        position = await channel.tail() if after is None else after
        if after is None:
            # Who is cut off before the first event resumes here.
            yield f"id: {position}\n\n".encode()
        now = quiet_since = checked = time.monotonic()
        async for items in channel.follow(position, tick_s=_CHECK_EVERY_S):
            now = time.monotonic()
            if items:
                quiet_since = now
                yield b"".join(_text(item) for item in items)
            elif now - quiet_since > _SIGN_OF_LIFE_EVERY_S:
                quiet_since = now
                yield b": still here\n\n"
            if now - checked >= _CHECK_EVERY_S:
                checked = now
                if not await hub().holds(standing):
                    return


def _text(item: Item) -> bytes:
    return f"id: {item.position}\nevent: {item.kind}\ndata: {item.text}\n\n".encode()
