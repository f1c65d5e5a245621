"""Reading requests: JSON, forms in PHP's notation, multipart, the query string, or nothing at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import NamedTuple, TypeAlias
from urllib.parse import parse_qsl

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from rest_framework.exceptions import APIException

from tradinglab.server.qcapi.errors import UnreadableError
from tradinglab.server.rest.parsers import StrictJSONParser

#: What may be in a form: percent signs make three bytes of one.
_LARGEST_FORM = 8_000_000
_MOST_FIELDS = 2_000
_DEEPEST = 8
_LONGEST_NAME = 200
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_SIGNATURE = ("authorization", "timestamp")

Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"


class Body(NamedTuple):
    """What a request holds."""

    values: dict[str, Value]
    files: Mapping[str, UploadedFile[bytes]]


def read_body(request: HttpRequest) -> Body:
    """Return the values and files of a request; what stands in its address counts where the body is silent.

    Raises
    ------
    UnreadableError
        If it is in none of the forms, or too large, or nested too deeply.
    """
    try:
        query = request.META.get("QUERY_STRING", "")
        asked = _nested((name, text) for name, text in _pairs(query) if name not in _SIGNATURE)
        body = Body({}, {}) if request.method == "GET" else _body(request)
    except (SuspiciousOperation, MultiPartParserError) as error:
        raise UnreadableError(f"The body cannot be read: {error}") from None
    except APIException as error:
        raise UnreadableError(str(error.detail)) from None
    values = asked | body.values
    _refuse_zeros(values, "")
    return Body(values, body.files)


def _body(request: HttpRequest) -> Body:
    kind = (request.content_type or "").lower()
    if kind == "multipart/form-data":
        pairs = [(name, str(text)) for name, texts in request.POST.lists() for text in texts]
        return Body(
            _nested(pairs), {name: file for name, file in request.FILES.items() if isinstance(file, UploadedFile)}
        )
    raw = request.read(_LARGEST_FORM + 1)
    if len(raw) > _LARGEST_FORM:
        raise UnreadableError(f"The body has more than {_LARGEST_FORM:,} bytes; send less.")
    if not raw.strip():
        return Body({}, {})
    if kind == "application/x-www-form-urlencoded" and not raw.lstrip().startswith(b"{"):
        try:
            return Body(_nested(_pairs(raw.decode("ascii"))), {})
        except UnicodeDecodeError:
            raise UnreadableError("The form is not percent-encoded: it holds bytes beyond ASCII.") from None
    return Body(_document(raw), {})


def _document(raw: bytes) -> dict[str, Value]:
    document = StrictJSONParser().parse(BytesIO(raw))
    if document is None or document == []:
        # What PHP's clients make of an empty map.
        return {}
    if not isinstance(document, dict):
        raise UnreadableError('The body is JSON, but no object: write {"projectId": 1}.')
    return document


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except UnicodeDecodeError:
        raise UnreadableError("The form is not in UTF-8.") from None
    except ValueError:
        raise UnreadableError(f"The form has more than {_MOST_FIELDS:,} fields; send less.") from None


def _nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Value]:
    """Return what a form writes in PHP's notation: ``files[0][name]=main.py``, ``nodes[]=a``."""
    found: dict[str, Value] = {}
    for name, text in pairs:
        match = _NAME.fullmatch(name) if len(name) <= _LONGEST_NAME else None
        if match is None:
            raise UnreadableError(f"The field name '{name[:_LONGEST_NAME]}' cannot be read; write files[0][name].")
        steps = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
        if len(steps) > _DEEPEST:
            raise UnreadableError(f"The field '{name}' is nested too deeply.")
        place = found
        for step in steps[:-1]:
            inner = place.setdefault(_key(step, place), {})
            if not isinstance(inner, dict):
                raise UnreadableError(f"The field '{name}' is a value and a map at once.")
            place = inner
        place[_key(steps[-1], place)] = text
    return {name: _listed(value) for name, value in found.items()}


def _key(step: str, place: Mapping[str, Value]) -> str:
    return step or str(len(place))


def _listed(value: Value) -> Value:
    """Make lists of maps whose keys are numbers."""
    if not isinstance(value, dict):
        return value
    if value and all(key.isascii() and key.isdigit() and len(key) < _DEEPEST for key in value):
        return [_listed(value[key]) for key in sorted(value, key=int)]
    return {key: _listed(inner) for key, inner in value.items()}


def _refuse_zeros(value: Value, where: str) -> None:
    """Refuse what no database stores in a text."""
    if isinstance(value, str) and "\0" in value:
        raise UnreadableError(f"The field '{where}' contains a zero character; leave it out.")
    if isinstance(value, dict):
        for name, inner in value.items():
            _refuse_zeros(name, where)
            _refuse_zeros(inner, f"{where}.{name}" if where else name)
    if isinstance(value, list):
        for inner in value:
            _refuse_zeros(inner, where)
