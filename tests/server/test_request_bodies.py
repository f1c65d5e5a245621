"""How much of a request is kept before it is known who asks."""

from __future__ import annotations

from typing import Any

from asgiref.sync import async_to_sync

from tradinglab.server.config.handler import OneThreadHandler

_PIECE = 1_000_000


def read(pieces: int) -> tuple[int, int]:
    """Send a body in pieces; return how many bytes were read, and how many pieces were taken."""
    taken = 0

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": b"x" * _PIECE, "more_body": taken < pieces}

    body = async_to_sync(OneThreadHandler().read_body)(receive)
    with body:
        return len(body.read()), taken


def test_a_body_is_read_to_its_end() -> None:
    assert read(25) == (25 * _PIECE, 25)


def test_of_a_body_without_an_end_no_more_is_kept_than_is_refused() -> None:
    # Whoever reads it finds more than may be sent.
    assert read(1_000) == (32 * _PIECE, 1_000)
