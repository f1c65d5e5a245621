"""The versions of a strategy: saving, reading, comparing, going back."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.rest.fields import ProblemSerializer, nothing_given
from tradinglab.server.strategies.api.serializers import (
    DiffSerializer,
    FileChanges,
    GeneratedSerializer,
    StrategySerializer,
    VersionDetailSerializer,
    VersionInput,
    VersionSerializer,
    VersionSummarySerializer,
)
from tradinglab.server.strategies.checking import generator_version
from tradinglab.server.strategies.diffs import files_diff
from tradinglab.server.strategies.models import StrategyVersion
from tradinglab.server.strategies.running import files_generated
from tradinglab.server.strategies.selectors import strategy_get, version_get, version_list, version_to_compare
from tradinglab.server.strategies.versions import SavedVersion, version_change, version_restore, version_save

_SAVED = {
    201: VersionSerializer,
    200: VersionSerializer,
    409: OpenApiResponse(ProblemSerializer, "Another version than `parent` is the head, or the strategy is archived."),
}


def _saved(saved: SavedVersion) -> Response:
    answer = status.HTTP_201_CREATED if saved.is_new else status.HTTP_200_OK
    return Response(VersionSerializer(saved.version).data, status=answer)


class VersionsView(generics.ListAPIView[StrategyVersion]):
    """The versions of a strategy."""

    serializer_class = VersionSummarySerializer
    queryset = StrategyVersion.objects.none()

    def get_queryset(self) -> QuerySet[StrategyVersion]:
        """Return those of the user's own strategy."""
        return version_list(strategy=strategy_get(user=user_of(self.request), strategy_id=self.kwargs["strategy_id"]))

    @extend_schema(
        operation_id="versions_create",
        request=VersionInput,
        responses=_SAVED,
        description="Save files as the newest version. Files that were saved before are that version again (200).",
    )
    def post(self, request: Request, strategy_id: UUID) -> Response:
        """Save files as the newest version."""
        user = user_of(request)
        strategy = strategy_get(user=user, strategy_id=strategy_id)
        given = VersionInput(data=request.data)
        given.is_valid(raise_exception=True)
        return _saved(version_save(strategy=strategy, author=user, **given.validated_data))


class FilesView(APIView):
    """The files of a strategy's head."""

    @extend_schema(
        operation_id="files_update",
        request=FileChanges,
        responses=_SAVED,
        description="Save the head with some files changed, added or removed, as the newest version.",
    )
    def patch(self, request: Request, strategy_id: UUID) -> Response:
        """Change some files."""
        user = user_of(request)
        strategy = strategy_get(user=user, strategy_id=strategy_id)
        given = FileChanges(data=request.data)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        return _saved(version_change(strategy=strategy, author=user, changes=values.pop("files"), **values))


class VersionView(APIView):
    """One version."""

    @extend_schema(operation_id="versions_read", responses=VersionDetailSerializer)
    def get(self, request: Request, strategy_id: UUID, content_hash: str) -> Response:
        """Return it with its files, and the parameters that they ask for."""
        strategy = strategy_get(user=user_of(request), strategy_id=strategy_id)
        return Response(VersionDetailSerializer(version_get(strategy=strategy, content_hash=content_hash)).data)


class VersionGeneratedView(APIView):
    """The source that is generated from a version's rules."""

    @extend_schema(
        operation_id="versions_generated",
        responses={
            200: GeneratedSerializer,
            429: OpenApiResponse(ProblemSerializer, "Too many strategies are being read; try again."),
        },
        description=(
            "The QuantConnect strategy that is run in place of a version's `main.rules`; 400 if the rules have errors. "
            "Of a version of code nothing is generated."
        ),
    )
    def get(self, request: Request, strategy_id: UUID, content_hash: str) -> Response:
        """Return it."""
        strategy = strategy_get(user=user_of(request), strategy_id=strategy_id)
        files = files_generated(version_get(strategy=strategy, content_hash=content_hash).files)
        return Response(GeneratedSerializer({"files": files, "generator": generator_version()}).data)


class VersionRestoreView(APIView):
    """Going back to a version."""

    @extend_schema(
        operation_id="versions_restore",
        request=None,
        responses={200: StrategySerializer, 409: OpenApiResponse(ProblemSerializer, "The strategy is archived.")},
        description="Make the version the head again. No version is changed, and the ones that came after it stay.",
    )
    def post(self, request: Request, strategy_id: UUID, content_hash: str) -> Response:
        """Make it the head."""
        nothing_given(request)
        user = user_of(request)
        strategy = strategy_get(user=user, strategy_id=strategy_id)
        version = version_get(strategy=strategy, content_hash=content_hash)
        version_restore(strategy=strategy, version=version, by=user)
        return Response(StrategySerializer(strategy_get(user=user, strategy_id=strategy_id)).data)


class VersionDiffView(APIView):
    """What differs between two versions."""

    @extend_schema(
        operation_id="versions_diff",
        responses=DiffSerializer,
        parameters=[
            OpenApiParameter(
                "against",
                str,
                description="Content hash of the older side, of any of the user's strategies; the parent without it.",
            )
        ],
    )
    def get(self, request: Request, strategy_id: UUID, content_hash: str) -> Response:
        """Compare it with its parent, or with any other."""
        user = user_of(request)
        new = version_get(strategy=strategy_get(user=user, strategy_id=strategy_id), content_hash=content_hash)
        old = version_to_compare(user=user, version=new, against=request.query_params.get("against"))
        found = files_diff(old.files if old is not None else {}, new.files)
        answer = {
            "old": old.content_hash if old is not None else None,
            "new": new.content_hash,
            "files": [asdict(each) for each in found],
            "lines_added": sum(each.lines_added for each in found),
            "lines_removed": sum(each.lines_removed for each in found),
            "unified": "".join(each.unified for each in found),
        }
        return Response(DiffSerializer(answer).data)
