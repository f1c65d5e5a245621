"""``/api/v1/instruments/`` and ``/api/v1/catalogue/``: what there is to trade, and what bars there are."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.report.quality_page import quality_page
from tradinglab.server.datasets.api.serializers import (
    GRADES,
    RESOLUTIONS,
    SECURITY_TYPES,
    TICK_TYPES,
    CatalogueSourceSerializer,
    InstrumentDetailSerializer,
    InstrumentSerializer,
    QualityReportSerializer,
    RefreshedSerializer,
    SeriesDetailSerializer,
    SeriesSummarySerializer,
)
from tradinglab.server.datasets.judging import series_judge, series_quality, series_quality_report
from tradinglab.server.datasets.models import CatalogueSeries, Instrument
from tradinglab.server.datasets.refreshing import catalogue_refresh
from tradinglab.server.datasets.selectors import (
    catalogue_source_list,
    instrument_get,
    instrument_list,
    instruments_called,
    series_get,
    series_list,
    series_of,
)
from tradinglab.server.rest.fields import nothing_given
from tradinglab.server.rest.filters import ChoiceFilter, MultipleChoiceFilter, YesNoFilter, refuse_unknown
from tradinglab.server.rest.pages import Pages

#: How long a request may read what has changed; the rest is done in the background, or by the next request.
_REFRESH_S = 10.0


class TickerPages(Pages):
    """By ticker."""

    ordering = ("ticker", "id")


class InstrumentFilter(filters.FilterSet):
    """Which instruments are listed."""

    search = filters.CharFilter(method="find", help_text="Beginning of a ticker, now or before; or part of the name.")
    ticker = filters.CharFilter(lookup_expr="iexact", help_text="The whole ticker, as it is now.")
    kind = MultipleChoiceFilter(choices=Instrument.Kind.choices, help_text="What it is; any of several.")
    security_type = ChoiceFilter(choices=SECURITY_TYPES)
    market = filters.CharFilter(lookup_expr="iexact")
    currency = filters.CharFilter(lookup_expr="iexact")
    source = filters.CharFilter(method="had_by", help_text="A data source that has bars of it.")

    def find(self, found: QuerySet[Instrument], name: str, value: str) -> QuerySet[Instrument]:
        """Keep the instruments that are called so."""
        return instruments_called(found, value)

    def had_by(self, found: QuerySet[Instrument], name: str, value: str) -> QuerySet[Instrument]:
        """Keep the instruments of which a data source has bars."""
        having = CatalogueSeries.objects.filter(source__name=value).values("instrument_id")
        return found.filter(pk__in=having)


class InstrumentsView(generics.ListAPIView[Instrument]):
    """The instruments of which a data source has bars, or which somebody watches."""

    serializer_class = InstrumentSerializer
    queryset = Instrument.objects.none()
    filterset_class = InstrumentFilter
    pagination_class = TickerPages

    def get_queryset(self) -> QuerySet[Instrument]:
        """Return all of them."""
        return instrument_list()


class InstrumentView(APIView):
    """One instrument."""

    @extend_schema(operation_id="instruments_read", responses=InstrumentDetailSerializer)
    def get(self, request: Request, instrument_id: int) -> Response:
        """Return it with lot and tick size, hours, tickers of before, and the series that there are of it."""
        refuse_unknown(request)
        found: Any = instrument_get(instrument_id=instrument_id)
        found.series_there = series_of(instrument=found)
        return Response(InstrumentDetailSerializer(found).data)


class SeriesFilter(filters.FilterSet):
    """Which series are listed."""

    source = filters.CharFilter(field_name="source__name", help_text="Name of a data source.")
    ticker = filters.CharFilter(lookup_expr="iexact", help_text="As the source has it.")
    security_type = ChoiceFilter(field_name="instrument__security_type", choices=SECURITY_TYPES)
    market = filters.CharFilter(field_name="instrument__market", lookup_expr="iexact")
    resolution = ChoiceFilter(choices=RESOLUTIONS)
    tick_type = ChoiceFilter(choices=TICK_TYPES)
    is_synthetic = YesNoFilter(help_text="Whether the bars are made up.")
    has_gaps = YesNoFilter(field_name="missing_days", method="with_gaps", help_text="Whether trading days are missing.")
    quality = MultipleChoiceFilter(choices=GRADES, help_text="The grade, from A to F; any of several.")
    until = filters.DateFilter(
        field_name="last_day", lookup_expr="gte", help_text="There are bars of this day or later."
    )
    behind = filters.DateFilter(
        field_name="last_day", lookup_expr="lt", help_text="There are none of this day or later."
    )

    def with_gaps(self, found: QuerySet[CatalogueSeries], name: str, value: bool) -> QuerySet[CatalogueSeries]:
        """Keep the series with gaps, or those that are known to have none."""
        return found.filter(missing_days__gt=0) if value else found.filter(missing_days=0)


class CatalogueView(generics.ListAPIView[CatalogueSeries]):
    """What the data sources have, series by series; it is kept, not read anew for each request."""

    serializer_class = SeriesSummarySerializer
    queryset = CatalogueSeries.objects.none()
    filterset_class = SeriesFilter
    pagination_class = TickerPages

    def get_queryset(self) -> QuerySet[CatalogueSeries]:
        """Return all of them."""
        return series_list()


class CatalogueSeriesView(APIView):
    """One series of the catalogue."""

    @extend_schema(operation_id="catalogue_read", responses=SeriesDetailSerializer)
    def get(self, request: Request, series_id: int) -> Response:
        """Return it with its gaps against the market's calendar, and where its bars are from."""
        refuse_unknown(request)
        return Response(SeriesDetailSerializer(series_get(series_id=series_id)).data)


