"""Serializers that take what they know and nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty
from rest_framework.request import Request

from tradinglab.server.texts import name_problem, notes_problem


class NumberOrTextField(serializers.CharField):
    """A text, or a number, which becomes one."""

    default_error_messages = {"invalid": 'Write a text or a number, such as "0.5".'}


class _OneLine(serializers.CharField):
    """One line, of which there is something to be seen."""

    def run_validation(self, data: Any = empty) -> Any:
        """Return the text, looked at before its ends are trimmed: what is left out of it is to be said."""
        if isinstance(data, str) and (problem := name_problem(data)):
            raise serializers.ValidationError(problem)
        return super().run_validation(data)


class NameField(_OneLine):
    """A name, or a tag."""


class AddressField(_OneLine, serializers.EmailField):
    """An e-mail address."""


class NotesField(serializers.CharField):
    """A text of several lines."""

    def run_validation(self, data: Any = empty) -> Any:
        """Return the text; new lines and tabs may be in it."""
        if isinstance(data, str) and (problem := notes_problem(data)):
            raise serializers.ValidationError(problem)
        return super().run_validation(data)


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses what it does not know: a misspelt name is not to be lost in silence, nor is 1 to become the text "1"."""

    def to_internal_value(self, data: Any) -> Any:
        """Check the names, then the kinds of values, then the values."""
        if isinstance(data, dict):
            unknown = [name for name in data if name not in self.fields]
            if unknown:
                known = ", ".join(name for name, field in self.fields.items() if not field.read_only)
                said = f"Known are: {known}." if known else "There are none here; leave it out."
                message = f"There is no such field. {said}"
                raise serializers.ValidationError({str(name): [message] for name in unknown[:20]})
            mistaken = {name: _wrong_kind(self.fields[name], value) for name, value in data.items()}
            if any(mistaken.values()):
                raise serializers.ValidationError({name: wrong for name, wrong in mistaken.items() if wrong})
        return super().to_internal_value(data)


class NothingInput(StrictSerializer):
    """The body of a request that takes none: an option that does not exist is not to be lost in silence."""


def nothing_given(request: Request) -> None:
    """Refuse a body with fields, where there are none.

    Raises
    ------
    ValidationError
        With the names of the fields.
    """
    NothingInput(data=request.data).is_valid(raise_exception=True)


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


def _wrong_kind(field: serializers.Field[Any, Any, Any, Any], value: object) -> Any:
    """What the framework would convert without a word, in the form of its errors; of queries and forms all is text."""
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        return _found({place: _wrong_kind(field.child, each) for place, each in enumerate(value)})
    if isinstance(field, serializers.DictField) and isinstance(value, Mapping):
        return _found({name: _wrong_kind(field.child, each) for name, each in value.items()})
    if isinstance(field, serializers.ChoiceField) and isinstance(value, str) and value not in ("", *field.choices):
        return [f"Choose one of {', '.join(map(str, field.choices))}."]
    if isinstance(field, serializers.BooleanField) and not isinstance(value, bool | None):
        # No query and no form holds one of these: there "yes" would be as good as true, here it is a slip.
        return ["Write true or false, without quotation marks."]
    if isinstance(field, NumberOrTextField) or isinstance(value, str) or value is None:
        return None
    if isinstance(field, serializers.CharField | serializers.UUIDField) and isinstance(value, bool | int | float):
        return ["Write a text, in quotation marks."]
    if isinstance(field, serializers.FloatField | serializers.IntegerField) and isinstance(value, bool):
        return ["Write a number."]
    return None


def _found(wrong: dict[Any, Any]) -> dict[Any, Any]:
    return {place: each for place, each in wrong.items() if each}


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
