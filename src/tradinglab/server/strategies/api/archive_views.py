"""Strategies as zip files, in and out."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.rest.fields import ProblemSerializer
from tradinglab.server.strategies.api.archive_parsers import FormParser, ZipParser
from tradinglab.server.strategies.api.serializers import (
    ImportFields,
    ImportForm,
    ImportResult,
    VersionImportFields,
    VersionImportForm,
    VersionImportResult,
)
from tradinglab.server.strategies.archives import archive_read
from tradinglab.server.strategies.imports import strategy_import
from tradinglab.server.strategies.selectors import strategy_get, version_get
from tradinglab.server.strategies.versions import version_export, version_save

_TOO_LARGE = {413: OpenApiResponse(ProblemSerializer, "The body has more bytes than are read.")}
_UNREADABLE = {415: OpenApiResponse(ProblemSerializer, "The body is neither a zip file nor a form.")}


def _text(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, description=f"{description} For a body that is the zip file; a form has fields.")


def _fields(request: Request, of_body: type[Any], of_form: type[Any]) -> dict[str, Any]:
    """Return the zip file and the words beside it: from a form's fields, or from body and address."""
    if isinstance(request.data, dict) and isinstance(request.data.get("archive"), bytes):
        given = of_body(data=request.query_params)
        given.is_valid(raise_exception=True)
        return {"file_name": "", "archive": request.data["archive"], **given.validated_data}
    given = of_form(data=request.data)
    given.is_valid(raise_exception=True)
    values = dict(given.validated_data)
    file = values.pop("archive")
    return {"file_name": PurePath(file.name).stem, "archive": file.read()} | values


class StrategyImportView(APIView):
    """Making a strategy of a zip file."""

    parser_classes = (ZipParser, FormParser)

    @extend_schema(
        operation_id="strategies_import",
        request={"application/zip": OpenApiTypes.BINARY, "multipart/form-data": ImportForm},
        parameters=[_text("name", "Name of the strategy; without it, that of the folder or the file.")],
        responses={201: ImportResult, **_TOO_LARGE, **_UNREADABLE},
        description=(
            "Make a strategy of a zip file with a `main.py` or a `main.rules`, at its top or in its one folder. "
            "Projects of QuantConnect's command line are understood. An entry that cannot be stored is named, and "
            "nothing is stored."
        ),
    )
    def post(self, request: Request) -> Response:
        """Make a strategy of a zip file."""
        made = strategy_import(owner=user_of(request), **_fields(request, ImportFields, ImportForm))
        return Response(ImportResult(made).data, status=status.HTTP_201_CREATED)


class VersionImportView(APIView):
    """Saving a zip file as a version."""

    parser_classes = (ZipParser, FormParser)

    @extend_schema(
        operation_id="versions_import",
        request={"application/zip": OpenApiTypes.BINARY, "multipart/form-data": VersionImportForm},
        parameters=[
            _text("message", "What is new."),
            _text("parent", "Content hash from which the files were made; another head is answered with 409."),
        ],
        responses={
            201: VersionImportResult,
            200: VersionImportResult,
            409: OpenApiResponse(ProblemSerializer, "Another version than `parent` is the head, or it is archived."),
            **_TOO_LARGE,
            **_UNREADABLE,
        },
        description="Save the files of a zip file as the newest version; those that were saved before are that one.",
    )
    def post(self, request: Request, strategy_id: UUID) -> Response:
        """Save the files of a zip file as the newest version."""
        user = user_of(request)
        strategy = strategy_get(user=user, strategy_id=strategy_id)
        values = _fields(request, VersionImportFields, VersionImportForm)
        found = archive_read(values.pop("archive"))
        del values["file_name"]
        saved = version_save(strategy=strategy, author=user, files=found.files, **values)
        answer = status.HTTP_201_CREATED if saved.is_new else status.HTTP_200_OK
        return Response(VersionImportResult({"version": saved.version, "notes": found.notes}).data, status=answer)


class VersionArchiveView(APIView):
    """A version as a zip file."""

    @extend_schema(
        operation_id="versions_archive",
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
        description="The files as a zip file; the same version gives the same bytes.",
    )
    def get(self, request: Request, strategy_id: UUID, content_hash: str) -> HttpResponse:
        """Return the zip file."""
        user = user_of(request)
        strategy = strategy_get(user=user, strategy_id=strategy_id)
        version = version_get(strategy=strategy, content_hash=content_hash)
        name = f"{strategy.name}-{version.content_hash[:12]}.zip".replace("/", "-").replace("\\", "-")
        return HttpResponse(
            version_export(version=version, by=user),
            content_type="application/zip",
            headers={
                "Content-Disposition": content_disposition_header(True, name) or "attachment",
                "ETag": f'"{version.content_hash}"',
                "X-Content-Type-Options": "nosniff",
            },
        )
