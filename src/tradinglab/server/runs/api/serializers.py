"""What goes out about runs."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tradinglab.server.rest.fields import StrictSerializer
from tradinglab.server.runs.models import Artefact, RunEvent

_LARGEST_SEQUENCE = 2_147_483_647


class EventQuery(StrictSerializer):
    """Which events are wanted."""

    after = serializers.IntegerField(min_value=0, max_value=_LARGEST_SEQUENCE, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=1000, default=200)


class EventSerializer(serializers.ModelSerializer[RunEvent]):
    """Something that happened."""

    data = serializers.DictField()  # type: ignore[assignment]  # an event's data, not the serializer's

    class Meta:
        model = RunEvent
        fields = ["sequence", "kind", "at", "data"]


class EventPageSerializer(serializers.Serializer[Any]):
    """Events in their order, and whether more will come."""

    events = EventSerializer(many=True)
    next_after = serializers.IntegerField(help_text="What to send as `after` next.")
    is_final = serializers.BooleanField(help_text="Whether the run has its outcome; then no event comes any more.")


class ArtefactSerializer(serializers.ModelSerializer[Artefact]):
    """A file that a run has left."""

    class Meta:
        model = Artefact
        fields = ["name", "media_type", "size", "sha256"]