class SeriesQualityView(APIView):
    """How good the bars of a series are."""

    @extend_schema(operation_id="catalogue_quality", responses=QualityReportSerializer)
    def get(self, request: Request, series_id: int) -> Response:
        """Return what was found when the bars were judged last; they are judged whenever they have changed."""
        refuse_unknown(request)
        return Response(QualityReportSerializer(series_quality(row=series_get(series_id=series_id))).data)

    @extend_schema(operation_id="catalogue_judge", request=None, responses=QualityReportSerializer)
    def post(self, request: Request, series_id: int) -> Response:
        """Judge the bars now, if there are no more than two million."""
        series_judge(row=series_get(series_id=series_id))
        return Response(QualityReportSerializer(series_quality(row=series_get(series_id=series_id))).data)


class SeriesQualityPageView(APIView):
    """The same as a page."""

    @extend_schema(operation_id="catalogue_quality_page", responses={(200, "text/html"): str})
    def get(self, request: Request, series_id: int) -> HttpResponse:
        """Return it as one HTML file: grade, coverage by month, findings with places and what to do."""
        refuse_unknown(request)
        report = series_quality_report(row=series_get(series_id=series_id))
        return HttpResponse(quality_page([report]), content_type="text/html")


class CatalogueSourcesView(APIView):
    """The data sources, and how far the catalogue follows them."""

    @extend_schema(operation_id="catalogue_sources", responses=CatalogueSourceSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List them with their totals, when they were looked at, and what of them cannot be read."""
        refuse_unknown(request)
        return Response(CatalogueSourceSerializer(catalogue_source_list(), many=True).data)


class CatalogueRefreshView(APIView):
    """Reading what has changed now, rather than within five minutes."""

    @extend_schema(operation_id="catalogue_refresh", request=None, responses=RefreshedSerializer(many=True))
    def post(self, request: Request) -> Response:
        """Read what has changed in the data sources, for ten seconds at most."""
        nothing_given(request)
        return Response(RefreshedSerializer(catalogue_refresh(seconds=_REFRESH_S), many=True).data)
