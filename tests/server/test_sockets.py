"""WebSockets and streams of the real web process, over SQLite and over PostgreSQL with Redis."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.server.conftest import private_redis
from tests.server.installation import Installation
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

#: Carries out commands on the database, as the services do: one line of JSON each.
_WRITER = """
import json, sys, uuid
from tradinglab.server.config.startup import start_django
start_django()
from django.db import transaction
from tradinglab.server.accounts.models import ApiKey, User
from tradinglab.server.accounts.services import api_key_create
from tradinglab.server.live.events import live_event_store
from tradinglab.server.live.models import Deployment
from tradinglab.server.runs.events import event_store
from tradinglab.server.runs.models import Run
from tradinglab.server.strategies.services import strategy_create
for line in sys.stdin:
    match json.loads(line):
        case ["run", email]:
            owner = User.objects.get(email=email)
            limits = {"timeout_s": 1, "memory_mb": 1}
            run = Run.objects.create(owner=owner, kind="backtest", manifest={}, state="running", **limits)
            event_store(run_id=run.pk, kind="queued")
            answer = str(run.pk)
        case ["events", run, count, size]:
            for n in range(count):
                event_store(run_id=uuid.UUID(run), kind="log", data={"lines": ["x" * size]})
            answer = count
        case ["finish", run]:
            with transaction.atomic():
                Run.objects.filter(pk=run).update(state="completed")
                event_store(run_id=uuid.UUID(run), kind="finished", data={"state": "completed", "error": None})
            answer = True
        case ["deployment", email]:
            owner = User.objects.get(email=email)
            name = uuid.uuid4().hex
            version = strategy_create(owner=owner, name=name, files={"main.py": "from AlgorithmImports import *"}).head
            answer = str(Deployment.objects.create(owner=owner, version=version, status="Running").pk)
        case ["told", deployment, count]:
            for n in range(count):
                live_event_store(deployment_id=uuid.UUID(deployment), kind="log", data={"lines": ["x"]})
            answer = count
        case ["stopped", deployment]:
            with transaction.atomic():
                Deployment.objects.filter(pk=deployment).update(status="Stopped")
                live_event_store(deployment_id=uuid.UUID(deployment), kind="finished", data={"status": "Stopped"})
            answer = True
        case ["user", email]:
            answer = User.objects.create_user(email, "a long password 1", role="admin").pk
        case ["key", email]:
            user = User.objects.get(email=email)
            answer = api_key_create(user=user, name="test", scopes=("read", "run"), by=user.scopes).token
        case ["revoke", email]:
            answer = ApiKey.objects.filter(user__email=email).update(revoked_at="2020-01-01T00:00:00Z")
    print(json.dumps(answer), flush=True)
