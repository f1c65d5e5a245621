"""How answers look: ``success`` in each, and what went wrong as texts, under HTTP 200.

QuantConnect's clients lose the text of any other status, and take a 500 for wrong credentials. So a status beside 200
says only who asks (401), how often (429), at which address nothing is (404), and that the database is away (503).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from django.http import HttpResponse, JsonResponse

_BAD_HASH = 10002


def success(values: Mapping[str, object]) -> HttpResponse:
    """Return the answer to a request that was carried out; ``errors`` is there in every answer."""
    return JsonResponse({**values, "success": True, "errors": []})


def failure(errors: Sequence[str], *, status: int = 200) -> HttpResponse:
    """Return the answer to a request that was not carried out."""
    return JsonResponse({"success": False, "errors": list(errors)}, status=status)


def unsigned(text: str) -> HttpResponse:
    """Return the answer to a request that does not say, or prove, whose it is."""
    return JsonResponse({"errorCode": _BAD_HASH, "errors": [text], "success": False}, status=401)


def moment(at: datetime) -> str:
    """Return a moment as QuantConnect writes it: UTC, with a space, without a zone."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def moment_or_none(at: datetime | None) -> str | None:
    """Return a moment as QuantConnect writes it, if there is one."""
    return None if at is None else moment(at)
