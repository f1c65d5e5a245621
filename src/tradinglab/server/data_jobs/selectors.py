"""Reads about jobs, uploads and schedules; what is another user's does not exist here."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum, UUIDField

from tradinglab.server.accounts.models import User
from tradinglab.server.data_jobs.models import DataJob, DataJobItem, DataSchedule, DataUpload
from tradinglab.server.errors import NotFoundError

_LARGEST_ID = 2**63 - 1
_State = DataJobItem.State


def data_job_list(*, user: User) -> QuerySet[DataJob]:
    """Return a user's jobs with the counts of their items, without those that are deleted."""
    counts = {f"{state}_count": Count("items", filter=Q(items__state=state)) for state in _State}
    found = DataJob.objects.filter(run__owner=user, run__deleted_at=None).select_related("run")
    return found.annotate(
        created_at=F("run__created_at"), total_count=Count("items"), added_sum=Sum("items__added"), **counts
    )


def data_job_get(*, user: User, run_id: UUID) -> DataJob:
    """Return one of a user's jobs."""
    found = data_job_list(user=user).filter(pk=run_id).first()
    if found is None:
        raise NotFoundError(f"There is no data job {run_id}.")
    return found


def item_list(*, job: DataJob) -> QuerySet[DataJobItem]:
    """Return the items of a job, with the job that keeps one that waits from beginning."""
    busy = DataJobItem.objects.filter(store=OuterRef("store"), series=OuterRef("series"), state=_State.RUNNING)
    busy = busy.exclude(job=job.pk)
    return DataJobItem.objects.filter(job=job).annotate(
        waits_for=Subquery(busy.values("job_id")[:1], output_field=UUIDField())
    )


def item_get(*, job: DataJob, item_id: int) -> DataJobItem:
    """Return one item of a job."""
    found = item_list(job=job).filter(pk=item_id).first() if item_id <= _LARGEST_ID else None
    if found is None:
        raise NotFoundError(f"The job has no item {item_id}.")
    return found


def upload_list(*, user: User) -> QuerySet[DataUpload]:
    """Return the files that a user has sent."""
    return DataUpload.objects.filter(owner=user)


def upload_get(*, user: User, upload_id: UUID) -> DataUpload:
    """Return one of the files that a user has sent."""
    found = upload_list(user=user).filter(pk=upload_id).first()
    if found is None:
        raise NotFoundError(f"There is no upload {upload_id}.")
    return found


def schedule_list(*, user: User) -> QuerySet[DataSchedule]:
    """Return a user's schedules."""
    return DataSchedule.objects.filter(owner=user).select_related("last_job__run", "watch_list")


def schedule_get(*, user: User, schedule_id: UUID) -> DataSchedule:
    """Return one of a user's schedules."""
    found = schedule_list(user=user).filter(pk=schedule_id).first()
    if found is None:
        raise NotFoundError(f"There is no data schedule {schedule_id}.")
    return found
