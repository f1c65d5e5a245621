"""``/api/v1/backtests/``."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.models import User
from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.backtests.api.listing import SORTABLE_FIGURES, BacktestFilter, BacktestPages
from tradinglab.server.backtests.api.serializers import (
    BacktestAnnotations,
    BacktestDetailSerializer,
    BacktestInput,
    BacktestSerializer,
)
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.backtests.results import artefact_kept
from tradinglab.server.backtests.selectors import backtest_get, backtest_list, tags_of
from tradinglab.server.backtests.services import backtest_annotate, backtest_submit, backtest_submit_files
from tradinglab.server.rest import idempotency
from tradinglab.server.rest.fields import ProblemSerializer, nothing_given
from tradinglab.server.rest.files import Content, content_response
from tradinglab.server.rest.filters import refuse_unknown
from tradinglab.server.rest.quick import columns_of
from tradinglab.server.runs.api.serializers import ArtefactSerializer
from tradinglab.server.runs.deletion import run_delete
from tradinglab.server.runs.selectors import artefact_list, artefact_pieces, artefact_size
from tradinglab.server.runs.services import Submission, Wishes, run_cancel
from tradinglab.server.strategies.selectors import version_of_user

#: What a list needs of a backtest; tags are in a table of their own.
_COLUMNS = [name for name in columns_of(BacktestSerializer) if name != "tags"]


class BacktestsView(generics.ListAPIView[Backtest]):
    """The backtests of who asks."""

    serializer_class = BacktestSerializer
    queryset = Backtest.objects.none()
    filterset_class = BacktestFilter
    pagination_class = BacktestPages

    def get_queryset(self) -> QuerySet[Any, Any]:
        """Return the user's own; sorted by a figure, those that have it."""
        tests = backtest_list(user=user_of(self.request), with_deleted=True)  # the filter chooses
        name = self.request.query_params.get("sort", "").removeprefix("-")
        tests = tests.exclude(**{name: None}) if name in SORTABLE_FIGURES else tests
        # Rows and not objects: a page needs neither manifests nor sources, nor four objects for each line of it.
        rows: QuerySet[Any, Any] = tests.prefetch_related(None).values("created_at", *_COLUMNS)
        return rows

    def paginate_queryset(self, queryset: Any) -> list[Any]:
        """Return the page's rows with their tags."""
        rows = super().paginate_queryset(queryset) or []
        tags = tags_of(run_ids=[row["run_id"] for row in rows])
        return [{**row, "tags": tags[row["run_id"]]} for row in rows]

    @extend_schema(
        operation_id="backtests_create",
        request=BacktestInput,
        parameters=[idempotency.PARAMETER],
        responses={
            202: BacktestDetailSerializer,
            200: BacktestDetailSerializer,
            **idempotency.REFUSALS,
        },
    )
    def post(self, request: Request) -> Response:
        """Put a backtest into the queue."""
        user = user_of(request)
        given = BacktestInput(data=request.data)
        given.is_valid(raise_exception=True)
        submitted = _submit(user, dict(given.validated_data), idempotency.idempotency_key(request))
        # A run that was deleted since is still the answer to the request that started it.
        test = backtest_get(user=user, run_id=submitted.run.pk, with_deleted=True)
        answer = status.HTTP_202_ACCEPTED if submitted.is_new else status.HTTP_200_OK
        location = request.build_absolute_uri(f"{request.path}{test.pk}/")
        return Response(BacktestDetailSerializer(test).data, status=answer, headers={"Location": location})


def _submit(user: User, values: dict[str, Any], key: str | None) -> Submission:
    wishes = Wishes(**{name: values.pop(name) for name in ("priority", "timeout_s", "memory_mb")})
    if "files" in values:
        files = values.pop("files")
        return backtest_submit_files(
            owner=user,
            files=files,
            parameters=values["parameters"],
            request=lambda version: BacktestRequest(version=version, wishes=wishes, **values),
            idempotency_key=key,
        )
    version = version_of_user(user=user, version_id=values.pop("version"))
    request = BacktestRequest(version=version, wishes=wishes, **values)
    return backtest_submit(owner=user, request=request, idempotency_key=key)


