"""Serializers that take what they know and nothing else."""

from __future__ import annotations

import math
from typing import Any

from rest_framework import serializers


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not know: a misspelt one is not to be lost in silence."""

    def to_internal_value(self, data: Any) -> Any:
        """Check the names, then the values."""
        if isinstance(data, dict):
            unknown = [name for name in data if name not in self.fields]
            if unknown:
                known = ", ".join(name for name, field in self.fields.items() if not field.read_only)
                message = f"There is no such field. Known are: {known}."
                raise serializers.ValidationError({str(name): [message] for name in unknown[:20]})
        return super().to_internal_value(data)


class FiniteField(serializers.FloatField):
    """A number, neither endless nor undefined: ``"nan"`` would be within any bounds."""

    def to_internal_value(self, data: Any) -> float:
        """Return the number."""
        try:
            number: float = super().to_internal_value(data)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            self.fail("invalid")
        return number


class ProblemSerializer(serializers.Serializer[Any]):
    """An error (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable name of the kind of error.")
    detail = serializers.CharField(help_text="What was wrong, and what to do.")
    request_id = serializers.CharField()
    limit = serializers.IntegerField(required=False, help_text="Of a limit that is reached: how many there may be.")
    current = serializers.IntegerField(required=False, help_text="Of a limit that is reached: how many there are.")
    errors = serializers.ListField(  # type: ignore[assignment]  # the name of a problem's member, as RFC 9457 has it
        child=serializers.DictField(), required=False, help_text="For each wrong field: field, value, message."
    )
