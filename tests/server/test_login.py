"""Logging in by page and by token: throttling, the lock, and that nothing tells who exists."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient
from tests.server.conftest import set_environment

from tradinglab.server.accounts.models import AuditEntry, LoginFailure, User

pytestmark = pytest.mark.django_db
PASSWORD = "a long password 1"
WAYS = ["page", "token"]
EMAILS = ["owner@example.com", "nobody@example.com"]


def log_in(way: str, email: str, password: str, **more: str) -> Any:
    if way == "page":
        return Client().post("/login/", {"username": email, "password": password}, **more)
    return APIClient().post("/api/v1/auth/token/", {"email": email, "password": password}, format="json", **more)


def is_in(answer: Any) -> bool:
    return answer.status_code == 302 or (answer.status_code == 200 and answer["Content-Type"] == "application/json")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("email", EMAILS)
def test_after_five_failures_nobody_is_let_in_for_a_while(way: str, email: str, owner: User) -> None:
    refused = 200 if way == "page" else 401
    assert [log_in(way, email, "wrong").status_code for _ in range(6)] == [refused] * 5 + [429]
    assert log_in(way, email.upper(), PASSWORD).status_code == 429
    LoginFailure.objects.update(at=timezone.now() - timedelta(minutes=16))
    assert is_in(log_in(way, email, PASSWORD)) == (email == owner.email)


def test_a_lock_counts_for_every_way_and_tells_when_to_come_back(owner: User) -> None:
    for _ in range(5):
        log_in("page", owner.email, "wrong")
    answer = log_in("token", owner.email, PASSWORD)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")
    assert int(answer.headers["Retry-After"]) > 0
    assert int(log_in("page", owner.email, PASSWORD).headers["Retry-After"]) > 0


def test_an_address_that_tries_many_users_is_locked_out_others_are_not(owner: User, settings: Any) -> None:
    set_environment(settings, proxies=1)
    for number in range(30):
        assert log_in("token", f"u{number}@example.com", "wrong", HTTP_X_FORWARDED_FOR="6.6.6.6").status_code == 401
    assert log_in("token", owner.email, PASSWORD, HTTP_X_FORWARDED_FOR="6.6.6.6").status_code == 429
    assert log_in("token", owner.email, PASSWORD, HTTP_X_FORWARDED_FOR="7.7.7.7").status_code == 200


def test_a_session_of_the_pages_begins_and_ends_in_the_audit_log(owner: User) -> None:
    browser = Client(headers={"User-Agent": "a browser"}, REMOTE_ADDR="192.0.2.7")
    assert browser.post("/login/", {"username": owner.email, "password": PASSWORD}).status_code == 302
    assert browser.get("/logout/").status_code == 405
    answer = browser.post("/logout/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login/")
    assert browser.get("/").status_code == 302
    assert browser.post("/logout/").status_code == 302
    found = AuditEntry.objects.filter(actor=owner).order_by("id")
    assert [(each.action, each.target_id, each.address, each.agent) for each in found] == [
        (action, str(owner.pk), "192.0.2.7", "a browser") for action in ("login.succeeded", "login.ended")
    ]


def test_success_counts_anew(owner: User) -> None:
    for _ in range(3):
        for _ in range(4):
            log_in("token", owner.email, "wrong")
        assert is_in(log_in("token", owner.email, PASSWORD))


@pytest.mark.parametrize("way", WAYS)
def test_the_answer_does_not_tell_who_exists(way: str, owner: User, other: User) -> None:
    User.objects.filter(pk=other.pk).update(is_active=False)
    keyless = User.objects.create_user("keyless@example.com")
    answers = set()
    for email, password in [(owner.email, "x"), ("nobody@x.org", "x"), (other.email, "a long password 2"), (keyless.email, "x")]:  # fmt: skip # noqa: E501
        answer = log_in(way, email, password)
        text = answer.content.decode() if way == "token" else answer.context["refusal"]
        body = {k: v for k, v in json.loads(text).items() if k != "request_id"} if way == "token" else text
        answers.add((answer.status_code, str(body)))
    assert len(answers) == 1


@pytest.mark.parametrize("email", EMAILS)
def test_a_password_is_hashed_once_whether_there_is_such_a_user_or_not(
    email: str, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.contrib.auth.hashers import MD5PasswordHasher

    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *given: hashed.append(1) or encode(*given))
    log_in("token", email, "wrong")
    assert len(hashed) == 1


def test_log_ins_are_in_the_audit_log_for_the_user_too(owner: User) -> None:
    log_in("token", owner.email, "wrong", HTTP_USER_AGENT="thief")
    log_in("token", "my password", "wrong")
    log_in("page", owner.email, PASSWORD)
    known, unknown, in_ = AuditEntry.objects.filter(action__startswith="login.").order_by("id")
    assert (known.action, known.actor, known.target_id, known.agent) == ("login.failed", None, str(owner.pk), "thief")
    assert (unknown.target_id, unknown.email) == ("", "")
    assert (in_.action, in_.actor) == ("login.succeeded", owner)
    owner.refresh_from_db()
    assert owner.last_login is not None


@pytest.mark.parametrize(
    ("given", "leads_to"),
    [("/backtests/x", "/backtests/x"), ("https://evil.example/", "/"), ("//evil.example/", "/"), ("", "/")],
)
def test_a_log_in_leads_on_within_this_server_alone(given: str, leads_to: str, owner: User, client: Client) -> None:
    answer = client.post("/login/", {"username": owner.email, "password": PASSWORD, "next": given})
    assert (answer.status_code, answer.headers["Location"]) == (302, leads_to)


def test_a_password_does_not_come_back() -> None:
    secret = "hunter2" * 50
    answer = APIClient().post("/api/v1/auth/token/", {"email": "a@b.org", "password": secret}, format="json")
    assert answer.json()["errors"][0]["field"] == "password"
    assert "hunter2" not in answer.content.decode()


@pytest.mark.parametrize(
    "body", [{}, {"email": "a"}, {"email": "a", "password": ["x"]}, {"email": "a\0", "password": "b"},
             {"email": "a", "password": "x" * 257}, {"email": "a", "password": "b", "user": 1}],
)  # fmt: skip
def test_log_ins_that_cannot_be_read(body: dict[str, Any], db: None) -> None:
    assert APIClient().post("/api/v1/auth/token/", body, format="json").status_code == 400
    assert Client().post("/login/", {"username": "a\0@b.c", "password": "x"}).status_code == 200