class BacktestView(APIView):
    """One backtest."""

    @extend_schema(operation_id="backtests_read", responses=BacktestDetailSerializer)
    def get(self, request: Request, run_id: UUID) -> Response:
        """Return it with its manifest and statistics."""
        return Response(BacktestDetailSerializer(backtest_get(user=user_of(request), run_id=run_id)).data)

    @extend_schema(operation_id="backtests_annotate", request=BacktestAnnotations, responses=BacktestDetailSerializer)
    def patch(self, request: Request, run_id: UUID) -> Response:
        """Change its name, notes, tags or star."""
        user = user_of(request)
        test = backtest_get(user=user, run_id=run_id)
        given = BacktestAnnotations(data=request.data)
        given.is_valid(raise_exception=True)
        backtest_annotate(test=test, **given.validated_data)
        return Response(BacktestDetailSerializer(backtest_get(user=user, run_id=run_id)).data)

    @extend_schema(
        operation_id="backtests_delete",
        responses={
            204: OpenApiResponse(description="It is out of sight."),
            409: OpenApiResponse(ProblemSerializer, "The run has no outcome yet; cancel it first."),
        },
    )
    def delete(self, request: Request, run_id: UUID) -> Response:
        """Take it out of sight; for some days it can be restored."""
        run_delete(run=backtest_get(user=user_of(request), run_id=run_id).run)
        return Response(status=status.HTTP_204_NO_CONTENT)


class BacktestCancelView(APIView):
    """Stopping a backtest."""

    @extend_schema(
        operation_id="backtests_cancel",
        request=None,
        responses={202: BacktestDetailSerializer, 409: OpenApiResponse(ProblemSerializer, "The run is over.")},
    )
    def post(self, request: Request, run_id: UUID) -> Response:
        """Cancel it: at once if it waits, within a second if it is under way."""
        nothing_given(request)
        user = user_of(request)
        run_cancel(run=backtest_get(user=user, run_id=run_id).run)
        test = backtest_get(user=user, run_id=run_id)
        return Response(BacktestDetailSerializer(test).data, status=status.HTTP_202_ACCEPTED)


class BacktestArtefactsView(APIView):
    """What a backtest has left."""

    @extend_schema(operation_id="backtests_artefacts", responses=ArtefactSerializer(many=True))
    def get(self, request: Request, run_id: UUID) -> Response:
        """List the artefacts with their hashes."""
        refuse_unknown(request)
        test = backtest_get(user=user_of(request), run_id=run_id)
        return Response(ArtefactSerializer(artefact_list(run=test.run), many=True).data)


class BacktestPieceView(APIView):
    """One artefact, as it is stored."""

    artefact = ""

    def get(self, request: Request, run_id: UUID) -> HttpResponseBase:
        """Return its bytes, or a range of them."""
        return _bytes(request, run_id, self.artefact)


class BacktestArtefactView(APIView):
    """Any artefact, as it is stored."""

    @extend_schema(
        operation_id="backtests_artefact",
        parameters=[
            OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="Such as `bytes=1000-`."),
            OpenApiParameter("If-Range", str, OpenApiParameter.HEADER, description="The `ETag` that the range is of."),
        ],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY, "The range."),
            304: OpenApiResponse(description="It is as the client has it (`If-None-Match`)."),
            412: OpenApiResponse(description="It is not what the client thinks (`If-Match`)."),
            416: OpenApiResponse(ProblemSerializer, "The file has no such range."),
        },
        description="The bytes of an artefact, of its own media type; whole, or from where a broken download ended.",
    )
    def get(self, request: Request, run_id: UUID, artefact: str) -> HttpResponseBase:
        """Return its bytes, or a range of them."""
        return _bytes(request, run_id, artefact)


def _bytes(request: Request, run_id: UUID, name: str) -> HttpResponseBase:
    test = backtest_get(user=user_of(request), run_id=run_id)
    artefact = artefact_kept(test=test, name=name)
    content = Content(
        size=artefact_size(artefact=artefact),
        pieces=lambda first, last: artefact_pieces(artefact=artefact, first=first, last=last),
        sha256=artefact.sha256,
        media_type=artefact.media_type,
    )
    return content_response(request, content)


def piece_view(name: str, artefact: str, answer: Any, description: str) -> type[BacktestPieceView]:
    """Return the view of one artefact."""
    schema = extend_schema(operation_id=f"backtests_{name}", responses=answer, description=description)
    view = type(f"Backtest{name.title()}View", (BacktestPieceView,), {"artefact": artefact})
    return extend_schema_view(get=schema)(view)
