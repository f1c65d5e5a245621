"""``/api/v1/data-jobs/``: downloads and updates, and what becomes of every job."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.models import Scope, User
from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.data_jobs.api.serializers import (
    STATES,
    DataJobItemSerializer,
    DataJobSerializer,
    DownloadInput,
    RetryInput,
    UpdateInput,
)
from tradinglab.server.data_jobs.models import DataJob, DataJobItem
from tradinglab.server.data_jobs.requests import DownloadRequest, Subjects, UpdateRequest
from tradinglab.server.data_jobs.selectors import data_job_get, data_job_list, item_get, item_list
from tradinglab.server.data_jobs.services import (
    data_job_cancel,
    data_job_delete,
    data_job_pause,
    data_job_resume,
    data_job_retry,
    data_job_submit,
)
from tradinglab.server.data_jobs.targets import target_wanted
from tradinglab.server.datasets.models import WatchList
from tradinglab.server.datasets.selectors import watch_list_list
from tradinglab.server.errors import InputError
from tradinglab.server.rest import idempotency
from tradinglab.server.rest.fields import ProblemSerializer
from tradinglab.server.rest.filters import ChoiceFilter, MultipleChoiceFilter, refuse_unknown
from tradinglab.server.rest.pages import Pages
from tradinglab.server.runs.models import FINAL_STATES
from tradinglab.server.runs.services import Submission

_PAUSED = "paused"
OVER = OpenApiResponse(ProblemSerializer, "It is over, or is being cancelled.")
SUBMITTED = {202: DataJobSerializer, 200: DataJobSerializer, **idempotency.REFUSALS}


class DataJobPages(Pages):
    """Newest first."""

    ordering = ("-created_at", "-run_id")


class ItemPages(Pages):
    """In the order in which they are brought."""

    ordering = ("place", "id")


class DataJobFilter(filters.FilterSet):
    """Which jobs are listed."""

    kind = ChoiceFilter(choices=DataJob.Kind.choices)
    state = MultipleChoiceFilter(method="in_states", choices=[(each, each) for each in STATES])
    target = filters.CharFilter()
    schedule = filters.UUIDFilter(field_name="schedule_id")

    def in_states(self, found: QuerySet[DataJob], name: str, values: list[str]) -> QuerySet[DataJob]:
        """Keep the jobs that are in one of the states."""
        if not values:
            return found
        is_paused = Q(paused_at__isnull=False) & ~Q(run__state__in=FINAL_STATES)
        wanted = Q(run__state__in=[each for each in values if each != _PAUSED]) & ~is_paused
        return found.filter(wanted | is_paused if _PAUSED in values else wanted)


class ItemFilter(filters.FilterSet):
    """Which items are listed."""

    state = MultipleChoiceFilter(choices=DataJobItem.State.choices)
    symbol = filters.CharFilter(field_name="ticker", lookup_expr="iexact")


class AdminsView(APIView):
    """What admins may change, and who may read, read."""

    write_scope: ClassVar[str] = Scope.ADMIN


class DataJobsView(generics.ListAPIView[DataJob]):
    """The jobs of who asks."""

    serializer_class = DataJobSerializer
    queryset = DataJob.objects.none()
    filterset_class = DataJobFilter
    pagination_class = DataJobPages

    def get_queryset(self) -> QuerySet[DataJob]:
        """Return the user's own."""
        return data_job_list(user=user_of(self.request))


class DownloadsView(AdminsView):
    """Downloading."""

    @extend_schema(
        operation_id="data_jobs_download",
        request=DownloadInput,
        parameters=[idempotency.PARAMETER],
        responses=SUBMITTED,
    )
    def post(self, request: Request) -> Response:
        """Download what a store lacks of a range, symbol by symbol; what was stopped goes on where it was."""
        return _asked_for(request, DownloadInput(data=request.data), DownloadRequest)


class UpdatesView(AdminsView):
    """Updating."""

    @extend_schema(
        operation_id="data_jobs_update",
        request=UpdateInput,
        parameters=[idempotency.PARAMETER],
        responses=SUBMITTED,
    )
    def post(self, request: Request) -> Response:
        """Bring the bars since the last one of series that a store has, and see what was corrected before."""
        return _asked_for(request, UpdateInput(data=request.data), UpdateRequest)


def _given(serializer: Any) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _subjects(user: User, given: dict[str, Any]) -> Subjects:
    """Take out of a request what names its series."""
    number = given.pop("watch_list", None)
    return Subjects(
        symbols=given.pop("symbols", ()),
        security_type=given.pop("security_type", None),
        market=given.pop("market", None),
        watch_list=None if number is None else watch_list_wanted(user, number),
        is_all=bool(given.pop("all", False)),
    )


def watch_list_wanted(user: User, number: UUID) -> WatchList:
    """Return the watch-list that a request names.

    Raises
    ------
    InputError
        If the user has none such.
    """
    found = watch_list_list(user=user).filter(pk=number).first()
    if found is None:
        raise InputError("watch_list", str(number), "You have no such watch-list. GET /api/v1/watch-lists/ lists them.")
    return found


