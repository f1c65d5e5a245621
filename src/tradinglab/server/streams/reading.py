"""What is read of the stored events: those of a run by their number, those of a user's runs by their cursor."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import connection
from django.db.models import Max, QuerySet

from tradinglab.server.runs.models import Run, RunEvent


@dataclass(frozen=True, slots=True)
class Item:
    """An event, ready to be sent.

    Attributes
    ----------
    position
        Where it stands in what is listened to: its number in the run, or its cursor among all.
    kind
        What happened.
    text
        The event as JSON; written once for all who listen.
    """

    position: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What came after a position, up to where everything is known, and whether nothing more will come."""

    items: list[Item]
    position: int
    is_over: bool


class StoredEvent(Protocol):
    """An event of anything that has events."""

    sequence: int
    kind: str
    data: Any
    at: datetime


class Reader(Protocol):
    """Reads one stream of events from the database."""

    @property
    def key(self) -> tuple[str, str]:
        """What is read: those who listen to the same share it."""

    def tail(self) -> int:
        """Return the position of the newest event."""

    def read(self, *, after: int, limit: int) -> Reading:
        """Return what came after a position."""

    def stored(self, *, after: int, upto: int, limit: int) -> list[Item]:
        """Return what lies between two positions that were passed already."""


class NumberedReader:
    """The events of one thing, numbered from 1: of a run, or of whatever else has an end."""

    def __init__(self, story_id: UUID) -> None:
        self.story_id = story_id

    @property
    def key(self) -> tuple[str, str]:
        """The thing; hints name all of them as they name runs."""
        return "run", str(self.story_id)

    def standing(self) -> tuple[int, bool]:
        """Return the number of the newest event, and whether nothing more will come."""
        raise NotImplementedError

    def events(self) -> QuerySet[Any]:
        """Return the events in their order."""
        raise NotImplementedError

    def tail(self) -> int:
        """Return the number of the newest event."""
        return self.standing()[0]

    def end(self) -> int | None:
        """Return the number of the last event of all; ``None`` if more may come."""
        newest, is_over = self.standing()
        return newest if is_over else None

    def read(self, *, after: int, limit: int) -> Reading:
        """Return what came after a number; what has its end says nothing more."""
        # The end is asked for first: one that comes between the two questions is then seen with its events.
        _, is_over = self.standing()
        items = [item_of(each) for each in self.events().filter(sequence__gt=after)[:limit]]
        return Reading(items, items[-1].position if items else after, is_over and len(items) < limit)

    def stored(self, *, after: int, upto: int, limit: int) -> list[Item]:
        """Return what lies between two numbers."""
        return [item_of(each) for each in self.events().filter(sequence__gt=after, sequence__lte=upto)[:limit]]


class RunReader(NumberedReader):
    """The events of a run."""

    def standing(self) -> tuple[int, bool]:
        """Return its newest number, and whether it has its outcome; a run that is gone says nothing more."""
        run = Run.objects.only("state", "last_sequence").filter(pk=self.story_id).first()
        return (0, True) if run is None else (run.last_sequence, run.is_final)

    def events(self) -> QuerySet[RunEvent]:
        """Return its events."""
        return RunEvent.objects.filter(run_id=self.story_id).order_by("sequence")


class UserReader:
    """The events of all of a user's runs, in the order of their cursors."""

    def __init__(self, user_id: int) -> None:
        self._user_id = user_id

    @property
    def key(self) -> tuple[str, str]:
        """The user."""
        return "user", str(self._user_id)

    def tail(self) -> int:
        """Return the cursor up to which everything is known."""
        return watermark.advance()

    def read(self, *, after: int, limit: int) -> Reading:
        """Return what came after a cursor; a user is never over."""
        upto = watermark.advance()
        items = self.stored(after=after, upto=upto, limit=limit)
        position = items[-1].position if len(items) == limit else max(after, upto)
        return Reading(items, position, False)

    def stored(self, *, after: int, upto: int, limit: int) -> list[Item]:
        """Return what lies between two cursors."""
        events = RunEvent.objects.filter(run__owner_id=self._user_id, pk__gt=after, pk__lte=upto)
        return [item_of(each, with_cursor=True) for each in events.order_by("pk")[:limit]]


class Watermark:
    """The cursor below which no event can appear any more.

    Cursors are given out when an event is written, and seen when its transaction is done. SQLite has one writer at a
    time, so that the order is the same. On PostgreSQL an event may be seen before one with a lower cursor: a cursor is
    passed only when all transactions are done that were under way when it was first seen.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._safe = 0
        self._waiting: list[tuple[int, int]] = []

    def advance(self) -> int:
        """Look at what is under way, and return the cursor up to which everything is known."""
        if connection.vendor != "postgresql":
            return newest_cursor()
        with connection.cursor() as cursor:
            cursor.execute(_SNAPSHOT)
            newest, oldest, following = cursor.fetchone()
        return self.note(newest=newest or 0, oldest=oldest, following=following)

    def note(self, *, newest: int, oldest: int, following: int) -> int:
        """Take in what one look has shown.

        Parameters
        ----------
        newest
            The highest cursor that is seen.
        oldest
            The first transaction that is under way; the next one's number if there is none.
        following
            The number of the next transaction.
        """
        with self._lock:
            self._waiting.append((following, newest))
            passed = [cursor for transaction, cursor in self._waiting if transaction <= oldest]
            self._waiting = [pair for pair in self._waiting if pair[0] > oldest][:_MOST_LOOKS]
            self._safe = max([self._safe, *passed])
            return self._safe


_MOST_LOOKS = 1000
_SNAPSHOT = f"""
SELECT (SELECT max(id) FROM {RunEvent._meta.db_table}),
       coalesce((SELECT min(x::text::bigint) FROM pg_snapshot_xip(s) AS x), pg_snapshot_xmax(s)::text::bigint),
       pg_snapshot_xmax(s)::text::bigint
FROM (SELECT pg_current_snapshot() AS s) AS snapshot
"""

#: This process's own.
watermark = Watermark()


def newest_cursor() -> int:
    """Return the highest cursor of all."""
    newest: int | None = RunEvent.objects.aggregate(newest=Max("pk"))["newest"]
    return newest or 0


def event_document(event: StoredEvent, *, with_cursor: bool = False) -> dict[str, object]:
    """Return an event as it is sent, the same on every way."""
    document: dict[str, object] = {}
    if with_cursor and isinstance(event, RunEvent):
        document = {"cursor": event.pk, "run": str(event.run_id)}
    return document | {
        "sequence": event.sequence,
        "kind": event.kind,
        "at": event.at.isoformat().replace("+00:00", "Z"),
        "data": event.data,
    }


def item_of(event: StoredEvent, *, with_cursor: bool = False) -> Item:
    """Return an event ready to be sent, at its number, or at its cursor among all."""
    position = event.pk if with_cursor and isinstance(event, RunEvent) else event.sequence
    return Item(position, event.kind, json.dumps(event_document(event, with_cursor=with_cursor), ensure_ascii=False))


def documents(items: Iterable[Item]) -> list[dict[str, object]]:
    """Return the events of *items*."""
    return [json.loads(each.text) for each in items]
