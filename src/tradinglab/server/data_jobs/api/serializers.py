"""What goes in and out about data jobs."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tradinglab.data.sources.asking import RESOLUTIONS, TYPES
from tradinglab.data.sources.opening import NAMES
from tradinglab.data.updating import OVERLAP_DAYS
from tradinglab.server.config.data_sources import LOCAL
from tradinglab.server.data_jobs.models import DataJob, DataJobItem
from tradinglab.server.data_jobs.requests import MOST_ITEMS
from tradinglab.server.datasets.api.serializers import RESOLUTIONS as ALL_RESOLUTIONS
from tradinglab.server.datasets.api.serializers import SECURITY_TYPES, TICK_TYPES
from tradinglab.server.rest.fields import NameField, StrictSerializer
from tradinglab.server.runs.models import RunState

_LARGEST_ID = 2**63 - 1
ON_RESTATED = ("keep", "replace")
#: What a job does, beside the states of its run.
STATES = [*RunState.values, "paused"]
_MOST_OVERLAP = 400
_TARGET_HELP = "The bar store that is written: `local`, the installation's own, or one that the operator has named."


def target_field(**options: Any) -> NameField:
    """Return the field that names a store."""
    return NameField(max_length=40, help_text=_TARGET_HELP, **(options or {"default": LOCAL}))


def _symbols() -> serializers.ListField:
    one = serializers.CharField(max_length=100)
    return serializers.ListField(
        child=one, required=False, allow_empty=False, max_length=MOST_ITEMS, help_text="Tickers: SPY, BRK.B, EURUSD."
    )


def sources_field(**options: Any) -> serializers.ListField:
    """Return the field that names sources."""
    return serializers.ListField(
        child=serializers.CharField(max_length=40),
        max_length=len(NAMES),
        help_text=f"Who is asked, in this order; who has none or refuses is followed by the next: {', '.join(NAMES)}.",
        **options,
    )


def on_restated_field(**options: Any) -> serializers.ChoiceField:
    """Return the field that says what becomes of bars that are told otherwise."""
    return serializers.ChoiceField(
        choices=ON_RESTATED,
        help_text="Which bars stay where the source now gives others than those that are stored: these (`keep`), or "
        "the new ones (`replace`). Either way it is told.",
        **options,
    )


class SubjectsInput(StrictSerializer):
    """Of which series."""

    target = target_field()
    symbols = _symbols()
    security_type = serializers.ChoiceField(
        choices=TYPES, required=False, help_text="Of the symbols; left out, what is usual for the source."
    )
    market = NameField(max_length=100, required=False, help_text="Of the symbols; left out, what is usual.")
    watch_list = serializers.UUIDField(required=False, help_text="In place of symbols: the instruments of a list.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse several ways to name them, and none."""
        named = [name for name in ("symbols", "watch_list", "all") if attrs.get(name)]
        ways = "`symbols`, `watch_list` or `all`" if "all" in self.fields else "`symbols` or `watch_list`"
        if len(named) != 1:
            raise serializers.ValidationError({"symbols": f"Give one of {ways}."})
        for name in ("security_type", "market"):
            if name in attrs and "symbols" not in named:
                raise serializers.ValidationError({name: "It belongs to `symbols`; leave it out."})
        return attrs


class DownloadInput(SubjectsInput):
    """A download that is asked for."""

    sources = sources_field(default=lambda: ["yahoo"], allow_empty=False)
    resolution = serializers.ChoiceField(choices=RESOLUTIONS, default="daily")
    start = serializers.DateField(
        required=False, help_text="First day; left out, the first that was downloaded before, or that there is."
    )
    end = serializers.DateField(required=False, help_text="Last day; left out, the last one that is over.")
    refresh = serializers.BooleanField(default=False, help_text="Ask again for what was downloaded before.")
    on_restated = on_restated_field(default="keep")


class UpdateInput(SubjectsInput):
    """An update that is asked for."""

    all = serializers.BooleanField(required=False, help_text="In place of symbols: every series of the store.")
    sources = sources_field(default=list)
    resolutions = serializers.ListField(
        child=serializers.ChoiceField(choices=RESOLUTIONS), default=list, help_text="Left out: all that there are."
    )
    overlap_days = serializers.IntegerField(
        default=OVERLAP_DAYS,
        min_value=0,
        max_value=_MOST_OVERLAP,
        help_text="So many days before the last bar are asked for again, to see what was corrected.",
    )
    on_restated = on_restated_field(default="keep")


class RetryInput(StrictSerializer):
    """What is to be tried again."""

    items = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=_LARGEST_ID),
        required=False,
        allow_empty=False,
        max_length=MOST_ITEMS,
        help_text="Ids of items that failed or were cancelled; left out, all of them.",
    )


class ItemCountsSerializer(serializers.Serializer[Any]):
    """How many items of a job are in each state."""

    total = serializers.IntegerField(source="total_count")
    waiting = serializers.IntegerField(source="waiting_count")
    running = serializers.IntegerField(source="running_count")
    completed = serializers.IntegerField(source="completed_count")
    failed = serializers.IntegerField(source="failed_count")
    cancelled = serializers.IntegerField(source="cancelled_count")


