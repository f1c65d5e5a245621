"""The hub and its tickets: what listeners are sent, whoever else listens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY
from django.utils import timezone
from rest_framework.test import APIClient
from tests.server.conftest import QUICK

from tradinglab.server.accounts.models import ApiKey, SignIn, User
from tradinglab.server.backtests.services import BacktestRequest, backtest_submit
from tradinglab.server.runs.events import event_store
from tradinglab.server.runs.hints import hint_read
from tradinglab.server.runs.models import Run, RunEvent, RunState
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create
from tradinglab.server.streams import consumers
from tradinglab.server.streams import hub as hubs
from tradinglab.server.streams.entering import check_origin
from tradinglab.server.streams.errors import RefusedError, TooManyListenersError
from tradinglab.server.streams.models import Ticket
from tradinglab.server.streams.reading import Item, Reading, RunReader, UserReader, Watermark
from tradinglab.server.streams.services import ticket_redeem
from tradinglab.server.streams.standing import Standing

V1 = "/api/v1"


class Book:
    """A stream of numbers, written by the test."""

    key = ("run", "book")

    def __init__(self, written: int = 0) -> None:
        self.written = written
        self.is_over = False
        self.reads = 0
        self.stored_reads = 0

    def tail(self) -> int:
        return self.written

    def read(self, *, after: int, limit: int) -> Reading:
        self.reads += 1
        is_over = self.is_over
        items = self.stored(after=after, upto=self.written, limit=limit)
        self.stored_reads -= 1
        return Reading(items, items[-1].position if items else after, is_over and len(items) < limit)

    def stored(self, *, after: int, upto: int, limit: int) -> list[Item]:
        self.stored_reads += 1
        return [Item(n, "log", str(n)) for n in range(after + 1, min(upto, after + limit) + 1)]


async def collect(hub: hubs.Hub, book: Book, after: int, *, pause_s: float = 0.0) -> list[int]:
    found: list[int] = []
    async with hub.listening(book, user_id=1) as channel:
        async for items in channel.follow(after, tick_s=60):
            found += [item.position for item in items]
            await asyncio.sleep(pause_s)
    return found


class Listener(consumers.EventsConsumer):
    """Listens to a book with three numbers in it."""

    def reader(self, standing: Standing) -> Book:
        return Book(3)

    async def beginning(self, channel: hubs.Channel) -> int:
        return 0


@pytest.mark.parametrize("too_late_for", range(1, 5))
def test_who_closes_while_being_sent_to_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, too_late_for: int
) -> None:
    """The web server says by a RuntimeError that the connection is closed, before the consumer hears of it."""
    monkeypatch.setattr(consumers, "enter", lambda scope: Standing(user_id=1))

    async def story() -> list[str]:
        said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        said.put_nowait({"type": "websocket.connect"})
        sent: list[str] = []

        async def send(message: dict[str, Any]) -> None:
            if len(sent) == too_late_for:
                said.put_nowait({"type": "websocket.receive", "text": '{"ping": 1}'})
                said.put_nowait({"type": "websocket.disconnect", "code": 1009})
            if len(sent) >= too_late_for:
                raise RuntimeError("Unexpected ASGI message 'websocket.send', after sending 'websocket.close'.")
            sent.append(message["type"])

        scope = {"type": "websocket", "path": "/", "query_string": b"", "headers": []}
        async with asyncio.timeout(30):
            await Listener.as_asgi()(scope, said.get, send)
        return sent

    with caplog.at_level("WARNING"):
        assert asyncio.run(story()) == (["websocket.accept"] + ["websocket.send"] * 4)[:too_late_for]
    assert caplog.messages == []


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "LOOK_EVERY_S", 0.01)


@pytest.mark.usefixtures("quick")
class TestHub:
    def test_many_listen_and_one_reads(self) -> None:
        async def story() -> None:
            hub, book = hubs.Hub(), Book()
            async with hub.listening(book, user_id=1) as channel:
                await channel.tail()
                listeners = [asyncio.create_task(collect(hub, book, 0)) for _ in range(50)]
                for _ in range(20):
                    book.written += 50
                    await asyncio.sleep(0.01)
                book.is_over = True
                assert await asyncio.gather(*listeners) == [list(range(1, 1001))] * 50
            assert book.stored_reads == 0

        asyncio.run(story())

    def test_whoever_is_slow_or_late_hears_everything_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is kept is little: a slow listener reads what is kept no longer; the quick one is done long before."""
        monkeypatch.setattr(hubs, "_KEPT", 10)
        monkeypatch.setattr(hubs, "_PAGE", 7)

        async def story() -> None:
            hub, book = hubs.Hub(), Book(30)
            slow = asyncio.create_task(collect(hub, book, 3, pause_s=0.02))
            quick = asyncio.create_task(collect(hub, book, 0))
            for _ in range(20):
                book.written += 9
                await asyncio.sleep(0.005)
            book.is_over = True
            assert await quick == list(range(1, 211))
            assert not slow.done()
            assert await collect(hub, book, 100) == list(range(101, 211))
            assert await slow == list(range(4, 211))
            assert book.stored_reads > 0

        asyncio.run(story())

    def test_the_last_one_who_leaves_ends_the_reading(self) -> None:
        async def story() -> None:
            hub, book = hubs.Hub(), Book()
            async with hub.listening(book, user_id=1) as channel:
                await channel.tail()
            await asyncio.sleep(0.05)
            before = book.reads
            await asyncio.sleep(0.05)
            assert book.reads == before

        asyncio.run(story())

    def test_nobody_listens_too_often(self, settings: Any) -> None:
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"listeners_per_user": 1})

        async def story() -> None:
            hub, book = hubs.Hub(), Book()
            async with hub.listening(book, user_id=1), hub.listening(book, user_id=2):
                with pytest.raises(TooManyListenersError):
                    async with hub.listening(book, user_id=1):
                        pass
            async with hub.listening(book, user_id=1):
                pass

        asyncio.run(story())

    def test_a_database_that_is_away_is_asked_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from django.db import OperationalError

        monkeypatch.setattr(hubs, "_AFTER_ERROR_S", 0.01)

        class Away(Book):
            def tail(self) -> int:
                self.reads += 1
                if self.reads < 3:
                    raise OperationalError("away")
                return super().tail()

            def stored(self, *, after: int, upto: int, limit: int) -> list[Item]:
                self.reads += 1
                if self.reads % 2:
                    raise OperationalError("away")
                return super().stored(after=after, upto=upto, limit=limit)

        async def story() -> None:
            hub, book = hubs.Hub(), Away(500)
            book.is_over = True
            assert await collect(hub, book, 0) == list(range(1, 501))

        asyncio.run(story())


