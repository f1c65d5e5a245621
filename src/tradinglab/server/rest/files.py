"""Files as answers: sent in pieces, whole or from the place where a broken download ended (RFC 9110, 14)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from rest_framework.request import Request

from tradinglab.server.rest.problems import PROBLEM_TYPE, plain_problem

_ONE_RANGE = re.compile(r"bytes=\s*(\d{0,19})-(\d{0,19})\s*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Bytes that are to be sent.

    Attributes
    ----------
    pieces
        Yields the bytes from a first to a last one, both included.
    """

    size: int
    pieces: Callable[[int, int], Iterator[bytes]]
    sha256: str
    media_type: str


def content_response(request: Request, content: Content) -> HttpResponseBase:
    """Return a file, or the range of it that is asked for.

    A range that lies outside of the file is answered 416; one that is not understood, or that is wanted of another
    state of the file (``If-Range``), with the whole file.
    """
    size, etag = content.size, f'"{content.sha256}"'
    first, last, status = 0, size - 1, 200
    wanted = _wanted(request, etag, size)
    if wanted is not None:
        first, last = wanted
        if first > last:
            return _outside(size)
        status = 206
    answer = _streamed(request, content.pieces(first, last), status)
    answer.headers["Content-Type"] = content.media_type
    answer.headers["Content-Length"] = str(last - first + 1)
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["ETag"] = etag
    if status == 206:
        answer.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    # What a strategy made is shown apart from the server's own pages.
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    conditional = get_conditional_response(
        request._request,
        etag=etag,
        response=answer,  # type: ignore[arg-type]  # of which it reads headers and status only
    )
    return answer if conditional is None else conditional


def _wanted(request: Request, etag: str, size: int) -> tuple[int, int] | None:
    """Return the first and the last byte that are wanted, or nothing if it is the whole file; reversed if outside."""
    found = _ONE_RANGE.fullmatch(request.headers.get("Range", ""))
    if found is None or request.method != "GET" or request.headers.get("If-Range", etag) != etag:
        return None
    begin, end = found.groups()
    if not begin:
        return (max(0, size - int(end)), size - 1) if end and int(end) else ((1, 0) if end else None)
    first, last = int(begin), min(int(end), size - 1) if end else size - 1
    if end and int(end) < first:
        return None
    return (first, last) if first < size else (1, 0)


def _outside(size: int) -> HttpResponse:
    text = plain_problem(
        416, "range_outside", f"The file has {size:,} bytes; ask for a range of these, or leave the header Range out."
    )
    return HttpResponse(text, status=416, content_type=PROBLEM_TYPE, headers={"Content-Range": f"bytes */{size}"})


def _streamed(request: Request, pieces: Iterator[bytes], status: int) -> StreamingHttpResponse:
    # Each server takes the one kind as it comes, and reads the other to its end before it sends anything.
    if isinstance(request._request, ASGIRequest):
        return StreamingHttpResponse(_later(pieces), status=status)
    return StreamingHttpResponse(pieces, status=status)


async def _later(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Read in a thread of this answer's own, which takes its connection to the database with it."""
    thread = ThreadPoolExecutor(1, thread_name_prefix="download")
    read = sync_to_async(lambda: next(pieces, b""), thread_sensitive=False, executor=thread)
    try:
        while piece := await read():
            yield piece
    finally:
        thread.submit(_close, pieces)
        thread.shutdown(wait=False)


def _close(pieces: Iterator[bytes]) -> None:
    if isinstance(pieces, Generator):
        pieces.close()
    connections.close_all()
