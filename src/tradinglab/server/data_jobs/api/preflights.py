"""``/api/v1/backtests/preflight/``: what a backtest would read, what of it is missing, and jobs that bring it."""

from __future__ import annotations

from datetime import date
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.data.preflight import NeedRole, NeedState
from tradinglab.server.accounts.models import Scope, User
from tradinglab.server.accounts.permissions import scope_missing, scopes_of, user_of
from tradinglab.server.backtests.api.serializers import BacktestInput
from tradinglab.server.backtests.holding_out import end_allowed
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.parameters import parameters_check
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.data_jobs.requests import DownloadRequest, Subjects
from tradinglab.server.data_jobs.services import data_job_submit
from tradinglab.server.data_jobs.targets import target_wanted
from tradinglab.server.datasets.api.serializers import RESOLUTIONS, SECURITY_TYPES, TICK_TYPES, GapSerializer
from tradinglab.server.datasets.preflights import preflight
from tradinglab.server.errors import InputError
from tradinglab.server.rest.fields import ProblemSerializer
from tradinglab.server.strategies.files import check_files
from tradinglab.server.strategies.models import StrategyVersion
from tradinglab.server.strategies.selectors import version_of_user


class NeededSeriesSerializer(serializers.Serializer[Any]):
    """Bars that the backtest would read, and what there is of them."""

    ticker = serializers.CharField()
    security_type = serializers.ChoiceField(choices=SECURITY_TYPES)
    market = serializers.CharField()
    resolution = serializers.ChoiceField(choices=RESOLUTIONS)
    tick_types = serializers.ListField(
        child=serializers.ChoiceField(choices=TICK_TYPES), help_text="That there are, or any of which would do."
    )
    role = serializers.ChoiceField(choices=[str(each) for each in NeedRole], help_text="What they are read for.")
    state = serializers.ChoiceField(choices=[str(each) for each in NeedState])
    first_day = serializers.DateField(help_text="Of what is looked at: days that are over, while it was listed.")
    last_day = serializers.DateField()
    bars = serializers.IntegerField(help_text="That there are.")
    memory = serializers.IntegerField(help_text="Bytes that they take in memory.")
    missing_days = serializers.IntegerField(help_text="Days on which the market was open and there is no bar.")
    gaps = GapSerializer(many=True, help_text="At most 50.")
    derivable_from = serializers.ChoiceField(
        choices=RESOLUTIONS, allow_null=True, help_text="A finer resolution of which there are bars of missing days."
    )
    is_synthetic = serializers.BooleanField(help_text="Whether the bars are made up.")
    advice = serializers.CharField(allow_blank=True, help_text="What can be done, beside downloads.")
    other_data = serializers.ListField(
        child=serializers.CharField(), help_text="Other data sources here with bars of missing days."
    )


class AskedSourceSerializer(serializers.Serializer[Any]):
    """Who has what is missing."""

    name = serializers.CharField()
    start = serializers.DateField(help_text="From when on it has some.")
    is_whole = serializers.BooleanField(help_text="Whether that is all that is missing.")
    credentials = serializers.ListField(
        child=serializers.CharField(), help_text="Settings of its key, if it needs one."
    )


class NeededDownloadSerializer(serializers.Serializer[Any]):
    """A download that brings what is missing of a series."""

    ticker = serializers.CharField()
    security_type = serializers.ChoiceField(choices=SECURITY_TYPES)
    market = serializers.CharField()
    resolution = serializers.ChoiceField(choices=RESOLUTIONS)
    start = serializers.DateField()
    end = serializers.DateField()
    sources = AskedSourceSerializer(many=True, help_text="In the order in which they are best asked.")
    job = serializers.DictField(allow_null=True, help_text="What to POST to `/api/v1/data-jobs/download/`.")
    started = serializers.UUIDField(
        allow_null=True, default=None, help_text="The data job that was started for it, if that was asked for."
    )


class PreflightSerializer(serializers.Serializer[Any]):
    """What a backtest would read, and what of it is missing."""

    is_complete = serializers.BooleanField(help_text="Whether nothing is missing.")
    start = serializers.DateField(allow_null=True, help_text="First day of the backtest.")
    end = serializers.DateField(allow_null=True, help_text="Last day of the backtest.")
    bars = serializers.IntegerField(help_text="That it would read.")
    memory = serializers.IntegerField(help_text="Bytes that they take in memory.")
    series = NeededSeriesSerializer(many=True)
    downloads = NeededDownloadSerializer(many=True)
    notes = serializers.ListField(child=serializers.CharField(), help_text="What cannot be told before the run.")
    problem = serializers.CharField(
        allow_blank=True, help_text="Why `initialize` did not come to its end: there may be more to read. Else empty."
    )


class PreflightInput(BacktestInput):
    """A backtest that is to be looked at."""

    fetch = serializers.BooleanField(
        default=False, help_text="Start jobs that download what is missing; needs the scope `admin`, as these do."
    )


class PreflightView(APIView):
    """A look at the data before a backtest."""

    @extend_schema(
        operation_id="backtests_preflight",
        request=PreflightInput,
        responses={
            200: PreflightSerializer,
            503: OpenApiResponse(
                ProblemSerializer, "No worker was free in time; `Retry-After` says when to come again."
            ),
        },
    )
    def post(self, request: Request) -> Response:
        """Say what a backtest would read and what of it is missing; nothing is run but `initialize`.

        The body is that of a backtest. Each download that would bring what is missing comes with the `job`
        to ask for, or, with `fetch`, is started at once.
        """
        user = user_of(request)
        given = PreflightInput(data=request.data)
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(given.validated_data)
        if values["fetch"] and Scope.ADMIN not in scopes_of(request):
            raise PermissionDenied(scope_missing(Scope.ADMIN))
        if values["engine"] != Backtest.Engine.LOCAL:
            text = "QuantConnect has its own data, which cannot be looked at from here; leave 'engine' out."
            raise InputError("engine", values["engine"], text)
        files: dict[str, str] | None = values.get("files")
        if files is None:
            version = version_of_user(user=user, version_id=values["version"])
        else:
            check_files(files)
            version = StrategyVersion(files=files)  # it is looked at, and not stored
        wanted = {name: values[name] for name in ("start", "end", "cash", "data")}
        BacktestRequest(version=version, **wanted).check()
        parameters_check(files=version.files, parameters=values["parameters"])
        if files is None:
            sealed = values["hold_out"]
            wanted["end"] = end_allowed(version=version, start=wanted["start"], end=wanted["end"], sealed=sealed)
        found = preflight(user=user, files=version.files, parameters=values["parameters"], **wanted)
        if values["fetch"]:
            _start(user, found["downloads"])
        return Response(PreflightSerializer(found).data)


def _start(user: User, downloads: list[dict[str, Any]]) -> None:
    """Start a job for each download that one can bring, and say which."""
    for each in downloads:
        job = each["job"]
        if job is None:
            continue
        subjects = Subjects(symbols=job["symbols"], security_type=job["security_type"], market=job["market"])
        asked = DownloadRequest(
            target=target_wanted(name=job["target"]),
            subjects=subjects,
            sources=job["sources"],
            resolution=job["resolution"],
            start=date.fromisoformat(job["start"]),
            end=date.fromisoformat(job["end"]),
        )
        each["started"] = data_job_submit(owner=user, request=asked).run.pk
