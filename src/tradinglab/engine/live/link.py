"""How a live run speaks with whoever looks after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol

#: A message in either direction: values that JSON has.
Message = Mapping[str, Any]


class LiveStatus(StrEnum):
    """Where a live run is in its life, in QuantConnect's words."""

    INITIALIZING = "Initializing"
    HISTORY = "History"
    RUNNING = "Running"
    STOPPED = "Stopped"
    LIQUIDATED = "Liquidated"
    RUNTIME_ERROR = "RuntimeError"


class LiveLink(Protocol):
    """Brings commands in and takes what there is to tell out."""

    def receive(self, timeout_s: float) -> list[Message]:
        """Wait for messages, not longer than so, and return those that came.

        ``{"kind": "stop"}``, ``{"kind": "liquidate"}``, or ``{"kind": "command", "id": 7, "body": {…}}``.
        """
        ...

    def send(self, kind: str, value: object) -> None:
        """Tell something; it may be told later, and does not wait."""
        ...

    def send_together(self, messages: Sequence[tuple[str, object]]) -> None:
        """Tell several things that are true together: whoever hears one of them hears all."""
        ...


class SilentLink:
    """Nobody is there: nothing comes in, and what goes out is kept."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, object]] = []

    def receive(self, timeout_s: float) -> list[Message]:
        """Return nothing."""
        return []

    def send(self, kind: str, value: object) -> None:
        """Keep what is told."""
        self.sent.append((kind, value))

    def send_together(self, messages: Sequence[tuple[str, object]]) -> None:
        """Keep what is told."""
        self.sent.extend(messages)
