"""What goes in and out about instruments, watch-lists and the catalogue."""

from __future__ import annotations

import math
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.server.datasets.models import CatalogueSeries, CatalogueSource, Instrument, InstrumentAlias, WatchList
from tradinglab.server.datasets.services import MOST_ENTRIES
from tradinglab.server.rest.fields import NameField, NotesField, StrictSerializer

_LARGEST_ID = 2**63 - 1
SECURITY_TYPES = [(each.name.lower(), each.name.lower()) for each in SecurityType]
RESOLUTIONS = [(each.name.lower(), each.name.lower()) for each in Resolution]
GRADES = [(each, each) for each in "ABCDF"]
TICK_TYPES = [(each.name.lower(), each.name.lower()) for each in TickType]


class InstrumentSerializer(serializers.ModelSerializer[Instrument]):
    """Something that can be traded, or an index."""

    security_type = serializers.ChoiceField(choices=SECURITY_TYPES)

    class Meta:
        model = Instrument
        fields = [
            "id",
            "ticker",
            "kind",
            "security_type",
            "market",
            "name",
            "exchange",
            "currency",
            "first_day",
            "last_day",
        ]
        extra_kwargs = {
            "ticker": {"help_text": "The last one that it had."},
            "kind": {"help_text": "What it is; a fund (`etf`, `fund`) has bars of the type `equity`."},
            "exchange": {"help_text": "Of the listing, as the source's map files have it; empty if it is not known."},
            "currency": {"help_text": "Of its prices; empty if it is not known."},
            "first_day": {"help_text": "Of its listing; null if it is not known."},
            "last_day": {"help_text": "Of its listing; null while it is listed, or if it is not known."},
        }


class InstrumentAliasSerializer(serializers.ModelSerializer[InstrumentAlias]):
    """A ticker that an instrument had, and the days, both included; null for a day that is open."""

    class Meta:
        model = InstrumentAlias
        fields = ["ticker", "first_day", "last_day"]


class OpenHoursSerializer(serializers.Serializer[Any]):
    """When a market is open on a day of the week that is no exception, by the clock of its time zone."""

    day = serializers.CharField(help_text="`monday` to `sunday`.")
    state = serializers.CharField(help_text="`pre_market`, `market` or `post_market`.")
    opens = serializers.CharField()
    closes = serializers.CharField(help_text="The end of the day is `24:00:00`.")


class SeriesSummarySerializer(serializers.ModelSerializer[CatalogueSeries]):
    """What a data source has of an instrument in one resolution."""

    source = serializers.CharField(source="source.name")  # type: ignore[assignment]  # a field's own source is another thing
    instrument = serializers.IntegerField(source="instrument_id")
    security_type = serializers.ChoiceField(source="instrument.security_type", choices=SECURITY_TYPES)
    market = serializers.CharField(source="instrument.market")
    resolution = serializers.ChoiceField(choices=RESOLUTIONS)
    tick_type = serializers.ChoiceField(choices=TICK_TYPES)
    quality = serializers.ChoiceField(
        choices=GRADES, allow_null=True, help_text="From A to F; null as long as the bars were not judged."
    )
    quality_is_current = serializers.SerializerMethodField(help_text="Whether the bars are those that were judged.")

    class Meta:
        model = CatalogueSeries
        fields = [
            "id", "source", "instrument", "ticker", "security_type", "market", "resolution", "tick_type", "first_day",
            "last_day", "first_at", "last_at", "bars", "size", "missing_days", "is_synthetic", "quality",
            "quality_percent", "missing_bars", "quality_is_current", "generation", "content", "written_at",
            "catalogued_at",
        ]  # fmt: skip
        extra_kwargs = {
            "ticker": {"help_text": "By which the source has it; the instrument's own may be a later one."},
            "first_at": {"help_text": "Start of the first bar; null where a source names days alone."},
            "last_at": {"help_text": "Start of the last bar; null where a source names days alone."},
            "bars": {"help_text": "null where only reading all files would tell."},
            "size": {"help_text": "Of the files, in bytes; null of bars that are made when they are read."},
            "missing_days": {"help_text": "Days on which the market was open and there is no bar; null if unknown."},
            "quality_percent": {"help_text": "What the grade is made of; 100 is without a fault."},
            "missing_bars": {"help_text": "Bars missing by the market's hours, inside of days too; null if unknown."},
            "generation": {"help_text": "Of a bar store's manifest; it counts the states of the series."},
            "content": {"help_text": "SHA-256 over the hashes of a bar store's slices; the same bars, the same hash."},
            "written_at": {"help_text": "When the source was last written, where it says so."},
        }

    def get_quality_is_current(self, row: CatalogueSeries) -> bool:
        """Return it."""
        return row.quality_at is not None and row.quality_mark == row.mark and not row.quality_problem


