"""What goes in and out about backtests."""

from __future__ import annotations

import re
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tradinglab.core.run_warnings import WarningKind
from tradinglab.engine.seeding import SEEDS
from tradinglab.engine.verification import FindingCode
from tradinglab.server.backtests.differences import DifferenceKind
from tradinglab.server.backtests.engines import Fallback
from tradinglab.server.backtests.figures import FIGURES, help_of
from tradinglab.server.backtests.holding_out import SealedDays
from tradinglab.server.backtests.models import Backtest, Verification
from tradinglab.server.backtests.requests import MOST_CASH
from tradinglab.server.config.data_sources import SAMPLE
from tradinglab.server.honesty.api.serializers import HoldOutSerializer
from tradinglab.server.rest.fields import FiniteField, NameField, NotesField, NumberOrTextField, StrictSerializer
from tradinglab.server.rest.quick import QuickSerializer
from tradinglab.server.runs.models import Priority, RunState

_MOST_PARAMETERS = 200
_MOST_TAGS = 20
#: A name that a strategy can ask for.
PARAMETER_NAME = re.compile(r"[\w.-]{1,100}")


class TermsInput(StrictSerializer):
    """The terms on which a version is run, whatever it is run for; what is left out is the strategy's own."""

    data = serializers.CharField(  # type: ignore[assignment]  # where bars come from, not the serializer's
        max_length=40, default=SAMPLE, help_text="Name of a data source; `/data-sources/` lists them."
    )
    name = NameField(max_length=200, allow_blank=True, default="")
    parameters = serializers.DictField(
        child=NumberOrTextField(max_length=1000, allow_blank=True, trim_whitespace=False),
        default=dict,
        help_text="Texts or numbers for `get_parameter`.",
    )
    start = serializers.DateField(required=False, allow_null=True, default=None)
    end = serializers.DateField(required=False, allow_null=True, default=None)
    cash = serializers.DecimalField(
        max_digits=20,
        decimal_places=4,
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        max_value=MOST_CASH,
    )
    timeout_s = FiniteField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Seconds it may take; at most your limit, or QuantConnect's.",
    )
    memory_mb = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="Megabytes it may take; at most your limit."
    )
    hold_out = serializers.ChoiceField(
        choices=[each.value for each in SealedDays],
        default=SealedDays.REFUSE.value,
        help_text="If it would touch days that are sealed as the strategy's hold-out: refuse it, or clip it to the day "
        "before them.",
    )

    def validate_parameters(self, value: dict[str, str]) -> dict[str, str]:
        """Refuse names that no strategy can ask for."""
        if len(value) > _MOST_PARAMETERS:
            raise serializers.ValidationError(f"At most {_MOST_PARAMETERS} parameters are taken.")
        for name in value:
            if not PARAMETER_NAME.fullmatch(name):
                raise serializers.ValidationError(
                    {name[:100]: ["A name has up to 100 letters, digits, '_', '-' and '.'."]}
                )
        return value


