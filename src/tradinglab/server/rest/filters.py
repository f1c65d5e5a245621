"""Filters of lists that more than one resource has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django_filters import rest_framework as filters
from django_filters.fields import ChoiceField, IsoDateTimeField, MultipleChoiceField
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


class _ListedField(ChoiceField):
    """One of several words; whoever gives another is told which there are."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.error_messages["invalid_choice"] = _known(options["choices"])


class _AnyListedField(MultipleChoiceField):
    """Any of several words; whoever gives another is told which there are."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.error_messages["invalid_choice"] = _known(options["choices"])


class ChoiceFilter(filters.ChoiceFilter):
    """Compares with one of several words."""

    field_class = _ListedField


class MultipleChoiceFilter(filters.MultipleChoiceFilter):
    """Compares with any of several words."""

    field_class = _AnyListedField


def _known(choices: Iterable[tuple[str, object]]) -> str:
    """Return what is said of a word that is none of them."""
    return f"There is no such choice. Choose one of {', '.join(str(value) for value, _ in choices)}."


class _Given(dict[str, Any]):
    """The values that were given; what was not is ``None``."""

    def __missing__(self, name: str) -> None:
        return None


class AskedFilters(filters.FilterSet):
    """Filters of which a request makes those that it asks for: of a hundred it asks for one or two."""

    def __init__(self, data: QueryDict | None = None, *arguments: Any, **options: Any) -> None:
        self.base_filters = {name: each for name, each in self.known().items() if data and name in data}
        super().__init__(data, *arguments, **options)

    @classmethod
    def known(cls) -> dict[str, filters.Filter]:
        """Return all that can be asked for."""
        found: dict[str, filters.Filter] = vars(cls)["base_filters"]
        return found

    def is_valid(self) -> bool:
        """Say whether the values can be used."""
        is_valid = bool(super().is_valid())
        if is_valid:
            self.form.cleaned_data = _Given(self.form.cleaned_data)
        return is_valid


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
