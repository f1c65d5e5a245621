"""What can befall a call, a plan of when it does, and two ways to have it happen: in memory, and over a real wire."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any, Protocol

import httpx2
from tests.quantconnect.clock import VirtualClock
from tests.quantconnect.fake import FakeCloud, Told

from tradinglab.quantconnect.settings import Timeouts


class Fault(StrEnum):
    """What befalls one call."""

    NO_CONNECTION = "no connection"
    RESET_BEFORE = "reset before it was carried out"
    RESET_AFTER = "reset after it was carried out"
    RESET_MIDDLE = "reset in the middle of the answer"
    STALL_BEFORE = "never carried out, never answered"
    STALL_AFTER = "carried out, never answered"
    LATE = "carried out, answered after the deadline"
    PAGE_BEFORE = "a page of HTML with 500, not carried out"
    PAGE_AFTER = "a page of HTML with 500, carried out"
    TRUNCATED = "carried out, the JSON cut off"
    EMPTY = "carried out, an empty answer"
    INTERNAL = "success: false for an internal error, carried out"
    SLOW_DOWN = "success: false for too many requests"
    TOO_MANY = "429"
    TOO_MANY_WAIT = "429 with seconds in Retry-After"
    TOO_MANY_DATE = "429 with a date in Retry-After"
    STALE_CLOCK = "the server's clock jumps: 401"
    REFUSED = "success: false for a reason that will not pass"
    UNKNOWN_ID = "success: false, there is no such thing"


#: After these, time and again, what was asked for is still done.
PASSING = tuple(each for each in Fault if each not in (Fault.REFUSED, Fault.UNKNOWN_ID))
_PAGE = b"<!DOCTYPE html><html><body><h1>500 Internal Server Error</h1></body></html>"


class Backend(Protocol):
    """What carries requests out."""

    def answer(self, path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Told:
        """Carry a request out."""


class Schedule(Protocol):
    """When which fault happens."""

    def next(self, path: str) -> Fault | None:
        """Return what befalls the next call."""


class Script:
    """Faults by path, in their order: ``Script({"backtests/create": [Fault.RESET_AFTER]})``; None lets one pass."""

    def __init__(self, faults: Mapping[str, list[Fault | None]]) -> None:
        self._faults = {path: list(each) for path, each in faults.items()}
        self._lock = threading.Lock()

    def next(self, path: str) -> Fault | None:
        with self._lock:
            rest = self._faults.get(path)
            return rest.pop(0) if rest else None


class Seeded:
    """Faults by chance, the same for the same seed.

    Parameters
    ----------
    seed
        Another number makes other faults.
    share
        The share of calls that something befalls.
    kinds
        What may.
    """

    def __init__(self, seed: int, share: float, kinds: tuple[Fault, ...] = tuple(Fault)) -> None:
        self._random = Random(seed)
        self._share = share
        self._kinds = kinds
        self._lock = threading.Lock()
        self.happened: list[tuple[str, Fault]] = []

    def next(self, path: str) -> Fault | None:
        with self._lock:
            if self._random.random() >= self._share:
                return None
            fault = self._random.choice(self._kinds)
            self.happened.append((path, fault))
            return fault


class Lost(Exception):
    """The connection is gone; `is_reset` says how, `told` what was answered, if half of it arrives, or all too late."""

    def __init__(self, *, is_reset: bool, told: Told | None = None) -> None:
        self.is_reset = is_reset
        self.told = told


@dataclass
class Weather:
    """A backend, and what befalls the calls to it."""

    backend: Backend
    schedule: Schedule
    #: What a server's clock jumps by.
    jumps: Callable[[], None] = lambda: None

    def answer(self, path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Told:
        """Carry a request out, or not, and answer, or not.

        Raises
        ------
        Lost
            If there is no answer.
        """
        fault = self.schedule.next(path)
        match fault:
            case Fault.RESET_BEFORE | Fault.STALL_BEFORE:
                raise Lost(is_reset=fault is Fault.RESET_BEFORE)
            case Fault.PAGE_BEFORE:
                return Told(500, _PAGE, {"Content-Type": "text/html"})
            case Fault.SLOW_DOWN:
                return Told.of({"success": False, "errors": ["Too many backtest requests; please slow down."]})
            case Fault.REFUSED:
                return Told.of({"success": False, "errors": ["This is not allowed on your plan."]})
            case Fault.UNKNOWN_ID:
                return Told.of({"success": False, "errors": ["There is no such thing; it was not found."]})
            case Fault.TOO_MANY | Fault.TOO_MANY_WAIT | Fault.TOO_MANY_DATE:
                return self._too_many(fault)
            case Fault.STALE_CLOCK:
                self.jumps()
        told = self.backend.answer(path, headers, body)
        match fault:
            case Fault.RESET_AFTER | Fault.STALL_AFTER:
                raise Lost(is_reset=fault is Fault.RESET_AFTER)
            case Fault.RESET_MIDDLE | Fault.LATE:
                raise Lost(is_reset=fault is Fault.RESET_MIDDLE, told=told)
            case Fault.PAGE_AFTER:
                return Told(500, _PAGE, {"Content-Type": "text/html"})
            case Fault.TRUNCATED:
                return Told(told.status, told.body[: len(told.body) // 2], told.headers)
            case Fault.EMPTY:
                return Told(told.status, b"", told.headers)
            case Fault.INTERNAL:
                return Told.of({"success": False, "errors": ["An internal error occurred; try again later."]})
        return told

    def _too_many(self, fault: Fault) -> Told:
        told = Told(429, b"slow down", {"Content-Type": "text/plain"})
        if fault is Fault.TOO_MANY_WAIT:
            told.headers["Retry-After"] = "2"
        if fault is Fault.TOO_MANY_DATE:
            told.headers |= {"Retry-After": "Tue, 14 Nov 2023 22:13:24 GMT", "Date": "Tue, 14 Nov 2023 22:13:20 GMT"}
        return told


def read_body(headers: Mapping[str, str], content: bytes) -> dict[str, Any]:
    """Return what a request holds; a form with a file as its bare length."""
    if "json" in headers.get("content-type", "") and content:
        body = json.loads(content)
        assert isinstance(body, dict)
        return body
    return {"bytes": len(content)} if content else {}


class _Broken(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """An answer of which half arrives before the connection is reset, or all of it but too late."""

    def __init__(self, content: bytes, *, is_reset: bool, pass_time: Callable[[], None]) -> None:
        self._content = content
        self._is_reset = is_reset
        self._pass_time = pass_time

    def __iter__(self) -> Iterator[bytes]:
        if self._is_reset:
            yield self._content[: len(self._content) // 2]
            raise httpx2.ReadError("Connection reset by peer")
        self._pass_time()
        yield self._content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


class FaultyTransport(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Stands for the wire; waiting takes no time on its clock but counts."""

    def __init__(self, backend: Backend, schedule: Schedule, clock: VirtualClock, latency_s: float = 0.05) -> None:
        jumps = 0.0

        def jump() -> None:
            nonlocal jumps
            jumps += 1
            if isinstance(backend, FakeCloud):
                # Away and back again, an hour each time.
                backend.skew_s = 3600.0 if jumps % 2 else 0.0

        self._weather = Weather(backend, schedule, jump)
        self._clock = clock
        self._latency_s = latency_s
        self.requests: list[httpx2.Request] = []

    def calm(self) -> None:
        """Let nothing befall any further call."""
        self._weather.schedule = Script({})

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return self._answer(request, request.read())

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return self._answer(request, await request.aread())

    def _answer(self, request: httpx2.Request, content: bytes) -> httpx2.Response:
        self.requests.append(request)
        self._clock.at += self._latency_s
        path = request.url.path.removeprefix("/api/v2/").strip("/")
        headers = {name.lower(): value for name, value in request.headers.items()}
        schedule = self._weather.schedule
        fault = schedule.next(path)
        if fault is Fault.NO_CONNECTION:
            raise httpx2.ConnectError("Connection refused", request=request)
        weather = Weather(self._weather.backend, Script({path: [fault]}), self._weather.jumps)
        try:
            told = weather.answer(path, headers, read_body(headers, content))
        except Lost as lost:
            if lost.told is not None:
                stream = _Broken(lost.told.body, is_reset=lost.is_reset, pass_time=self._pass_an_attempt)
                return httpx2.Response(lost.told.status, headers=lost.told.headers, stream=stream, request=request)
            if lost.is_reset:
                raise httpx2.ReadError("Connection reset by peer", request=request) from None
            self._clock.at += float(request.extensions["timeout"]["read"])
            raise httpx2.ReadTimeout("timed out", request=request) from None
        return httpx2.Response(told.status, headers=told.headers, content=told.body, request=request)

    def _pass_an_attempt(self) -> None:
        self._clock.at += Timeouts().attempt


