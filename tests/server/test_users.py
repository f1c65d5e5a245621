"""What admins do: users, roles, invitations; and signing up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient
from tests.server.conftest import link_in, set_environment

from tradinglab.sandbox import Grade
from tradinglab.server.accounts.models import ApiKey, AuditEntry, Invitation, User
from tradinglab.server.accounts.services import api_key_create

pytestmark = pytest.mark.django_db
USERS, INVITATIONS, SIGN_UP = "/api/v1/users/", "/api/v1/invitations/", "/api/v1/auth/sign-up/"
PASSWORD = "a long password 3"


@pytest.fixture(autouse=True)
def _good_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradinglab.server.accounts.services.machine_grade", lambda: Grade.STRONG)


@pytest.fixture
def admin(owner: User, client_of: Callable[..., APIClient]) -> APIClient:
    return client_of(owner, ("read", "admin"))


@pytest.fixture
def viewer(db: None) -> User:
    return User.objects.create_user("viewer@example.com", "a long password 2", role="viewer")


def post(path: str, body: object, by: APIClient | None = None) -> Any:
    return (by or APIClient()).post(path, body, format="json")


def test_admins_list_users_and_change_roles(admin: APIClient, owner: User, viewer: User) -> None:
    found = admin.get(f"{USERS}?role=viewer").json()["results"]
    assert [(each["email"], each["is_active"]) for each in found] == [(viewer.email, True)]
    where = f"{USERS}{viewer.pk}/"
    assert admin.patch(where, {"role": "trader"}, format="json").json()["role"] == "trader"
    assert admin.get(where).json()["role"] == "trader"
    entry = AuditEntry.objects.get(action="user.changed")
    assert (entry.actor, entry.target_id, entry.details) == (owner, str(viewer.pk), {"role": ["viewer", "trader"]})
    assert admin.patch(where, {"role": "king"}, format="json").status_code == 400
    assert admin.patch(where, {"email": "x@example.com"}, format="json").status_code == 400
    assert "password" not in str(admin.get(USERS).json())


def test_who_is_deactivated_is_out_at_once_and_for_good(admin: APIClient, viewer: User) -> None:
    key = api_key_create(user=viewer, name="k", scopes=["read"], by=viewer.scopes)
    browser = Client()
    browser.force_login(viewer)
    for is_active in (False, True):
        admin.patch(f"{USERS}{viewer.pk}/", {"is_active": is_active}, format="json")
        program = APIClient()
        assert program.get("/api/v1/me/", headers={"Authorization": f"Bearer {key.token}"}).status_code == 401
        assert browser.get("/").status_code == 302


@pytest.mark.parametrize("change", [{"role": "viewer"}, {"is_active": False}])
def test_the_last_admin_stays(change: dict[str, object], admin: APIClient, owner: User, other: User) -> None:
    User.objects.filter(pk=other.pk).update(is_active=False)
    answer = admin.patch(f"{USERS}{owner.pk}/", change, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    User.objects.filter(pk=other.pk).update(is_active=True)
    assert admin.patch(f"{USERS}{owner.pk}/", change, format="json").status_code == 200


def test_who_is_invited_signs_up_once(admin: APIClient, owner: User, letters: list[EmailMessage]) -> None:
    made = post(INVITATIONS, {"role": "viewer", "email": "New@example.com"}, admin).json()
    assert made["token"] not in str(Invitation.objects.values())
    assert "token" not in admin.get(INVITATIONS).json()["results"][0]
    assert (letters[0].to, link_in(letters[0])) == (["new@example.com"], f"/sign-up/{made['token']}/")
    body = {"invitation": made["token"], "email": "new@example.com", "password": PASSWORD}
    assert post(SIGN_UP, body | {"email": "else@example.com"}).status_code == 400
    assert post(SIGN_UP, body | {"password": "short"}).status_code == 400
    answer = post(SIGN_UP, body)
    assert (answer.status_code, answer.json()["role"]) == (201, "viewer")
    assert post(SIGN_UP, body | {"email": "new@example.com"}).status_code == 400
    assert post("/api/v1/auth/token/", {"email": "new@example.com", "password": PASSWORD}).status_code == 200
    assert admin.delete(f"{INVITATIONS}{made['id']}/").status_code == 409


def test_invitations_end(admin: APIClient) -> None:
    made = [post(INVITATIONS, {"role": "viewer"}, admin).json() for _ in range(2)]
    assert admin.delete(f"{INVITATIONS}{made[0]['id']}/").status_code == 204
    Invitation.objects.filter(pk=made[1]["id"]).update(expires_at=timezone.now())
    for each in made:
        body = {"invitation": each["token"], "email": "new@example.com", "password": PASSWORD}
        assert post(SIGN_UP, body).status_code == 400
        assert Client().get(f"/sign-up/{each['token']}/").status_code == 404
    assert not User.objects.filter(email="new@example.com").exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"role": "king"},
        {"role": "viewer", "email": "nobody"},
        {"role": "viewer", "email": "owner@example.com"},
        {"role": "viewer", "expires_at": "2001-01-01T00:00:00Z"},
        {"role": "viewer", "expires_at": "2999-01-01T00:00:00Z"},
    ],
)
def test_invitations_that_cannot_be_made(body: dict[str, str], admin: APIClient) -> None:
    assert post(INVITATIONS, body, admin).status_code == 400
    assert Invitation.objects.count() == 0


def test_an_invitation_does_not_weaken_the_machine(admin: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    token = post(INVITATIONS, {"role": "viewer"}, admin).json()["token"]
    monkeypatch.setattr("tradinglab.server.accounts.services.machine_grade", lambda: Grade.WEAK)
    answer = post(SIGN_UP, {"invitation": token, "email": "new@example.com", "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (409, "weak_sandbox")
    assert Invitation.objects.get().used_at is None


def test_strangers_do_not_sign_up_unless_it_is_open(owner: User) -> None:
    answer = post(SIGN_UP, {"email": "new@example.com", "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (403, "sign_up_closed")
    assert b"invitation" in Client().post("/sign-up/", {"email": "n@example.com", "password": PASSWORD}).content
    assert User.objects.count() == 1


def test_where_sign_up_is_closed_invitations_count_for_nothing(admin: APIClient, settings: Any) -> None:
    token = post(INVITATIONS, {"role": "viewer"}, admin).json()["token"]
    set_environment(settings, sign_up="closed")
    assert post(INVITATIONS, {"role": "viewer"}, admin).status_code == 403
    assert post(SIGN_UP, {"invitation": token, "email": "n@example.com", "password": PASSWORD}).status_code == 403


def test_open_sign_up_waits_for_the_letter_and_does_not_tell_who_is_there(
    owner: User, settings: Any, letters: list[EmailMessage]
) -> None:
    assert b"/sign-up/" not in Client().get("/login/").content
    set_environment(settings, sign_up="open")
    assert b"/sign-up/" in Client().get("/login/").content
    answers = [post(SIGN_UP, {"email": each, "password": PASSWORD}) for each in ("new@example.com", owner.email)]
    assert [(each.status_code, each.json()) for each in answers] == [(202, answers[0].json())] * 2
    assert "an account" in letters[1].subject
    login = {"email": "new@example.com", "password": PASSWORD}
    assert post("/api/v1/auth/token/", login).json()["code"] == "email_not_verified"
    page = link_in(letters[0])
    assert Client().get(page).status_code == 200
    assert post("/api/v1/auth/token/", login).status_code == 401
    assert b"is confirmed" in Client().post(page).content
    assert post("/api/v1/auth/token/", login).status_code == 200
    assert User.objects.get(email="new@example.com").role == "researcher"
    assert post("/api/v1/auth/token/", {"email": owner.email, "password": PASSWORD}).status_code == 401


def test_the_sign_up_page(admin: APIClient, client: Client) -> None:
    page = f"/sign-up/{post(INVITATIONS, {'role': 'viewer'}, admin).json()['token']}/"
    assert b"too short" in client.post(page, {"email": "new@example.com", "password": "x"}).content
    assert client.post(page, {"email": "new@example.com", "password": PASSWORD}).headers["Location"] == "/login/"
    assert User.objects.get(email="new@example.com").check_password(PASSWORD)


def test_a_key_that_a_key_makes_lives_no_longer_and_ends_none_that_can_do_more(owner: User) -> None:
    until = timezone.now() + timedelta(hours=1)
    made = api_key_create(user=owner, name="k", scopes=["read"], by=owner.scopes, expires_at=until)
    strong = api_key_create(user=owner, name="s", scopes=["run"], by=owner.scopes)
    reader = APIClient()
    reader.credentials(HTTP_AUTHORIZATION=f"Bearer {made.token}")
    child = post("/api/v1/api-keys/", {"name": "child", "scopes": ["read"]}, reader).json()
    assert ApiKey.objects.get(pk=child["id"]).expires_at == until
    assert reader.delete(f"/api/v1/api-keys/{strong.key.pk}/").status_code == 403
    assert reader.delete(f"/api/v1/api-keys/{child['id']}/").status_code == 204