class BacktestInput(TermsInput):
    """A backtest that is to be run; what is left out is the strategy's own."""

    version = serializers.UUIDField(required=False, help_text="The `id` of a version; this or `files`.")
    files = serializers.DictField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False),
        allow_empty=False,
        required=False,
        help_text="Path and text of each file; main.py is one. They become a version of a strategy kept for them.",
    )
    seed = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=0,
        max_value=SEEDS - 1,
        help_text="What `random` and `numpy.random` start from; if left out, it follows from the rest of the request.",
    )
    priority = serializers.ChoiceField(
        choices=Priority.labels,
        default=Priority.NORMAL.label,
        help_text="`interactive` for one that somebody waits for, `batch` for one of many.",
    )
    engine = serializers.ChoiceField(
        choices=Backtest.Engine.choices,
        default=Backtest.Engine.LOCAL,
        help_text="Where it is run: here, or in the QuantConnect account that you have connected.",
    )
    fallback = serializers.ChoiceField(
        choices=[each.value for each in Fallback],
        default=Fallback.QUEUE.value,
        help_text="If QuantConnect cannot be reached before it was started there: `queue` waits for it, `local` runs "
        "it here, and says so.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what names no code, or two."""
        if ("version" in attrs) == ("files" in attrs):
            given = "both are given; leave one out" if "version" in attrs else "neither is given"
            raise serializers.ValidationError({"version": [f"Name either a `version` or `files`: {given}."]})
        return attrs

    def validate_priority(self, value: str) -> Priority:
        """Return the priority of that name."""
        return next(each for each in Priority if each.label == value)


class BacktestChanges(BacktestInput):
    """What is to be otherwise when a backtest is run anew; what is left out stays."""

    files = None  # type: ignore[assignment]  # takes the field away
    bars = serializers.ChoiceField(
        choices=["now", "then"],
        required=False,
        help_text="Whether it reads the bars that are there now (the default), or those of a bar store that this one "
        "has read, although they were restated since.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take any of them."""
        return attrs


class BacktestAnnotations(StrictSerializer):
    """What its owner says of a backtest; what is left out stays."""

    name = NameField(max_length=200, allow_blank=True, required=False)
    notes = NotesField(
        max_length=10_000, allow_blank=True, trim_whitespace=False, required=False, help_text="Plain text."
    )
    tags = serializers.ListField(
        child=NameField(max_length=50),
        max_length=_MOST_TAGS,
        required=False,
        help_text="These instead of those that are there.",
    )
    is_starred = serializers.BooleanField(required=False)

    def validate_tags(self, value: list[str]) -> list[str]:
        """Return each tag once."""
        return list(dict.fromkeys(value))


class PriorityField(serializers.ChoiceField):
    """A priority by its name."""

    def to_representation(self, value: Any) -> str:
        """Return the name."""
        return Priority(value).label


class BacktestSerializer(QuickSerializer[Backtest]):
    """A backtest: where it is in its life, and its key figures."""

    id = serializers.UUIDField(source="run_id")
    state = serializers.ChoiceField(source="run.state", choices=RunState.choices)
    progress = serializers.FloatField(source="run.progress")
    sandbox_grade = serializers.CharField(
        source="run.sandbox_grade", help_text="`strong`, `standard` or `weak`; empty before it ran."
    )
    priority = PriorityField(source="run.priority", choices=Priority.labels)
    timeout_s = serializers.FloatField(source="run.timeout_s")
    memory_mb = serializers.IntegerField(source="run.memory_mb")
    version = serializers.UUIDField(source="version_id")
    strategy = serializers.UUIDField(source="version.strategy_id")
    strategy_name = serializers.CharField(source="version.strategy.name")
    optimization = serializers.UUIDField(
        source="run.parent_id", allow_null=True, help_text="The optimization that it is a trial of."
    )
    engine = serializers.ChoiceField(choices=Backtest.Engine.choices, help_text="Where it is run, or was.")
    is_slim = serializers.BooleanField(
        help_text="Whether it is a trial that keeps only what it is judged by: equity, days, trades and log. "
        "`open/` runs it again in full."
    )
    parameters = serializers.DictField(child=serializers.CharField())
    tags = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField(source="run.created_at")
    started_at = serializers.DateTimeField(source="run.started_at", allow_null=True)
    finished_at = serializers.DateTimeField(source="run.finished_at", allow_null=True)
    deleted_at = serializers.DateTimeField(source="run.deleted_at", allow_null=True)
    is_cancel_requested = serializers.BooleanField(help_text="Whether its owner wants it stopped.")
    error = serializers.DictField(source="run.error", child=serializers.CharField())
    first_day = serializers.DateField(allow_null=True, help_text="The first day that the run covered.")
    last_day = serializers.DateField(allow_null=True, help_text="The last day that the run covered.")
    duration_s = serializers.FloatField(allow_null=True, help_text="From its start to its end.")
    verification = serializers.ChoiceField(
        choices=Backtest.Standing.choices,
        help_text="Whether all figures follow from orders, bars and models. Only a run that completed is checked, and "
        "has figures here; what another has left (`artefacts/`) is its own word.",
    )

    class Meta:
        model = Backtest
        fields = [
            "id", "state", "progress", "sandbox_grade",
            "priority", "timeout_s", "memory_mb", "name", "is_starred", "tags", "strategy",
            "strategy_name", "version", "optimization", "is_slim", "engine", "data", "parameters",
            "start", "end", "cash",
            "created_at", "started_at", "finished_at", "deleted_at", "is_cancel_requested", "error", "verification",
            "first_day", "last_day", "duration_s", "data_changed_at", "total_orders", *FIGURES,
        ]  # fmt: skip
        extra_kwargs = {name: {"help_text": help_of(name)} for name in FIGURES} | {
            "data_changed_at": {
                "help_text": "Since when bars, splits or dividends that it has read are otherwise in the store; null "
                "if they are what they were, or nobody knows. `data_changes` of the backtest says what has changed."
            }
        }


class UnexplainedSerializer(serializers.Serializer[Any]):
    """Something in a result that bars, models and orders do not explain."""

    code = serializers.ChoiceField(choices=[each.value for each in FindingCode])
    text = serializers.CharField()
    order_id = serializers.IntegerField(allow_null=True)
    symbol = serializers.CharField(allow_null=True)
    time_ns = serializers.IntegerField(allow_null=True, help_text="Nanoseconds since 1970, UTC.")
    claimed = serializers.CharField(help_text="What the run says; empty where nothing is compared.")
    expected = serializers.CharField(help_text="What the replay gives.")


class RunWarningSerializer(serializers.Serializer[Any]):
    """Something that a run did otherwise than one may think."""

    kind = serializers.ChoiceField(choices=[each.value for each in WarningKind])
    text = serializers.CharField()
    no_bars_of = serializers.CharField(
        default="", help_text="The ticker of which it says that there were no bars; empty if it says something else."
    )


class DataChangeSerializer(serializers.Serializer[Any]):
    """What has changed of the data that a run has read."""

    kind = serializers.ChoiceField(
        choices=["bars", "factors", "gone"],
        help_text="Bars that were restated, splits or dividends, or bars of which the old ones are not kept.",
    )
    what = serializers.CharField(help_text="The series, or the ticker.")
    count = serializers.IntegerField(help_text="Of bars, or of splits and dividends.")
    first_day = serializers.CharField(
        allow_blank=True, help_text="Of the first bar, or the last trading day before the first split or dividend."
    )
    text = serializers.CharField()


class BacktestDetailSerializer(BacktestSerializer):
    """A backtest with its notes, its manifest, all of LEAN's statistics, and what its replay found."""

    warnings = RunWarningSerializer(
        many=True,
        help_text="Parameters that the strategy does not ask for, as far as its text shows it; once the run has "
        "completed, all that the run itself warns of.",
    )

    data_changes = DataChangeSerializer(many=True, help_text="What of its data has changed since it ran, at most 50.")
    findings = UnexplainedSerializer(many=True, help_text="Why it is `unverified`.")
    findings_left_out = serializers.IntegerField(help_text="How many more findings there were than are listed.")
    verification_notes = serializers.ListField(
        child=serializers.CharField(), help_text="What the replay took as the run declared it."
    )

    hold_out = HoldOutSerializer(
        allow_null=True, help_text="The hold-out that was opened for it, with its stamp; `null` for any other run."
    )

    manifest = serializers.DictField(source="run.manifest", child=serializers.JSONField())
    statistics = serializers.DictField(child=serializers.CharField())

    class Meta(BacktestSerializer.Meta):
        fields = [
            *BacktestSerializer.Meta.fields, "notes", "manifest", "statistics", "warnings", "findings",
            "findings_left_out", "verification_notes", "hold_out", "data_changes",
        ]  # fmt: skip


class DifferenceSerializer(serializers.Serializer[Any]):
    """Where two runs differ."""

    kind = serializers.ChoiceField(choices=[each.value for each in DifferenceKind])
    where = serializers.CharField(help_text="A file, a slice of data, a library, a figure, or row and column.")
    was = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        """Return the fields; the name of the last is no name in Python."""
        return super().get_fields() | {"is": serializers.CharField()}


class VerificationSerializer(serializers.ModelSerializer[Verification]):
    """A backtest that is run again, and whether it came to the same."""

    id = serializers.UUIDField(source="run_id", help_text="Also the id of the run, for its events.")
    backtest = serializers.UUIDField(source="backtest_id")
    state = serializers.ChoiceField(source="run.state", choices=RunState.choices)
    outcome = serializers.ChoiceField(
        choices=Verification.Outcome.choices, allow_blank=True, help_text="Empty until the run has completed."
    )
    first_difference = serializers.SerializerMethodField()
    differences = DifferenceSerializer(many=True, help_text="The first of them: code, data, engine, then figures.")
    created_at = serializers.DateTimeField(source="run.created_at")
    finished_at = serializers.DateTimeField(source="run.finished_at", allow_null=True)
    error = serializers.DictField(source="run.error", child=serializers.CharField())

    class Meta:
        model = Verification
        fields = [
            "id", "backtest", "state", "outcome", "first_difference", "differences", "created_at", "finished_at",
            "error",
        ]  # fmt: skip

    @extend_schema_field(DifferenceSerializer(allow_null=True))
    def get_first_difference(self, verification: Verification) -> dict[str, str] | None:
        """Return the difference that explains the others."""
        return verification.differences[0] if verification.differences else None
