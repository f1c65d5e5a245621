"""Storing the events of what is no run: numbered from 1, before anybody hears of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db import models, transaction
from django.db.models import F

from tradinglab.server.runs.hints import hint_publish

E = TypeVar("E", bound=models.Model)
_MOST_KEPT: Final = 20_000
_FORGET_EVERY: Final = 500


@transaction.atomic
def numbered_event_store(
    *, stories: type[models.Model], events: type[E], of: str, story_id: UUID, kind: str, data: Mapping[str, Any] | None
) -> E:
    """Store an event under its story's next number, and tell those who listen once it is stored for good.

    Parameters
    ----------
    stories
        What has events: its rows know their ``owner`` and ``last_sequence``.
    events
        Their events, of which the oldest are forgotten.
    of
        The name of the event's key to its story.
    """
    stories._default_manager.filter(pk=story_id).update(last_sequence=F("last_sequence") + 1)
    sequence, owner_id = stories._default_manager.values_list("last_sequence", "owner_id").get(pk=story_id)
    rows, key = events._default_manager, {f"{of}_id": story_id}
    if sequence % _FORGET_EVERY == 0:
        rows.filter(**key, sequence__lte=sequence - _MOST_KEPT).delete()
    transaction.on_commit(lambda: hint_publish(run_id=story_id, owner_id=owner_id), robust=True)
    return rows.create(**key, sequence=sequence, kind=kind, data=dict(data or {}))
