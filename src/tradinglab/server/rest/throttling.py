"""How many requests a user, or an address without one, may make; every answer says how many are left."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from tradinglab.server.ops.caller import client_address
from tradinglab.server.rest.buckets import Taken, buckets
from tradinglab.server.rest.problems import PROBLEM_TYPE, plain_problem
from tradinglab.server.rest.rates import read_rate

_UNCOUNTED = (401, 403)
_TAKEN = "_tradinglab_taken"


def take(request: HttpRequest) -> Taken:
    """Count a request, once: for its user, else for its address."""
    known: Taken | None = getattr(request, _TAKEN, None)
    if known is not None:
        return known
    environment = settings.ENVIRONMENT
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        taken = buckets().take(f"user:{user.pk}", read_rate(environment.rate_user))
    else:
        taken = buckets().take(f"address:{client_address(request)}", read_rate(environment.rate_address))
    setattr(request, _TAKEN, taken)
    return taken


def counted_with(request: HttpRequest, other: HttpRequest) -> None:
    """Let a request be counted already if *other*, which was made of it, is."""
    if hasattr(other, _TAKEN):
        setattr(request, _TAKEN, getattr(other, _TAKEN))


class Throttle(BaseThrottle):
    """Refuses what is over the rate."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request and say whether it may pass."""
        self._taken = take(request._request)
        return self._taken.is_allowed

    def wait(self) -> float:
        """Return the seconds until another may pass."""
        return self._taken.wait_s


def tell_rate(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Tell what is left of the rate; count what was refused before it was counted."""
    taken: Taken | None = getattr(request, _TAKEN, None)
    if taken is None and response.status_code in _UNCOUNTED:
        # Whoever is refused for what they showed has not been counted, and could try without end.
        taken = take(request)
        if not taken.is_allowed:
            text = plain_problem(429, "throttled", "Too many requests; 'Retry-After' says when to try again.")
            response = HttpResponse(text, status=429, content_type=PROBLEM_TYPE)
    for name, value in taken.headers().items() if taken is not None else ():
        response.headers[name] = value
    return response
