"""What all answers of the API have in common: sparse fields, hashes, rates, compression."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tradinglab.server.rest.compression import compress
from tradinglab.server.rest.conditions import know_again, write_if_unchanged
from tradinglab.server.rest.sparse import keep_fields, take_fields
from tradinglab.server.rest.throttling import tell_rate

_API = "/api/"
_V1 = "/api/v1/"


class ApiMiddleware:
    """The manners of everything below ``/api/``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        if request.path.startswith(_V1):
            take_fields(request)
        return _finish(request, self._get_response(request))

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Carry out a write that has a condition."""
        return write_if_unchanged(request, view, args, kwargs) if request.path.startswith(_V1) else None


def _finish(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if not request.path.startswith(_API):
        return response
    keep_fields(request, response)
    response = tell_rate(request, response)
    response = know_again(request, response)
    return compress(request, response)
