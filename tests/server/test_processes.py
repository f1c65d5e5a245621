"""The real processes, over SQLite and over PostgreSQL, with and without accidents."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.server.installation import PASSWORD, ROOT, Installation, free_port, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
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


@pytest.fixture(params=["sqlite", "postgres"])
def installation(request: pytest.FixtureRequest, tmp_path: Path, tables: Path) -> Iterator[Installation]:
    more: dict[str, str] = {}
    if request.param == "postgres":
        more = {
            "DATABASE_URL": request.getfixturevalue("postgres_url"),
            "REDIS_URL": request.getfixturevalue("redis_url"),
        }
    made = Installation(tmp_path / "home", more, tables=tables)
    yield made
    made.stop()


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
    lab.assert_whole(lost, attempts=2)
    assert lab.call(f"/backtests/{lost}/")["total_orders"] == 1

    many = [lab.submit(f"Quick {n}", SLOW.replace("0.04", "0")) for n in range(6)]
    doomed = lab.submit("Endless", SLOW.replace("0.04", "1"))
    until(lambda: "started" in lab.kinds(doomed))
    lab.call(f"/backtests/{doomed}/cancel/", {})
    until(lambda: lab.state(doomed) == "cancelled")
    until(lambda: all(lab.state(each) == "completed" for each in many))
    lab.assert_whole(doomed, state="cancelled")
    for each in many:
        lab.assert_whole(each)


def test_up_and_the_walk_of_the_documentation(tmp_path: Path) -> None:
    lab = Installation(tmp_path / "home", {})
    try:
        up = lab.start("up", "--no-qc", "--port", str(lab.port))
        until(lambda: "TradingLab is at" in lab.log())
        lab.key()
        assert [each["state"] for each in lab.call("/backtests/")["results"]] == ["completed"]
        walk = "\n".join(re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "api.md").read_text(), re.DOTALL))
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", walk],
            env={"PATH": os.environ["PATH"], "SERVER": f"http://127.0.0.1:{lab.port}", "TOKEN": lab.token,
                 "PASSWORD": PASSWORD},
            cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("event: finished") == 2
        assert '"code":"invalid"' in done.stdout
        second = lab.start("up", "--no-qc", "--port", str(free_port()))
        assert second.wait(90) == 2
        assert "running in" in lab.log()
        up.send_signal(signal.SIGINT)
        assert up.wait(90) == 0
        assert lab.status("/health/live") == 0
        killed = lab.start("up", "--no-qc", "--port", str(lab.port))
        until(lambda: lab.log().count("TradingLab is at") == 2)
        assert len(lab.call("/backtests/")["results"]) == 5
        lost = lab.submit("Slow", SLOW)
        until(lambda: "started" in lab.kinds(lost))
        waiting = lab.submit("Quick", SLOW.replace("0.04", "0"))
        killed.kill()
        if sys.platform == "linux":
            until(lambda: lab.status("/health/live") == 0)
        last = lab.start("up", "--no-qc", "--port", str(lab.port))
        until(lambda: lab.log().count("TradingLab is at") == 3)
        until(lambda: {lab.state(lost), lab.state(waiting)} == {"completed"})
        # Its worker was told that the other was gone: it finishes the run, or leaves it to the next one.
        lab.assert_whole(lost, attempts=None)
        lab.assert_whole(waiting)
        last.terminate()
        assert last.wait(90) == 0
        assert "Traceback" not in lab.log()
    finally:
        lab.stop()


def _parts(up: subprocess.Popen[bytes], command: str) -> set[int]:
    """Return the processes of a command that ``up`` has started."""
    found = set()
    for each in Path(f"/proc/{up.pid}/task/{up.pid}/children").read_text().split():
        with contextlib.suppress(OSError):  # it has ended since
            words = Path(f"/proc/{each}/cmdline").read_text().split("\0")
            if "tradinglab.cli.main" in words and command in words:
                found.add(int(each))
    return found


def _kill(up: subprocess.Popen[bytes], command: str) -> set[int]:
    found = _parts(up, command)
    for each in found:
        os.kill(each, signal.SIGKILL)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes below /proc")
def test_up_starts_again_what_was_killed_but_not_for_ever(tmp_path: Path, tables: Path) -> None:
    lab = Installation(tmp_path / "home", {}, tables=tables)
    try:
        up = lab.start("up", "--no-qc", "--port", str(lab.port))
        until(lambda: "TradingLab is at" in lab.log())
        lab.key()
        lost = lab.submit("Slow", SLOW)
        until(lambda: "started" in lab.kinds(lost))
        for command in ("worker", "live", "serve"):
            before = _kill(up, command)
            assert len(before) == 1
            until(lambda command=command, before=before: _parts(up, command) - before)
        until(lambda: lab.status("/health/ready") == 200)
        until(lambda: lab.state(lost) == "completed")
        lab.assert_whole(lost, attempts=2)

        until(lambda: up.poll() is not None or (_kill(up, "worker") and False))
        assert up.wait(90) == 2
        assert "The worker process ended 4 times within 60 s" in lab.log()
        assert "Traceback" not in lab.log()
    finally:
        lab.stop()
