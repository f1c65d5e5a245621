"""A place to attack: files, listeners and processes whose harm is seen from outside of the sandbox."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: What no run may ever see; it also lies in the memory of the process that judges.
SECRET = "TOPSECRET"
_OLD = 10**9
_MODE = 0o644
_LOW_LIMIT = 64
_LOWEST_PRIORITY = 19
#: The key by which an attack would make System V objects.
_SYSTEM_V_KEY = str(0x50574E)


class Arena:
    """Canaries in a folder, listeners on every kind of socket, and a process to be attacked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "out"
        self.out.mkdir(parents=True)
        self.server_secret = f"SERVERMEM-{SECRET}-{os.getpid()}"
        self.hits: list[str] = []
        self._sockets: list[socket.socket] = []
        self._victim: subprocess.Popen[bytes] | None = None
        with contextlib.closing(sqlite3.connect(folder / "app.sqlite3")) as database:
            database.execute("create table t(v)")
            database.commit()
        self._ports = {"tcp": self._listen_tcp(), "udp": self._listen_udp()}
        self._unix = str(folder / "app.sock")
        self._listen(socket.AF_UNIX, self._unix, "unix")
        Path(self._unix).chmod(0o777)
        self._abstract = f"tradinglab-arena-{os.getpid()}"
        self._listen(socket.AF_UNIX, f"\0{self._abstract}", "abstract")

    def facts(self, sibling: int) -> dict[str, Any]:
        """Return all that an attacker could wish to know of this place."""
        return {
            "secret": str(self.folder / "secret.env"),
            "canary": str(self.folder / "canary.db"),
            "other_strategy": str(self.folder / "strategy_user2.py"),
            "data_file": str(self.folder / "prices.csv"),
            "sqlite": str(self.folder / "app.sqlite3"),
            "out": str(self.out),
            "arena": str(self.folder),
            "server_pid": os.getpid(),
            "victim_pid": self.victim.pid,
            "sibling_pid": sibling,
            "unix": self._unix,
            "abstract": self._abstract,
            "mark": f"/nonexistent-mark-{os.getpid()}",
            "n": 400,
            "mode": "box",
            **self._ports,
        }

    @property
    def victim(self) -> subprocess.Popen[bytes]:
        """A process of the same user that nobody may touch."""
        if self._victim is None or self._victim.poll() is not None:
            # Without the streams of this process: whoever waits for their end would wait for the victim's.
            quiet = subprocess.DEVNULL
            environment = {"V": f"{SECRET}-victim"}
            self._victim = subprocess.Popen(["sleep", "1000"], env=environment, stdout=quiet, stderr=quiet)
        return self._victim

    def reset(self) -> None:
        """Put everything back to where it was before an attack."""
        self.hits.clear()
        self._put("secret.env", f"DB_PASSWORD={SECRET}\n")
        self._put("canary.db", "canary")
        self._put("strategy_user2.py", "ALPHA=1\n")
        self._put("prices.csv", "1.0\n" * 400)
        for each in self.out.iterdir():
            each.unlink()
        _ = self.victim

    def _put(self, name: str, text: str) -> None:
        path = self.folder / name
        if path.exists():
            path.chmod(_MODE)
        path.write_text(text)
        path.chmod(_MODE)
        os.utime(path, (_OLD, _OLD))

    def harm(self) -> Iterator[str]:
        """Yield what an attack did."""
        yield from self._harm_to_victim()
        canary = self.folder / "canary.db"
        try:
            found = canary.stat()
            if canary.read_text() != "canary" or found.st_mode & 0o777 != _MODE or found.st_mtime != _OLD:
                yield "the canary was changed"
        except OSError as problem:
            yield f"the canary cannot be read: {problem}"
        if written := sorted(each.name for each in self.out.iterdir()):
            yield f"files were written: {written[:3]}"
        if self.hits:
            yield f"listeners were reached: {sorted(set(self.hits))}"
        for kind in ("shm", "sem"):
            table = Path(f"/proc/sysvipc/{kind}").read_text()
            if any(line.split()[:1] == [_SYSTEM_V_KEY] for line in table.splitlines()):
                yield f"a System V object of kind {kind} was left"

    def _harm_to_victim(self) -> Iterator[str]:
        victim = self._victim
        if victim is None or victim.poll() is not None:
            yield "the victim was killed"
            return
        if "TracerPid:\t0" not in Path(f"/proc/{victim.pid}/status").read_text():
            yield "the victim is traced"
        limit = resource.prlimit(victim.pid, resource.RLIMIT_NOFILE)[0]
        if limit == _LOW_LIMIT or os.getpriority(os.PRIO_PROCESS, victim.pid) == _LOWEST_PRIORITY:
            victim.kill()
            yield "the victim's limits were changed"

    def _listen(self, family: int, address: Any, name: str) -> socket.socket:
        listener = socket.socket(family)
        listener.bind(address)
        listener.listen(5)
        self._sockets.append(listener)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    listener.accept()[0].close()
                    self.hits.append(name)

        threading.Thread(target=accept, daemon=True).start()
        return listener

    def _listen_tcp(self) -> int:
        port: int = self._listen(socket.AF_INET, ("127.0.0.1", 0), "tcp").getsockname()[1]
        return port

    def _listen_udp(self) -> int:
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listener.bind(("127.0.0.1", 0))
        self._sockets.append(listener)

        def receive() -> None:
            with contextlib.suppress(OSError):
                while True:
                    listener.recv(100)
                    self.hits.append("udp")

        threading.Thread(target=receive, daemon=True).start()
        port: int = listener.getsockname()[1]
        return port

    def close(self) -> None:
        """End the victim and the listeners."""
        if self._victim is not None:
            self._victim.kill()
            self._victim.wait()
        for each in self._sockets:
            each.close()
