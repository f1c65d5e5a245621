"""``/api/v1/data-schedules/``: when watch-lists are updated."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from tradinglab.data.sources.asking import RESOLUTIONS
from tradinglab.server.accounts.models import Scope
from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.data_jobs.api.serializers import (
    ON_RESTATED,
    DataJobSerializer,
    on_restated_field,
    sources_field,
    target_field,
)
from tradinglab.server.data_jobs.api.views import AdminsView, submitted, watch_list_wanted
from tradinglab.server.data_jobs.models import DataJob, DataSchedule
from tradinglab.server.data_jobs.schedules import schedule_begin, schedule_create, schedule_delete, schedule_update
from tradinglab.server.data_jobs.selectors import schedule_get, schedule_list
from tradinglab.server.rest.fields import NameField, StrictSerializer
from tradinglab.server.rest.filters import refuse_unknown
from tradinglab.server.runs.services import Submission

_AT_HELP = "The time of day, such as 18:30, by the clock of `time_zone`."
_DAYS_HELP = "Only on days on which a market of the list's instruments is open."


class DataScheduleInput(StrictSerializer):
    """A schedule that is to be made."""

    name = NameField(max_length=200)
    watch_list = serializers.UUIDField()
    target = target_field()
    resolution = serializers.ChoiceField(choices=RESOLUTIONS, default="daily")
    sources = sources_field(default=list)
    on_restated = on_restated_field(default="keep")
    at = serializers.TimeField(help_text=_AT_HELP)
    time_zone = NameField(max_length=64, default="UTC")
    is_trading_days_only = serializers.BooleanField(default=False, help_text=_DAYS_HELP)
    is_active = serializers.BooleanField(default=True)


class DataScheduleChanges(StrictSerializer):
    """What is to be changed; the rest stays."""

    name = NameField(max_length=200, required=False)
    watch_list = serializers.UUIDField(required=False)
    target = target_field(required=False)
    resolution = serializers.ChoiceField(choices=RESOLUTIONS, required=False)
    sources = sources_field(required=False)
    on_restated = on_restated_field(required=False)
    at = serializers.TimeField(required=False, help_text=_AT_HELP)
    time_zone = NameField(max_length=64, required=False)
    is_trading_days_only = serializers.BooleanField(required=False, help_text=_DAYS_HELP)
    is_active = serializers.BooleanField(required=False)


class DataScheduleSerializer(serializers.ModelSerializer[DataSchedule]):
    """A schedule, with its last time and its next."""

    watch_list = serializers.UUIDField(source="watch_list_id")
    resolution = serializers.ChoiceField(choices=RESOLUTIONS)
    sources = serializers.ListField(child=serializers.CharField())
    on_restated = serializers.ChoiceField(choices=ON_RESTATED)
    last_job = serializers.UUIDField(source="last_job_id", allow_null=True)
    at = serializers.CharField(help_text="By the clock of `time_zone`, such as 18:30:00.")

    class Meta:
        model = DataSchedule
        fields = [
            "id", "name", "watch_list", "target", "resolution", "sources", "on_restated", "at", "time_zone",
            "is_trading_days_only", "is_active", "next_run_at", "last_run_at", "last_job", "problem", "created_at",
            "updated_at",
        ]  # fmt: skip
        extra_kwargs = {
            "next_run_at": {"help_text": "null while it is not active."},
            "problem": {"help_text": "Why no job was made the last time; empty if one was."},
        }


def _values(request: Request, serializer: Any) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    values = dict(serializer.validated_data)
    if "watch_list" in values:
        values["watch_list"] = watch_list_wanted(user_of(request), values["watch_list"])
    return values


class SchedulesView(generics.ListAPIView[DataSchedule]):
    """The schedules of who asks."""

    serializer_class = DataScheduleSerializer
    queryset = DataSchedule.objects.none()
    filter_backends = ()
    write_scope = Scope.ADMIN

    def get_queryset(self) -> QuerySet[DataSchedule]:
        """Return the user's own."""
        return schedule_list(user=user_of(self.request))

    @extend_schema(
        operation_id="data_schedules_create", request=DataScheduleInput, responses={201: DataScheduleSerializer}
    )
    def post(self, request: Request) -> Response:
        """Have a watch-list's series updated each day; what was missed is caught up with once."""
        made = schedule_create(owner=user_of(request), values=_values(request, DataScheduleInput(data=request.data)))
        location = request.build_absolute_uri(f"{request.path}{made.pk}/")
        return Response(DataScheduleSerializer(made).data, status.HTTP_201_CREATED, headers={"Location": location})


class ScheduleView(AdminsView):
    """One schedule."""

    @extend_schema(operation_id="data_schedules_read", responses=DataScheduleSerializer)
    def get(self, request: Request, schedule_id: UUID) -> Response:
        """Return it."""
        refuse_unknown(request)
        return _answer(request, schedule_id)

    @extend_schema(operation_id="data_schedules_update", request=DataScheduleChanges, responses=DataScheduleSerializer)
    def patch(self, request: Request, schedule_id: UUID) -> Response:
        """Change it; its next time follows from what it is then."""
        found = schedule_get(user=user_of(request), schedule_id=schedule_id)
        schedule_update(schedule=found, values=_values(request, DataScheduleChanges(data=request.data)))
        return _answer(request, schedule_id)

    @extend_schema(operation_id="data_schedules_delete", responses={204: None})
    def delete(self, request: Request, schedule_id: UUID) -> Response:
        """Delete it; its jobs stay."""
        schedule_delete(schedule=schedule_get(user=user_of(request), schedule_id=schedule_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _answer(request: Request, schedule_id: UUID) -> Response:
    return Response(DataScheduleSerializer(schedule_get(user=user_of(request), schedule_id=schedule_id)).data)


class ScheduleRunView(AdminsView):
    """Not waiting for its time."""

    @extend_schema(operation_id="data_schedules_run", request=None, responses={202: DataJobSerializer})
    def post(self, request: Request, schedule_id: UUID) -> Response:
        """Begin its update now; its next time stays as it is."""
        found = schedule_get(user=user_of(request), schedule_id=schedule_id)
        made = DataJob.objects.select_related("run").get(pk=schedule_begin(schedule=found))
        return submitted(request, Submission(made.run, True))
