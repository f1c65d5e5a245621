"""The header under which a request is carried out once."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.request import Request

from tradinglab.server.errors import InputError
from tradinglab.server.rest.fields import ProblemSerializer

PARAMETER: Final = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="The same request under the same key within a day starts one run; the answer is then 200.",
)
#: What a request that starts a run may be refused with, beside what all may.
REFUSALS: Final = {
    422: OpenApiResponse(ProblemSerializer, "The key came before, with another request."),
    429: OpenApiResponse(ProblemSerializer, "Too many requests, or as many runs wait as may (`limit`)."),
}


class _Header(serializers.Serializer[Any]):
    key = serializers.RegexField(r"\A[\x21-\x7e]{1,200}\Z", allow_null=True)


def idempotency_key(request: Request) -> str | None:
    """Return the key that a request comes under, if any.

    Raises
    ------
    InputError
        If it is no key.
    """
    key: str | None = request.headers.get("Idempotency-Key")
    if not _Header(data={"key": key}).is_valid():
        raise InputError("Idempotency-Key", key, "A key has 1 to 200 visible ASCII characters, such as a UUID.")
    return key
