"""``/api/v1/data-sources/``: the data that backtests may read."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.data.source import Coverage
from tradinglab.server.backtests.data_sources import (
    data_source_coverage,
    data_source_get,
    data_source_list,
)
from tradinglab.server.rest.fields import ProblemSerializer
from tradinglab.server.rest.filters import refuse_unknown

_EPOCH = date(1970, 1, 1)


class DataSourceSerializer(serializers.Serializer[Any]):
    """A source of bars, by the name that a backtest gives as `data`."""

    name = serializers.CharField()
    kind = serializers.CharField(help_text="`sample`, `lean` or `store`.")


class SeriesSerializer(serializers.Serializer[Any]):
    """What a source has of one ticker."""

    ticker = serializers.CharField()
    security_type = serializers.CharField()
    market = serializers.CharField()
    resolution = serializers.CharField()
    tick_type = serializers.CharField()
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    is_synthetic = serializers.BooleanField(help_text="Whether the bars are made up.")


class DataSourceDetailSerializer(DataSourceSerializer):
    """A source with what it has."""

    series = SeriesSerializer(many=True)
    is_complete = serializers.BooleanField(help_text="Whether all series are listed; a long list is cut off.")


class DataSourcesView(APIView):
    """The sources of this installation."""

    @extend_schema(operation_id="data_sources_list", responses=DataSourceSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the sources; what else there is to be, the operator names in `TRADINGLAB_DATA_SOURCES`."""
        refuse_unknown(request)
        return Response(DataSourceSerializer(data_source_list(), many=True).data)


class DataSourceView(APIView):
    """One source."""

    @extend_schema(
        operation_id="data_sources_read",
        responses={
            200: DataSourceDetailSerializer,
            409: OpenApiResponse(ProblemSerializer, "It cannot be read now."),
        },
    )
    def get(self, request: Request, name: str) -> Response:
        """Return what a source has: tickers, resolutions, and from when to when."""
        source = data_source_get(name=name)
        series, is_complete = data_source_coverage(source=source)
        listed = [_series(each) for each in series]
        return Response({"name": source.name, "kind": source.kind, "series": listed, "is_complete": is_complete})


def _series(coverage: Coverage) -> dict[str, Any]:
    return {
        "ticker": coverage.ticker,
        "security_type": coverage.security_type.name.lower(),
        "market": coverage.market,
        "resolution": coverage.resolution.name.lower(),
        "tick_type": coverage.tick_type.name.lower(),
        "first_day": (_EPOCH + timedelta(days=int(coverage.first_day))).isoformat(),
        "last_day": (_EPOCH + timedelta(days=int(coverage.last_day))).isoformat(),
        "is_synthetic": coverage.is_synthetic,
    }
