"""What the tests of a user's QuantConnect account share: a QuantConnect on the loopback, and an account there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.quantconnect.fake import TOKEN, USER_ID, FakeCloud
from tests.quantconnect.faults import Script, faulty_server
from tests.server.conftest import set_environment

from tradinglab.server.accounts.models import User
from tradinglab.server.cloud.models import CloudAccount
from tradinglab.server.sealing import seal


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
