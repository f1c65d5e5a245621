"""A deployment's events: polled, streamed and sent, from where a listener left off, to whom they belong."""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient
from tests.server.conftest import QUICK

from tradinglab.server.accounts.models import User
from tradinglab.server.config.asgi import websockets
from tradinglab.server.errors import NotFoundError
from tradinglab.server.live.events import live_event_store
from tradinglab.server.live.models import Deployment, Status
from tradinglab.server.live.services import DeploymentRequest, deployment_create, deployment_stop
from tradinglab.server.live.streaming import DeploymentConsumer, DeploymentReader
from tradinglab.server.strategies.services import strategy_create
from tradinglab.server.streams import consumers
from tradinglab.server.streams import hub as hubs
from tradinglab.server.streams.reading import Reader
from tradinglab.server.streams.sending import event_stream
from tradinglab.server.streams.standing import Standing


@pytest.fixture
def deployment(owner: User) -> Deployment:
    """One with three events, the first of which says that it waits."""
    head = strategy_create(owner=owner, name="live", files={"main.py": QUICK}).head
    assert head is not None
    request = DeploymentRequest(version=head, start_at=datetime(2012, 1, 9, 14, 40, tzinfo=UTC), speed=60.0)
    made, _ = deployment_create(owner=owner, request=request)
    for text in ("a", "b"):
        live_event_store(deployment_id=made.pk, kind="log", data={"lines": [text]})
    return made


def where(deployment: Deployment) -> str:
    return f"/api/v1/deployments/{deployment.pk}/events/"


@pytest.mark.django_db
class TestPolling:
    def test_pages_go_on_where_the_last_one_ended(self, api: APIClient, deployment: Deployment, owner: User) -> None:
        first = api.get(where(deployment), {"limit": 2}).json()
        assert [each["sequence"] for each in first["events"]] == [1, 2]
        assert (first["next_after"], first["is_final"]) == (2, False)
        rest = api.get(where(deployment), {"after": 2}).json()
        assert ([each["data"] for each in rest["events"]], rest["is_final"]) == ([{"lines": ["b"]}], False)
        deployment_stop(deployment=deployment, actor=owner)
        last = api.get(where(deployment), {"after": 3, "limit": 1}).json()
        assert ([each["kind"] for each in last["events"]], last["is_final"]) == (["finished"], True)
        assert not api.get(where(deployment), {"limit": 3}).json()["is_final"]

    def test_what_cannot_be_asked(
        self, api: APIClient, deployment: Deployment, other: User, client_of: Callable[..., APIClient]
    ) -> None:
        for query in ({"after": -1}, {"after": "x"}, {"limit": 0}, {"oops": 1}):
            assert api.get(where(deployment), query).status_code == 400, query
        for headers in ({}, {"Accept": "text/event-stream"}):
            assert client_of(other).get(where(deployment), headers=headers).status_code == 404
            assert APIClient().get(where(deployment), headers=headers).status_code == 401

    def test_a_browser_is_told_not_to_come_back(self, api: APIClient, deployment: Deployment, owner: User) -> None:
        deployment_stop(deployment=deployment, actor=owner)
        headers = {"Accept": "text/event-stream", "Last-Event-ID": "4"}
        assert api.get(where(deployment), headers=headers).status_code == 204
        answer: Any = api.get(where(deployment), headers={**headers, "Last-Event-ID": "3"})
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/event-stream")


@pytest.mark.django_db
class TestReader:
    def test_it_is_over_after_its_last_event(self, deployment: Deployment) -> None:
        reader = DeploymentReader(deployment.pk)
        assert (reader.tail(), reader.end()) == (3, None)
        Deployment.objects.update(status=Status.STOPPED)
        assert (reader.tail(), reader.end()) == (3, 3)
        assert not reader.read(after=2, limit=1).is_over  # the page was full: there may be more
        assert reader.read(after=3, limit=1).is_over
        assert [item.position for item in reader.stored(after=1, upto=2, limit=5)] == [2]
        deployment.delete()
        assert reader.read(after=0, limit=1).is_over

    def test_anothers_does_not_exist(self, deployment: Deployment, owner: User, other: User) -> None:
        def reader(user: User, deployment_id: object) -> Reader:
            consumer = DeploymentConsumer()
            consumer.scope = {"url_route": {"kwargs": {"deployment_id": deployment_id}}}
            return consumer.reader(Standing(user_id=user.pk))

        assert reader(owner, deployment.pk).key == ("run", str(deployment.pk))
        for user, deployment_id in ((other, deployment.pk), (owner, uuid4())):
            with pytest.raises(NotFoundError):
                reader(user, deployment_id)


