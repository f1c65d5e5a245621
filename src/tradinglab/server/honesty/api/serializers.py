"""What goes in and out about trials and hold-outs."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tradinglab.server.honesty.holding import stamp_is_genuine
from tradinglab.server.honesty.models import HoldOut, Source
from tradinglab.server.rest.fields import StrictSerializer


class TrialsPeriodSerializer(serializers.Serializer[Any]):
    """What was tried on some days."""

    first_day = serializers.DateField(allow_null=True)
    last_day = serializers.DateField(allow_null=True)
    trials = serializers.IntegerField(help_text="Distinct variants.")
    times = serializers.IntegerField(help_text="How often they were tried.")
    best_sharpe_ratio = serializers.FloatField(allow_null=True)
    mean_sharpe_ratio = serializers.FloatField(allow_null=True)
    variance = serializers.FloatField(allow_null=True, help_text="Of the yearly Sharpe ratios.")


class TrialsDataSerializer(serializers.Serializer[Any]):
    """What was tried on a data set."""

    data = serializers.CharField(  # type: ignore[assignment]  # where bars come from, not the serializer's
        help_text="A data source, or an engine that has its own data."
    )
    trials = serializers.IntegerField(help_text="Distinct variants, on whichever days.")
    periods = TrialsPeriodSerializer(many=True, help_text="Those with the most trials first; at most 100.")
    has_more_periods = serializers.BooleanField()


class TrialsPersonSerializer(serializers.Serializer[Any]):
    """Whose trials there are."""

    email = serializers.CharField(allow_null=True, help_text="`null` for somebody who is no user any more.")
    trials = serializers.IntegerField()


class TrialsSerializer(serializers.Serializer[Any]):
    """What was ever tried on a strategy. Runs that are deleted stay counted; the same variant again is no new trial."""

    trials = serializers.IntegerField(help_text="Distinct variants: content of a version, with parameters.")
    times = serializers.IntegerField(help_text="How often variants were tried on some days, repeats among them.")
    first_at = serializers.DateTimeField(allow_null=True)
    last_at = serializers.DateTimeField(allow_null=True)
    variance = serializers.FloatField(allow_null=True, help_text="Of all their yearly Sharpe ratios.")
    by_source = serializers.DictField(
        child=serializers.IntegerField(),
        help_text=f"By what tried a variant on some days first: {', '.join(Source.values)}.",
    )
    by_person = TrialsPersonSerializer(many=True, help_text="By who tried a variant first.")
    data = TrialsDataSerializer(many=True)  # type: ignore[assignment]  # the field, not the serializer's data


class HoldOutInput(StrictSerializer):
    """Days that are to be sealed."""

    first_day = serializers.DateField()
    last_day = serializers.DateField()


class StampSerializer(serializers.Serializer[Any]):
    """What a hold-out was opened for."""

    hold_out = serializers.UUIDField()
    strategy = serializers.UUIDField()
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    sealed_at = serializers.DateTimeField()
    opened_at = serializers.DateTimeField()
    opened_by = serializers.CharField()
    version = serializers.UUIDField()
    content_hash = serializers.CharField()
    parameters = serializers.DictField(child=serializers.CharField())
    data = serializers.CharField()  # type: ignore[assignment]  # where bars come from, not the serializer's
    run = serializers.UUIDField()
    trials = serializers.IntegerField(help_text="Distinct variants that had been tried on that data by then.")
    seen_before = serializers.IntegerField(help_text="Those that had been tried on these days before they were sealed.")


class HoldOutSerializer(serializers.ModelSerializer[HoldOut]):
    """Days that are sealed, or were."""

    strategy = serializers.UUIDField(source="strategy_id")
    sealed_by = serializers.CharField(source="sealed_by.email", allow_null=True, default=None)
    ended_by = serializers.CharField(source="ended_by.email", allow_null=True, default=None)
    run = serializers.UUIDField(source="run_id", allow_null=True, help_text="The one run that it was opened for.")
    stamp = serializers.SerializerMethodField()
    stamp_hash = serializers.CharField(help_text="The SHA-256 of the stamp; empty until it is opened.")
    is_genuine = serializers.SerializerMethodField()

    class Meta:
        model = HoldOut
        fields = [
            "id", "strategy", "state", "first_day", "last_day", "sealed_at", "sealed_by", "seen_before", "ended_at",
            "ended_by", "run", "stamp", "stamp_hash", "signature", "is_genuine",
        ]  # fmt: skip
        extra_kwargs = {
            "seen_before": {"help_text": "How many variants had been tried on some of the days before."},
            "ended_at": {"help_text": "When it was opened, or given up."},
            "signature": {"help_text": "The server's, of the hash."},
        }

    @extend_schema_field(StampSerializer(allow_null=True))
    def get_stamp(self, found: HoldOut) -> dict[str, Any] | None:
        """Return what it was opened for."""
        return found.stamp or None

    @extend_schema_field(serializers.BooleanField(allow_null=True, help_text="Whether the stamp is as it was written."))
    def get_is_genuine(self, found: HoldOut) -> bool | None:
        """Return whether nobody has changed the stamp."""
        return stamp_is_genuine(found) if found.stamp else None
