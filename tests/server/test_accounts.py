"""Users, keys, log-in and the pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tradinglab.sandbox import Grade
from tradinglab.server.accounts.models import ApiKey, User
from tradinglab.server.accounts.selectors import api_key_of_token
from tradinglab.server.accounts.services import api_key_create, api_key_revoke, user_create
from tradinglab.server.backtests.services import BacktestRequest, backtest_submit
from tradinglab.server.errors import InputError, WeakSandboxError
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies.models import Strategy

pytestmark = pytest.mark.django_db
PASSWORD = "a long password 1"


def log_in(client: Client, email: str, password: str) -> int:
    return client.post("/login/", {"username": email, "password": password}).status_code


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"role": "king"}, "role"),
        ({"password": "short"}, "password"),
        ({"password": "12345678901"}, "password"),
    ],
)
def test_users_that_cannot_be_made(values: dict[str, str], field: str) -> None:
    with pytest.raises(InputError) as caught:
        user_create(**({"email": "a@example.com", "role": "viewer", "password": PASSWORD} | values))
    assert caught.value.field == field


def test_a_weak_sandbox_refuses_a_second_user_unless_it_is_allowed(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr("tradinglab.server.accounts.services.machine_grade", lambda: Grade.WEAK)
    user_create(email="first@example.com", role="admin")
    with pytest.raises(WeakSandboxError, match="TRADINGLAB_ALLOW_WEAK_SANDBOX"):
        user_create(email="second@example.com", role="viewer")
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"allow_weak_sandbox": True})
    assert user_create(email="second@example.com", role="viewer").role == "viewer"


def test_elsewhere_there_may_be_several_each_with_an_address_of_its_own(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradinglab.server.accounts.services.machine_grade", lambda: Grade.STANDARD)
    user_create(email="second@example.com", role="viewer")
    with pytest.raises(InputError, match="already"):
        user_create(email="Second@Example.com", role="viewer")


def test_a_key_is_stored_as_a_hash_and_opens_until_it_ends(owner: User) -> None:
    made = api_key_create(
        user=owner, name="k", scopes=["read"], by=owner.scopes, expires_at=timezone.now() + timedelta(hours=1)
    )
    assert made.token.split("_", 2)[2] not in str(ApiKey.objects.values())
    assert api_key_of_token(token=made.token) == made.key
    assert api_key_of_token(token=made.token[:-1]) is None
    ApiKey.objects.update(expires_at=timezone.now())
    assert api_key_of_token(token=made.token) is None
    ApiKey.objects.update(expires_at=None)
    User.objects.update(is_active=False)
    assert api_key_of_token(token=made.token) is None
    User.objects.update(is_active=True)
    api_key_revoke(key=made.key, by=owner)
    assert api_key_of_token(token=made.token) is None


def test_a_role_bounds_its_keys(owner: User) -> None:
    owner.role = "viewer"
    with pytest.raises(InputError, match="more than you have"):
        api_key_create(user=owner, name="k", scopes=["run"], by=owner.scopes)


def test_the_pages_show_runs_and_reports(owner: User, strategy: Strategy, client: Client) -> None:
    assert strategy.head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head, name="<b>")).run
    assert client.get("/").status_code == 302
    assert log_in(client, "Owner@example.com".lower(), PASSWORD) == 302
    assert b"http-equiv" in client.get(f"/backtests/{run.pk}/").content
    assert client.get(f"/backtests/{run.pk}/report/").status_code == 404
    run_carry_out(run_id=run.pk, worker="a")
    home = client.get("/").content.decode()
    assert "Quick" in home
    assert "&lt;b&gt;" in home
    assert f"/backtests/{run.pk}/report/" in client.get(f"/backtests/{run.pk}/").content.decode()
    report = client.get(f"/backtests/{run.pk}/report/")
    assert report.status_code == 200
    assert report.headers["Content-Security-Policy"].startswith("sandbox")
    assert client.post("/logout/").status_code == 302
    assert client.get("/").status_code == 302


def test_another_users_pages_are_not_there(owner: User, other: User, strategy: Strategy, client: Client) -> None:
    assert strategy.head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run
    client.force_login(other)
    assert client.get(f"/backtests/{run.pk}/").status_code == 404
    assert client.get(f"/backtests/{run.pk}/report/").status_code == 404
    assert str(run.pk) not in client.get("/").content.decode()


def test_writing_with_a_session_needs_the_csrf_token(owner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert client.get("/api/v1/me/").status_code == 200
    assert client.post("/api/v1/api-keys/", {"name": "x", "scopes": ["read"]}, "application/json").status_code == 403
