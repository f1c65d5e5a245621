"""Reading the body of a request: JSON in the strict sense, of limited size."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import IO, Any

from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

LARGEST_BODY = 2_000_000


class BodyTooLarge(APIException):
    """The body has more bytes than are read."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"The body has more than {LARGEST_BODY:,} bytes; send less."
    default_code = "body_too_large"


class StrictJSONParser(BaseParser):
    """Reads JSON; refuses what JSON leaves open: names given twice, NaN, half of a character, endless numbers."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the document."""
        body = stream.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise BodyTooLarge
        try:
            document = json.loads(
                body.decode("utf-8"),
                object_pairs_hook=_once,
                parse_constant=_no_constant,
                parse_float=_finite,
                parse_int=_whole,
            )
            json.dumps(document, ensure_ascii=False).encode("utf-8")
        except RecursionError:
            raise ParseError("The body is nested too deeply.") from None
        except UnicodeError as error:
            raise ParseError(
                f"The body is not text in UTF-8: {error.reason if hasattr(error, 'reason') else error}."
            ) from None
        except ValueError as error:
            raise ParseError(f"The body is not JSON: {error}.") from None
        return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name '{twice[:100]}' is given twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:50]} is too large a number")
    return number


def _whole(text: str) -> int:
    _finite(text)  # what reads it as a fraction gets no error for its size
    return int(text)
