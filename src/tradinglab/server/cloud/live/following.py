"""Following a deployment that is at QuantConnect: looks become events, once; one that falls silent is told of.

What was seen and the events that tell of it are stored together, under a claim: after a restart nothing comes twice.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from tradinglab.quantconnect import QuantConnect
from tradinglab.server.cloud.live.ending import liquidation_carry_out, stop_carry_out
from tradinglab.server.cloud.live.looking import Look, look_at
from tradinglab.server.cloud.live.models import Liquidation, LiveProject
from tradinglab.server.cloud.live.telling import Changes
from tradinglab.server.cloud.live.work import LiveWork, Told, soon

#: QuantConnect tells of orders and log lines minutes late: so long after the end it is still asked.
_LATE: Final = timedelta(minutes=10)
#: So often it has to be missing before it is believed to be gone.
_MOST_MISSING: Final = 3
_SOON_S: Final = 3.0


def follow(work: LiveWork, client: QuantConnect) -> None:
    """Look once, store what changed, carry out what is wished for, and say when the next look is due."""
    look = look_at(work.row, client)
    if look.found is None:
        if look.is_superseded and work.row.is_ended:
            # Its end is known; QuantConnect tells of the one after it.
            work.finish()
        else:
            _missing(work, look)
        return
    changes = Changes(work.row, look, look.found)
    work.record(changes.told, {**changes.columns, "failures": 0, "waiting_for": ""})
    liquidation_carry_out(work, client, look)
    stop_carry_out(work, client, look)
    if _is_all_told(work, look):
        work.finish()
        return
    _note_unchanged(work)
    work.keep(next_at=soon(_wait_s(work)))


def _wait_s(work: LiveWork) -> float:
    row, usual = work.row, float(settings.ENVIRONMENT.quantconnect_poll_s)
    is_ending = row.liquidation == Liquidation.UNDER_WAY or (row.stop_requested_at is not None and not row.is_ended)
    return min(_SOON_S, usual) if is_ending else usual


def _is_all_told(work: LiveWork, look: Look) -> bool:
    """Say whether nothing more will come of it."""
    row = work.row
    if not row.is_ended or row.liquidation == Liquidation.UNDER_WAY:
        return False
    is_anothers = row.version_id is not None and not LiveProject.objects.filter(held_by=row).exists()
    return look.is_superseded or is_anothers or timezone.now() - row.step_at > _LATE


def _missing(work: LiveWork, look: Look) -> None:
    """Believe that it is gone once it has been so for a few looks."""
    row = work.row
    missing = row.missing + 1
    if missing < _MOST_MISSING:
        next_at = soon(float(settings.ENVIRONMENT.quantconnect_poll_s))
        work.keep(missing=missing, is_superseded=look.is_superseded or row.is_superseded, next_at=next_at)
        return
    text = f"QuantConnect knows no deployment {row.deploy_id} any more: it, or its project, was deleted there."
    if row.liquidation == Liquidation.UNDER_WAY:
        told = Told("liquidation", {"outcome": "not_flat", "times": row.liquidate_told, "message": text})
        work.keep(told, liquidation=Liquidation.NOT_FLAT, liquidation_note=text)
    work.finish(status="Deleted", message=text, error={"code": "quantconnect_deleted", "message": text})


def _note_unchanged(work: LiveWork) -> None:
    row, quiet = work.row, timedelta(seconds=settings.ENVIRONMENT.quantconnect_unchanged_s)
    if row.is_ended or row.alert or row.changed_at is None or timezone.now() - row.changed_at <= quiet:
        return
    text = (
        f"QuantConnect has told the same of it since {row.changed_at:%Y-%m-%d %H:%M} UTC: not even its figures moved."
    )
    work.keep(Told("alert", {"code": "unchanged", "message": text}), alert="unchanged")


def note_silence(work: LiveWork, reason: str) -> None:
    """Tell, once, of a deployment of which nothing could be learnt for too long."""
    row, most = work.row, timedelta(seconds=settings.ENVIRONMENT.quantconnect_silent_s)
    last = row.reported_at or row.step_at
    if row.alert not in ("", "unchanged") or timezone.now() - last <= most:
        return
    text = f"QuantConnect has told nothing of it since {last:%Y-%m-%d %H:%M:%S} UTC: {reason[:1000]}"
    work.keep(Told("alert", {"code": "silent", "message": text}), alert="silent")
