"""What all models share: they take whatever form an answer has, as long as it can be understood.

The API's answers differ from one release to the next, and from one endpoint to the next: an empty map may be ``[]``,
a number may be text, a date has a space or a ``T``, a list may be a map. Fields that are not known are kept, under the
server's name, in ``model_extra``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from pydantic import AfterValidator, AliasGenerator, BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic.alias_generators import to_camel

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")
_NO_MOMENTS = frozenset({"", "-", "never", "0000-00-00 00:00:00", "0001-01-01T00:00:00", "0001-01-01T00:00:00Z"})


class Answered(BaseModel):
    """Something that the server answered."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(validation_alias=to_camel, serialization_alias=to_camel),
        populate_by_name=True,
        extra="allow",
        frozen=True,
        coerce_numbers_to_str=True,
        protected_namespaces=(),
        # What a server sent may be long, and private.
        hide_input_in_errors=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _leave_out_nothing(cls, given: object) -> object:
        """Take null for absent: the field's default stands for both."""
        if isinstance(given, Mapping):
            return {name: value for name, value in given.items() if value is not None}
        return given


def _number(value: object) -> object:
    if isinstance(value, str):
        text = value.strip().replace(",", "").replace("$", "").rstrip("%").strip()
        return None if text in ("", "-", "N/A", "NaN") else text
    return value


def _finite(value: float | None) -> float | None:
    """Read a number without end, or that is none, as one that is not told."""
    return value if value is not None and math.isfinite(value) else None


def _moment(value: object) -> object:
    """Read a time without a zone as UTC, which it is."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        try:
            return datetime.fromtimestamp(value, UTC) if value else None
        except (OverflowError, OSError):
            raise ValueError("no time that a calendar has") from None
    if isinstance(value, str):
        text = value.strip()
        if text in _NO_MOMENTS:
            return None
        try:
            read = datetime.fromisoformat(text)
        except ValueError:
            return value
        return read if read.tzinfo else read.replace(tzinfo=UTC)
    return value


def _mapping(value: object) -> object:
    """Read ``[]`` as an empty map, and a list of names with values as the map that it means."""
    if value is None or value == "":
        return {}
    if isinstance(value, list):
        pairs: dict[object, object] = {}
        for place, each in enumerate(value):
            if isinstance(each, Mapping):
                name = each.get("key", each.get("name", each.get("id", place)))
                pairs[name] = each.get("value", each)
            else:
                pairs[place] = each
        return pairs
    return value


def _items(value: object) -> object:
    """Read a map as the list of its values, and nothing as an empty list."""
    if value is None or value == "":
        return ()
    if isinstance(value, Mapping):
        return tuple(value.values())
    return value


def _flag(value: object) -> object:
    return False if value == "" else value


Number = Annotated[float | None, BeforeValidator(_number), AfterValidator(_finite)]
Whole = Annotated[int | None, BeforeValidator(_number)]
Moment = Annotated[datetime | None, BeforeValidator(_moment)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Map = Annotated[dict[K, V], BeforeValidator(_mapping)]
Items = Annotated[tuple[T, ...], BeforeValidator(_items)]
