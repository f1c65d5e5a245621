"""What happens to every request: it gets a number, and pages get a policy."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from tradinglab.server.ops.caller import caller, caller_of
from tradinglab.server.ops.context import request_id
from tradinglab.server.ops.requests import request_ends, request_starts

_USABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_POLICY = "default-src 'self'; script-src 'self'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"

Answer = Callable[[HttpRequest], HttpResponse]


def _answering(
    before: Callable[[HttpRequest], None], after: Callable[[HttpRequest, HttpResponse], None]
) -> Callable[[Answer], Answer]:
    """Return a middleware of what to do before and after."""

    def middleware(get_response: Answer) -> Answer:
        def answer(request: HttpRequest) -> HttpResponse:
            before(request)
            response = get_response(request)
            after(request, response)
            return response

        return answer

    return middleware


def _number(request: HttpRequest) -> None:
    given = request.headers.get("X-Request-ID", "")
    request_id.set(given if _USABLE.fullmatch(given) else uuid.uuid4().hex)
    caller.set(caller_of(request))
    request_starts(request)


def _show_number(request: HttpRequest, response: HttpResponse) -> None:
    response.headers["X-Request-ID"] = request_id.get()
    request_ends(request, response)


def _nothing(_: HttpRequest) -> None:
    """Do nothing before."""


def _add_policy(_: HttpRequest, response: HttpResponse) -> None:
    response.headers.setdefault("Content-Security-Policy", _POLICY)


RequestIdMiddleware = _answering(_number, _show_number)
ContentSecurityPolicyMiddleware = _answering(_nothing, _add_policy)
