"""A home folder and the real processes that work on it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tradinglab.server.config.home import Home

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a long password 1"
#: Makes admin and key.
_OWNER = f"""
from tradinglab.server.accounts.models import User
from tradinglab.server.accounts.services import api_key_create
user = User.objects.create_user("admin@localhost", {PASSWORD!r}, role="admin")
made = api_key_create(user=user, name="test", scopes=("read", "run"), by=user.scopes)
print(json.dumps(made.token))
"""
#: Carries out one script after the other, and says what each of them says last.
_SCRIPTS = """
import contextlib, io, json, sys
from tradinglab.server.config.startup import start_django
start_django()
from django.db import close_old_connections
def ready():
    print("ready", file=sys.__stdout__, flush=True)
    sys.stdin.readline()
for script in sys.stdin:
    close_old_connections()
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(json.loads(script), {"json": json, "ready": ready})
    print(said.getvalue().splitlines()[-1], flush=True)
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


def migrate(home: Path, **variables: str) -> None:
    """Make the tables of an installation."""
    subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "migrate", "-v0"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), "TRADINGLAB_HOME": str(home), **variables},
        check=True, timeout=240,
    )  # fmt: skip


def made_once(folder: Path, make: Callable[[], object]) -> Path:
    """Let the first of the processes that run tests make a folder for all of them."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        finished = folder.with_suffix(".made")
        if not finished.exists():
            shutil.rmtree(folder, ignore_errors=True)
            make()
            finished.touch()
    return folder


class Installation:
    """A home folder, and the processes that work on it."""

    def __init__(self, home: Path, more: dict[str, str], *, tables: Path | None = None) -> None:
        """With the file of a database whose tables are made already, a copy of it is the installation's."""
        self.home = home
        if tables is not None:
            Home(home).prepare()
            shutil.copy(tables, Home(home).database)
        self.environment = {
            "PATH": os.environ["PATH"], "TRADINGLAB_HOME": str(home), "TRADINGLAB_LEASE_S": "2",
            "TRADINGLAB_ADMIN_PASSWORD": PASSWORD, "PYTHONPATH": str(ROOT / "src"), **more,
        }  # fmt: skip
        self.port = free_port()
        self.processes: list[subprocess.Popen[bytes]] = []
        self._scripts: list[subprocess.Popen[str]] = []
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

    def said(self, text: str) -> Any:
        """Run a script that knows Django and the server, and return what it says last, in JSON."""
        (process,) = self._tell(text, 1)
        return self._answer(process)

    def said_at_once(self, text: str, times: int) -> list[Any]:
        """Run a script in several processes at once: all wait for each other before they go on from ``ready()``."""
        processes = self._tell(text, times)
        for process in processes:
            assert self._line(process) == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        return [self._answer(process) for process in processes]

    def _tell(self, text: str, times: int) -> list[subprocess.Popen[str]]:
        """Give a script to so many processes, which are started once: that takes longer than most scripts."""
        while len(self._scripts) < times:
            self._scripts.append(
                subprocess.Popen(
                    [sys.executable, "-c", _SCRIPTS], env=self.environment, cwd=self.home.parent,
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                )
            )  # fmt: skip
        for process in self._scripts[:times]:
            assert process.stdin is not None
            process.stdin.write(json.dumps(text) + "\n")
            process.stdin.flush()
        return self._scripts[:times]

    @staticmethod
    def _line(process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        return process.stdout.readline()

    def _answer(self, process: subprocess.Popen[str]) -> Any:
        line = self._line(process)
        assert line, "the script has failed"
        return json.loads(line)

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
        while self._scripts:
            self._scripts.pop().communicate(timeout=60)
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()
