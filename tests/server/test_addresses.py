"""E-mail addresses and passwords: confirming, changing, resetting."""

from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused
from typing import Any
from unittest.mock import Mock

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient
from tests.server.conftest import link_in

from tradinglab.server.accounts.models import LoginFailure, User
from tradinglab.server.accounts.sign_ins import sign_in_create
from tradinglab.server.config.email import EmailSettings, read_email_url

pytestmark = pytest.mark.django_db
PASSWORD, NEW = "a long password 1", "another password 2"
ASK, CONFIRM = "/api/v1/auth/password-reset/", "/api/v1/auth/password-reset/confirm/"


def post(path: str, body: object = None, by: APIClient | None = None) -> Any:
    return (by or APIClient()).post(path, body, format="json")


def can_log_in(email: str, password: str) -> bool:
    return bool(post("/api/v1/auth/token/", {"email": email, "password": password}).status_code == 200)


def token_in(letter: EmailMessage) -> str:
    return link_in(letter).split("/")[2]


@pytest.fixture
def person(owner: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {sign_in_create(user=owner).access}")
    return client


def test_a_reset_works_once_and_ends_every_session(
    owner: User, person: APIClient, letters: list[EmailMessage], client: Client
) -> None:
    client.force_login(owner)
    post(ASK, {"email": "Owner@Example.com"})
    body = {"token": token_in(letters[0]), "password": NEW}
    assert post(CONFIRM, body | {"password": "short"}).status_code == 400
    assert post(CONFIRM, body).status_code == 204
    assert post(CONFIRM, body).status_code == 400
    assert can_log_in(owner.email, NEW)
    assert not can_log_in(owner.email, PASSWORD)
    assert person.get("/api/v1/me/").status_code == 401
    assert client.get("/").status_code == 302
    owner.refresh_from_db()
    assert owner.email_verified_at is not None


def test_a_reset_opens_a_lock(owner: User, letters: list[EmailMessage]) -> None:
    for _ in range(6):
        can_log_in(owner.email, "wrong")
    post(ASK, {"email": owner.email})
    post(CONFIRM, {"token": token_in(letters[0]), "password": NEW})
    assert LoginFailure.objects.count() == 0
    assert can_log_in(owner.email, NEW)


def test_asking_tells_nothing_and_sends_one_letter_a_minute(
    owner: User, other: User, letters: list[EmailMessage]
) -> None:
    User.objects.filter(pk=other.pk).update(is_active=False)
    answers = [post(ASK, {"email": each}) for each in (owner.email, owner.email, other.email, "nobody@example.com")]
    assert {(each.status_code, each.content) for each in answers} == {(202, answers[0].content)}
    assert [each.to for each in letters] == [[owner.email]]
    assert [post(ASK, {"email": owner.email}).status_code for _ in range(17)] == [202] * 16 + [429]


def test_links_expire(owner: User, letters: list[EmailMessage]) -> None:
    post(ASK, {"email": owner.email})
    with time_machine.travel(timezone.now() + timedelta(hours=1, minutes=1)):
        assert post(CONFIRM, {"token": token_in(letters[0]), "password": NEW}).status_code == 400
    assert can_log_in(owner.email, PASSWORD)


@pytest.mark.parametrize("token", ["", "x", "1.x", "zzzzzzzzzzzzz.a-b", "-1.a-b", "1.a-b", "é.ü-ß"])
def test_tokens_that_are_none(token: str, owner: User) -> None:
    assert post(CONFIRM, {"token": token, "password": NEW}).status_code == 400
    assert post("/api/v1/auth/verify-email/", {"token": token}).status_code == 400


def test_the_pages_of_a_reset(owner: User, letters: list[EmailMessage], client: Client) -> None:
    assert b"under way" in client.post("/password-reset/", {"email": owner.email}).content
    page = link_in(letters[0])
    assert client.get(page).status_code == 200
    assert b"too short" in client.post(page, {"password": "x"}).content
    assert client.post(page, {"password": NEW}).headers["Location"] == "/login/"
    assert b"was used" in client.post(page, {"password": NEW}).content


def test_changing_the_password_needs_the_old_one_and_ends_other_sessions(owner: User, person: APIClient) -> None:
    here, elsewhere = Client(), Client()
    for each in (here, elsewhere):
        each.post("/login/", {"username": owner.email, "password": PASSWORD})
    body = {"current_password": PASSWORD, "new_password": NEW}
    path = "/api/v1/account/password/"
    wrong = post(path, body | {"current_password": "x"}, person)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "current_password")
    assert post(path, body | {"new_password": "1234567890"}, person).json()["errors"][0]["field"] == "new_password"
    assert here.post(path, body, "application/json").status_code == 204
    assert here.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302
    assert person.get("/api/v1/me/").status_code == 401
    assert can_log_in(owner.email, NEW)


