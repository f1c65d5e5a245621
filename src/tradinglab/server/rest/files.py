"""Files as answers: sent in pieces, whole or from the place where a broken download ended (RFC 9110, 14)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from rest_framework.request import Request

from tradinglab.server.rest.problems import PROBLEM_TYPE, plain_problem

_PIECE = 1 << 18
_ONE_RANGE = re.compile(r"bytes=\s*(\d{0,19})-(\d{0,19})\s*", re.ASCII)


def file_response(request: Request, path: Path, *, sha256: str, media_type: str) -> HttpResponseBase:
    """Return a file, or the range of it that is asked for.

    A range that lies outside of the file is answered 416; one that is not understood, or that is wanted of another
    state of the file (``If-Range``), with the whole file.
    """
    size, etag = path.stat().st_size, f'"{sha256}"'
    first, last, status = 0, size - 1, 200
    wanted = _wanted(request, etag, size)
    if wanted is not None:
        first, last = wanted
        if first > last:
            return _outside(size)
        status = 206
    answer = _streamed(request, path, first, last, status)
    answer.headers["Content-Type"] = media_type
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


def _streamed(request: Request, path: Path, first: int, last: int, status: int) -> StreamingHttpResponse:
    pieces = _pieces(path, first, last)
    # Each server takes the one kind as it comes, and reads the other to its end before it sends anything.
    if isinstance(request._request, ASGIRequest):
        return StreamingHttpResponse(_later(pieces), status=status)
    return StreamingHttpResponse(pieces, status=status)


def _pieces(path: Path, first: int, last: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(first)
        left = last - first + 1
        while left > 0 and (piece := file.read(min(_PIECE, left))):
            left -= len(piece)
            yield piece


async def _later(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    def take() -> bytes:
        return next(pieces, b"")

    read = sync_to_async(take, thread_sensitive=False)
    while piece := await read():
        yield piece
