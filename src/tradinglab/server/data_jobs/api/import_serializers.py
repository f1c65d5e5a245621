"""What goes in and out about uploads and imports."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tradinglab.server.data_jobs.api.serializers import target_field
from tradinglab.server.data_jobs.models import DataUpload
from tradinglab.server.rest.fields import NameField, StrictSerializer

KINDS = ("equity", "index", "forex", "crypto", "cfd")
STORED_RESOLUTIONS = ("second", "minute", "hour", "daily")
BAR_TICKS = ("trade", "quote")
STAMPS = ("start", "end")
ON_BAD = ("error", "drop")
ON_CONFLICT = ("error", "replace", "keep")


class UploadQuery(StrictSerializer):
    """What is said of a file beside its bytes."""

    name = NameField(max_length=200, help_text="The file's name; its end says how it is packed.")


class DataUploadSerializer(serializers.ModelSerializer[DataUpload]):
    """A file that was sent."""

    class Meta:
        model = DataUpload
        fields = ["id", "name", "size", "sha256", "created_at"]


class ReadingInput(StrictSerializer):
    """How a file is read."""

    market = NameField(max_length=100, default="usa", help_text="In whose zone times are that do not say theirs.")
    security_type = serializers.ChoiceField(choices=KINDS, required=False, help_text="Left out, what is usual there.")
    tick_type = serializers.ChoiceField(choices=BAR_TICKS, default="trade")
    columns = serializers.DictField(
        child=serializers.CharField(max_length=200),
        default=dict,
        help_text='Fields to columns, where the names do not say it: `{"time": "When"}`.',
    )
    time_format = NameField(max_length=100, required=False, help_text="In the letters of Python's strftime.")
    time_zone = NameField(max_length=64, required=False)
    stamp = serializers.ChoiceField(choices=STAMPS, default="start", help_text="Which moment of a bar its time is.")


class PreviewSerializer(serializers.Serializer[Any]):
    """What an import would make of a file."""

    can_be_imported = serializers.BooleanField(help_text="As it is; `problems` say why not.")
    names = serializers.ListField(child=serializers.CharField(allow_blank=True))
    columns = serializers.DictField(child=serializers.CharField(), help_text="Fields to the columns taken for them.")
    unused = serializers.ListField(child=serializers.CharField(allow_blank=True))
    time_form = serializers.CharField(allow_blank=True)
    time_zone = serializers.CharField(allow_blank=True)
    resolution = serializers.CharField(allow_null=True, help_text="null if bars are of no length that can be stored.")
    rows = serializers.IntegerField(help_text="That were looked at.")
    is_whole = serializers.BooleanField(help_text="Whether these are all.")
    first = serializers.ListField(child=serializers.ListField(child=serializers.CharField(allow_blank=True)))
    last = serializers.ListField(child=serializers.ListField(child=serializers.CharField(allow_blank=True)))
    first_us = serializers.IntegerField(allow_null=True, help_text="Start of the first bar, microseconds since 1970.")
    last_us = serializers.IntegerField(allow_null=True, help_text="Start of the last one.")
    wrong_rows = serializers.IntegerField()
    problems = serializers.ListField(child=serializers.CharField())
    notes = serializers.ListField(child=serializers.CharField())


class FileImportInput(ReadingInput):
    """An import that is asked for."""

    upload = serializers.UUIDField(help_text="The file, as POST /data-uploads/ has named it.")
    target = target_field()
    symbol = NameField(
        max_length=100, required=False, help_text="Of what its bars are; left out, a column says it of each row."
    )
    resolution = serializers.ChoiceField(choices=STORED_RESOLUTIONS, help_text="How long a bar is.")
    on_bad = serializers.ChoiceField(choices=ON_BAD, default="error", help_text="What becomes of wrong rows.")
    on_conflict = serializers.ChoiceField(
        choices=ON_CONFLICT, default="error", help_text="What to do where other bars of the same times are stored."
    )
    policy = NameField(
        max_length=2_000, required=False, help_text="What is done about what checks find: `repair,outlier=drop`."
    )