class TestWatermark:
    def test_a_cursor_is_passed_when_what_was_under_way_is_done(self) -> None:
        mark = Watermark()
        assert mark.note(newest=10, oldest=100, following=100) == 10  # nothing is under way
        assert mark.note(newest=12, oldest=100, following=103) == 10  # 100 may hold 11
        assert mark.note(newest=15, oldest=102, following=104) == 10
        assert mark.note(newest=15, oldest=103, following=105) == 12
        assert mark.note(newest=16, oldest=106, following=106) == 16

    def test_it_never_goes_back(self) -> None:
        mark = Watermark()
        mark.note(newest=10, oldest=5, following=5)
        assert mark.note(newest=3, oldest=5, following=5) == 10


@pytest.fixture
def run(owner: User, strategy: Strategy) -> Run:
    assert strategy.head is not None
    return backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run


@pytest.mark.django_db
class TestReaders:
    def test_a_run_is_over_after_its_last_event(self, run: Run) -> None:
        reader = RunReader(run.pk)
        event_store(run_id=run.pk, kind="log", data={"lines": ["a"]})
        first = reader.read(after=0, limit=1)
        assert ([item.position for item in first.items], first.is_over) == ([1], False)
        Run.objects.filter(pk=run.pk).update(state=RunState.FAILED)
        assert not reader.read(after=1, limit=1).is_over  # the page was full: there may be more
        assert reader.read(after=2, limit=1).is_over
        assert json.loads(reader.read(after=1, limit=5).items[0].text)["data"] == {"lines": ["a"]}
        run.delete()
        assert reader.read(after=0, limit=1).is_over

    def test_a_user_hears_of_all_their_runs_and_of_nobody_elses(
        self, run: Run, owner: User, other: User, strategy: Strategy
    ) -> None:
        theirs = strategy_create(owner=other, name="Theirs", files={"main.py": QUICK})
        assert theirs.head is not None
        assert strategy.head is not None
        backtest_submit(owner=other, request=BacktestRequest(version=theirs.head))
        second = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run
        event_store(run_id=run.pk, kind="log")
        reader = UserReader(owner.pk)
        found = [json.loads(item.text) for item in reader.read(after=0, limit=50).items]
        assert [(each["run"], each["sequence"]) for each in found] == [
            (str(run.pk), 1), (str(second.pk), 1), (str(run.pk), 2),
        ]  # fmt: skip
        assert reader.read(after=0, limit=50).position == RunEvent.objects.latest("pk").pk
        again = reader.read(after=found[0]["cursor"], limit=1)
        assert [item.position for item in again.items] == [found[1]["cursor"]] == [again.position]


