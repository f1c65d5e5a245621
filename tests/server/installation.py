"""A home folder and the real processes that work on it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a long password 1"
#: Makes tables, admin and key in one process.
_OWNER = f"""
from django.core.management import call_command
from tradinglab.server.accounts.models import User
from tradinglab.server.accounts.services import api_key_create
call_command("migrate", verbosity=0)
user = User.objects.create_user("admin@localhost", {PASSWORD!r}, role="admin")
made = api_key_create(user=user, name="test", scopes=("read", "run"), by=user.scopes)
print(json.dumps(made.token))
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(is_so: Callable[[], Any], patience_s: float = 180) -> Any:
    end = time.monotonic() + patience_s
    while not (found := is_so()):
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.1)
    return found


class Installation:
    """A home folder, and the processes that work on it."""

    def __init__(self, home: Path, more: dict[str, str]) -> None:
        self.home = home
        self.environment = {
            "PATH": os.environ["PATH"], "TRADINGLAB_HOME": str(home), "TRADINGLAB_LEASE_S": "2",
            "TRADINGLAB_ADMIN_PASSWORD": PASSWORD, "PYTHONPATH": str(ROOT / "src"), **more,
        }  # fmt: skip
        self.port = free_port()
        self.processes: list[subprocess.Popen[bytes]] = []
        self.token = ""

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        with (self.home.parent / f"{self.home.name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tradinglab.cli.main", *words],
                env=self.environment, cwd=self.home.parent, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def command(self, *words: str, stdin: str = "") -> str:
        return subprocess.run(
            [sys.executable, "-m", "tradinglab.cli.main", *words],
            env=self.environment, cwd=self.home.parent, input=stdin, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    def script(self, text: str) -> subprocess.Popen[str]:
        """Start a process that knows Django and the server, and whose last line is what it has to say, in JSON."""
        start = "import json\nfrom tradinglab.server.config.startup import start_django\nstart_django()\n"
        return subprocess.Popen(
            [sys.executable, "-c", start + text], env=self.environment, cwd=self.home.parent,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def said(self, text: str) -> Any:
        """Run a script to its end and return what it says."""
        return self._result(self.script(text))

    def said_at_once(self, text: str, times: int) -> list[Any]:
        """Run a script several times at once: all wait for each other before they go on from ``ready()``."""
        ready = "import sys\ndef ready():\n    print('ready', flush=True)\n    sys.stdin.readline()\n"
        processes = [self.script(ready + text) for _ in range(times)]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        return [self._result(process) for process in processes]

    @staticmethod
    def _result(process: subprocess.Popen[str]) -> Any:
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        return json.loads(said.splitlines()[-1])

    def log(self) -> str:
        return (self.home.parent / f"{self.home.name}.log").read_text()

    def owner(self) -> None:
        self.token = self.said(_OWNER)

    def key(self) -> None:
        said = self.command("token", "create", "--user", "admin@localhost", "--scope", "read,run", "--json")
        self.token = json.loads(said)["token"]

    def serve(self) -> subprocess.Popen[bytes]:
        process = self.start("serve", "--port", str(self.port))
        until(lambda: self.status("/health/live") == 200)
        return process

    def status(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def call(self, path: str, body: object = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def submit(self, name: str, text: str) -> str:
        made = self.call("/strategies/", {"name": name, "files": {"main.py": text}})
        return str(self.call("/backtests/", {"version": made["head"]["id"]})["id"])

    def state(self, run: str) -> str:
        return str(self.call(f"/backtests/{run}/")["state"])

    def events(self, run: str) -> list[dict[str, Any]]:
        events = list(self.call(f"/runs/{run}/events/?limit=1000")["events"])
        assert [each["sequence"] for each in events] == list(range(1, len(events) + 1))
        return events

    def kinds(self, run: str) -> list[str]:
        return [each["kind"] for each in self.events(run)]

    def assert_whole(self, run: str, *, state: str = "completed", attempts: int | None = 1) -> list[dict[str, Any]]:
        """One outcome, and events of which none is missing and none is there twice."""
        events = self.events(run)
        kinds = [each["kind"] for each in events]
        assert (kinds[0], kinds[-1], kinds.count("queued"), kinds.count("finished")) == ("queued", "finished", 1, 1)
        assert self.state(run) == events[-1]["data"]["state"] == state, events[-1]
        begun = [each["data"]["attempt"] for each in events if each["kind"] == "started"]
        assert begun == list(range(1, len(begun) + 1))
        assert attempts is None or len(begun) == attempts
        return events

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()
