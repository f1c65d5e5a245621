"""Pages of long lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView

from tradinglab.server.errors import InputError
from tradinglab.server.rest.filters import refuse_unknown


class Pages(CursorPagination):
    """Pages by cursor, newest first: what is added meanwhile shifts nothing."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    ordering = ("-created_at", "-id")

    def paginate_queryset(
        self, queryset: QuerySet[Any] | Sequence[Any], request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        """Return the page; a cursor that was made up, or is another sort's, is none of this list."""
        refuse_unknown(request, self._known(view))
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValidationError, ValueError, OverflowError, DataError):
            if getattr(self, "cursor", None) is None:
                raise
            raise NotFound(self.invalid_cursor_message) from None

    def _known(self, view: APIView | None) -> tuple[str, ...]:
        """Return the names of what the list can be asked: its filters, its pages, its sort if it has one."""
        filterset = getattr(view, "filterset_class", None)
        described = [] if view is None else [each["name"] for each in self.get_schema_operation_parameters(view)]
        return (*(filterset.base_filters if filterset else ()), *described)

    def get_page_size(self, request: Request) -> int | None:
        """Return how many are wanted."""
        wanted = request.query_params.get(self.page_size_query_param, "")
        most = self.max_page_size
        if wanted and not (wanted.isascii() and wanted.isdigit() and len(wanted) < 20 and int(wanted) > 0):
            raise InputError(self.page_size_query_param, wanted, f"Ask for 1 to {most} on a page.")
        return min(int(wanted), most) if wanted else self.page_size