class Desk:
    """Does in the test's thread, whose transaction it is, what a story in another one wants of the database."""

    def __init__(self) -> None:
        self._wanted: queue.Queue[tuple[Callable[[], Any], asyncio.Future[Any], asyncio.AbstractEventLoop]] = (
            queue.Queue()
        )

    async def do(self, work: Callable[[], Any]) -> Any:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        self._wanted.put((work, done, loop))
        return await done

    def tell(self, story: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Return what a story comes to."""
        with ThreadPoolExecutor(1) as thread:
            told = thread.submit(lambda: asyncio.run(story()))
            while not told.done():
                with contextlib.suppress(queue.Empty):
                    self._carry_out(*self._wanted.get(timeout=0.02))
            return told.result()

    @staticmethod
    def _carry_out(work: Callable[[], Any], done: asyncio.Future[Any], loop: asyncio.AbstractEventLoop) -> None:
        def settle(put: Callable[[Any], None], value: Any) -> None:
            if not done.done():
                put(value)

        try:
            found = work()
        except Exception as error:
            put, found = done.set_exception, error
        else:
            put = done.set_result
        with contextlib.suppress(RuntimeError):  # the story is over
            loop.call_soon_threadsafe(settle, put, found)


@pytest.mark.django_db
class TestWays:
    @pytest.fixture
    def desk(self, monkeypatch: pytest.MonkeyPatch) -> Desk:
        made = Desk()
        monkeypatch.setattr(hubs.Hub, "load", lambda hub, read: made.do(read))
        monkeypatch.setattr(hubs, "LOOK_EVERY_S", 0.01)
        return made

    @staticmethod
    async def streamed(deployment: Deployment, after: int) -> list[dict[str, Any]]:
        standing = Standing(user_id=deployment.owner_id)
        stream = event_stream(reader=DeploymentReader(deployment.pk), after=after, standing=standing)
        text = b"".join([part async for part in stream]).decode()
        return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]

    @staticmethod
    async def sent(
        deployment: Deployment, query: str, message: str = "", begun: asyncio.Event | None = None
    ) -> tuple[list[dict[str, Any]], int]:
        """Return what a WebSocket brings, and how it is closed; the message is said after the first of the server.

        The event is set when the server begins anew.
        """
        said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        said.put_nowait({"type": "websocket.connect"})
        heard: list[dict[str, Any]] = []
        closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def send(sent: dict[str, Any]) -> None:
            if sent["type"] == "websocket.send":
                heard.append(json.loads(sent["text"]))
                if len(heard) == 1 and message:
                    said.put_nowait({"type": "websocket.receive", "text": message})
                if begun is not None and "control" in heard[-1] and len(heard) > 1:
                    begun.set()
            elif sent["type"] == "websocket.close":
                closed.set_result(sent["code"])
                said.put_nowait({"type": "websocket.disconnect", "code": sent["code"]})

        path = f"/ws/deployments/{deployment.pk}/"
        scope = {"type": "websocket", "path": path, "query_string": query.encode(), "headers": []}
        async with asyncio.timeout(30):
            await websockets(scope, said.get, send)
        return [each for each in heard if "control" not in each], await closed

    def test_all_tell_the_same_from_where_one_left_off(
        self, deployment: Deployment, owner: User, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(consumers, "enter", lambda scope: Standing(user_id=owner.pk))

        def go_on() -> None:
            for n in range(300):
                live_event_store(deployment_id=deployment.pk, kind="log", data={"lines": [str(n)]})

        def every() -> list[dict[str, Any]]:
            return [json.loads(item.text) for item in DeploymentReader(deployment.pk).read(after=0, limit=999).items]

        async def story() -> None:
            # Begun before the end: what comes meanwhile is heard, too.
            streaming = asyncio.create_task(self.streamed(deployment, 0))
            listening = asyncio.create_task(self.sent(deployment, ""))
            await desk.do(go_on)
            await desk.do(lambda: deployment_stop(deployment=deployment, actor=owner))
            stored = await desk.do(every)
            assert [each["sequence"] for each in stored] == list(range(1, 305))
            assert await streaming == stored
            assert await listening == (stored, 1000)
            assert await self.streamed(deployment, 150) == stored[150:]
            assert await self.sent(deployment, "after=150") == (stored[150:], 1000)
            assert await self.sent(deployment, "after=304") == ([], 1000)
            assert (await self.sent(deployment, "after=-1"))[1] == 4400

        desk.tell(story)

    def test_a_stranger_is_turned_away(
        self, deployment: Deployment, other: User, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(consumers, "enter", lambda scope: Standing(user_id=other.pk))
        assert desk.tell(lambda: self.sent(deployment, "")) == ([], 4404)

    def test_who_listens_to_it_may_begin_anew(
        self, deployment: Deployment, owner: User, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(consumers, "enter", lambda scope: Standing(user_id=owner.pk))

        async def story() -> tuple[list[dict[str, Any]], int]:
            begun = asyncio.Event()
            listening = asyncio.create_task(self.sent(deployment, "after=2", '{"after": 1}', begun))
            await begun.wait()
            await desk.do(lambda: deployment_stop(deployment=deployment, actor=owner))
            return await listening

        heard, code = desk.tell(story)
        assert code == 1000
        assert [each["sequence"] for each in heard][-3:] == [2, 3, 4]
