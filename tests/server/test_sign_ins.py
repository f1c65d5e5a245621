"""Tokens for front ends: short ones, ones that renew, and how they end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from django.conf import settings as django_settings
from django.utils import timezone
from rest_framework.test import APIClient

from tradinglab.server.accounts.models import AuditEntry, SignIn, User
from tradinglab.server.accounts.services import user_update

pytestmark = pytest.mark.django_db
PASSWORD = "a long password 1"
AUTH = "/api/v1/auth/token/"


def post(path: str, body: object) -> Any:
    return APIClient().post(path, body, format="json")


def me(access: str) -> int:
    return APIClient().get("/api/v1/me/", headers={"Authorization": f"Bearer {access}"}).status_code


@pytest.fixture
def pair(owner: User) -> dict[str, Any]:
    answer: dict[str, Any] = post(AUTH, {"email": "Owner@example.com", "password": PASSWORD}).json()
    return answer


def test_an_access_token_opens_what_the_role_allows_and_ends_soon(pair: dict[str, Any], owner: User) -> None:
    reader = APIClient()
    reader.credentials(HTTP_AUTHORIZATION=f"Bearer {pair['access']}")
    assert reader.get("/api/v1/me/").json()["scopes"] == sorted(owner.scopes)
    User.objects.filter(pk=owner.pk).update(role="viewer")
    assert reader.get("/api/v1/me/").json()["scopes"] == ["read"]
    assert pair["expires_in"] <= 900
    with time_machine.travel(timezone.now() + timedelta(seconds=pair["expires_in"] + 1)):
        assert me(pair["access"]) == 401
        assert post(f"{AUTH}refresh/", {"refresh": pair["refresh"]}).status_code == 200


def test_no_token_is_stored(pair: dict[str, Any]) -> None:
    assert pair["refresh"].rpartition(".")[2] not in str(SignIn.objects.values())


def test_a_refresh_token_that_comes_twice_ends_the_sign_in(pair: dict[str, Any], owner: User) -> None:
    new = post(f"{AUTH}refresh/", {"refresh": pair["refresh"]}).json()
    assert me(new["access"]) == me(pair["access"]) == 200
    again = post(f"{AUTH}refresh/", {"refresh": pair["refresh"]})
    assert (again.status_code, again.json()["code"]) == (401, "token_refused")
    assert me(new["access"]) == 401
    assert post(f"{AUTH}refresh/", {"refresh": new["refresh"]}).status_code == 401
    assert AuditEntry.objects.filter(action="login.token_reused", target_id=str(owner.pk)).exists()


def test_logging_out_ends_both_tokens_and_no_other_sign_in(pair: dict[str, Any], owner: User) -> None:
    elsewhere = post(AUTH, {"email": owner.email, "password": PASSWORD}).json()
    assert post(f"{AUTH}revoke/", {"refresh": pair["refresh"]}).status_code == 204
    assert me(pair["access"]) == 401
    assert post(f"{AUTH}refresh/", {"refresh": pair["refresh"]}).status_code == 401
    assert me(elsewhere["access"]) == 200
    assert post(f"{AUTH}revoke/", {"refresh": "nonsense"}).status_code == 204


def test_a_user_who_is_deactivated_is_out_and_stays_out_when_active_again(
    pair: dict[str, Any], owner: User, other: User
) -> None:
    user_update(user=owner, by=other, is_active=False)
    assert me(pair["access"]) == 401
    user_update(user=owner, by=other, is_active=True)
    assert me(pair["access"]) == 401
    assert post(f"{AUTH}refresh/", {"refresh": pair["refresh"]}).status_code == 401


def test_a_sign_in_ends_however_often_it_is_renewed(pair: dict[str, Any], owner: User) -> None:
    start, refresh = timezone.now(), pair["refresh"]
    for week in range(1, 20):
        with time_machine.travel(start + timedelta(weeks=week)):
            answer = post(f"{AUTH}refresh/", {"refresh": refresh})
        if answer.status_code != 200:
            break
        refresh = answer.json()["refresh"]
    assert week == 13


def forged(pair: dict[str, Any], kind: str) -> str:
    claims = jwt.decode(pair["access"], options={"verify_signature": False})
    key = django_settings.SIMPLE_JWT["SIGNING_KEY"]
    if kind == "none":
        return jwt.encode(claims, None, algorithm="none")
    if kind == "other algorithm":
        return jwt.encode(claims, key * 2, algorithm="HS512")
    if kind == "other key":
        return jwt.encode(claims, "x" * 64, algorithm="HS256")
    if kind == "other issuer":
        return jwt.encode(claims | {"iss": "somebody"}, key, algorithm="HS256")
    if kind == "no sign-in":
        return jwt.encode({k: v for k, v in claims.items() if k != "sign_in"}, key, algorithm="HS256")
    if kind == "changed":
        return str(pair["access"][:-3]) + "abc"
    assert kind == "refresh"
    return str(pair["refresh"])


@pytest.mark.parametrize(
    "kind", ["none", "other algorithm", "other key", "other issuer", "no sign-in", "changed", "refresh"]
)
def test_forged_tokens_open_nothing(kind: str, pair: dict[str, Any]) -> None:
    assert me(forged(pair, kind)) == 401
    assert post(f"{AUTH}refresh/", {"refresh": pair["access"]}).status_code == 401
