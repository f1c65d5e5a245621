"""Names that QuantConnect's clients give: one line, of which there is something to be seen."""

from __future__ import annotations

from collections.abc import Sequence

from rest_framework.exceptions import ValidationError

from tradinglab.server.errors import InputError
from tradinglab.server.rest.fields import NameField, NotesField

LONGEST_NAME = 200
_LONGEST_DESCRIPTION = 10_000
_LONGEST_TAG = 50
_MOST_TAGS = 20


def checked_name(name: str, *, field: str = "name") -> str:
    """Return a name as it is stored.

    Raises
    ------
    InputError
        If it is empty, too long, or holds what cannot be seen.
    """
    return _checked(NameField(max_length=LONGEST_NAME), name, field)


def checked_description(text: str) -> str:
    """Return a description as it is stored.

    Raises
    ------
    InputError
        If it is too long, or holds what cannot be seen.
    """
    return _checked(NotesField(max_length=_LONGEST_DESCRIPTION, allow_blank=True), text, "description")


def checked_note(text: str) -> str:
    """Return a note as it is stored.

    Raises
    ------
    InputError
        If it is too long, or holds what cannot be seen.
    """
    return _checked(NotesField(max_length=_LONGEST_DESCRIPTION, allow_blank=True), text, "note")


def checked_tags(tags: Sequence[str]) -> list[str]:
    """Return tags as they are stored, each once.

    Raises
    ------
    InputError
        If there are too many, or one is empty, too long, or holds what cannot be seen.
    """
    if len(tags) > _MOST_TAGS:
        raise InputError("tags", len(tags), f"tags: {len(tags)} were given; give {_MOST_TAGS} at most.")
    return list(dict.fromkeys(_checked(NameField(max_length=_LONGEST_TAG), tag, "tags") for tag in tags))


def _checked(rule: NameField | NotesField, text: str, field: str) -> str:
    try:
        return str(rule.run_validation(text))
    except ValidationError as error:
        found = error.detail if isinstance(error.detail, list) else [str(error.detail)]
        raise InputError(field, text[:LONGEST_NAME], f"{field}: {' '.join(str(each) for each in found)}") from None
