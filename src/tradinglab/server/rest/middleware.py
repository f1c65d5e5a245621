"""What all answers of the API have in common: sparse fields, hashes, rates, compression.

One middleware for all: with an ASGI server each of Django's own kind makes every request change threads.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from tradinglab.server.rest.compression import compress
from tradinglab.server.rest.conditions import know_again, write_if_unchanged
from tradinglab.server.rest.sparse import keep_fields, take_fields
from tradinglab.server.rest.throttling import tell_rate

_API = "/api/"
_V1 = "/api/v1/"
#: So many bytes are hashed and compressed in a moment; more would hold up everybody else in the process.
_QUICK_BYTES = 50_000


class ApiMiddleware:
    """The manners of everything below ``/api/``."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer the request."""
        if request.path.startswith(_V1):
            take_fields(request)
        if self._is_async:
            return self._answer(request)
        response: HttpResponseBase = self.get_response(request)
        return _finish(request, response)

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = await self.get_response(request)
        if isinstance(response, HttpResponse) and len(response.content) > _QUICK_BYTES:
            return await sync_to_async(_finish, thread_sensitive=False)(request, response)
        return _finish(request, response)

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
