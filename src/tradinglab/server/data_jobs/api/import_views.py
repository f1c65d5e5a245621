"""``/api/v1/data-uploads/``, and the import of what was uploaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any
from uuid import UUID

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from tradinglab.server.accounts.models import Scope
from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.data_jobs.api.import_serializers import (
    DataUploadSerializer,
    FileImportInput,
    PreviewSerializer,
    ReadingInput,
    UploadQuery,
)
from tradinglab.server.data_jobs.api.views import SUBMITTED, AdminsView, submitted
from tradinglab.server.data_jobs.importing import import_submit
from tradinglab.server.data_jobs.models import DataJobItem, DataUpload
from tradinglab.server.data_jobs.requests import ImportRequest
from tradinglab.server.data_jobs.selectors import data_job_get, item_get, upload_get, upload_list
from tradinglab.server.data_jobs.targets import target_wanted
from tradinglab.server.data_jobs.uploads import upload_create, upload_delete, upload_preview
from tradinglab.server.errors import ConflictError, InputError
from tradinglab.server.rest import idempotency
from tradinglab.server.rest.fields import ProblemSerializer
from tradinglab.server.rest.files import Content, content_response
from tradinglab.server.rest.filters import refuse_unknown
from tradinglab.server.runs.models import Artefact
from tradinglab.server.runs.selectors import artefact_list, artefact_pieces, artefact_read

_NONE = OpenApiResponse(ProblemSerializer, "There is no report: it is no import, or not over.")
_IN_USE = OpenApiResponse(ProblemSerializer, "A job is about to import it.")


class BytesParser(BaseParser):
    """Hands the body over as it comes; nothing of it is read into memory."""

    media_type = "application/octet-stream"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, IO[Any]]:
        """Return the stream."""
        return {"stream": stream}


class UploadsView(generics.ListAPIView[DataUpload]):
    """The files that a user has sent."""

    serializer_class = DataUploadSerializer
    queryset = DataUpload.objects.none()
    filter_backends = ()
    parser_classes = (BytesParser,)
    write_scope = Scope.ADMIN

    def get_queryset(self) -> QuerySet[DataUpload]:
        """Return the user's own."""
        return upload_list(user=user_of(self.request))

    @extend_schema(
        operation_id="data_uploads_create",
        request={"application/octet-stream": OpenApiTypes.BINARY},
        parameters=[OpenApiParameter("name", str, required=True, description="The file's name, such as spy.csv.gz.")],
        responses={201: DataUploadSerializer},
    )
    def post(self, request: Request) -> Response:
        """Send a file of bars (CSV, plain or packed, or Parquet) as the body; it is kept for a week."""
        given = UploadQuery(data=request.query_params.dict())
        given.is_valid(raise_exception=True)
        # A body of no bytes is handed to no parser.
        stream = request.data.get("stream") if isinstance(request.data, dict) else None
        if stream is None:
            raise InputError("body", None, "The body is empty: send the file's bytes.")
        made = upload_create(owner=user_of(request), stream=stream, **given.validated_data)
        location = request.build_absolute_uri(f"{request.path}{made.pk}/")
        return Response(DataUploadSerializer(made).data, status.HTTP_201_CREATED, headers={"Location": location})


class UploadView(AdminsView):
    """One file."""

    @extend_schema(operation_id="data_uploads_read", responses=DataUploadSerializer)
    def get(self, request: Request, upload_id: UUID) -> Response:
        """Return what is known of it; its bytes are not handed out."""
        refuse_unknown(request)
        return Response(DataUploadSerializer(upload_get(user=user_of(request), upload_id=upload_id)).data)

    @extend_schema(operation_id="data_uploads_delete", responses={204: None, 409: _IN_USE})
    def delete(self, request: Request, upload_id: UUID) -> Response:
        """Delete it."""
        upload_delete(upload=upload_get(user=user_of(request), upload_id=upload_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class UploadPreviewView(AdminsView):
    """Looking before importing."""

    @extend_schema(
        operation_id="data_uploads_preview",
        request=ReadingInput,
        responses={200: PreviewSerializer, 409: OpenApiResponse(ProblemSerializer, "It cannot be looked at.")},
    )
    def post(self, request: Request, upload_id: UUID) -> Response:
        """Say what an import would make of it: columns, times, first and last rows, and what is wrong."""
        upload = upload_get(user=user_of(request), upload_id=upload_id)
        given = ReadingInput(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(PreviewSerializer(upload_preview(upload=upload, options=given.validated_data)).data)


class ImportsView(AdminsView):
    """Importing."""

    @extend_schema(
        operation_id="data_jobs_import",
        request=FileImportInput,
        parameters=[idempotency.PARAMETER],
        responses=SUBMITTED,
    )
    def post(self, request: Request) -> Response:
        """Import a file that was uploaded; the item's `quality/` says how good its bars are."""
        user = user_of(request)
        given = FileImportInput(data=request.data)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        upload_id = values.pop("upload")
        upload = upload_list(user=user).filter(pk=upload_id).first()
        if upload is None:
            raise InputError("upload", str(upload_id), "You have no such file here. Upload it again.")
        asked = ImportRequest(target=target_wanted(name=values.pop("target")), **{"symbol": "", **values})
        key = idempotency.idempotency_key(request)
        return submitted(request, import_submit(owner=user, upload=upload, request=asked, idempotency_key=key))


class _ReportView(AdminsView):
    """What was found of the bars of an import."""

    def artefact(self, request: Request, data_job_id: UUID, item_id: int, name: str) -> Artefact:
        """Return the file of the item's last run.

        Raises
        ------
        ConflictError
            If there is none: it is no import, or not so far.
        """
        job = data_job_get(user=user_of(request), run_id=data_job_id)
        item: DataJobItem = item_get(job=job, item_id=item_id)
        found = None if item.run is None else artefact_list(run=item.run).filter(name=name).first()
        if found is None:
            text = f"The item has no report: imports have one when they are over. It is {item.state}."
            raise ConflictError(text)
        return found


class ItemQualityView(_ReportView):
    """The report as JSON."""

    @extend_schema(operation_id="data_jobs_item_quality", responses={200: OpenApiTypes.OBJECT, 409: _NONE})
    def get(self, request: Request, data_job_id: UUID, item_id: int) -> Response:
        """Return what was read, repaired and stored of the file, and what checks found of the bars."""
        refuse_unknown(request)
        found = artefact_read(artefact=self.artefact(request, data_job_id, item_id, "quality.json"))
        return Response(json.loads(found))


class ItemQualityPageView(_ReportView):
    """The report as a page."""

    @extend_schema(
        operation_id="data_jobs_item_quality_page",
        parameters=[OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="Such as `bytes=1000-`.")],
        responses={
            (200, "text/html"): str,
            206: OpenApiResponse(description="A part of it."),
            409: _NONE,
            416: ProblemSerializer,
        },
    )
    def get(self, request: Request, data_job_id: UUID, item_id: int) -> HttpResponseBase:
        """Return the same as one HTML file."""
        found = self.artefact(request, data_job_id, item_id, "quality.html")
        content = Content(
            size=found.size,
            pieces=lambda first, last: artefact_pieces(artefact=found, first=first, last=last),
            sha256=found.sha256,
            media_type="text/html",
        )
        return content_response(request, content)
