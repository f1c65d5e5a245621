"""What the server's tests share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from tradinglab.server.accounts.models import User
from tradinglab.server.accounts.services import api_key_create
from tradinglab.server.config.home import Home
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
    # The hashes of passwords are slow on purpose.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()


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
def api(owner: User, client_of: Callable[..., APIClient]) -> APIClient:
    return client_of(owner)


@pytest.fixture
def strategy(owner: User) -> Strategy:
    return strategy_create(owner=owner, name="Quick", files={"main.py": QUICK})
