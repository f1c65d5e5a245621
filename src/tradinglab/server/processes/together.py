"""``tradinglab up``: queue, worker and web, started and stopped together."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from uuid import UUID

from tradinglab.server.config.environment import environment
from tradinglab.server.config.home import Home
from tradinglab.server.config.startup import start_django
from tradinglab.server.errors import SettingsError
from tradinglab.server.processes.children import end_child, start_child
from tradinglab.server.processes.parts import Part, ProcessLost
from tradinglab.server.processes.queue import PrivateQueue, find_queue_server
from tradinglab.server.processes.web import QUANTCONNECT_PORT, Address, listen_on, listen_on_free_port

_START_PATIENCE_S = 120.0
_LOOK_EVERY_S = 0.2
_WARMING_PATIENCE_S = 2.0
_QUEUE_NOTE = "queue.folder"
Say = Callable[[str], None]


class TooSlow(ProcessLost):
    """One of the server's processes does not do what it was started for."""


class Stopped(Exception):
    """The processes are to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How the server is to be started.

    Attributes
    ----------
    host
        The address to listen on.
    port
        The port to listen on; ``None`` for 8000 or, if that is taken, the next one that is free.
    opens
        Whether the page is opened in the browser; ``None`` for where there is a desktop.
    serves_quantconnect
        Whether to listen where QuantConnect's clients look for a server of one's own, too.
    """

    host: str
    port: int | None = None
    opens: bool | None = None
    serves_quantconnect: bool = False


def run_together(*, wish: Wish, say: Say) -> int:
    """Start everything, say where it is, and stop everything when told to.

    Raises
    ------
    SettingsError
        If a setting cannot be used, or the installation is running already.
    ProcessLost
        If a process ends by itself before all is up, or again and again.
    """
    Home(environment().home).prepare()
    # Who sits before it looks at the page; a line for each request would push away what they are to read.
    os.environ.setdefault("TRADINGLAB_LOG_LEVEL", "WARNING")
    environment.cache_clear()
    with _only_one(environment().home), contextlib.ExitStack() as stack:
        listener = stack.enter_context(
            listen_on_free_port(wish.host) if wish.port is None else listen_on(wish.host, wish.port)
        )
        _stop_on_signals()
        try:
            if environment().redis_url is None:
                _start_queue(stack)
            start_django()
            _run(wish, [listener, *_quantconnect_listeners(wish, listener, say, stack)], say, stack)
        except Stopped:
            say("Stopping …")
    return 0


@contextlib.contextmanager
def _only_one(home: Path) -> Iterator[None]:
    with (home / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SettingsError([f"TRADINGLAB_HOME: a server is running in {home} already; stop it first"]) from None
        yield


def _stop_on_signals() -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        # A second signal must not interrupt the stopping itself.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Stopped

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def _start_queue(stack: contextlib.ExitStack) -> None:
    """Start a private queue if there is a program for it; without one the worker looks into the table."""
    program = find_queue_server()
    if program is None:
        return
    queue = stack.enter_context(PrivateQueue(program, note=environment().home / _QUEUE_NOTE))
    if queue.wait():
        os.environ["REDIS_URL"] = queue.url
        environment.cache_clear()


def _quantconnect_listeners(
    wish: Wish, listener: socket.socket, say: Say, stack: contextlib.ExitStack
) -> list[socket.socket]:
    """Listen on this machine's port for QuantConnect's clients; without it, all else works."""
    if environment().is_https:
        return []  # whatever comes there would be sent on to https
    if not wish.serves_quantconnect or listener.getsockname()[1] == QUANTCONNECT_PORT:
        return []
    try:
        return [stack.enter_context(listen_on("127.0.0.1", QUANTCONNECT_PORT))]
    except SettingsError:
        say(
            f"Port {QUANTCONNECT_PORT} is taken, so QC_API=local does not lead here. QuantConnect's clients reach this "
            "server below /api/v2/ of its own address."
        )
        return []


def _run(wish: Wish, listeners: Sequence[socket.socket], say: Say, stack: contextlib.ExitStack) -> None:
    from tradinglab.server.processes import first_run, greeting

    first_run.migrate()
    owner = first_run.ensure_owner()
    demo = first_run.ensure_demo(owner.user)
    keeps = [each.fileno() for each in listeners]
    words = [word for each in keeps for word in ("--descriptor", str(each))]
    parts = [
        stack.enter_context(Part("worker", "worker", "--beat")),
        stack.enter_context(Part("live", "live")),
        stack.enter_context(Part("web", "serve", *words, keeps=keeps)),
    ]
    address = Address(wish.host, listeners[0].getsockname()[1])
    # All are told to stop before the first is waited for.
    for each in parts:
        stack.callback(each.terminate)
    _wait(lambda: _answers(f"{address.reachable}/health/live"), parts, "the web process did not answer")
    _wait(_has_worker, parts, "the worker gave no sign of life")
    if demo is not None and not demo.is_final:
        say("Running the demo …")
        with contextlib.suppress(TooSlow):  # its page shows how far it is
            _wait(lambda: _is_over(demo.pk), parts, "the demo did not end")
    greeting.greet(owner=owner, demo=demo, address=address, opens=wish.opens, say=say)
    _compile_ahead(stack)
    while True:
        for each in parts:
            each.revive(say)
        time.sleep(_LOOK_EVERY_S)


def _compile_ahead(stack: contextlib.ExitStack) -> None:
    """Compile what simulates rules, while nobody waits for it: once, as the result is kept in the home folder."""
    folder = Home(environment().home).kernels
    child = start_child([sys.executable, "-I", "-m", "tradinglab.rules.warming", os.fspath(folder)])
    stack.callback(end_child, child, patience_s=_WARMING_PATIENCE_S)


def _wait(is_there: Callable[[], bool], parts: Sequence[Part], complaint: str) -> None:
    end = time.monotonic() + _START_PATIENCE_S
    while not is_there():
        for each in parts:
            each.check()
        if time.monotonic() > end:
            raise TooSlow(f"After {_START_PATIENCE_S:g} s {complaint}.")
        time.sleep(_LOOK_EVERY_S)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _has_worker() -> bool:
    from tradinglab.server.runs.selectors import worker_count

    return worker_count() > 0


def _is_over(run_id: UUID) -> bool:
    from tradinglab.server.runs.models import Run

    return Run.objects.get(pk=run_id).is_final
