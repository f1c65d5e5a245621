"""Connecting a QuantConnect account: tried, sealed, never shown, and gone with all that hangs on it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from rest_framework.test import APIClient
from tests.quantconnect.fake import TOKEN, USER_ID, FakeCloud
from tests.server.conftest import set_environment

from tradinglab.server.accounts.models import AuditEntry, User
from tradinglab.server.cloud.models import CloudAccount, CloudProject
from tradinglab.server.strategies.models import Strategy

pytestmark = pytest.mark.django_db
_HERE = "/api/v1/quantconnect/credentials/"


def put(api: APIClient, user_id: object = USER_ID, token: object = TOKEN) -> Any:
    return api.put(_HERE, {"user_id": user_id, "token": token}, format="json")


def test_an_account_is_tried_sealed_and_never_shown(
    api: APIClient, cloud: FakeCloud, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = [put(api), api.get(_HERE), api.post(f"{_HERE}test/")]
    assert [each.status_code for each in said] == [200, 200, 200]
    assert said[1].json()["user_id"] == USER_ID
    assert said[1].json()["problem"] == ""
    assert said[1].json()["checked_at"]
    assert [path for path, _ in cloud.calls] == ["authenticate", "authenticate"]
    row = CloudAccount.objects.get()
    everything = [caplog.text, repr(row), str(row.__dict__), json.dumps(list(AuditEntry.objects.values("details")))]
    everything += [each.content.decode() for each in said]
    assert not any(TOKEN in each for each in everything)


@pytest.mark.parametrize(
    ("user_id", "token", "field"),
    [(USER_ID, "not-it", "token"), ("me", TOKEN, "user_id"), (USER_ID, "two words", "token"), (USER_ID, "", "token")],
)  # fmt: skip
def test_what_is_not_accepted_is_not_stored(
    api: APIClient, cloud: FakeCloud, user_id: str, token: str, field: str
) -> None:
    answer = put(api, user_id, token)
    assert "pattern" not in answer.content.decode()
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field
    assert not token or token not in answer.content.decode()
    assert not CloudAccount.objects.exists()


def test_a_quantconnect_that_is_away_stores_nothing_and_says_so(api: APIClient) -> None:
    answer = put(api)
    assert (answer.status_code, answer.json()["code"]) == (502, "quantconnect_unreachable")
    assert int(answer.headers["Retry-After"]) > 0
    assert TOKEN not in answer.content.decode()
    assert not CloudAccount.objects.exists()


def test_a_token_that_is_revoked_there_is_noted(api: APIClient, cloud: FakeCloud, account: CloudAccount) -> None:
    cloud._is_signed = lambda headers: False  # type: ignore[method-assign]
    answer = api.post(f"{_HERE}test/")
    assert (answer.status_code, answer.json()["code"]) == (409, "quantconnect_credentials")
    assert "hash is not valid" in api.get(_HERE).json()["problem"]
    assert api.get("/api/v1/quantconnect/projects/").json()["code"] == "quantconnect_credentials"


def test_without_an_account_nothing_is_there(api: APIClient, cloud: FakeCloud) -> None:
    for answer in (api.get(_HERE), api.delete(_HERE), api.post(f"{_HERE}test/")):
        assert answer.status_code == 404
        assert "PUT /api/v1/quantconnect/credentials/" in answer.json()["detail"]
    assert cloud.calls == []


def test_another_users_account_is_nobody_elses(
    account: CloudAccount, other: User, client_of: Callable[..., APIClient], cloud: FakeCloud
) -> None:
    stranger = client_of(other)
    assert stranger.get(_HERE).status_code == 404
    assert stranger.get("/api/v1/quantconnect/projects/").status_code == 404
    assert stranger.delete(_HERE).status_code == 404
    assert CloudAccount.objects.count() == 1


def test_removal_takes_along_what_was_learnt(api: APIClient, account: CloudAccount, strategy: Strategy) -> None:
    CloudProject.objects.create(account=account, strategy=strategy, token="tl-12345678", remote_id=7)
    assert api.delete(_HERE).status_code == 204
    assert api.get(_HERE).status_code == 404
    assert not CloudProject.objects.exists()
    assert AuditEntry.objects.filter(action="quantconnect_account.removed", details__user_id=USER_ID).exists()


def test_another_number_forgets_what_the_first_had(
    api: APIClient, account: CloudAccount, strategy: Strategy, cloud: FakeCloud
) -> None:
    CloudAccount.objects.filter(pk=account.pk).update(remote_user="77")
    CloudProject.objects.create(account=account, strategy=strategy, token="tl-12345678", remote_id=7)
    assert put(api).status_code == 200
    assert not CloudProject.objects.exists()
    assert CloudAccount.objects.get().remote_user == USER_ID


def test_keys_can_be_rotated(api: APIClient, cloud: FakeCloud, settings: Any) -> None:
    put(api)
    first = CloudAccount.objects.get().sealed_token
    keys = [Fernet.generate_key().decode() for _ in range(2)]
    set_environment(settings, encryption_keys=SecretStr(",".join(keys)))
    assert api.post(f"{_HERE}test/").status_code == 200
    assert CloudAccount.objects.get().sealed_token != first
    settings.SECRET_KEY = "another secret key, which opens nothing that is old"
    assert api.post(f"{_HERE}test/").status_code == 200
    set_environment(settings, encryption_keys=SecretStr(""))
    answer = api.post(f"{_HERE}test/")
    assert (answer.status_code, answer.json()["code"]) == (409, "seal_broken")


def test_the_settings_account_is_the_first_users(
    api: APIClient, cloud: FakeCloud, settings: Any, other: User, client_of: Callable[..., APIClient]
) -> None:
    set_environment(settings, quantconnect_user=USER_ID, quantconnect_token=SecretStr(TOKEN))
    shown = api.get(_HERE).json()
    assert (shown["user_id"], shown["is_of_settings"]) == (USER_ID, True)
    assert api.post(f"{_HERE}test/").status_code == 200
    assert api.delete(_HERE).status_code == 409
    assert client_of(other).get(_HERE).status_code == 404
    assert put(api).json()["is_of_settings"] is False


def test_an_account_that_the_settings_hold_no_more_can_be_forgotten(
    api: APIClient, cloud: FakeCloud, settings: Any
) -> None:
    set_environment(settings, quantconnect_user=USER_ID, quantconnect_token=SecretStr(TOKEN))
    assert api.get(_HERE).status_code == 200
    set_environment(settings, quantconnect_user="77", quantconnect_token=SecretStr(TOKEN))
    assert (api.post(f"{_HERE}test/").status_code, api.delete(_HERE).status_code) == (409, 204)
    # The one that they hold now is the user's.
    assert api.get(_HERE).json()["user_id"] == "77"


def test_scopes(owner: User, client_of: Callable[..., APIClient], account: CloudAccount) -> None:
    reader = client_of(owner, scopes=("read",))
    assert reader.get(_HERE).status_code == 200
    assert reader.delete(_HERE).status_code == 403
    assert put(reader).status_code == 403
