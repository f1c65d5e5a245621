"""What goes in and out about strategies."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tradinglab.server.rest.fields import StrictSerializer
from tradinglab.server.strategies.models import Strategy, StrategyVersion

_MOST_TAGS = 20


def _files() -> serializers.DictField:
    text = serializers.CharField(allow_blank=True, trim_whitespace=False)
    return serializers.DictField(child=text, allow_empty=False, help_text="Path and text of each file; main.py is one.")


def _tags(**options: Any) -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(max_length=50), max_length=_MOST_TAGS, **options)


class StrategyInput(StrictSerializer):
    """A strategy that is to be made."""

    name = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=10_000, allow_blank=True, default="")
    tags = _tags(default=list)
    files = _files()
    message = serializers.CharField(max_length=500, allow_blank=True, default="")


class StrategyChanges(StrictSerializer):
    """What is to be changed; the rest stays."""

    name = serializers.CharField(max_length=200, required=False)
    description = serializers.CharField(max_length=10_000, allow_blank=True, required=False)
    tags = _tags(required=False)
    is_archived = serializers.BooleanField(required=False)


class VersionInput(StrictSerializer):
    """Files that are to be saved."""

    files = _files()
    message = serializers.CharField(max_length=500, allow_blank=True, default="")


class VersionSummarySerializer(serializers.ModelSerializer[StrategyVersion]):
    """A version without its files."""

    parent = serializers.CharField(  # type: ignore[assignment]  # a field's own parent is another thing
        source="parent.content_hash", allow_null=True, default=None
    )
    author = serializers.CharField(source="author.email", allow_null=True, default=None)

    class Meta:
        model = StrategyVersion
        fields = ["id", "content_hash", "parent", "author", "message", "created_at"]


class VersionSerializer(VersionSummarySerializer):
    """A version with its files."""

    files = serializers.DictField(child=serializers.CharField())

    class Meta(VersionSummarySerializer.Meta):
        fields = [*VersionSummarySerializer.Meta.fields, "files"]


class StrategySerializer(serializers.ModelSerializer[Strategy]):
    """A strategy and its newest version."""

    tags = serializers.ListField(child=serializers.CharField())
    is_archived = serializers.SerializerMethodField()
    head = VersionSummarySerializer()

    class Meta:
        model = Strategy
        fields = ["id", "name", "description", "tags", "is_archived", "head", "created_at", "updated_at"]

    def get_is_archived(self, strategy: Strategy) -> bool:
        """Say whether it is put away."""
        return strategy.archived_at is not None
