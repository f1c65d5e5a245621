"""Storing events: numbered from 1, without a gap, before anybody hears of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F

from tradinglab.server.runs.hints import hint_publish
from tradinglab.server.runs.models import Run, RunEvent

#: What an update of a run's row contains that numbers an event.
NEXT_NUMBER: Final[Mapping[str, Any]] = {"last_sequence": F("last_sequence") + 1}


# Within another transaction it is a part of that one, not one to be undone by itself.
@transaction.atomic(savepoint=False)
def event_store(*, run_id: UUID, kind: str, data: Mapping[str, Any] | None = None) -> RunEvent:
    """Store what happened under the run's next number, and tell those who listen once it is stored for good.

    The row of the run is locked by the update, so that two writers get two numbers.
    """
    Run.objects.filter(pk=run_id).update(**NEXT_NUMBER)
    return event_store_numbered(run_id=run_id, kind=kind, data=data)


@transaction.atomic(savepoint=False)
def event_store_numbered(*, run_id: UUID, kind: str, data: Mapping[str, Any] | None = None) -> RunEvent:
    """Store what happened under the number that this transaction has just given with :data:`NEXT_NUMBER`."""
    sequence, owner_id = Run.objects.values_list("last_sequence", "owner_id").get(pk=run_id)
    transaction.on_commit(lambda: hint_publish(run_id=run_id, owner_id=owner_id), robust=True)
    return RunEvent.objects.create(run_id=run_id, sequence=sequence, kind=kind, data=dict(data or {}))
