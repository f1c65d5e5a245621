"""Web and workers that share no disk: as on Heroku, whose files are followed, and what is killed while it stores."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.server.conftest import QUICK
from tests.server.installation import PASSWORD, ROOT, Installation, until
from tests.server.s3 import BucketServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Dynos(Installation):
    """The processes of the Procfile, each with a home folder of its own, and the settings of app.json."""

    def __init__(self, folder: Path, more: dict[str, str]) -> None:
        said = json.loads((ROOT / "app.json").read_text())["env"]
        settings = {name: each["value"] for name, each in said.items() if "value" in each}
        super().__init__(folder / "web", settings | {"SECRET_KEY": KEY, "TRADINGLAB_LEASE_S": "5", **more})
        self.environment |= {"PORT": str(self.port), "DEPLOYED_BACKEND_URL": f"http://127.0.0.1:{self.port}"}
        lines = (ROOT / "Procfile").read_text().splitlines()
        self._commands = dict(line.split(": ", 1) for line in lines)

    def dyno(self, name: str) -> subprocess.Popen[bytes]:
        """Start a process of the Procfile, with an empty disk."""
        home = self.home.parent / name
        shutil.rmtree(home, ignore_errors=True)
        program = self._commands[name].replace("tradinglab", f"{sys.executable} -m tradinglab.cli.main", 1)
        with (self.home.parent / "dynos.log").open("ab") as log:
            process = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {program}"], cwd=self.home.parent, stdout=log, stderr=log,
                env=self.environment | {"DYNO": f"{name}.1", "TRADINGLAB_HOME": str(home)}, start_new_session=True,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def once(self, home: str, *words: str, **more: str) -> str:
        """Run a command in a dyno that is there for it alone."""
        folder = self.home.parent / home
        done = subprocess.run(
            [sys.executable, "-m", "tradinglab.cli.main", *words], cwd=self.home.parent, capture_output=True, text=True,
            env=self.environment | {"DYNO": "run.1", "TRADINGLAB_HOME": str(folder), **more}, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def content(self, address: str, **headers: str) -> bytes:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1{address}",
            headers={"Authorization": f"Bearer {self.token}", **headers},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return bytes(answer.read())


@pytest.fixture(params=["database", "s3"])
def dynos(request: pytest.FixtureRequest, tmp_path: Path, postgres_url: str, redis_url: str) -> Iterator[Dynos]:
    more = {"DATABASE_URL": postgres_url, "REDIS_URL": redis_url}
    if request.param == "s3":
        more |= request.getfixturevalue("bucket_server").variables()
    made = Dynos(tmp_path, more)
    yield made
    made.stop()


def test_what_a_worker_leaves_is_read_by_a_web_process_elsewhere(dynos: Dynos, tmp_path: Path) -> None:
    assert dynos.dyno("release").wait(120) == 0
    web = dynos.dyno("web")
    until(lambda: dynos.status("/health/live") == 200)
    dynos.dyno("worker")
    dynos.dyno("beat")
    said = dynos.once("once", "token", "create", "--user", "admin@example.com", "--scope", "read,run", "--json")
    dynos.token = json.loads(said)["token"]
    until(lambda: dynos.status("/health/ready") == 200)
    run = dynos.submit("Quick", QUICK)
    until(lambda: dynos.state(run) in ("completed", "failed"))
    dynos.assert_whole(run)
    assert not any(path.is_file() for path in tmp_path.glob("*/artefacts/**/*"))

    equity = dynos.call(f"/backtests/{run}/equity/")["equity"]
    assert len(equity) > 10
    listed = {each["name"]: each for each in dynos.call(f"/backtests/{run}/artefacts/")}
    contents = {name: dynos.content(f"/backtests/{run}/artefacts/{name}/") for name in listed}
    for name, each in listed.items():
        assert hashlib.sha256(contents[name]).hexdigest() == each["sha256"], name
    part = dynos.content(f"/backtests/{run}/artefacts/result.json/", Range="bytes=100-299")
    assert part == contents["result.json"][100:300]

    # A dyno that is started anew has an empty disk.
    web.terminate()
    web.wait(60)
    dynos.dyno("web")
    until(lambda: dynos.status("/health/live") == 200)
    assert dynos.call(f"/backtests/{run}/equity/")["equity"] == equity

    checked = json.loads(dynos.once("once", "check", "--json"))
    assert {each["name"]: each["verdict"] for each in checked["findings"]}["artefacts"] == "ok"
    dynos.once("once", "backup", "saved.zip")
    assert "is whole" in dynos.once("once", "restore", "saved.zip", "--verify")
    # What was saved from there can be restored into a folder, and from a folder into a database.
    folder = {"DYNO": "", "TRADINGLAB_ARTEFACTS": "folder", "DATABASE_URL": "", "REDIS_URL": ""}
    dynos.once("other", "restore", "saved.zip", **folder)
    kept = {path.name for path in (tmp_path / "other" / "artefacts").glob("??/*")}
    assert {each["sha256"] for each in listed.values()} <= kept
    dynos.once("third", "restore", "saved.zip", **folder | {"TRADINGLAB_ARTEFACTS": "database"})
    dynos.once("third", "backup", "again.zip", **folder | {"TRADINGLAB_ARTEFACTS": "database"})
    dynos.once("third", "restore", "again.zip", "--verify", **folder)


def test_a_folder_is_refused_on_heroku(tmp_path: Path) -> None:
    dynos = Dynos(tmp_path, {"TRADINGLAB_ARTEFACTS": ""})
    for name in ("release", "web", "worker"):
        assert dynos.dyno(name).wait(60) == 2
    log = (tmp_path / "dynos.log").read_text()
    assert log.count("TRADINGLAB_ARTEFACTS: on Heroku no dyno sees another's disk") == 3
    assert "Traceback" not in log


_START = "import json\nfrom tradinglab.server.config.startup import start_django\nstart_django()\n"
#: Stops where the bytes are on their way and not yet there.
_STALLS = {
    "folder": "import os\nos.fsync = stall\n",
    "database": """
