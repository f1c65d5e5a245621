"""What goes wrong on pages: browsers get a page that says so, programs a problem document."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.services import BacktestRequest, backtest_submit
from tradinglab.server.errors import DamagedResultError, TooManyQueuedError
from tradinglab.server.strategies.models import Strategy

pytestmark = pytest.mark.django_db
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def raising(error: Exception) -> Any:
    def work(*args: object, **options: object) -> Any:
        raise error

    return work


def browser_of(user: User) -> Client:
    browser = Client(headers=BROWSER, raise_request_exception=False)
    browser.force_login(user)
    return browser


def is_page(answer: Any, title: str) -> bool:
    text = answer.content.decode()
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Accept" in answer.headers["Vary"]
    assert answer.headers["X-Request-ID"] in text
    assert 'href="/"' in text
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    return f"<h1>{title}</h1>" in text


@pytest.mark.parametrize(
    ("error", "status", "title", "text"),
    [
        (KeyError("the inside"), 500, "The server failed", "its log"),
        (OperationalError("the inside"), 503, "Not available for now", "database does not answer"),
        (DamagedResultError(), 404, "Not found", "damaged on the server"),
        (TooManyQueuedError("Too many.", limit=1, current=1), 429, "Too many requests", "Too many."),
    ],
)
def test_an_error_within_a_page(
    error: Exception, status: int, title: str, text: str, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradinglab.server.web.views.backtest_list", raising(error))
    browser = browser_of(owner)
    answer = browser.get("/")
    assert answer.status_code == status
    assert is_page(answer, title)
    assert text.lower() in answer.content.decode().lower()
    assert "the inside" not in answer.content.decode()
    assert ("Retry-After" in answer.headers) == (status in (429, 503))
    told = browser.get("/", headers={"Accept": "*/*"})
    assert (told.status_code, told.headers["Content-Type"]) == (status, "application/problem+json")
    assert told.json()["status"] == status
    assert ("Retry-After" in told.headers) == (status in (429, 503))


def test_what_a_role_may_not_do(owner: User, strategy: Strategy) -> None:
    assert strategy.head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run
    User.objects.filter(pk=owner.pk).update(role="viewer")
    browser = browser_of(owner)
    answer = browser.post(f"/backtests/{run.pk}/annotate/", {"name": "x"})
    assert answer.status_code == 403
    assert is_page(answer, "Not allowed")
    assert "Your role may read only." in answer.content.decode()
    assert owner.email in answer.content.decode()
    assert browser.post(f"/backtests/{run.pk}/annotate/", headers={"Accept": "*/*"}).json()["code"] == (
        "permission_denied"
    )


def test_a_form_that_is_not_ours(owner: User) -> None:
    browser = Client(headers=BROWSER, enforce_csrf_checks=True)
    answer = browser.post("/login/", {"username": owner.email, "password": "a long password 1"})
    assert answer.status_code == 403
    assert is_page(answer, "Not allowed")
    assert "out of date" in answer.content.decode()
    answer = Client(enforce_csrf_checks=True).post("/login/", {})
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "application/problem+json")


@pytest.mark.parametrize("path", ["/", "/login/"])
def test_a_host_that_is_not_the_servers(path: str) -> None:
    answer = Client(headers=BROWSER).get(path, headers={"Host": "evil.example.com"})
    assert answer.status_code == 400
    assert is_page(answer, "The request cannot be carried out")
    assert "evil" not in answer.content.decode()
    assert "TRADINGLAB_ALLOWED_HOSTS" in answer.content.decode()
    assert Client().get(path, headers={"Host": "evil.example.com"}).json()["code"] == "bad_request"


@pytest.mark.parametrize(
    ("method", "path", "allowed", "text"),
    [("get", "/logout/", "POST", "shows nothing"), ("post", "/", "GET, HEAD", "takes nothing")],
)
def test_a_method_that_a_page_does_not_take(method: str, path: str, allowed: str, text: str, owner: User) -> None:
    browser = browser_of(owner)
    answer = getattr(browser, method)(path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
    assert is_page(answer, "Not possible here")
    assert text in answer.content.decode()
    told = getattr(browser, method)(path, headers={"Accept": "*/*"})
    assert (told.status_code, told.headers["Allow"], told.json()["code"]) == (405, allowed, "method_not_allowed")


@pytest.mark.parametrize("error", [KeyError("x"), OperationalError("x")])
def test_the_api_has_problems_and_no_pages(error: Exception, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradinglab.server.backtests.api.views.backtest_get", raising(error))
    answer = browser_of(owner).get("/api/v1/backtests/00000000-0000-0000-0000-000000000000/")
    assert answer.status_code in (500, 503)
    assert answer.headers["Content-Type"] == "application/problem+json"