class DataJobSerializer(serializers.ModelSerializer[DataJob]):
    """A job that brings bars."""

    id = serializers.UUIDField(source="run_id", help_text="Also that of its events: `/runs/{id}/events/`.")
    state = serializers.SerializerMethodField()
    progress = serializers.FloatField(source="run.progress")
    options = serializers.DictField(child=serializers.JSONField(), help_text="As it was asked for.")
    items = serializers.SerializerMethodField()
    added = serializers.SerializerMethodField(help_text="Bars that are new.")
    retry_of = serializers.UUIDField(source="retry_of_id", allow_null=True)
    schedule = serializers.UUIDField(source="schedule_id", allow_null=True)
    upload = serializers.UUIDField(source="upload_id", allow_null=True)
    created_at = serializers.DateTimeField(source="run.created_at")
    started_at = serializers.DateTimeField(source="run.started_at", allow_null=True)
    finished_at = serializers.DateTimeField(source="run.finished_at", allow_null=True)
    error = serializers.DictField(source="run.error", child=serializers.CharField())

    class Meta:
        model = DataJob
        fields = [
            "id", "kind", "state", "progress", "target", "options", "items", "added", "paused_at", "retry_of",
            "schedule", "upload", "created_at", "started_at", "finished_at", "error",
        ]  # fmt: skip

    @extend_schema_field(serializers.ChoiceField(choices=STATES))
    def get_state(self, job: DataJob) -> str:
        """Return the state of the run, unless it is paused."""
        is_paused = job.paused_at is not None and job.run.state in (RunState.QUEUED, RunState.RUNNING)
        return "paused" if is_paused else str(job.run.state)

    @extend_schema_field(ItemCountsSerializer)
    def get_items(self, job: DataJob) -> Any:
        """Return how many there are."""
        return ItemCountsSerializer(job).data

    @extend_schema_field(serializers.IntegerField())
    def get_added(self, job: Any) -> int:
        """Return the sum over the items."""
        return int(job.added_sum or 0)


class PassedSerializer(serializers.Serializer[Any]):
    """A source that did not give the bars of a range, and why."""

    source = serializers.CharField()  # type: ignore[assignment]  # a field's own source is another thing
    code = serializers.CharField()
    reason = serializers.CharField()


class RangeSerializer(serializers.Serializer[Any]):
    """A range that was answered, by whom, and who was asked before."""

    first_day = serializers.DateField()
    last_day = serializers.DateField()
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # a field's own source is another thing
    bars = serializers.IntegerField(help_text="0: the source has none of that range.")
    passed = PassedSerializer(many=True)


class RestatedSerializer(serializers.Serializer[Any]):
    """Stored bars that a source now gives otherwise."""

    source = serializers.CharField()  # type: ignore[assignment]  # a field's own source is another thing
    count = serializers.IntegerField()
    day = serializers.DateField(help_text="Of the first of them.")
    first_us = serializers.IntegerField(help_text="Its start, in microseconds since 1970 UTC.")
    stored_close = serializers.FloatField()
    new_close = serializers.FloatField()
    kept = serializers.ChoiceField(choices=["stored", "new"], help_text="Which of the two are in the store now.")


class DataJobItemSerializer(serializers.ModelSerializer[DataJobItem]):
    """A series of a job, and what came of it."""

    symbol = serializers.CharField(source="ticker", help_text="Empty if a column of the file says it of each row.")
    security_type = serializers.ChoiceField(choices=SECURITY_TYPES)
    resolution = serializers.ChoiceField(choices=ALL_RESOLUTIONS)
    tick_type = serializers.ChoiceField(choices=TICK_TYPES)
    progress = serializers.FloatField(source="fraction")
    ranges = RangeSerializer(many=True)
    restated = RestatedSerializer(many=True)
    notes = serializers.ListField(child=serializers.CharField())
    error = serializers.DictField(child=serializers.CharField(), help_text="Empty, or `code` and `message`.")
    waits_for = serializers.UUIDField(
        allow_null=True, help_text="The job that brings the same series now; this item begins when that is done."
    )

    class Meta:
        model = DataJobItem
        fields = [
            "id", "symbol", "security_type", "market", "resolution", "tick_type", "state", "progress", "tries", "added",
            "known", "left_out", "actions", "quality", "ranges", "restated", "notes", "error", "waits_for",
            "started_at", "finished_at",
        ]  # fmt: skip
        extra_kwargs = {
            "tries": {"help_text": "How often it was begun."},
            "added": {"help_text": "Bars that are new."},
            "known": {"help_text": "Bars that were stored before."},
            "left_out": {"help_text": "Bars that cannot be: a high below the low, a price that is not positive."},
            "actions": {"help_text": "Splits and dividends."},
            "quality": {"help_text": "The grade that the bars of an import were given; empty otherwise."},
        }