class GapSerializer(serializers.Serializer[Any]):
    """Days on which the market was open and there is no bar."""

    first_day = serializers.DateField()
    last_day = serializers.DateField()
    days = serializers.IntegerField(help_text="How many of them are trading days.")


class OriginSerializer(serializers.Serializer[Any]):
    """What bars were read from."""

    name = serializers.CharField()
    sha256 = serializers.CharField(allow_blank=True)


class DownloadedSerializer(serializers.Serializer[Any]):
    """Whom bars were downloaded from, and when; where ranges overlap, the last one counts."""

    source = serializers.CharField()  # type: ignore[assignment]  # a field's own source is another thing
    first_at = serializers.CharField()
    last_at = serializers.CharField()
    asked_at = serializers.CharField()


class CheckCountSerializer(serializers.Serializer[Any]):
    """How often a check found something."""

    check = serializers.CharField()
    severity = serializers.CharField(help_text="`error`, `warning` or `info`.")
    count = serializers.IntegerField()


class SeriesDetailSerializer(SeriesSummarySerializer):
    """A series with its gaps and origins."""

    gaps = GapSerializer(many=True, help_text="The longest first, at most 200.")
    origins = OriginSerializer(many=True, help_text="At most 20.")
    downloads = DownloadedSerializer(many=True)
    quality_counts = CheckCountSerializer(many=True, help_text="What the checks found.")

    class Meta(SeriesSummarySerializer.Meta):
        fields = [
            *SeriesSummarySerializer.Meta.fields, "gaps", "origins", "origin_count", "downloads", "expected_bars",
            "quality_counts", "quality_at", "quality_problem",
        ]  # fmt: skip
        extra_kwargs = {
            **SeriesSummarySerializer.Meta.extra_kwargs,
            "expected_bars": {"help_text": "From the first to the last, by the market's hours; null if unknown."},
            "quality_at": {"help_text": "When the bars were judged."},
            "quality_problem": {"help_text": "Why they could not be judged the last time; empty if they could."},
        }


class FiniteField(serializers.FloatField):
    """A number; what is none is null, as JSON has no word for it."""

    def to_representation(self, value: Any) -> Any:
        """Return the number."""
        number = float(value)
        return number if math.isfinite(number) else None


class FoundPlaceSerializer(serializers.Serializer[Any]):
    """A place at which a check found something."""

    time = serializers.CharField(allow_null=True)
    row = serializers.IntegerField(allow_null=True)
    line = serializers.IntegerField(allow_null=True)
    field = serializers.CharField(allow_null=True)
    value = FiniteField(allow_null=True)
    before = FiniteField(allow_null=True)
    after = FiniteField(allow_null=True)
    text = serializers.CharField(allow_blank=True)


class FoundSerializer(serializers.Serializer[Any]):
    """What a check found."""

    code = serializers.CharField()
    severity = serializers.CharField()
    count = serializers.IntegerField()
    sentence = serializers.CharField()
    advice = serializers.CharField()
    rules = serializers.ListField(child=serializers.CharField())
    examples = FoundPlaceSerializer(many=True)


class CoveredMonthSerializer(serializers.Serializer[Any]):
    """How much there is of a month."""

    month = serializers.CharField()
    bars = serializers.IntegerField()
    expected = serializers.IntegerField()


class QualityReportSerializer(serializers.Serializer[Any]):
    """What was found of a series when it was judged last."""

    series = serializers.CharField()
    bars = serializers.IntegerField()
    expected = serializers.IntegerField()
    missing = serializers.IntegerField()
    first = serializers.CharField(allow_null=True)
    last = serializers.CharField(allow_null=True)
    grade = serializers.ChoiceField(choices=GRADES)
    percent = serializers.FloatField()
    errors = serializers.IntegerField(  # type: ignore[assignment]  # what was found, not of the input
        help_text="How many checks found errors."
    )
    warnings = serializers.IntegerField()
    findings = FoundSerializer(many=True)
    months = CoveredMonthSerializer(many=True)
    judged_at = serializers.DateTimeField()
    is_current = serializers.BooleanField(help_text="Whether the bars are still those that were judged.")


