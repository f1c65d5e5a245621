"""Errors as ``application/problem+json``: each names the field, the value, and what to do."""

from __future__ import annotations

import json
import logging
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotFound, HttpResponseServerError
from django.urls import resolve
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from tradinglab.server.errors import InputError, LimitReachedError, ServerError, StorageError
from tradinglab.server.ops.context import request_id
from tradinglab.server.ops.secrets import masked

PROBLEM_TYPE = "application/problem+json"
_log = logging.getLogger(__name__)
_LONGEST_VALUE = 200
_UNAUTHENTICATED = 401
_UNAVAILABLE = 503
_RETRY_AFTER_S = "2"
_AWAY = "The database does not answer. Try again in a moment; with an Idempotency-Key nothing is started twice."
_TITLES = {
    400: "The request cannot be carried out",
    401: "Who are you?",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    406: "Not available in that form",
    409: "Not possible in this state",
    412: "It has changed since",
    413: "Too large",
    415: "Not readable in that form",
    416: "There is no such part",
    422: "The request contradicts an earlier one",
    429: "Too many requests",
    500: "The server failed",
    502: "Another service does not answer",
    503: "Not available for now",
}


def title_of(status: int) -> str:
    """Return what a status means, in a few words."""
    return _TITLES.get(status, "The request failed")


def problem(status: int, code: str, detail: str, errors: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Return a problem's document."""
    document: dict[str, Any] = {
        "type": f"urn:tradinglab:problem:{code}",
        "title": title_of(status),
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": request_id.get(),
    }
    return document | ({"errors": list(errors)} if errors else {})


def problem_response(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Return the answer to an error that a view raised; ``None`` for one that is the server's own fault."""
    made = _problem_of(error, context)
    if made is None:
        return None
    headers = {}
    if made["status"] == _UNAVAILABLE:
        if not isinstance(error, StorageError):  # which the store has logged
            is_database = isinstance(error, (OperationalError, InterfaceError))
            _log.warning("%s: %s", "the database does not answer" if is_database else "not available", error)
        headers["Retry-After"] = _RETRY_AFTER_S
    if made["status"] == _UNAUTHENTICATED:
        headers["WWW-Authenticate"] = 'Bearer realm="tradinglab"'
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    if isinstance(error, exceptions.APIException):
        if challenge := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = challenge
    return Response(made, status=made["status"], headers=headers, content_type=PROBLEM_TYPE)


def _body_of(request: Request | None) -> Any:
    """Return what a request holds; nothing if it holds none, or one that cannot be read."""
    if request is None or request.method in ("GET", "HEAD", "DELETE"):
        return {}
    try:
        return request.data
    except exceptions.APIException:
        return {}


def _problem_of(error: Exception, context: Mapping[str, Any]) -> dict[str, Any] | None:
    if isinstance(error, InputError):
        return problem(error.status, error.code, str(error), [_entry(error.field, error.value, str(error))])
    if isinstance(error, LimitReachedError):
        counts = {"limit": error.limit, "current": error.current}
        return problem(error.status, error.code, str(error)) | counts
    if isinstance(error, ServerError):
        return problem(error.status, error.code, str(error))
    if isinstance(error, (OperationalError, InterfaceError)):
        return problem(_UNAVAILABLE, "unavailable", _AWAY)
    if isinstance(error, Http404):
        return problem(404, "not_found", "There is no such thing.")
    if isinstance(error, PermissionDenied):
        return problem(403, "permission_denied", str(error) or "You may not do that.")
    if isinstance(error, exceptions.ValidationError):
        request = context.get("request")
        data = _body_of(request)
        query = request.query_params if request is not None else {}
        errors = [_entry(".".join(path), _value(data, query, path), text) for path, text in _leaves(error.detail, ())]
        detail = "; ".join(f"{each['field'] or 'body'}: {each['message']}" for each in errors[:5])
        return problem(400, "invalid", detail, errors)
    if isinstance(error, exceptions.APIException):
        code = error.get_codes()
        return problem(error.status_code, code if isinstance(code, str) else "error", str(error.detail))
    return None


def _leaves(detail: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield where each message of a validation error belongs."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _leaves(inner, path if name == "non_field_errors" else (*path, str(name)))
    elif isinstance(detail, list):
        for place, inner in enumerate(detail):
            yield from _leaves(inner, (*path, str(place)) if isinstance(inner, (dict, list)) else path)
    else:
        yield path, str(detail)


def _value(data: Any, query: Mapping[str, Any], path: Sequence[str]) -> Any:
    found = data
    for name in path:
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isdigit() and int(name) < len(found):
            found = found[int(name)]
        else:
            return query.get(path[0]) if path else None
    return found


def _entry(field: str, value: Any, message: str) -> dict[str, Any]:
    is_plain = value is None or isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    text = value if is_plain else str(value)[:_LONGEST_VALUE]
    # The answer may be kept in a log; whoever sent a password knows it.
    return {"field": field, "value": masked(text, field), "message": message}


def plain_problem(status: int, code: str, detail: str) -> str:
    """Return a problem's document as text."""
    return json.dumps(problem(status, code, detail))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that leads nowhere."""
    path = request.path[:_LONGEST_VALUE]
    has_no_slash = not request.path_info.endswith("/") and _leads_somewhere(f"{request.path_info}/")
    hint = f"its address ends with a slash: {path}/" if has_no_slash else "/api/schema/ lists what there is."
    text = plain_problem(404, "not_found", f"There is nothing at {path}; {hint}")
    return HttpResponseNotFound(text, content_type=PROBLEM_TYPE)


def _leads_somewhere(path: str) -> bool:
    try:
        resolve(path)
    except Http404:
        return False
    return True


def server_failed(request: HttpRequest) -> HttpResponse:
    """Answer when the server itself failed, or its database does not answer."""
    if isinstance(error := sys.exc_info()[1], (OperationalError, InterfaceError)):
        _log.warning("the database does not answer: %s", error)
        text = plain_problem(_UNAVAILABLE, "unavailable", _AWAY)
        response = HttpResponse(text, status=_UNAVAILABLE, content_type=PROBLEM_TYPE)
        response.headers["Retry-After"] = _RETRY_AFTER_S
        # Django need not log it with all that led to it.
        setattr(response, "_has_been_logged", True)  # noqa: B010
        return response
    text = plain_problem(500, "server", "The server failed; its log has more under the request's id.")
    return HttpResponseServerError(text, content_type=PROBLEM_TYPE)