"""


class Lab(Installation):
    """An installation, and somebody who writes events into it."""

    writer: subprocess.Popen[str]

    def begin(self) -> None:
        self.writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER], env=self.environment, cwd=self.home.parent, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.ask("user", "admin@localhost")

    def end(self) -> None:
        self.writer.communicate(timeout=60)
        self.stop()

    def ask(self, *words: object) -> Any:
        assert self.writer.stdin is not None
        assert self.writer.stdout is not None
        self.writer.stdin.write(json.dumps(words) + "\n")
        self.writer.stdin.flush()
        return json.loads(self.writer.stdout.readline())

    def ticket(self) -> str:
        return str(self.call("/ws-tickets/", {})["ticket"])

    @contextlib.contextmanager
    def open(self, path: str, *, ticket: str | None = None, **options: Any) -> Iterator[ClientConnection]:
        mark = "&" if "?" in path else "?"
        address = f"ws://127.0.0.1:{self.port}{path}{mark}ticket={self.ticket() if ticket is None else ticket}"
        with connect(address, open_timeout=60, **options) as socket:
            yield socket

    def sequence(self, run: str, *, kind: str = "runs") -> list[dict[str, Any]]:
        return list(self.call(f"/{kind}/{run}/events/?limit=1000")["events"])

    def streamed(self, run: str, after: int, *, kind: str = "runs") -> list[dict[str, Any]]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1/{kind}/{run}/events/",
            headers={
                "Authorization": f"Bearer {self.token}",
                "Accept": "text/event-stream",
                "Last-Event-ID": str(after),
            },
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return [json.loads(line[6:]) for line in answer if line.startswith(b"data: ")]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tables: Path
) -> Iterator[Lab]:
    with contextlib.ExitStack() as stack:
        more: dict[str, str] = {}
        if request.param == "postgres":
            server = request.getfixturevalue("postgres_server")
            more = {"DATABASE_URL": server.database(), "REDIS_URL": stack.enter_context(private_redis())}
        made = Lab(tmp_path_factory.mktemp("sockets") / "home", more, tables=tables)
        stack.callback(made.end)
        made.begin()
        yield made


@pytest.fixture
def lab(installation: Lab) -> Lab:
    """The installation, with a web process and a key, whatever the test before has left."""
    if all(each.poll() is not None for each in installation.processes):
        installation.serve()
    installation.token = installation.ask("key", "admin@localhost")
    return installation


def events(socket: ClientConnection, count: int | None = None) -> list[dict[str, Any]]:
    """Return the next events; without a number all until the connection is closed."""
    found: list[dict[str, Any]] = []
    with contextlib.suppress(ConnectionClosed):
        while count is None or len(found) < count:
            message = json.loads(socket.recv(timeout=30))
            if "control" not in message:
                found.append(message)
    return found


def closing(lab: Lab, path: str, *messages: str | bytes, **options: Any) -> int | None:
    """Return how a connection is closed, after it has said something."""
    with lab.open(path, **options) as socket, contextlib.suppress(ConnectionClosed):
        for message in messages:
            socket.send(message)
        events(socket)
    return socket.close_code


def test_all_ways_tell_the_same_and_what_was_dropped_is_resumed(lab: Lab) -> None:
    """One story, as what is dropped is resumed where the story is."""
    web = lab.processes[-1]
    run = lab.ask("run", "admin@localhost")
    where = f"/ws/runs/{run}/"

    # Dropped and resumed, by address and by message; the writer goes on meanwhile.
    with lab.open(where) as socket:
        assert json.loads(socket.recv(timeout=60)) == {"control": "following", "after": 0}
        lab.ask("events", run, 10, 10)
        heard = events(socket, 6)
    lab.ask("events", run, 300, 10)
    with lab.open(f"{where}?after={heard[-1]['sequence']}") as socket:
        heard += events(socket, 200)
    with lab.open(where) as socket:
        socket.send(json.dumps({"after": heard[-1]["sequence"]}))
        while json.loads(socket.recv(timeout=60)) != {"control": "following", "after": heard[-1]["sequence"]}:
            pass
        heard += events(socket, 50)
        socket.send(json.dumps({"ping": "a"}))

    # The web process is killed while it sends.
    with lab.open(f"{where}?after={heard[-1]['sequence']}") as socket, lab.open("/ws/me/") as mine:
        cursor = json.loads(mine.recv(timeout=60))["after"]
        writing = threading.Thread(target=lab.ask, args=("events", run, 300, 10))
        writing.start()
        heard += events(socket, 100)
        seen = events(mine, 60)
        web.send_signal(signal.SIGKILL)
        web.wait()
        heard += events(socket)
        seen += events(mine)
        writing.join()
    lab.serve()
    with lab.open(f"{where}?after={heard[-1]['sequence']}") as socket:
        lab.ask("finish", run)
        heard += events(socket)
    everything = lab.sequence(run)
    assert [each["sequence"] for each in everything] == list(range(1, 613))
    assert heard == everything
    assert lab.streamed(run, 0) == everything
    assert lab.streamed(run, 600) == everything[600:]
    assert closing(lab, f"{where}?after=612") == 1000

    # The same for all runs at once, with a new run among them.
    second = lab.ask("run", "admin@localhost")
    with lab.open(f"/ws/me/?after={seen[-1]['cursor']}") as mine:
        seen += events(mine, 300 - len(seen) + 2)
    assert [each["sequence"] for each in seen if each["run"] == run] == list(range(312, 613))[: len(seen) - 1]
    assert seen[-1]["run"] == second
    assert lab.call(f"/me/events/?after={cursor}&limit=1000")["events"] == seen
    assert "Traceback" not in lab.log()


def test_a_deployment_is_told_of_as_a_run_is(lab: Lab) -> None:
    """All ways tell the same, and go on where they were cut off, also when the web process is killed while it sends."""
    web = lab.processes[-1]
    deployment = lab.ask("deployment", "admin@localhost")
    where = f"/ws/deployments/{deployment}/"
    with lab.open(where) as socket:
        assert json.loads(socket.recv(timeout=60)) == {"control": "following", "after": 0}
        lab.ask("told", deployment, 20)
        heard = events(socket, 12)
    with lab.open(f"{where}?after=12") as socket:
        writing = threading.Thread(target=lab.ask, args=("told", deployment, 300))
        writing.start()
        heard += events(socket, 80)
        web.send_signal(signal.SIGKILL)
        web.wait()
        heard += events(socket)
        writing.join()
    lab.serve()
    with lab.open(f"{where}?after={heard[-1]['sequence']}") as socket:
        lab.ask("stopped", deployment)
        heard += events(socket)
        assert socket.close_code == 1000
    everything = lab.sequence(deployment, kind="deployments")
    assert [each["sequence"] for each in everything] == list(range(1, 322))
    assert heard == everything
    for after in (0, 300):
        assert lab.streamed(deployment, after, kind="deployments") == everything[after:]
    assert closing(lab, f"{where}?after=321") == 1000
    lab.ask("user", "stranger@example.com")
    assert closing(lab, f"/ws/deployments/{lab.ask('deployment', 'stranger@example.com')}/") == 4404
    assert closing(lab, f"/ws/runs/{deployment}/") == 4404
    assert "Traceback" not in lab.log()


def test_who_may_not_listen_and_whoever_is_slow(lab: Lab) -> None:
    run = lab.ask("run", "admin@localhost")
    lab.ask("user", "other@example.com")
    theirs = lab.ask("run", "other@example.com")
    where = f"/ws/runs/{run}/"
    used = lab.ticket()
    with lab.open(where, ticket=used) as socket:
        events(socket, 1)
    assert closing(lab, where, ticket=used) == 4401
    assert closing(lab, where, ticket="x") == 4401
    assert closing(lab, where, origin="http://evil.example.com") == 4403
    assert closing(lab, f"/ws/runs/{theirs}/") == 4404
    assert closing(lab, "/ws/elsewhere/") == 4404
    assert closing(lab, f"{where}?after=-1") == 4400
    for message in ("x", "[]", '{"after": -1}', '{"after": true}', '{"after": 1, "b": 2}', "[" * 4000, b"\x00"):
        assert closing(lab, where, message) == 4400, message
    assert closing(lab, where, *(json.dumps({"ping": n}) for n in range(100))) == 4429
    for _ in range(20):  # some are refused by the protocol before they are sent the first event
        assert closing(lab, where, "x" * 5000) == 1009

    # One reads nothing, while megabytes are sent; the others have them all the same, and then it has, too.
    with lab.open(where, max_queue=1) as slow, contextlib.ExitStack() as stack:
        quick = [stack.enter_context(lab.open(where)) for _ in range(5)]
        lab.ask("events", run, 300, 50_000)
        for socket in quick:
            assert [each["sequence"] for each in events(socket, 301)] == list(range(1, 302))
        assert [each["sequence"] for each in events(slow, 301)] == list(range(1, 302))

    # The key is revoked: whoever came in by it leaves.
    with lab.open(where) as socket:
        lab.ask("revoke", "admin@localhost")
        events(socket)
        assert socket.close_code == 4401
    assert "Traceback" not in lab.log()


def test_many_listen_to_one_run(lab: Lab) -> None:
    run = lab.ask("run", "admin@localhost")
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(lab.open(f"/ws/runs/{run}/")) for _ in range(60)]
        lab.ask("events", run, 100, 100)
        lab.ask("finish", run)
        for socket in sockets:
            assert [each["sequence"] for each in events(socket)] == list(range(1, 103))
            assert socket.close_code == 1000


def test_the_page_listens_by_its_session(lab: Lab) -> None:
    """Without an origin, or with another's, the cookie opens nothing."""
    run = lab.ask("run", "admin@localhost")
    import http.cookiejar
    import urllib.parse

    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    here = f"http://127.0.0.1:{lab.port}"
    browser.open(f"{here}/login/").read()
    token = next(each.value for each in jar if each.name == "csrftoken")
    form = {"username": "admin@localhost", "password": "a long password 1", "csrfmiddlewaretoken": token}
    browser.open(f"{here}/login/", urllib.parse.urlencode(form).encode()).read()
    cookie = "; ".join(f"{each.name}={each.value}" for each in jar)
    address = f"ws://127.0.0.1:{lab.port}/ws/runs/{run}/"
    for origin, code in ((here, None), ("http://evil.example.com", 4403), (None, 4403)):
        with connect(address, origin=origin, additional_headers={"Cookie": cookie}) as socket:  # type: ignore[arg-type]
            found = events(socket, 1)
            assert (socket.close_code, len(found)) == (code, 0 if code else 1)
    with connect(address, origin=here, additional_headers={"Cookie": cookie}) as socket:  # type: ignore[arg-type]
        events(socket, 1)
        token = next(each.value for each in jar if each.name == "csrftoken")
        browser.open(f"{here}/logout/", urllib.parse.urlencode({"csrfmiddlewaretoken": token}).encode()).read()
        events(socket)
        assert socket.close_code == 4401
    with connect(address, origin=here) as socket:  # type: ignore[arg-type]
        events(socket)
        assert socket.close_code == 4401
