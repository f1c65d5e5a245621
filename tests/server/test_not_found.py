"""Addresses that lead nowhere, as browsers and programs see them; the icon that browsers ask for."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from tradinglab.server.accounts.models import User

pytestmark = pytest.mark.django_db
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/nothing", "/backtests/", "/static/no.css", "/%3Cscript%3Ealert(1)%3C/script%3E"])
def test_a_browser_gets_a_page(path: str) -> None:
    answer = Client().get(path, headers=BROWSER)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    text = answer.content.decode()
    assert "<h1>Not found</h1>" in text
    assert 'href="/"' in text
    assert "<script" not in text
    assert "style=" not in text
    assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"]


def test_another_users_backtest_is_such_a_page(owner: User) -> None:
    client = Client()
    client.force_login(owner)
    answer = client.get(f"/backtests/{uuid.uuid4()}/", headers=BROWSER)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert owner.email in answer.content.decode()


@pytest.mark.parametrize(("path", "headers"), [("/api/nothing/", BROWSER), ("/api/v1/me", BROWSER), ("/nothing", {})])
def test_a_program_gets_a_problem(path: str, headers: dict[str, str]) -> None:
    answer = Client().get(path, headers=headers)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_icon() -> None:
    answer = Client().get("/favicon.ico")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/vnd.microsoft.icon"
    assert answer.content[:4] == b"\0\0\1\0"
    assert Client().get("/static/web/favicon.ico").content == answer.content
    assert 'rel="icon"' in Client().get("/login/").content.decode()
    assert Client().post("/favicon.ico").status_code == 405
