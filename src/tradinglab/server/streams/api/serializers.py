"""What goes in and out about events and tickets."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tradinglab.server.rest.fields import StrictSerializer
from tradinglab.server.runs.models import RunEvent

_LARGEST_SEQUENCE = 2_147_483_647
_LARGEST_CURSOR = (1 << 63) - 1
_MOST = 1000


class EventQuery(StrictSerializer):
    """Which events are wanted."""

    after = serializers.IntegerField(min_value=0, max_value=_LARGEST_SEQUENCE, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=_MOST, default=200)


class MyEventQuery(StrictSerializer):
    """Which events of all runs are wanted; without `after` none, and the answer says where to start."""

    after = serializers.IntegerField(min_value=0, max_value=_LARGEST_CURSOR, required=False)
    limit = serializers.IntegerField(min_value=1, max_value=_MOST, default=200)


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


class MyEventSerializer(serializers.Serializer[Any]):
    """Something that happened to one of the runs."""

    cursor = serializers.IntegerField(help_text="Where it stands among all events; what to resume from.")
    run = serializers.UUIDField()
    sequence = serializers.IntegerField(help_text="Its number in the run.")
    kind = serializers.CharField()
    at = serializers.DateTimeField()
    data = serializers.DictField()  # type: ignore[assignment]  # an event's data, not the serializer's


class MyEventPageSerializer(serializers.Serializer[Any]):
    """Events of all runs in the order of their cursors."""

    events = MyEventSerializer(many=True)
    next_after = serializers.IntegerField(help_text="What to send as `after` next.")


class TicketSerializer(serializers.Serializer[Any]):
    """What opens one WebSocket."""

    ticket = serializers.CharField(help_text="For the address of one WebSocket: `?ticket=…`; good once.")
    expires_at = serializers.DateTimeField()