@contextmanager
def faulty_server(backend: Backend, schedule: Schedule, stall_s: float = 5.0) -> Iterator[str]:
    """Serve a backend on the loopback, with faults as a client sees them on a wire; gives its base URL.

    Parameters
    ----------
    backend, schedule
        What answers, and what befalls the calls.
    stall_s
        How long a connection is kept open on which nothing comes.
    """
    weather = Weather(backend, schedule)
    stopped = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.removeprefix("/api/v2/").partition("?")[0].strip("/")
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                told = weather.answer(path, headers, read_body(headers, content))
            except Lost as lost:
                if lost.told is not None and lost.is_reset:
                    self._say(lost.told, len(lost.told.body) // 2)
                self._lose(is_reset=lost.is_reset)
                if lost.told is not None and not lost.is_reset:
                    self._say(lost.told)
                return
            self._say(told)

        do_GET = do_POST

        def _say(self, told: Told, most: int | None = None) -> None:
            self.send_response_only(told.status)
            for name, value in {**told.headers, "Content-Length": str(len(told.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told.body[:most])

        def _lose(self, *, is_reset: bool) -> None:
            self.close_connection = True
            if is_reset:
                # Closing without lingering sends a reset.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
            else:
                stopped.wait(stall_s)

        def finish(self) -> None:
            with suppress(OSError, ValueError):
                super().finish()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Clients leave as they like."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/api/v2/"
    finally:
        stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


class Upstream:
    """A backend that is a real server: the faults then befall calls to it, as a proxy's would.

    Parameters
    ----------
    base_url
        Its API.
    """

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/") + "/"

    def answer(self, path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Told:
        """Have the server carry a request out."""
        kept = {name: headers[name] for name in ("authorization", "timestamp", "user-agent") if name in headers}
        answer = httpx2.post(self._base_url + path, headers=kept, json=dict(body), timeout=60.0)
        passed = {
            name: value for name, value in answer.headers.items() if name in ("content-type", "date", "retry-after")
        }
        return Told(answer.status_code, answer.content, passed)
