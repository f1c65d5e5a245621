"""Filters of lists that more than one resource has."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField

from tradinglab.server.errors import InputError

_MOST_VALUES = 20


class _InstantField(IsoDateTimeField):
    """An instant that is one in UTC, too: at both ends of the calendar some are not."""

    def to_python(self, value: Any) -> datetime | None:
        """Return the instant in UTC."""
        found = super().to_python(value)
        try:
            return None if found is None else found.astimezone(UTC)
        except OverflowError:
            raise forms.ValidationError("That is before the first year or after the last.") from None


class InstantFilter(filters.IsoDateTimeFilter):
    """Compares with an instant."""

    field_class = _InstantField


def values_given(data: QueryDict, name: str) -> list[str]:
    """Return all values of a filter that may be given several times; each costs the database a join.

    Raises
    ------
    InputError
        If there are too many, or one holds what no text in the database does.
    """
    values = [each for each in data.getlist(name) if each]
    if len(values) > _MOST_VALUES:
        raise InputError(name, len(values), f"Give {name} at most {_MOST_VALUES} times.")
    for value in values:
        if "\0" in value:
            raise InputError(name, value, "No name has a NUL in it; leave it out.")
    return values