@pytest.mark.django_db
class TestPolling:
    def test_all_runs_at_once(self, api: APIClient, run: Run, other: User, client_of: Callable[..., APIClient]) -> None:
        begin = api.get(f"{V1}/me/events/").json()
        assert begin["events"] == []
        event_store(run_id=run.pk, kind="log")
        page = api.get(f"{V1}/me/events/?after={begin['next_after']}").json()
        assert [(each["run"], each["sequence"], each["kind"]) for each in page["events"]] == [(str(run.pk), 2, "log")]
        assert api.get(f"{V1}/me/events/?after={page['next_after']}").json()["events"] == []
        assert client_of(other).get(f"{V1}/me/events/?after=0").json()["events"] == []
        assert api.get(f"{V1}/me/events/?after=-1").status_code == 400
        assert APIClient().get(f"{V1}/me/events/").status_code == 401

    def test_a_browser_is_told_not_to_come_back_for_a_run_that_is_over(self, api: APIClient, run: Run) -> None:
        Run.objects.filter(pk=run.pk).update(state=RunState.CANCELLED)
        headers = {"Accept": "text/event-stream", "Last-Event-ID": "1"}
        assert api.get(f"{V1}/runs/{run.pk}/events/", headers=headers).status_code == 204


@pytest.mark.django_db
class TestTickets:
    @staticmethod
    def ticket(client: APIClient) -> str:
        made = client.post(f"{V1}/ws-tickets/")
        assert made.status_code == 201
        return str(made.json()["ticket"])

    def test_it_opens_once(self, api: APIClient, owner: User) -> None:
        secret = self.ticket(api)
        assert secret not in str(list(Ticket.objects.values()))
        standing = ticket_redeem(secret=secret)
        assert standing is not None
        assert standing.user_id == owner.pk
        assert ticket_redeem(secret=secret) is None
        assert ticket_redeem(secret="x") is None

    def test_it_ends(self, api: APIClient) -> None:
        secret = self.ticket(api)
        Ticket.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert ticket_redeem(secret=secret) is None
        self.ticket(api)
        assert Ticket.objects.count() == 1

    def test_it_ends_with_its_key(self, api: APIClient) -> None:
        secret = self.ticket(api)
        ApiKey.objects.update(revoked_at=timezone.now())
        assert ticket_redeem(secret=secret) is None

    def test_it_ends_with_its_user(self, api: APIClient) -> None:
        secret = self.ticket(api)
        User.objects.update(is_active=False)
        assert ticket_redeem(secret=secret) is None

    def test_it_ends_with_its_session_and_its_password(self, client: Any, owner: User) -> None:
        client.force_login(owner)
        for end in (client.logout, lambda: owner.set_password("another long one 2") or owner.save()):
            client.force_login(owner)
            assert BACKEND_SESSION_KEY in client.session
            secret = client.post(f"{V1}/ws-tickets/").json()["ticket"]
            standing = ticket_redeem(secret=secret)
            assert standing is not None
            assert standing.holds()
            end()
            assert not standing.holds()

    def test_it_ends_with_its_sign_in(self, owner: User) -> None:
        client = APIClient()
        login = {"email": owner.email, "password": "a long password 1"}
        pair = client.post(f"{V1}/auth/token/", login, format="json").json()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {pair['access']}")
        standing = ticket_redeem(secret=self.ticket(client))
        assert standing is not None
        assert standing.holds()
        SignIn.objects.update(revoked_at=timezone.now())
        assert not standing.holds()

    def test_who_shows_nothing_gets_none(self) -> None:
        assert APIClient().post(f"{V1}/ws-tickets/").status_code == 401


@pytest.mark.parametrize(
    ("origin", "host", "is_fine"),
    [
        ("http://localhost:8000", "localhost:8000", True),
        ("https://localhost", "localhost:443", True),
        ("https://front.example.com", "localhost", True),
        ("https://front.example.com.evil.com", "localhost", False),
        ("http://localhost:8001", "localhost:8000", False),
        ("http://evil.example.com", "evil.example.com", False),  # a name that leads here, and is not ours
        ("http://evil.example.com", "localhost", False),
        ("null", "localhost", False),
        ("http://[", "localhost", False),
        ("", "localhost", False),
    ],
)
def test_origins(origin: str, host: str, is_fine: bool, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://front.example.com"]
    headers = {"origin": origin, "host": host}
    if is_fine:
        check_origin(headers, is_needed=True)
    else:
        with pytest.raises(RefusedError) as refused:
            check_origin(headers, is_needed=True)
        assert refused.value.close_code == 4403


def test_hints_that_are_none() -> None:
    assert hint_read("x") is None
    assert hint_read("00000000-0000-0000-0000-000000000001 7") is not None
