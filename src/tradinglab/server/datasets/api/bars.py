"""``/api/v1/catalogue/{id}/bars/`` and ``actions/``: what a series holds."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.backtests.api.queries import MOST_POINTS, SeriesQuery
from tradinglab.server.backtests.api.results import FormNegotiation
from tradinglab.server.backtests.outputs import PARQUET
from tradinglab.server.datasets.bars import (
    MOST_BARS,
    VIEWS,
    BarsAsked,
    SeriesBars,
    bars_answer,
    bars_key,
    series_actions,
)
from tradinglab.server.datasets.selectors import series_get
from tradinglab.server.rest.fields import ProblemSerializer
from tradinglab.server.rest.filters import refuse_unknown

_DEFAULT_LIMIT = 1_000
_FORMS = {"application/json": "json", "text/csv": "csv", PARQUET: "parquet"}


class BarsQuery(SeriesQuery):
    """Which bars are wanted, and how."""

    view = serializers.ChoiceField(
        tuple(VIEWS),
        default="raw",
        help_text="In which prices: as they were traded, with splits taken out, with dividends too, or with dividends "
        "added from the series' first bar on.",
    )
    limit = serializers.IntegerField(
        min_value=1,
        max_value=MOST_POINTS,
        required=False,
        help_text=f"Bars of a page, from `from` on; JSON has {_DEFAULT_LIMIT:,} if neither this nor `points` is given, "
        f"CSV and Parquet all, up to {MOST_BARS:,}.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a page that is thinned."""
        attrs = super().validate(attrs)
        if "limit" in attrs and "points" in attrs:
            text = "A page shows all of its bars: give either `limit` or `points`."
            raise serializers.ValidationError({"limit": [text]})
        return attrs


class BarsSerializer(serializers.Serializer[Any]):
    """Bars as columns; of quotes `bid_open` to `ask_size` in place of prices and volume."""

    view = serializers.ChoiceField(tuple(VIEWS))
    count = serializers.IntegerField(help_text="Of the bars that follow.")
    next = serializers.DateTimeField(allow_null=True, help_text="`from` of the next page; null on the last one.")
    time = serializers.ListField(child=serializers.DateTimeField(), help_text="Starts of the bars.")
    open = serializers.ListField(child=serializers.FloatField(allow_null=True), required=False)
    high = serializers.ListField(child=serializers.FloatField(allow_null=True), required=False)
    low = serializers.ListField(child=serializers.FloatField(allow_null=True), required=False)
    close = serializers.ListField(child=serializers.FloatField(allow_null=True), required=False)
    volume = serializers.ListField(child=serializers.FloatField(allow_null=True), required=False)


class ActionSerializer(serializers.Serializer[Any]):
    """A split or a dividend."""

    day = serializers.DateField(help_text="From which on it counts: a dividend's ex-date.")
    kind = serializers.ChoiceField(("split", "dividend"))
    amount = serializers.CharField(allow_null=True, help_text="Of a dividend on one share, exact.")
    split_factor = serializers.CharField(allow_null=True, help_text="Of a split: old shares for one new, exact.")


class SeriesBarsView(APIView):
    """The bars of a series."""

    content_negotiation_class = FormNegotiation

    @extend_schema(
        operation_id="catalogue_bars",
        parameters=[BarsQuery],
        responses={
            (200, "application/json"): BarsSerializer,
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, "The bars as CSV."),
            (200, PARQUET): OpenApiResponse(OpenApiTypes.BINARY, "The bars as Parquet."),
            304: OpenApiResponse(description="They are as the client has them (`If-None-Match`)."),
            406: OpenApiResponse(ProblemSerializer, "None of the forms that `Accept` names."),
            409: OpenApiResponse(ProblemSerializer, "They cannot be read now."),
        },
    )
    def get(self, request: Request, series_id: int) -> HttpResponseBase:
        """Return bars in the prices of a view: of a range, thinned to so many points, or page by page.

        The `ETag` is of the content: the same bars, splits and dividends have the same, and nothing is read for it.
        """
        row = series_get(series_id=series_id)
        query = BarsQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        media = str(request.accepted_media_type)
        asked = _asked(query.validated_data, _FORMS[media])
        series = SeriesBars(row)
        key = bars_key(series, asked)
        known: HttpResponseBase | None = get_conditional_response(request, etag=f'"{key}"')
        if known is not None:
            return known
        kind = f"{media}; charset=utf-8" if media == "text/csv" else media
        answer = HttpResponse(bars_answer(series, asked, key), content_type=kind)
        answer.headers["ETag"] = f'"{key}"'
        answer.headers["Vary"] = "Accept"
        if asked.form != "json":
            name = f"{row.ticker}-{row.resolution}.{asked.form}".replace('"', "").encode("ascii", "replace").decode()
            answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


def _asked(values: dict[str, Any], form: Any) -> BarsAsked:
    points, limit = values.get("points"), values.get("limit")
    if form == "json" and points is None and limit is None:
        limit = _DEFAULT_LIMIT
    return BarsAsked(
        view=values["view"],
        since=values.get("from"),
        until=values.get("to"),
        points=points,
        method=values["method"],
        limit=limit,
        form=form,
    )


class SeriesActionsView(APIView):
    """The splits and dividends of a series."""

    @extend_schema(
        operation_id="catalogue_actions",
        responses={
            200: ActionSerializer(many=True),
            409: OpenApiResponse(ProblemSerializer, "They cannot be read now."),
        },
    )
    def get(self, request: Request, series_id: int) -> Response:
        """List the splits and dividends, by their days."""
        refuse_unknown(request)
        return Response(ActionSerializer(series_actions(series_get(series_id=series_id)), many=True).data)
