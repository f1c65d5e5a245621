"""Events of classes with slots: made, and joined to what raises them, when first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tradinglab.algorithm.events import Event


def event_property(slot: str, join: Callable[[Any, Event], object], doc: str) -> property:
    """Return a member that handlers are added to with ``+=``.

    Parameters
    ----------
    slot
        The slot in which the event is kept; without one there, or with ``None``, nobody listens.
    join
        Called once with the owner and the event, to have the event raised.
    """

    def read(self: Any) -> Event:
        event: Event | None = getattr(self, slot, None)
        if event is None:
            event = Event()
            setattr(self, slot, event)
            join(self, event)
        return event

    def write(self: Any, event: Event) -> None:
        if event is not read(self):
            raise AttributeError("An event is changed with += and -= only.")

    return property(read, write, doc=doc)
