"""What the tests of QuantConnect's API share: a client that signs as QuantConnect's own do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.server.qcapi.client import Signed

from tradinglab.server.accounts.models import User
from tradinglab.server.accounts.quantconnect_tokens import quantconnect_token_create


@pytest.fixture
def signed() -> Callable[..., Signed]:
    def make(user: User, **options: object) -> Signed:
        made = quantconnect_token_create(user=user, name="test", by=user.scopes, **options)  # type: ignore[arg-type]
        return Signed(user.pk, made.token, made.identity.organization_id, made.identity.public_id)

    return make


@pytest.fixture
def qc(owner: User, signed: Callable[..., Signed]) -> Signed:
    return signed(owner)


@pytest.fixture
def stranger(other: User, signed: Callable[..., Signed]) -> Signed:
    return signed(other)
