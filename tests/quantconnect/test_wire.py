"""The client over a real wire: connections that are refused, reset, stalled; both faces."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from tests.quantconnect.fake import TOKEN, USER_ID, FakeCloud
from tests.quantconnect.faults import Fault, Script, Upstream, faulty_server
from werkzeug import Request, Response

from tradinglab.quantconnect.client import AsyncQuantConnect, QuantConnect
from tradinglab.quantconnect.credentials import Credentials
from tradinglab.quantconnect.errors import MalformedAnswerError, TransportError
from tradinglab.quantconnect.settings import LostAnswers, Retries, Settings, Timeouts
from tradinglab.quantconnect.shared import Shared

_QUICK = Retries(first_wait_s=0.01, most_wait_s=0.02)
_LOOK = LostAnswers(look_for_s=0.5, first_look_s=0.05, most_look_s=0.1)
_CREDENTIALS = Credentials(USER_ID, TOKEN)


def _settings(base_url: str, **more: object) -> Settings:
    timeouts = Timeouts(connect=5, read=0.4, attempt=0.6, call=30)
    return Settings(base_url=base_url, retries=_QUICK, lost_answers=_LOOK, timeouts=timeouts)


def _cloud() -> FakeCloud:
    cloud = FakeCloud(time.time)
    cloud.compile_s, cloud.backtest_s, cloud.results_late_s = 0.05, 0.05, 0.0
    return cloud


_BEFALL = [
    None, Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.STALL_BEFORE, Fault.STALL_AFTER, Fault.PAGE_AFTER,
    Fault.RESET_MIDDLE, Fault.LATE, Fault.TRUNCATED, Fault.EMPTY, Fault.TOO_MANY, Fault.SLOW_DOWN,
]  # fmt: skip


@pytest.mark.parametrize("fault", _BEFALL)
def test_every_call_of_the_way_may_be_hit(fault: Fault | None) -> None:
    cloud = _cloud()
    paths = ("projects/create", "files/update", "compile/create", "compile/read", "backtests/create", "backtests/read")
    with (
        faulty_server(cloud, Script({path: [fault] for path in paths})) as base_url,
        QuantConnect(_CREDENTIALS, _settings(base_url), shared=Shared.in_process()) as client,
    ):
        project = client.projects.create("Mine").project_id
        client.files.put(project, "main.py", "x = 1\n")
        build = client.compiling.create(project)
        client.compiling.wait(project, build.compile_id)
        started = client.backtests.create(project, build.compile_id, "B")
        assert client.backtests.wait(project, started.backtest_id).has_results
    assert cloud.started == [started.backtest_id]
    assert [*cloud.projects] == [project]


def test_awaiting_face_over_a_wire() -> None:
    cloud = _cloud()
    faults = {"backtests/create": [Fault.STALL_AFTER], "authenticate": [Fault.RESET_BEFORE, Fault.STALL_BEFORE]}

    async def go(base_url: str) -> str:
        async with AsyncQuantConnect(_CREDENTIALS, _settings(base_url), shared=Shared.in_process()) as client:
            await asyncio.gather(client.account.check(), client.account.check(), client.account.check())
            project = (await client.projects.create("Mine")).project_id
            build = await client.compiling.create(project)
            return (await client.backtests.create(project, build.compile_id, "B")).backtest_id

    with faulty_server(cloud, Script(faults)) as base_url:
        assert cloud.started == [asyncio.run(go(base_url))] or len(cloud.started) == 1


def test_awaited_call_can_be_cancelled_as_any_other() -> None:
    cloud = _cloud()

    async def go(base_url: str) -> None:
        async with AsyncQuantConnect(_CREDENTIALS, _settings(base_url), shared=Shared.in_process()) as client:
            task = asyncio.create_task(client.backtests.wait(1, "b"))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    with faulty_server(cloud, Script({"backtests/read": [Fault.STALL_BEFORE] * 5})) as base_url:
        asyncio.run(go(base_url))


def test_task_that_is_cancelled_while_it_creates_leaves_one_backtest(tmp_path: Path) -> None:
    cloud = _cloud()
    cloud.list_late_s = 0.3
    project = cloud.do_projects_create({"name": "Test", "language": "Py"})["projects"][0]["projectId"]
    build = cloud.do_compile_create({"projectId": project})["compileId"]

    async def go(base_url: str) -> str:
        settings, shared = _settings(base_url), Shared.in_folder(tmp_path)
        async with AsyncQuantConnect(_CREDENTIALS, settings, shared=shared) as client:
            task = asyncio.create_task(client.backtests.create(project, build, "B", token="run-0001-abcd"))
            while not cloud.started:
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return (await client.backtests.create(project, build, "B", token="run-0001-abcd")).backtest_id

    with faulty_server(cloud, Script({"backtests/create": [Fault.STALL_AFTER]})) as base_url:
        assert cloud.started == [asyncio.run(go(base_url))]


def test_nobody_there_is_no_connection_and_surely_nothing_was_done() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{taken.getsockname()[1]}/api/v2/"
        with (
            QuantConnect(_CREDENTIALS, _settings(base_url), shared=Shared.in_process()) as client,
            pytest.raises(TransportError, match="No connection") as caught,
        ):
            client.backtests.create(1, "c", "B")
    assert not caught.value.is_sent
    assert not caught.value.is_uncertain


def test_answer_that_trickles_is_given_up(httpserver: HTTPServer) -> None:
    stopped = threading.Event()

    def trickle(request: Request) -> Response:
        def pieces() -> Iterator[bytes]:
            while not stopped.wait(0.05):
                yield b" "

        return Response(pieces(), content_type="application/json")

    httpserver.expect_request("/authenticate").respond_with_handler(trickle)
    settings = Settings(
        base_url=httpserver.url_for("/"),
        retries=Retries(attempts=1),
        timeouts=Timeouts(connect=5, read=5, attempt=0.5, call=5),
    )
    try:
        with (
            QuantConnect(_CREDENTIALS, settings, shared=Shared.in_process()) as client,
            pytest.raises(TransportError, match="too long in all"),
        ):
            client.account.check()
    finally:
        stopped.set()


def test_packed_answer_that_grows_without_end_is_cut(httpserver: HTTPServer) -> None:
    import gzip

    bomb = gzip.compress(b" " * 5_000_000)
    httpserver.expect_request("/authenticate").respond_with_data(bomb, headers={"Content-Encoding": "gzip"})
    settings = Settings(base_url=httpserver.url_for("/"), most_bytes=1_000_000)
    with (
        QuantConnect(_CREDENTIALS, settings, shared=Shared.in_process()) as client,
        pytest.raises(MalformedAnswerError, match="longer than is read"),
    ):
        client.account.check()


def test_creates_do_not_use_connections_that_may_be_dying(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/backtests/create").respond_with_json({"success": True, "backtest": {"backtestId": "b"}})
    with QuantConnect(_CREDENTIALS, Settings(base_url=httpserver.url_for("/")), shared=Shared.in_process()) as client:
        client.backtests.create(1, "c", "B")
    ((request, _),) = httpserver.log
    assert request.headers["Connection"].lower() == "close"
    assert request.headers["User-Agent"].startswith("TradingLab ")


def test_faults_may_stand_before_a_real_server(tmp_path: Path) -> None:
    cloud = _cloud()
    with (
        faulty_server(cloud, Script({})) as real,
        faulty_server(Upstream(real), Script({"authenticate": [Fault.TRUNCATED, Fault.PAGE_AFTER]})) as base_url,
        QuantConnect(_CREDENTIALS, _settings(base_url), shared=Shared.in_folder(tmp_path)) as client,
    ):
        client.account.check()
    assert [path for path, _ in cloud.calls] == ["authenticate"] * 3
