"""Runs that consist of others: nobody carries them out, they are moved on whenever a part of them is over."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import cast
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from tradinglab.server.runs.events import event_store
from tradinglab.server.runs.models import FINAL_STATES, Run, RunState
from tradinglab.server.runs.patience import AWAY
from tradinglab.server.runs.services import run_parts_cancel

_log = logging.getLogger(__name__)


def coordinated_kinds() -> list[str]:
    """Return the kinds of runs that consist of others."""
    return list(settings.RUN_COORDINATORS)


def runs_coordinate() -> None:
    """Move on all that are not over: what a worker missed that died is found here."""
    going_on = Run.objects.filter(kind__in=coordinated_kinds()).exclude(state__in=FINAL_STATES)
    for run_id in list(going_on.order_by("created_at").values_list("pk", flat=True)):
        run_coordinate(run_id=run_id)


def look_after() -> None:
    """Do what workers do now and then beside runs; one thing that fails keeps no other from being done."""
    for name in settings.LOOKED_AFTER:
        advance = cast("Callable[[], None]", import_string(name))
        try:
            advance()
        except AWAY:
            raise
        except Exception as problem:
            _log.error("%s failed", name, exc_info=problem)


def run_coordinate(*, run_id: UUID) -> None:
    """Move one on; one that cannot be moved on fails with its parts, rather than to wait for ever."""
    kind = Run.objects.values_list("kind", flat=True).filter(pk=run_id).first()
    if kind not in settings.RUN_COORDINATORS:
        return
    advance = cast("Callable[[UUID], None]", import_string(settings.RUN_COORDINATORS[kind]))
    try:
        advance(run_id)
    except AWAY:
        raise
    except Exception as problem:
        _log.error("run %s failed for a reason of the server's", run_id, exc_info=problem)
        error = {"code": "server", "message": "The server failed; its log says why. Start the run again."}
        with transaction.atomic():
            coordinated_finish(run_id=run_id, state=RunState.FAILED, error=error)
            run_parts_cancel(run_id=run_id)


@transaction.atomic
def coordinated_finish(
    *, run_id: UUID, state: RunState, error: dict[str, str] | None = None, told: dict[str, object] | None = None
) -> None:
    """Give such a run its outcome; the first one stays.

    Parameters
    ----------
    told
        What the event says beside state and error.
    """
    changed = (
        Run.objects.filter(pk=run_id)
        .exclude(state__in=FINAL_STATES)
        .update(state=state, finished_at=timezone.now(), error=error or {}, error_code=(error or {}).get("code", ""))
    )
    if changed:
        event_store(run_id=run_id, kind="finished", data={**(told or {}), "state": str(state), "error": error})
