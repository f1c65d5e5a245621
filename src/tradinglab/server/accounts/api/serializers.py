"""What goes in and out about users and keys."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tradinglab.server.accounts.models import ApiKey, AuditEntry, Role, Scope
from tradinglab.server.rest.fields import StrictSerializer


class MeSerializer(serializers.Serializer[Any]):
    """Who asks, and what they may do."""

    id = serializers.IntegerField()
    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=Role.choices)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))


class ApiKeyInput(StrictSerializer):
    """A key that is to be made."""

    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices), min_length=1, max_length=4)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class ApiKeySerializer(serializers.ModelSerializer[ApiKey]):
    """A key, without its secret."""

    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))

    class Meta:
        model = ApiKey
        fields = ["id", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at"]


class NewApiKeySerializer(ApiKeySerializer):
    """A new key, with the token that is shown this once."""

    token = serializers.CharField()

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "token"]


class AuditEntrySerializer(serializers.ModelSerializer[AuditEntry]):
    """Who did what, on what, from where."""

    details = serializers.DictField(help_text="What else is worth knowing of it.")

    class Meta:
        model = AuditEntry
        fields = [
            "id",
            "created_at",
            "action",
            "actor",
            "email",
            "target_kind",
            "target_id",
            "details",
            "address",
            "agent",
            "request_id",
        ]
        extra_kwargs = {
            "action": {"help_text": "Noun, dot, what was done: `key.created`."},
            "actor": {"help_text": "The user who did it; null for the server itself or somebody unknown."},
            "email": {"help_text": "The actor's address, or the one that was claimed."},
        }
