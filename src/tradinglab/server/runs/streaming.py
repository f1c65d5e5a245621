"""Events as they are stored, sent while they happen."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from uuid import UUID

from asgiref.sync import sync_to_async

from tradinglab.server.runs.models import Run, RunEvent
from tradinglab.server.runs.selectors import event_list

_LOOK_EVERY_S = 0.3
_SIGN_OF_LIFE_EVERY_S = 15.0
_BATCH = 200


async def event_stream(*, run_id: UUID, after: int) -> AsyncIterator[bytes]:
    """Yield a run's events with numbers above *after* as Server-Sent Events, until the run has its outcome.

    The table is read again and again: what is sent is what is stored, so that a client that comes back with the number
    of its last event misses none and hears none twice.
    """
    yield b"retry: 2000\n\n"
    quiet_since = time.monotonic()
    while True:
        # The state is asked first: an outcome that comes between the two questions is then seen with its events.
        is_over = await sync_to_async(_is_over)(run_id)
        events = await sync_to_async(event_list)(run_id=run_id, after=after, limit=_BATCH)
        for event in events:
            after = event.sequence
            yield _text(event)
        if events:
            quiet_since = time.monotonic()
            continue
        if is_over:
            return
        if time.monotonic() - quiet_since > _SIGN_OF_LIFE_EVERY_S:
            quiet_since = time.monotonic()
            yield b": still here\n\n"
        await asyncio.sleep(_LOOK_EVERY_S)


def _is_over(run_id: UUID) -> bool:
    run = Run.objects.only("state").filter(pk=run_id).first()
    return run is None or run.is_final


def _text(event: RunEvent) -> bytes:
    data = json.dumps({"sequence": event.sequence, "kind": event.kind, "at": event.at.isoformat(), "data": event.data})
    return f"id: {event.sequence}\nevent: {event.kind}\ndata: {data}\n\n".encode()