class InstrumentDetailSerializer(InstrumentSerializer):
    """An instrument with its rules, its hours, its tickers of before, and what there is of it."""

    aliases = InstrumentAliasSerializer(many=True)
    hours = OpenHoursSerializer(many=True)
    series = SeriesSummarySerializer(source="series_there", many=True)

    class Meta(InstrumentSerializer.Meta):
        fields = [
            *InstrumentSerializer.Meta.fields, "market_ticker", "lot_size", "tick_size", "minimum_order_size",
            "contract_multiplier", "time_zone", "hours", "described_by", "aliases", "series",
        ]  # fmt: skip
        extra_kwargs = {
            **InstrumentSerializer.Meta.extra_kwargs,
            "lot_size": {"help_text": "The smallest step of the quantity, exact; empty if it is not known."},
            "tick_size": {"help_text": "The smallest step of the price, exact; empty if it is not known."},
            "minimum_order_size": {"help_text": "Empty if there is no such rule, or none is known."},
            "described_by": {"help_text": "The data source that says so."},
        }


class CatalogueSourceSerializer(serializers.ModelSerializer[CatalogueSource]):
    """A data source as the catalogue knows it."""

    series = serializers.IntegerField(source="series_count")
    instruments = serializers.IntegerField(source="instrument_count")
    bars = serializers.IntegerField(source="bar_count", allow_null=True, help_text="Of the series that count them.")
    size = serializers.IntegerField(source="total_size", allow_null=True, help_text="In bytes.")
    first_day = serializers.DateField(source="from_day", allow_null=True)
    last_day = serializers.DateField(source="to_day", allow_null=True)
    unreadable = serializers.ListField(child=serializers.CharField(), help_text="Files that are broken; at most 20.")

    class Meta:
        model = CatalogueSource
        fields = [
            "name", "series", "instruments", "bars", "size", "first_day", "last_day", "refreshed_at", "changed_at",
            "is_complete", "problem", "unreadable",
        ]  # fmt: skip
        extra_kwargs = {
            "is_complete": {
                "help_text": "Whether everything that had changed was read; if not, the next refresh does."
            },
            "problem": {"help_text": "Why it could not be read; empty if it could."},
        }


class RefreshedSerializer(serializers.Serializer[Any]):
    """What a refresh did with a data source."""

    source = serializers.CharField()  # type: ignore[assignment]  # a field's own source is another thing
    read = serializers.IntegerField(help_text="Places, files or folders, that were new or had changed.")
    removed = serializers.IntegerField(help_text="Series that are gone.")
    is_complete = serializers.BooleanField(help_text="false if there is more to read; ask again, or wait.")
    unreadable = serializers.ListField(child=serializers.CharField())


def _instruments(**options: Any) -> serializers.ListField:
    number = serializers.IntegerField(min_value=1, max_value=_LARGEST_ID)
    described = "Ids of instruments, in the order of the list."
    return serializers.ListField(child=number, max_length=MOST_ENTRIES, help_text=described, **options)


class WatchListInput(StrictSerializer):
    """A watch-list that is to be made."""

    name = NameField(max_length=200)
    description = NotesField(max_length=2_000, allow_blank=True, default="")
    instruments = _instruments(default=list)


class WatchListChanges(StrictSerializer):
    """What is to be changed; the rest stays."""

    name = NameField(max_length=200, required=False)
    description = NotesField(max_length=2_000, allow_blank=True, required=False)
    instruments = _instruments(required=False)


class WatchListEntryInput(StrictSerializer):
    """The instrument that is to be put on a watch-list: by its id, or by its ticker."""

    instrument = serializers.IntegerField(min_value=1, max_value=_LARGEST_ID, required=False)
    ticker = NameField(max_length=100, required=False, help_text="Of now or of before.")
    security_type = serializers.ChoiceField(
        choices=SECURITY_TYPES, required=False, help_text="With a ticker that several instruments have."
    )
    market = NameField(max_length=100, required=False, help_text="With a ticker that several instruments have.")


class WatchListSerializer(serializers.ModelSerializer[WatchList]):
    """A watch-list with its instruments, in their order."""

    instruments = serializers.SerializerMethodField()

    class Meta:
        model = WatchList
        fields = ["id", "name", "description", "instruments", "created_at", "updated_at"]

    @extend_schema_field(InstrumentSerializer(many=True))
    def get_instruments(self, watch_list: WatchList) -> Any:
        """Return them."""
        entries = [each.instrument for each in watch_list.entries.all()]
        return InstrumentSerializer(entries, many=True).data
