"""What is answered to requests that a page cannot serve: a page if a browser asks, a problem document to programs."""

from __future__ import annotations

import sys
from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers

from tradinglab.server.errors import ServerError
from tradinglab.server.ops.context import request_id
from tradinglab.server.rest import problems

_NOWHERE = "There is no such page, or it is another user's."
_NOT_ALLOWED = "You may not do that."
_MALFORMED = "The request is not well-formed."
_OTHER_HOST = "This server does not go by the name that the request is for. TRADINGLAB_ALLOWED_HOSTS lists its names."
_FAILED = "The server failed. Its log has more under the request's id, which is below."
_AWAY = "The database does not answer. Load the page again in a moment."
_ONLY_SENT = "This address takes what the button of a page sends, and shows nothing itself."
_ONLY_READ = "This page can be read, and takes nothing."
_STALE_FORM = (
    "The form was sent from a page that is out of date, or from another site. Load its page again, then send it."
)
#: Where the database is known to answer, so that the page can say who is logged in.
_WITH_USER = (403, 404, 405)


def is_for_people(request: HttpRequest) -> bool:
    """Say whether a page is wanted: by a browser, and not of the API."""
    return not request.path.startswith("/api/") and "text/html" in request.headers.get("Accept", "")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that leads nowhere."""
    return _page(request, 404, _NOWHERE) if is_for_people(request) else problems.page_not_found(request, exception)


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that is not allowed."""
    return _answer(request, 403, "permission_denied", str(exception) or _NOT_ALLOWED)


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that did not come from a page of ours, as far as can be told."""
    return _answer(request, 403, "permission_denied", _STALE_FORM)


def malformed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django itself refuses."""
    text = _OTHER_HOST if isinstance(exception, DisallowedHost) else _MALFORMED
    return _answer(request, 400, "bad_request", text)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer when the server itself failed, or its database does not answer."""
    answer = problems.server_failed(request)
    if not is_for_people(request):
        return answer
    is_away = isinstance(sys.exc_info()[1], (OperationalError, InterfaceError))
    page = _page(request, answer.status_code, _AWAY if is_away else _FAILED)
    if "Retry-After" in answer.headers:
        page.headers["Retry-After"] = answer.headers["Retry-After"]
    setattr(page, "_has_been_logged", getattr(answer, "_has_been_logged", False))  # noqa: B010
    return page


class PageFailuresMiddleware:
    """Answers what our own errors say where a page raises one, and says why a method is not taken."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        response = self._get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or response.content:
            return response
        allowed = response.headers["Allow"]
        answer = _answer(request, 405, "method_not_allowed", _ONLY_READ if "GET" in allowed else _ONLY_SENT)
        answer.headers["Allow"] = allowed
        return answer

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer an error that has a status of its own."""
        if not isinstance(error, ServerError):
            return None
        answer = _answer(request, error.status, error.code, str(error))
        if error.wait is not None:
            answer.headers["Retry-After"] = str(error.wait)
        return answer


def _answer(request: HttpRequest, status: int, code: str, text: str) -> HttpResponse:
    if is_for_people(request):
        return _page(request, status, text)
    document = problems.plain_problem(status, code, text)
    return HttpResponse(document, status=status, content_type=problems.PROBLEM_TYPE)


def _page(request: HttpRequest, status: int, text: str) -> HttpResponse:
    """Return a page that says what is wrong."""
    content = {"title": problems.title_of(status), "text": text, "request_id": request_id.get(), "status": status}
    known = request if status in _WITH_USER and hasattr(request, "user") else None
    page = HttpResponse(render_to_string("web/failure.html", content, known), status=status)
    patch_vary_headers(page, ["Accept"])
    return page
