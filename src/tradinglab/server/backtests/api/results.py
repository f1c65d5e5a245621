"""``/api/v1/backtests/{id}/…``: series, tables and statistics, as JSON, CSV and Parquet."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import polars as pl
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.backtests.api.queries import (
    MOST_POINTS,
    RowsQuery,
    SeriesQuery,
    TableQuery,
)
from tradinglab.server.backtests.exports import as_columns, as_csv, as_parquet, as_rows
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.outputs import PARQUET
from tradinglab.server.backtests.results import document_read, left_out, table_collect, table_read, thinned
from tradinglab.server.backtests.selectors import backtest_get
from tradinglab.server.errors import InputError, NotFoundError
from tradinglab.server.rest.fields import ProblemSerializer

_CSV = "text/csv"
_DEFAULT_ROWS = 100
_FORMS = {"json": "application/json", "csv": _CSV, "parquet": PARQUET}


class FormNegotiation(DefaultContentNegotiation):
    """Chooses JSON, CSV or Parquet by ``?format=`` or the header ``Accept``; errors are JSON in any case."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer of JSON, and the media type of what is wanted."""
        wanted = request.query_params.get("format")
        if wanted is not None:
            if wanted not in _FORMS:
                raise InputError("format", wanted, f"There is no such form; ask for one of {', '.join(_FORMS)}.")
            return JSONRenderer(), _FORMS[wanted]
        for accepted in self.get_accept_list(request):
            kind = accepted.split(";")[0].strip().lower()
            if kind in ("*/*", "application/*", "application/json"):
                return JSONRenderer(), _FORMS["json"]
            if kind in (_CSV, "text/*"):
                return JSONRenderer(), _CSV
            if kind == PARQUET:
                return JSONRenderer(), PARQUET
        raise NotAcceptable(f"Ask for one of {', '.join(_FORMS.values())}, or by ?format={'|'.join(_FORMS)}.")


class TableView(APIView):
    """A table that a backtest has left."""

    content_negotiation_class = FormNegotiation
    table = ""
    query: type[TableQuery] = RowsQuery
    #: The column of the time that ranges are in.
    time = "time"
    #: The columns that are shown; all, if there are none.
    columns: ClassVar[tuple[str, ...]] = ()
    #: The column by which points are left out.
    by = ""

    def get(self, request: Request, run_id: UUID, **names: str) -> HttpResponse:
        """Return its rows."""
        test = backtest_get(user=user_of(request), run_id=run_id)
        query = self.query(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        rows = table_read(test=test, name=self.table, part=query.part(), time=self.time)
        rows = rows.select(self.columns) if self.columns else rows
        return self.answer(request, test, rows, query.validated_data)

    def answer(self, request: Request, test: Backtest, rows: pl.LazyFrame, asked: dict[str, Any]) -> HttpResponse:
        """Return a page of the rows."""
        is_json = self.is_json(request)
        offset, limit = asked["offset"], asked.get("limit", _DEFAULT_ROWS if is_json else None)
        page = table_collect(rows.slice(offset, limit))
        if not is_json:
            return _file(page, request, self.table)
        total = table_collect(rows.select(pl.len())).item()
        extent = {"total": total, "offset": offset, "limit": limit, "left_out": left_out(test=test, name=self.table)}
        return Response({**extent, "results": as_rows(page)})

    @staticmethod
    def is_json(request: Request) -> bool:
        """Say whether JSON is wanted."""
        return request.accepted_media_type == _FORMS["json"]


class SeriesView(TableView):
    """A series over time."""

    query = SeriesQuery

    def answer(self, request: Request, test: Backtest, rows: pl.LazyFrame, asked: dict[str, Any]) -> HttpResponse:
        """Return the series, with as few points as are wanted."""
        is_json = self.is_json(request)
        table = table_collect(rows)
        total, points = table.height, asked.get("points", MOST_POINTS if is_json else None)
        if points is not None:
            table = thinned(table, points=points, method=asked["method"], by=self.by)
        if not is_json:
            return _file(table, request, self.table)
        return Response({"total": total, **as_columns(table)})


class ChartView(TableView):
    """The series of a chart."""

    table = "charts"
    query = SeriesQuery

    def get(self, request: Request, run_id: UUID, **names: str) -> HttpResponse:
        """Return the points of one chart."""
        test = backtest_get(user=user_of(request), run_id=run_id)
        query = SeriesQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        charts = document_read(test=test, name="charts.json")["charts"]
        chart = next((each for each in charts if each["name"] == names["chart"]), None)
        if chart is None:
            known = ", ".join(f"'{each['name']}'" for each in charts[:50])
            raise NotFoundError(f"The run has no chart '{names['chart'][:100]}'; it has {known or 'none'}.")
        rows = table_read(test=test, name=self.table, part=query.part()).filter(pl.col("chart") == chart["name"])
        asked, is_json = query.validated_data, self.is_json(request)
        points = asked.get("points", MOST_POINTS if is_json else None)
        table = table_collect(rows)
        series = table.partition_by("series", maintain_order=True)
        if points is not None:
            series = [thinned(each, points=points, method=asked["method"], by="value") for each in series]
        if not is_json:
            return _file(pl.concat(series) if series else table, request, self.table)
        return Response({**chart, "series": [_with_points(each, series) for each in chart["series"]]})


def _with_points(series: dict[str, Any], tables: list[pl.DataFrame]) -> dict[str, Any]:
    table = next((each for each in tables if each["series"][0] == series["name"]), None)
    columns = {"time": [], "value": []} if table is None else as_columns(table.drop("chart", "series"))
    if not any(value is not None for value in columns.get("open", ())):
        columns = {name: columns[name] for name in ("time", "value")}
    return {**series, **columns}


def _file(table: pl.DataFrame, request: Request, name: str) -> HttpResponse:
    kind = request.accepted_media_type
    content = as_csv(table) if kind == _CSV else as_parquet(table)
    answer = HttpResponse(content, content_type=f"{_CSV}; charset=utf-8" if kind == _CSV else kind)
    suffix = "csv" if kind == _CSV else "parquet"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{suffix}"'
    answer.headers["Vary"] = "Accept"
    return answer


class DocumentView(APIView):
    """A JSON document that a backtest has left."""

    document = ""

    def get(self, request: Request, run_id: UUID) -> Response:
        """Return it."""
        return Response(document_read(test=backtest_get(user=user_of(request), run_id=run_id), name=self.document))


def described(view: type[APIView], name: str, answer: Any, description: str, **members: Any) -> type[APIView]:
    """Return a view with its members set and its operation described."""
    made = type(f"Backtest{name.title().replace('_', '')}View", (view,), members)
    responses: dict[Any, Any] = {(200, _FORMS["json"]): answer}
    parameters = []
    if issubclass(made, TableView):
        parameters = [made.query]
        responses[200, _CSV] = OpenApiResponse(OpenApiTypes.STR, "The rows as CSV.")
        responses[200, PARQUET] = OpenApiResponse(OpenApiTypes.BINARY, "The rows as Parquet.")
        responses[406] = OpenApiResponse(ProblemSerializer, "None of the forms that `Accept` names.")
    schema = extend_schema(
        operation_id=f"backtests_{name}", parameters=parameters, responses=responses, description=description
    )
    return extend_schema_view(get=schema)(made)
