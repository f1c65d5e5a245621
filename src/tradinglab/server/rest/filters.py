"""Filters of lists that more than one resource has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField
from rest_framework.request import Request

from tradinglab.server.errors import InputError
from tradinglab.server.rest.sparse import PARAMETER

_MOST_VALUES = 20
_OF_ALL = (PARAMETER, "format")
_YES_NO = {"true": True, "1": True, "false": False, "0": False}


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


class _YesNoField(forms.Field):
    """``true`` or ``false``."""

    def to_python(self, value: str | None) -> bool | None:
        """Return which of them; ``None`` if nothing was given."""
        if not value:
            return None
        if value.lower() not in _YES_NO:
            raise forms.ValidationError("Give true or false.")
        return _YES_NO[value.lower()]


class YesNoFilter(filters.BooleanFilter):
    """Compares with true or false, and takes nothing else for either."""

    field_class = _YesNoField

    def __init__(self, **options: Any) -> None:
        # The library's own widget takes what is neither for nothing given.
        super().__init__(**{"widget": forms.TextInput, **options})


def refuse_unknown(request: Request, known: Iterable[str] = ()) -> None:
    """Refuse what a list does not know: who misspells a filter would get everything, and take it for the answer.

    Raises
    ------
    InputError
        If the address asks for something else than *known*, or the fields and the form of the answer.
    """
    names = (*known, *_OF_ALL)
    for name, value in request.query_params.items():
        if name not in names:
            raise InputError(name, value, f"There is no such parameter. Known are {', '.join(names)}.")


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
