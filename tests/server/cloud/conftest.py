"""What the tests of a user's QuantConnect account share: a QuantConnect on the loopback, and an account there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from rest_framework.test import APIClient
from tests.quantconnect.fake import TOKEN, USER_ID, FakeCloud
from tests.quantconnect.faults import Script, faulty_server
from tests.server.conftest import set_environment

from tradinglab.quantconnect import LostAnswers, Retries, Timeouts
from tradinglab.server.accounts.models import User
from tradinglab.server.cloud import remote
from tradinglab.server.cloud.models import CloudAccount
from tradinglab.server.sealing import seal
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create


@pytest.fixture
def faults() -> Script:
    """What befalls the calls; nothing."""
    return Script({})


@pytest.fixture
def cloud(settings: Any, faults: Script) -> Iterator[FakeCloud]:
    """A QuantConnect that this installation talks to."""
    fake = FakeCloud(time.time)
    with faulty_server(fake, faults) as url:
        set_environment(settings, quantconnect_url=url)
        yield fake


@pytest.fixture
def account(owner: User, cloud: FakeCloud) -> CloudAccount:
    return CloudAccount.objects.create(user=owner, remote_user=USER_ID, sealed_token=seal(TOKEN))


@pytest.fixture
def trader(owner: User, account: CloudAccount, client_of: Callable[..., APIClient]) -> APIClient:
    """Who may trade in the account."""
    return client_of(owner, scopes=("read", "trade"))


@pytest.fixture
def momentum(owner: User) -> Strategy:
    """What is deployed."""
    files = {"main.py": "from AlgorithmImports import *\n\nclass A(QCAlgorithm):\n    pass\n", "config.json": "{}"}
    return strategy_create(owner=owner, name="Momentum", files=files)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what may have been lost be looked for a moment only, and failures repeated at once."""
    lost = LostAnswers(look_for_s=0.05, first_look_s=0.01)
    quick = Retries(attempts=2, first_wait_s=0.01, most_wait_s=0.02)
    timeouts = Timeouts(connect=2.0, read=0.5, attempt=2.0, call=5.0)
    patient = replace(remote._PATIENT, lost_answers=lost, retries=quick, timeouts=timeouts, breaker_failures=1000)
    monkeypatch.setattr(remote, "_PATIENT", patient)
    monkeypatch.setattr(remote, "_SOON", patient)