def _asked_for(request: Request, serializer: Any, kind: type[DownloadRequest | UpdateRequest]) -> Response:
    """Submit a job for the series that a request names."""
    user, given = user_of(request), _given(serializer)
    asked = kind(subjects=_subjects(user, given), target=target_wanted(name=given.pop("target")), **given)
    key = idempotency.idempotency_key(request)
    return submitted(request, data_job_submit(owner=user, request=asked, idempotency_key=key))


def submitted(request: Request, made: Submission) -> Response:
    """Return the answer to who has asked for a job."""
    job = data_job_get(user=user_of(request), run_id=made.run.pk)
    answer = status.HTTP_202_ACCEPTED if made.is_new else status.HTTP_200_OK
    return Response(DataJobSerializer(job).data, status=answer, headers={"Location": _location(request, job)})


def _location(request: Request, job: DataJob) -> str:
    before = request.path.partition("/data-jobs/")[0]
    return request.build_absolute_uri(f"{before}/data-jobs/{job.pk}/")


class DataJobView(AdminsView):
    """One job."""

    @extend_schema(operation_id="data_jobs_read", responses=DataJobSerializer)
    def get(self, request: Request, data_job_id: UUID) -> Response:
        """Return what is brought, and how far it is."""
        refuse_unknown(request)
        return _answer(request, data_job_id, status.HTTP_200_OK)

    @extend_schema(
        operation_id="data_jobs_delete",
        responses={
            204: OpenApiResponse(description="It is out of sight; the bars stay."),
            409: OpenApiResponse(ProblemSerializer, "It has no outcome yet; cancel it first."),
        },
    )
    def delete(self, request: Request, data_job_id: UUID) -> Response:
        """Take it out of sight; what it has brought stays."""
        data_job_delete(job=data_job_get(user=user_of(request), run_id=data_job_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _answer(request: Request, run_id: UUID, code: int) -> Response:
    return Response(DataJobSerializer(data_job_get(user=user_of(request), run_id=run_id)).data, status=code)


class DataJobPauseView(AdminsView):
    """Pausing."""

    @extend_schema(operation_id="data_jobs_pause", request=None, responses={200: DataJobSerializer, 409: OVER})
    def post(self, request: Request, data_job_id: UUID) -> Response:
        """Begin no further item, and stop those under way between two parts; `resume` goes on from there."""
        data_job_pause(job=data_job_get(user=user_of(request), run_id=data_job_id))
        return _answer(request, data_job_id, status.HTTP_200_OK)


class DataJobResumeView(AdminsView):
    """Going on."""

    @extend_schema(operation_id="data_jobs_resume", request=None, responses={200: DataJobSerializer, 409: OVER})
    def post(self, request: Request, data_job_id: UUID) -> Response:
        """Go on where it was paused."""
        data_job_resume(job=data_job_get(user=user_of(request), run_id=data_job_id))
        return _answer(request, data_job_id, status.HTTP_200_OK)


class DataJobCancelView(AdminsView):
    """Stopping."""

    @extend_schema(operation_id="data_jobs_cancel", request=None, responses={202: DataJobSerializer, 409: OVER})
    def post(self, request: Request, data_job_id: UUID) -> Response:
        """Begin nothing further, and stop what is under way; what is stored stays."""
        data_job_cancel(job=data_job_get(user=user_of(request), run_id=data_job_id))
        return _answer(request, data_job_id, status.HTTP_202_ACCEPTED)


class DataJobRetryView(AdminsView):
    """Trying again."""

    @extend_schema(
        operation_id="data_jobs_retry",
        request=RetryInput,
        responses={
            200: OpenApiResponse(DataJobSerializer, "The items wait again, in the same job."),
            202: OpenApiResponse(DataJobSerializer, "The job was over: another one was made of the items."),
            409: OpenApiResponse(ProblemSerializer, "There is nothing to try again."),
        },
    )
    def post(self, request: Request, data_job_id: UUID) -> Response:
        """Try items again that failed or were cancelled: all of them, or those that are named."""
        job = data_job_get(user=user_of(request), run_id=data_job_id)
        given = _given(RetryInput(data=request.data))
        made = data_job_retry(job=job, items=given.get("items"))
        return submitted(request, Submission(made.run, made.pk != job.pk))


class DataJobItemsView(generics.ListAPIView[DataJobItem]):
    """The items of a job."""

    serializer_class = DataJobItemSerializer
    queryset = DataJobItem.objects.none()
    filterset_class = ItemFilter
    pagination_class = ItemPages

    def get_queryset(self) -> QuerySet[DataJobItem]:
        """Return those of the job, if it is the user's."""
        return item_list(job=data_job_get(user=user_of(self.request), run_id=self.kwargs["data_job_id"]))


class DataJobItemView(AdminsView):
    """One item."""

    @extend_schema(operation_id="data_jobs_item", responses=DataJobItemSerializer)
    def get(self, request: Request, data_job_id: UUID, item_id: int) -> Response:
        """Return where it is, what came, from whom, and what was told otherwise before."""
        refuse_unknown(request)
        job = data_job_get(user=user_of(request), run_id=data_job_id)
        return Response(DataJobItemSerializer(item_get(job=job, item_id=item_id)).data)
