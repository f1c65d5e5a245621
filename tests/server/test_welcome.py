"""The link that logs the owner in once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client

from tradinglab.server.accounts.models import AuditEntry, User
from tradinglab.server.web.welcome import welcome_create


@pytest.fixture
def link(owner: User) -> str:
    return f"/welcome/{welcome_create(user=owner, page='/backtests/')}"


def test_it_logs_in_once(link: str, owner: User) -> None:
    browser = Client()
    answer = browser.get(link, SERVER_NAME="localhost")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/backtests/")
    assert browser.session["_auth_user_id"] == str(owner.pk)
    assert "no-store" in answer.headers["Cache-Control"]
    assert AuditEntry.objects.filter(action="login.succeeded", actor=owner).count() == 1
    again = Client()
    answer = again.get(link, SERVER_NAME="localhost")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login/")
    assert "_auth_user_id" not in again.session


@pytest.mark.parametrize(
    "asked",
    [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"HTTP_HOST": "lab.example.com"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_X_FORWARDED_FOR": ""},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
    ],
)
def test_it_is_for_this_machine_alone(asked: dict[str, str], link: str, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    browser = Client()
    assert browser.get(link, **{"SERVER_NAME": "localhost", **asked}).status_code == 404
    # It was not used up by that.
    assert browser.get(link, SERVER_NAME="localhost").headers["Location"] == "/backtests/"


def test_it_ends(owner: User) -> None:
    with time_machine.travel("2026-01-01T12:00:00Z", tick=False) as clock:
        token = welcome_create(user=owner, page="/")
        clock.shift(601)
        assert Client().get(f"/welcome/{token}", SERVER_NAME="localhost").headers["Location"] == "/login/"


def test_a_user_who_may_not_log_in_is_not_logged_in(link: str, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert Client().get(link, SERVER_NAME="localhost").headers["Location"] == "/login/"


def test_a_preview_does_not_use_it_up(link: str) -> None:
    Client().head(link, SERVER_NAME="localhost")
    assert Client().get(link, SERVER_NAME="localhost").headers["Location"] == "/backtests/"


def test_the_token_is_not_stored(link: str, settings: Any) -> None:
    token = link.rpartition("/")[2]
    files = [path for path in Path(settings.HOME.folder).rglob("*") if path.is_file()]
    assert not any(token in path.name or token.encode() in path.read_bytes() for path in files)


@pytest.mark.parametrize("token", ["x", "..", "%2e%2e", "a" * 5000, "\u20ac"])
def test_what_was_never_made_leads_to_the_form(token: str, owner: User) -> None:
    assert Client().get(f"/welcome/{token}", SERVER_NAME="localhost").status_code in (302, 404)