def test_passwords_are_not_guessed_with_a_stolen_session(owner: User, person: APIClient) -> None:
    path = "/api/v1/account/sessions/end/"
    assert [post(path, {"password": "x"}, person).status_code for _ in range(6)] == [400] * 5 + [429]
    LoginFailure.objects.all().delete()
    assert post(path, {"password": PASSWORD}, person).status_code == 204
    assert person.get("/api/v1/me/").status_code == 401


def test_the_address_changes_when_the_new_one_is_confirmed(
    owner: User, person: APIClient, letters: list[EmailMessage]
) -> None:
    path, verify = "/api/v1/account/email/", "/api/v1/auth/verify-email/"
    assert post(path, {"email": "new@example.com", "password": "x"}, person).status_code == 400
    assert post(path, {"email": owner.email, "password": PASSWORD}, person).status_code == 400
    assert post(path, {"email": "New@Example.com", "password": PASSWORD}, person).status_code == 202
    assert [each.to for each in letters] == [["new@example.com"]]
    assert can_log_in(owner.email, PASSWORD)
    assert post(verify, {"token": token_in(letters[0])}).status_code == 204
    assert post(verify, {"token": token_in(letters[0])}).status_code == 400
    assert can_log_in("new@example.com", PASSWORD)
    assert not can_log_in("owner@example.com", PASSWORD)
    assert letters[1].to == ["owner@example.com"]


def test_another_users_address_is_not_taken_over(
    owner: User, other: User, person: APIClient, letters: list[EmailMessage]
) -> None:
    path = "/api/v1/account/email/"
    answer = post(path, {"email": other.email, "password": PASSWORD}, person)
    assert answer.status_code == 202
    assert letters == []
    post(path, {"email": "free@example.com", "password": PASSWORD}, person)
    User.objects.filter(pk=other.pk).update(email="free@example.com")
    assert post("/api/v1/auth/verify-email/", {"token": token_in(letters[0])}).status_code == 400
    owner.refresh_from_db()
    assert owner.email == "owner@example.com"


def test_a_new_password_makes_older_links_worthless(
    owner: User, person: APIClient, letters: list[EmailMessage]
) -> None:
    post("/api/v1/account/email/", {"email": "thief@example.com", "password": PASSWORD}, person)
    owner.set_password(NEW)
    owner.save()
    assert post("/api/v1/auth/verify-email/", {"token": token_in(letters[0])}).status_code == 400


def test_an_address_is_confirmed(owner: User, person: APIClient, letters: list[EmailMessage]) -> None:
    for _ in range(2):
        assert post("/api/v1/account/email/verification/", by=person).status_code == 202
    assert len(letters) == 1
    assert post("/api/v1/auth/verify-email/", {"token": token_in(letters[0])}).status_code == 204
    assert person.get("/api/v1/me/").json()["is_email_verified"]


def test_a_letter_that_cannot_be_sent_fails_nobody(
    owner: User, letters: list[EmailMessage], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(EmailMessage, "send", lambda _: (_ for _ in ()).throw(OSError("no server")))
    assert post(ASK, {"email": owner.email}).status_code == 202
    assert "could not be sent" in caplog.text
    assert "/password-reset/" not in caplog.text


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (OSError("no server"), 3),
        (SMTPDataError(451, b"later"), 3),
        (SMTPDataError(550, b"no such user"), 1),
        (SMTPRecipientsRefused({"a": (450, b"busy")}), 3),
        (SMTPRecipientsRefused({"a": (550, b"unknown")}), 1),
    ],
)
def test_a_letter_is_tried_again_if_that_may_help(
    error: Exception, tries: int, owner: User, letters: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = Mock(side_effect=error)
    monkeypatch.setattr(EmailMessage, "send", sent)
    post(ASK, {"email": owner.email})
    assert sent.call_count == tries


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("console:", EmailSettings("console")),
        ("file:///var/mail", EmailSettings("filebased", folder="/var/mail")),
        ("smtp://box", EmailSettings("smtp", host="box", port=25)),
        ("smtp+tls://u%40x:p@box", EmailSettings("smtp", None, "box", 587, "u@x", "p", is_starttls=True)),
        ("smtps://u:p@box:1", EmailSettings("smtp", None, "box", 1, "u", "p", is_tls=True)),
    ],
)
def test_mail_servers(url: str, found: EmailSettings) -> None:
    assert read_email_url(url) == found


@pytest.mark.parametrize("url", ["", "box", "http://box", "smtp://", "file://here", "smtp://box:x"])
def test_mail_servers_that_are_none(url: str) -> None:
    with pytest.raises(ValueError):
        read_email_url(url)