from tradinglab.server.runs.models import StoredPiece
create, calls = StoredPiece.objects.create, []
def stalling(**values):
    calls.append(1)
    return stall() if len(calls) == 3 else create(**values)
StoredPiece.objects.create = stalling
""",
    "s3": """
import http.client
send, calls = http.client.HTTPConnection.send, []
def stalling(self, data):
    calls.append(1)
    return stall() if len(calls) == 5 else send(self, data)
http.client.HTTPConnection.send = stalling
""",
}
_PUT = """
from pathlib import Path
from tradinglab.server.runs.store import store
stored = store().put(Path({source!r}), most_bytes=10**9)
print(json.dumps([stored.sha256, store().found(stored.sha256[:2])]))
"""
_SEEN = """
from tradinglab.server.runs.store import store
print(json.dumps([each for number in range(256) for each in store().found(f"{number:02x}") if has(each)]))
"""
_HAS = """
def has(sha256):
    from tradinglab.server.runs.store import store
    try:
        return len(store().read(sha256)) >= 0
    except FileNotFoundError:
        return False
"""


@pytest.fixture(params=["folder", "database", "database on SQLite", "s3"])
def lab(request: pytest.FixtureRequest, tmp_path: Path, tables: Path) -> Iterator[tuple[str, Installation]]:
    name = str(request.param)
    kind, more = name.split()[0], {"TRADINGLAB_ARTEFACTS": name.split()[0], "TRADINGLAB_ADMIN_PASSWORD": PASSWORD}
    if name == "database":
        more["DATABASE_URL"] = request.getfixturevalue("postgres_url")
    if kind == "s3":
        server: BucketServer = request.getfixturevalue("bucket_server")
        more |= server.variables()
    made = Installation(tmp_path / "home", more, tables=tables)
    made.owner()
    yield kind, made
    made.stop()


def _until_stalled(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "stalled\n"


def test_who_is_killed_while_storing_leaves_no_half(lab: tuple[str, Installation], tmp_path: Path) -> None:
    kind, installation = lab
    source = tmp_path / "source"
    source.write_bytes(bytes(range(256)) * 12_000)
    stall = "import time\ndef stall(*args):\n    print('stalled', flush=True)\n    time.sleep(300)\n"
    program = _START + stall + _STALLS[kind] + _PUT.format(source=str(source))
    putting = subprocess.Popen(
        [sys.executable, "-c", program], env=installation.environment, stdout=subprocess.PIPE, text=True
    )
    _until_stalled(putting)
    assert installation.said(_HAS + _SEEN) == []
    putting.kill()
    putting.communicate()
    assert installation.said(_HAS + _SEEN) == []
    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
    assert installation.said(_PUT.format(source=str(source))) == [sha256, [sha256]]
    assert installation.said(_HAS + _SEEN) == [sha256]


def test_the_same_is_stored_by_several_at_once(lab: tuple[str, Installation], tmp_path: Path) -> None:
    _, installation = lab
    source = tmp_path / "source"
    source.write_bytes(bytes(range(256)) * 12_000)
    said: list[Any] = installation.said_at_once("ready()\n" + _PUT.format(source=str(source)), 3)
    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
    assert said == [[sha256, [sha256]]] * 3
    assert installation.said(_HAS + _SEEN) == [sha256]
