"""``/api/v1/quotes/``: the last bar of instruments, and whether it is stale."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.models import User
from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.backtests.data_sources import data_source_wanted
from tradinglab.server.datasets.api.serializers import RESOLUTIONS, SECURITY_TYPES, TICK_TYPES
from tradinglab.server.datasets.models import Instrument
from tradinglab.server.datasets.quotes import MOST_QUOTES, quotes_of
from tradinglab.server.datasets.selectors import instrument_named, watch_list_get
from tradinglab.server.errors import InputError
from tradinglab.server.rest.fields import NameField, ProblemSerializer, StrictSerializer

_OF_BARS = tuple(name for name, _ in RESOLUTIONS if name != "tick")


class QuotesQuery(StrictSerializer):
    """Of what the last bar is wanted."""

    symbols = serializers.CharField(
        required=False, max_length=10_000, help_text=f"Tickers, separated by commas; at most {MOST_QUOTES}."
    )
    watch_list = serializers.UUIDField(required=False, help_text="In place of symbols: the instruments of a list.")
    security_type = serializers.ChoiceField(
        choices=SECURITY_TYPES, required=False, help_text="Of symbols that several instruments have."
    )
    market = NameField(max_length=100, required=False, help_text="Of symbols that several instruments have.")
    data = serializers.CharField(  # type: ignore[assignment]  # where bars come from, not the serializer's
        max_length=40, required=False, help_text="Only of this data source; else of the one that reaches furthest."
    )
    resolution = serializers.ChoiceField(_OF_BARS, required=False, help_text="Only bars of this length.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse both ways of naming instruments, and none."""
        if ("symbols" in attrs) == ("watch_list" in attrs):
            raise serializers.ValidationError({"symbols": ["Give either `symbols` or a `watch_list`."]})
        return attrs


class QuoteSerializer(serializers.Serializer[Any]):
    """The last bar of an instrument."""

    instrument = serializers.IntegerField(source="instrument.pk")
    ticker = serializers.CharField(source="instrument.ticker")
    security_type = serializers.ChoiceField(source="instrument.security_type", choices=SECURITY_TYPES)
    market = serializers.CharField(source="instrument.market")
    currency = serializers.CharField(source="instrument.currency", allow_blank=True)
    series = serializers.IntegerField(
        source="series.pk", default=None, allow_null=True, help_text="Of the catalogue; null if there is none."
    )
    data = serializers.CharField(  # type: ignore[assignment]  # where bars come from, not the serializer's
        source="series.source.name", default=None, allow_null=True
    )
    resolution = serializers.ChoiceField(source="series.resolution", default=None, allow_null=True, choices=RESOLUTIONS)
    tick_type = serializers.ChoiceField(source="series.tick_type", default=None, allow_null=True, choices=TICK_TYPES)
    is_synthetic = serializers.BooleanField(
        source="series.is_synthetic", default=None, allow_null=True, help_text="Whether the bar is made up."
    )
    price = serializers.FloatField(allow_null=True, help_text="The close; of quotes the middle of bid and ask.")
    bar = serializers.DictField(
        child=serializers.FloatField(allow_null=True), allow_null=True, help_text="Its fields, in raw prices."
    )
    bar_at = serializers.DateTimeField(allow_null=True, help_text="When the bar began.")
    as_of = serializers.DateTimeField(allow_null=True, help_text="When it ended; of a day, when the session closed.")
    age_s = serializers.FloatField(allow_null=True, help_text="Seconds since.")
    expected_as_of = serializers.DateTimeField(
        allow_null=True, help_text="The same of the last bar that there can be by the market's hours."
    )
    is_stale = serializers.BooleanField(allow_null=True, help_text="Whether there could be a later one; null: unknown.")
    reason = serializers.CharField(help_text="Why that is so.")


class QuotesView(APIView):
    """The last bars of instruments."""

    @extend_schema(
        operation_id="quotes",
        parameters=[QuotesQuery],
        responses={
            200: QuoteSerializer(many=True),
            409: OpenApiResponse(ProblemSerializer, "A series cannot be read now."),
        },
    )
    def get(self, request: Request) -> Response:
        """Return the last stored bar of each, and whether by the market's calendar there could be a later one."""
        query = QuotesQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        if "data" in asked:
            data_source_wanted(name=asked["data"])
        found = quotes_of(
            instruments=_instruments(user_of(request), asked),
            data=asked.get("data"),
            resolution=asked.get("resolution"),
            now=timezone.now(),
        )
        return Response(QuoteSerializer(found, many=True).data)


def _instruments(user: User, asked: dict[str, Any]) -> list[Instrument]:
    if "watch_list" in asked:
        listed = watch_list_get(user=user, watch_list_id=asked["watch_list"])
        return [each.instrument for each in listed.entries.all()]
    tickers = list(dict.fromkeys(each.strip() for each in asked["symbols"].split(",") if each.strip()))
    if not 0 < len(tickers) <= MOST_QUOTES:
        raise InputError("symbols", asked["symbols"][:100], f"Name 1 to {MOST_QUOTES} tickers; it were {len(tickers)}.")
    found = []
    for ticker in tickers:
        try:
            found.append(
                instrument_named(ticker=ticker, security_type=asked.get("security_type"), market=asked.get("market"))
            )
        except InputError as error:
            raise InputError("symbols", ticker, str(error)) from None
    return found
