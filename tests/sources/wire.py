"""A server that speaks a source's format, and fails as it is told to."""

from __future__ import annotations

import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple, Self
from urllib.parse import parse_qsl, unquote, urlsplit


class Asked(NamedTuple):
    path: str
    params: dict[str, str]
    headers: dict[str, str]


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: dict[str, str]
    #: How many bytes of the body are sent; the header says that all come.
    sent: int | None = None


def answer(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, raw, {"Content-Type": "application/json"} | (headers or {}))


def page(status: int = 200) -> Answer:
    body = b"<!DOCTYPE html><html><head><title>Sad panda</title></head><body>...</body></html>"
    return Answer(status, body, {"Content-Type": "text/html; charset=utf-8"})


class Wire:
    """A server on this machine; subclasses say what it answers."""

    def __init__(self) -> None:
        #: Requests for bars, in order; those for a cookie or the like do not count.
        self.asked: list[Asked] = []
        #: What the next requests for bars are answered with, in place of bars.
        self.faults: deque[Answer] = deque()
        #: The same for every request from now on.
        self.always: Answer | None = None
        #: Whether the next answers are cut off: in the middle of the body, as a connection that is lost.
        self.cuts = 0
        wire = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(unquote(parts.path), dict(parse_qsl(parts.query, keep_blank_values=True)), headers)
                found = wire.serve(asked)
                self.send_response(found.status)
                for name, value in found.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(found.body)))
                self.end_headers()
                self.wfile.write(found.body if found.sent is None else found.body[: found.sent])
                if found.sent is not None:
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def serve(self, asked: Asked) -> Answer:
        if (aside := self.aside(asked)) is not None:
            return aside
        self.asked.append(asked)
        if self.always is not None:
            return self.always
        if self.faults:
            return self.faults.popleft()
        found = self.bars(asked)
        if self.cuts:
            self.cuts -= 1
            return found._replace(sent=len(found.body) // 2)
        return found

    def aside(self, asked: Asked) -> Answer | None:
        """Return the answer to what is no request for bars."""
        return None

    def bars(self, asked: Asked) -> Answer:
        raise NotImplementedError
