"""Compressed answers, where nothing is lost by it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

_TEXTS = ("application/json", "application/problem+json", "application/vnd.oai", "text/csv", "text/plain")
_PART = 206


_gzip = GZipMiddleware(lambda request: HttpResponse())


def compress(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Compress the API's texts for a client that takes them so.

    Not the pages, whose forms hold a secret that compression could betray; not what is streamed, which must not wait
    in a buffer; not a part of a file, whose place is counted in its own bytes.
    """
    is_text = response.headers.get("Content-Type", "").startswith(_TEXTS)
    if not is_text or not isinstance(response, HttpResponse) or response.status_code == _PART:
        return response
    return _gzip.process_response(request, response)
