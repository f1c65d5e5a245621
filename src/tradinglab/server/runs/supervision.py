"""Carrying a run out: claim it, execute it, give it one outcome."""

from __future__ import annotations

import errno
import logging
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction

from tradinglab.server.errors import StorageError, StorageRefusedError
from tradinglab.server.runs.any_store import Stored
from tradinglab.server.runs.coordination import run_coordinate
from tradinglab.server.runs.execution import Ended, Ending, OutputFile
from tradinglab.server.runs.kinds import RunKind, run_kind
from tradinglab.server.runs.lease import (
    Lease,
    LeaseLost,
    lease_claim,
    lease_event,
    lease_finish,
    lease_keep,
    lease_renew,
)
from tradinglab.server.runs.models import Artefact, Run, RunEvent, RunState
from tradinglab.server.runs.patience import AWAY, patiently
from tradinglab.server.runs.store import store

_log = logging.getLogger(__name__)
_LARGEST_ARTEFACT = 64_000_000
_STORE_PATIENCE_S = 120.0
_STORE_PAUSE_S = 1.0
#: The disk, what its owner may use of it, or what one file may have.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Supervisor:
    """Listens to an execution, and keeps the lease while it lasts."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._renew_every_s = min(settings.ENVIRONMENT.lease_s / 4, 0.5)
        # The claim was a sign of life, too, and saw that nobody wants the run stopped.
        self._next_renewal = time.monotonic() + self._renew_every_s
        self._last_sequence = 0

    def hear(self, *, fraction: float | None, date: str, lines: Sequence[str]) -> None:
        """Store how far the run is, and what it has logged."""
        if fraction is not None:
            data = {"fraction": fraction, "date": date}
            self._store("progress", data, fraction)
        if lines:
            self._store("log", {"lines": list(lines)})

    def _store(self, kind: str, data: Mapping[str, object], progress: float | None = None) -> None:
        """Store an event once, even if the database breaks off and cannot say whether it did."""
        asked = False

        def store_once() -> None:
            nonlocal asked
            if asked and self._is_stored(kind, data):
                return
            asked = True
            self._last_sequence = lease_event(lease=self._lease, kind=kind, data=data, progress=progress)

        patiently(store_once)

    def _is_stored(self, kind: str, data: Mapping[str, object]) -> bool:
        later = RunEvent.objects.filter(run_id=self._lease.run_id, kind=kind, sequence__gt=self._last_sequence)
        return any(each.data == data for each in later)

    def is_cancelled(self) -> bool:
        """Renew the lease when it is time to, and say whether the owner wants the run stopped."""
        now = time.monotonic()
        if now < self._next_renewal:
            return False
        self._next_renewal = now + self._renew_every_s
        return patiently(lambda: lease_renew(lease=self._lease))

    def keep(self, write: Callable[[], None]) -> None:
        """Write a part of what came of the run down, as long as it is held."""
        patiently(lambda: lease_keep(lease=self._lease, write=write))


def run_carry_out(*, run_id: UUID, worker: str) -> bool:
    """Carry a run out if it is free; return whether it was, and got its outcome here."""
    lease = lease_claim(run_id=run_id, worker=worker)
    return lease is not None and held_run_carry_out(lease=lease)


def held_run_carry_out(*, lease: Lease) -> bool:
    """Carry out a run that is held; return whether it got its outcome here."""
    run = patiently(lambda: Run.objects.get(pk=lease.run_id))
    is_over = _held_run_carry_out(run, lease)
    if is_over and run.parent_id is not None:
        with suppress(*AWAY):  # then it is moved on by whoever looks at the table next
            run_coordinate(run_id=run.parent_id)
    return is_over


def _held_run_carry_out(run: Run, lease: Lease) -> bool:
    try:
        _carry_out(run, lease)
    except LeaseLost:
        _log.warning("run %s was taken from %s", run.pk, run.worker)
        return False
    except AWAY as problem:
        _log.error("run %s is left to who takes it over: the database does not answer: %s", run.pk, problem)
        return False
    except OSError as problem:
        if problem.errno not in _FULL:
            return _failed(lease, problem)
        _log.error("run %s failed: the disk is full (%s)", run.pk, problem)
        text = "What the run left could not be stored: the server's disk is full. Start it again when there is room."
        return _finish_failed(lease, "storage_full", text)
    except StorageError as problem:
        _log.error("run %s failed: the store of artefacts does not take what it left: %s", run.pk, problem.reason)
        text = "What the run left could not be stored: the store does not take it; the server's log says why."
        return _finish_failed(lease, "storage_unavailable", f"{text} Start it again when the operator has mended that.")
    except Exception as problem:
        return _failed(lease, problem)
    return True


def _failed(lease: Lease, problem: Exception) -> bool:
    _log.error("run %s failed for a reason of the server's", lease.run_id, exc_info=problem)
    return _finish_failed(lease, "server", "The server failed; its log says why. Start the run again.")


def _finish_failed(lease: Lease, code: str, message: str) -> bool:
    try:
        error = {"code": code, "message": message}
        patiently(lambda: lease_finish(lease=lease, state=RunState.FAILED, error=error))
    except LeaseLost:
        return False
    return True


def _carry_out(run: Run, lease: Lease) -> None:
    kind = run_kind(run.kind)
    supervisor = Supervisor(lease)
    settings.HOME.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.HOME.work, prefix=f"{run.pk}-") as folder:
        ended = kind.execute(run, Path(folder), supervisor)
        patiently(lambda: lease_renew(lease=lease))
        ended = _without_too_large(ended)
        stored = _put(lease, ended.files)
        patiently(lambda: _finish(run, lease, kind, ended, stored))


def _put(lease: Lease, files: Mapping[str, OutputFile]) -> dict[str, Stored]:
    """Store the files; a store that is away is asked again, while the lease is kept."""

    def put_all() -> dict[str, Stored]:
        return {name: store().put(file.path, most_bytes=_LARGEST_ARTEFACT) for name, file in files.items()}

    end = time.monotonic() + _STORE_PATIENCE_S
    while True:
        try:
            return patiently(put_all)
        except StorageRefusedError:
            raise
        except StorageError:
            if time.monotonic() >= end:
                raise
        time.sleep(_STORE_PAUSE_S)
        patiently(lambda: lease_renew(lease=lease))


def _without_too_large(ended: Ended) -> Ended:
    """Let a run fail that left more than is stored; the rest of what it left is stored."""
    sizes = {name: file.path.lstat().st_size for name, file in ended.files.items()}
    large = {name: size for name, size in sizes.items() if size > _LARGEST_ARTEFACT}
    if not large:
        return ended
    listed = ", ".join(f"{name} ({size:,} bytes)" for name, size in sorted(large.items()))
    text = f"Of one file at most {_LARGEST_ARTEFACT:,} bytes are stored; the run left {listed}. Chart or log less."
    rest = {name: file for name, file in ended.files.items() if name not in large}
    if ended.ending != Ending.COMPLETED:
        return replace(ended, files=rest)
    error = {"code": "artefact_too_large", "message": text}
    return replace(ended, ending=Ending.FAILED, summary={}, told={}, error=error, files=rest)


@transaction.atomic
def _finish(run: Run, lease: Lease, kind: RunKind, ended: Ended, stored: Mapping[str, Stored]) -> None:
    """Store outcome, artefacts and figures, all or none."""
    state = RunState(ended.ending)
    lease_finish(lease=lease, state=state, error=ended.error, told=ended.told, sandbox_grade=ended.grade)
    Artefact.objects.bulk_create(
        Artefact(run=run, name=name, media_type=ended.files[name].media_type, size=each.size, sha256=each.sha256)
        for name, each in stored.items()
    )
    if ended.ending == Ending.COMPLETED:
        kind.record(run, ended.summary)
