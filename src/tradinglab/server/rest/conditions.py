"""``ETag``, ``If-None-Match`` and ``If-Match``: what a client has already, and what it thinks it changes."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import parse_etags, quote_etag

from tradinglab.server.rest.problems import PROBLEM_TYPE, plain_problem
from tradinglab.server.rest.throttling import counted_with

_WRITES = ("PATCH", "PUT", "DELETE")
_STALE = "It has changed since: read it again, and send its new ETag in If-Match."
#: What ``If-Match`` cannot be judged by: the write itself gives the better answer.
_LEFT_TO_THE_WRITE = (401, 403, 404, 429)


def know_again(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Give what is read a hash by which it is known again; answer 304 if the client has it."""
    if not response.has_header("Cache-Control"):
        patch_cache_control(response, private=True, no_cache=True)
    if not isinstance(response, HttpResponse):
        return response
    if request.method == "GET" and response.status_code == 200:
        response.headers.setdefault("ETag", etag_of(response.content))
        known = get_conditional_response(request, etag=response.headers["ETag"], response=response)
        response = response if known is None else known
    return _problem() if response.status_code == 412 and not response.content else response


def write_if_unchanged(
    request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> HttpResponseBase | None:
    """Carry out a write with ``If-Match`` only if what it changes is still what the client has read.

    Comparing and writing are one transaction. ``None`` if the request has no such condition.
    """
    wanted = request.headers.get("If-Match")
    if wanted is None or request.method not in _WRITES:
        return None
    with transaction.atomic():
        _one_at_a_time(request.path)
        reading = _reading(request)
        current = _rendered(view(reading, *args, **kwargs))
        counted_with(request, reading)
        if current.status_code not in _LEFT_TO_THE_WRITE and not _matches(wanted, current):
            return _problem()
        return _rendered(view(request, *args, **kwargs))


def etag_of(content: bytes) -> str:
    """Return the hash by which *content* is known."""
    return quote_etag(hashlib.md5(content, usedforsecurity=False).hexdigest())


def _matches(wanted: str, current: HttpResponse) -> bool:
    if current.status_code != 200:
        return False
    tags = {tag.removeprefix("W/") for tag in parse_etags(wanted)}
    # What was sent compressed is marked as weak; it is the same content all the same.
    return "*" in tags or current.headers.get("ETag", etag_of(current.content)) in tags


def _reading(request: HttpRequest) -> HttpRequest:
    reading = copy.copy(request)
    reading.method = "GET"
    reading.META = {name: value for name, value in request.META.items() if name not in ("CONTENT_LENGTH", "HTTP_RANGE")}
    reading.GET = QueryDict("")
    return reading


def _rendered(response: Any) -> HttpResponse:
    rendered: HttpResponse = response.render() if hasattr(response, "render") else response
    return rendered


def _one_at_a_time(path: str) -> None:
    """Let others who write here by condition wait until the transaction is over; SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        number = int.from_bytes(hashlib.sha256(path.encode()).digest()[:8], "big", signed=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def _problem() -> HttpResponse:
    text = plain_problem(412, "precondition_failed", _STALE)
    return HttpResponse(text, status=412, content_type=PROBLEM_TYPE)
