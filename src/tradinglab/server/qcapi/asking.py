"""What endpoints ask for: models that take a form's texts for numbers, and pass over what they do not know."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from tradinglab.server.errors import InputError
from tradinglab.server.ops.secrets import masked
from tradinglab.server.qcapi.errors import UnreadableError

_MOST_ERRORS = 5
_LONGEST_VALUE = 100
_LARGEST = 2**63
_FLAGS = {"true": True, "false": False, "1": True, "0": False}

T = TypeVar("T")


class Ask(BaseModel):
    """What an endpoint asks for. Fields are written in camel case on the wire; others are passed over."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=False, extra="ignore", frozen=True, coerce_numbers_to_str=True
    )


class Nothing(Ask):
    """An endpoint asks for nothing."""


def _no_flag(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("write a number")
    return value


def _blank_is_none(value: object) -> object:
    return None if value in ("", [], {}) else value


def _flag(value: object) -> object:
    if isinstance(value, str | int):
        # A flag is written "True" in its text, too.
        value = _FLAGS.get(str(value).strip().lower())
    if not isinstance(value, bool):
        raise ValueError("write true or false")
    return value


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


#: A whole number that a database can hold.
Whole = Annotated[int, BeforeValidator(_no_flag), Field(ge=-_LARGEST, lt=_LARGEST)]
#: A finite number.
Number = Annotated[float, BeforeValidator(_no_flag), Field(allow_inf_nan=False)]
#: Yes or no. In forms it is a text: Python's clients write ``True``, others ``true``, PHP's ``1``; a "yes" is a slip.
Flag = Annotated[bool, BeforeValidator(_flag)]
#: Texts, of which a form writes one alone without a list around it.
Texts = Annotated[list[str], BeforeValidator(_several)]
#: What a form writes as an empty text is left out: ``OrNone[Whole]``.
OrNone = Annotated[T | None, BeforeValidator(_blank_is_none)]


def problems_of(error: ValidationError) -> UnreadableError:
    """Return what is wrong with a request, in words: field, value, and what was expected."""
    found = error.errors(include_url=False, include_context=False)
    texts = []
    for each in found[:_MOST_ERRORS]:
        field = ".".join(str(part) for part in each["loc"])[:_LONGEST_VALUE] or "body"
        if each["type"] == "missing":
            texts.append(f"{field} is missing")
        elif each["input"] is None:
            texts.append(f"{field} was null: {each['msg'].removeprefix('Value error, ')}")
        else:
            texts.append(f"{_was(field, each['input'])}: {each['msg'].removeprefix('Value error, ')}")
    return UnreadableError("; ".join(texts) + ".")


def refusal_of(error: InputError) -> str:
    """Return what a service refuses, in words: field, value, and what to do."""
    if error.value is None or error.value == "":
        return f"{error.field}: {error}"
    return f"{_was(error.field, error.value)}: {error}"


def _was(field: str, value: object) -> str:
    return f"{field} was '{masked(str(value)[:_LONGEST_VALUE], field)}'"
