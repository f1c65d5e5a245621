"""A server of its own for a measurement: started in an empty folder, stopped at the end."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.peers import ROOT

_PATIENCE_S = 120.0
_CLI = [sys.executable, "-m", "tradinglab.cli.main"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Where a server is, and the key that opens it."""

    host: str
    port: int
    token: str

    def call(self, path: str, body: object = None) -> Any:
        """Send a request, and return the answer's JSON."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://{self.host}:{self.port}{path}", data=data, headers=self.headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def started() -> Iterator[Installation]:
    """Start everything as ``tradinglab up`` does, with a key, and stop it at the end."""
    with tempfile.TemporaryDirectory() as home:
        port = free_port()
        own = os.environ | {
            "TRADINGLAB_HOME": home,
            "TRADINGLAB_ADMIN_PASSWORD": "only for this measurement",
            # What is measured is the server, not its patience with one user.
            "TRADINGLAB_RATE_USER": "1000000/min",
            "TRADINGLAB_RATE_ADDRESS": "1000000/min",
            "TRADINGLAB_LISTENERS_PER_USER": "2000",
        }
        with _running([*_CLI, "up", "--port", str(port), "--no-open"], own, Path(home)) as server:
            _wait_for(f"http://127.0.0.1:{port}/health/ready", server)
            words = ["token", "create", "--user", "admin@localhost", "--scope", "read", "--scope", "run", "--json"]
            made = subprocess.run([*_CLI, *words], cwd=ROOT, env=own, capture_output=True, text=True, check=True)
            yield Installation(host="127.0.0.1", port=port, token=json.loads(made.stdout)["token"])


@contextlib.contextmanager
def plain_view() -> Iterator[int]:
    """Serve the yardstick; yield its port."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.plain_view:application", "--lifespan", "off"]
    command += ["--port", str(port), "--log-level", "warning", "--no-access-log"]
    with tempfile.TemporaryDirectory() as folder, _running(command, dict(os.environ), Path(folder)) as server:
        _wait_for(f"http://127.0.0.1:{port}/", server)
        yield port


@contextlib.contextmanager
def _running(command: list[str], own: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    log = folder / "measured.log"
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=ROOT, env=own, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    try:
        yield process
    except BaseException:
        sys.stderr.write(log.read_text(errors="replace")[-4000:])
        raise
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if server.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"{url} did not answer") from None
            time.sleep(0.2)
