"""A line in the log and a count for every request."""

from __future__ import annotations

import logging
import time
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from prometheus_client import CollectorRegistry, Histogram

from tradinglab.server.ops.caller import caller
from tradinglab.server.ops.secrets import MASK

_log = logging.getLogger("tradinglab.access")
_STARTED = "_tradinglab_started"
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_LONGEST_PATH = 300
#: Parts of addresses that open something.
_SECRET_PARTS = ("token", "key", "secret", "code", "ticket")

#: What this process counts.
REGISTRY = CollectorRegistry()
_REQUESTS = Histogram(
    "tradinglab_http_request_duration_seconds",
    "Time until the head of an answer was ready.",
    ["method", "route", "status"],
    registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


def request_starts(request: HttpRequest) -> None:
    """Note when."""
    setattr(request, _STARTED, time.perf_counter())


def request_ends(request: HttpRequest, response: HttpResponse) -> None:
    """Count and log the request."""
    seconds = time.perf_counter() - getattr(request, _STARTED, time.perf_counter())
    method = request.method if request.method in _METHODS else "other"
    route = route_of(request)
    _REQUESTS.labels(method, route, str(response.status_code)).observe(seconds)
    said = {
        "method": method,
        "path": _path(request),
        "status": response.status_code,
        "duration_ms": round(seconds * 1000, 1),
        "client": caller.get().address,
        "user": _user(request),
    }
    # What machines ask every few seconds is for who looks for it.
    level = logging.DEBUG if route.startswith(("health/", "metrics")) else logging.INFO
    _log.log(level, "request", extra={key: value for key, value in said.items() if value not in ("", None)})


def route_of(request: HttpRequest) -> str:
    """Return the pattern of a request's address: of these there are few, whatever is asked for."""
    match = request.resolver_match
    return match.route if match is not None else "none"


def _path(request: HttpRequest) -> str:
    """Return the address without its query, and without what opens something."""
    path = request.path
    match = request.resolver_match
    for name, value in match.kwargs.items() if match is not None else ():
        if any(part in name for part in _SECRET_PARTS) and name != "key_id":
            path = path.replace(str(value), MASK)
    return quote(path[:_LONGEST_PATH], safe="/*:@")


def _user(request: HttpRequest) -> int | None:
    """Return the user's number, if somebody has asked who it is; asking here would cost a query."""
    user = getattr(request, "_cached_user", None) or request.__dict__.get("user")
    return None if isinstance(user, SimpleLazyObject) else getattr(user, "pk", None)
