"""Writes about jobs, as their owners ask for them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from tradinglab.data.store.layout import SeriesKey, folder_of
from tradinglab.server.accounts.models import User
from tradinglab.server.data_jobs.models import DataJob, DataJobItem, DataSchedule, DataUpload
from tradinglab.server.data_jobs.requests import AnyRequest, DownloadRequest
from tradinglab.server.data_jobs.targets import Target, target_get
from tradinglab.server.errors import ConflictError, InputError
from tradinglab.server.runs.deletion import run_delete, run_parts_hide
from tradinglab.server.runs.events import event_store
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.services import Submission, run_cancel, run_create, run_once, run_parts_cancel

KIND: Final = "data_job"
#: Sources that pace their answers may take days over many symbols.
LASTS_S: Final = 30 * 86_400.0
_State = DataJobItem.State


def data_job_submit(
    *,
    owner: User,
    request: AnyRequest,
    idempotency_key: str | None = None,
    schedule: DataSchedule | None = None,
) -> Submission:
    """Store a job that downloads or updates.

    Raises
    ------
    InputError
        If what is asked for cannot be had.
    TooManyQueuedError
        If the owner has as many runs waiting as may wait.
    IdempotencyKeyReusedError
        If the key came with another request.
    """
    keys = request.keys()
    kind = DataJob.Kind.DOWNLOAD if isinstance(request, DownloadRequest) else DataJob.Kind.UPDATE

    def start() -> Run:
        job = job_create(owner=owner, kind=kind, target=request.target, options=request.options(), schedule=schedule)
        items_create(job=job, target=request.target, keys=keys)
        return job.run

    said = [str(kind), request.target.name, request.options(), [folder_of(each) for each in keys]]
    return once(owner, idempotency_key, said, start)


def once(owner: User, key: str | None, said: Sequence[Any], start: Callable[[], Run]) -> Submission:
    """Start a job, or return the one that the same request started before."""
    request_hash = hashlib.sha256(json.dumps(["data job", *said], sort_keys=True).encode()).hexdigest()
    with transaction.atomic():
        return run_once(owner=owner, key=key, request_hash=request_hash, start=start)


def job_create(
    *,
    owner: User,
    kind: DataJob.Kind,
    target: Target,
    options: Mapping[str, Any],
    schedule: DataSchedule | None = None,
    upload: DataUpload | None = None,
    retry_of: DataJob | None = None,
) -> DataJob:
    """Store a job without items, within a transaction."""
    manifest = {"kind": str(kind), "target": target.name, **options}
    run = run_create(owner=owner, kind=KIND, manifest=manifest, lasts_s=LASTS_S)
    return DataJob.objects.create(
        run=run,
        kind=kind,
        target=target.name,
        options=dict(options),
        schedule=schedule,
        upload=upload,
        retry_of=retry_of,
    )


def items_create(*, job: DataJob, target: Target, keys: Sequence[SeriesKey]) -> None:
    """Store the items of a job."""
    DataJobItem.objects.bulk_create(
        DataJobItem(
            job=job,
            place=place,
            security_type=key.security_type.name.lower(),
            market=key.market,
            ticker=key.ticker,
            resolution=key.resolution.name.lower(),
            tick_type=key.tick_type.name.lower(),
            store=target.key,
            series=folder_of(key),
        )
        for place, key in enumerate(keys)
    )


@transaction.atomic
def data_job_pause(*, job: DataJob) -> None:
    """Begin no further item; what is under way stops between two of its parts, and goes on from there.

    Raises
    ------
    ConflictError
        If the job is over.
    """
    _going_on(job)
    if DataJob.objects.filter(pk=job.pk, paused_at=None).update(paused_at=timezone.now()):
        run_parts_cancel(run_id=job.pk)
        event_store(run_id=job.pk, kind="paused")


@transaction.atomic
def data_job_resume(*, job: DataJob) -> None:
    """Go on with a job that was paused.

    Raises
    ------
    ConflictError
        If the job is over.
    """
    _going_on(job)
    if DataJob.objects.filter(pk=job.pk).exclude(paused_at=None).update(paused_at=None):
        event_store(run_id=job.pk, kind="resumed")


@transaction.atomic
def data_job_cancel(*, job: DataJob) -> None:
    """Begin nothing further and stop what is under way; what was stored stays.

    Raises
    ------
    ConflictError
        If the job is over.
    """
    run_cancel(run=job.run)
    run_parts_cancel(run_id=job.pk)
    job.run.refresh_from_db()
    if job.run.is_final:  # it had not begun
        items = DataJobItem.objects.filter(job=job, state=_State.WAITING)
        items.update(state=_State.CANCELLED, finished_at=timezone.now())


@transaction.atomic
def data_job_retry(*, job: DataJob, items: Sequence[int] | None = None) -> DataJob:
    """Try failed or cancelled items again: in the job itself as long as it goes on, else in a new one.

    Parameters
    ----------
    items
        Their ids; by default all that failed or were cancelled.

    Raises
    ------
    InputError
        If one is not an item of the job that failed or was cancelled.
    ConflictError
        If there is none, or what the job was to import is not there any more.
    """
    run = Run.objects.select_for_update().get(pk=job.pk)
    found = list(_lost(job, items))
    if not found:
        raise ConflictError("No item of the job has failed or was cancelled: there is nothing to try again.")
    if not run.is_final:
        if run.cancel_requested_at is not None:
            raise ConflictError("The job is being cancelled; try its items again when it is over.")
        fresh: dict[str, Any] = {"state": _State.WAITING, "error": {}, "finished_at": None}
        DataJobItem.objects.filter(pk__in=[each.pk for each in found]).update(**fresh)
        event_store(run_id=job.pk, kind="retried", data={"items": [each.pk for each in found]})
        return job
    if job.kind == DataJob.Kind.IMPORT and job.upload is None:
        raise ConflictError("The file of the job is not there any more: upload it again and import that.")
    target = target_get(name=job.target)
    made = job_create(
        owner=run.owner,
        kind=DataJob.Kind(job.kind),
        target=target,
        options=job.options,
        upload=job.upload,
        retry_of=job,
    )
    names = ("security_type", "market", "ticker", "resolution", "tick_type", "series")
    DataJobItem.objects.bulk_create(
        DataJobItem(job=made, place=place, store=target.key, **{name: getattr(each, name) for name in names})
        for place, each in enumerate(found)
    )
    return made


def _lost(job: DataJob, items: Sequence[int] | None) -> Sequence[DataJobItem]:
    lost = DataJobItem.objects.filter(job=job, state__in=(_State.FAILED, _State.CANCELLED)).order_by("place")
    if items is None:
        return list(lost)
    known = {each.pk: each for each in lost}
    for place, each in enumerate(items):
        if each not in known:
            text = "The job has no such item that failed or was cancelled. …/items/?state=failed lists them."
            raise InputError(f"items.{place}", each, text)
    return [known[each] for each in dict.fromkeys(items)]


@transaction.atomic
def data_job_delete(*, job: DataJob) -> None:
    """Take a job out of sight; what it has stored stays.

    Raises
    ------
    ConflictError
        If it is not over.
    """
    run_delete(run=job.run)
    run_parts_hide(run=job.run)


def _going_on(job: DataJob) -> None:
    """Lock a job, and refuse one that is over."""
    run = Run.objects.select_for_update().get(pk=job.pk)
    if run.is_final:
        raise ConflictError(f"The job is over: it is {run.state}.")
    if run.cancel_requested_at is not None:
        raise ConflictError("The job is being cancelled.")
