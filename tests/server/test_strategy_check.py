"""The check and the parameters over the API."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
from rest_framework.test import APIClient
from tests.server.conftest import QUICK

from tradinglab.server.accounts.models import User
from tradinglab.server.strategies import checking, limited
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db
HOME = "/api/v1/strategies/"


def test_files_are_checked_and_stored_nowhere(api: APIClient, client_of: Callable[..., APIClient], owner: User) -> None:
    files = {"main.py": QUICK.replace("set_holdings", "set_holding"), "notes.md": "x"}
    for client in (api, client_of(owner, ("read",))):
        answer = client.post(f"{HOME}check/", {"files": files}, format="json")
        assert answer.status_code == 200, answer.content
    body = answer.json()
    assert body["has_errors"]
    assert [
        (each["code"], each["file"], each["line"], each["column"], each["severity"]) for each in body["findings"]
    ] == [("unknown_member", "main.py", 14, 18, "error")]
    assert body["parameters"] == [
        {"name": "cash", "type": "int", "default": 100000, "file": "main.py", "line": 8,
         "minimum": None, "maximum": None, "step": None}
    ]  # fmt: skip
    assert Strategy.objects.count() == 0


def test_a_version_is_checked(
    api: APIClient, strategy: Strategy, other: User, client_of: Callable[..., APIClient]
) -> None:
    assert strategy.head is not None
    address = f"{HOME}{strategy.pk}/versions/{strategy.head.content_hash}/check/"
    assert api.get(address).json()["findings"] == []
    assert client_of(other).get(address).status_code == 404


def test_parameters_are_listed_with_versions_and_templates(api: APIClient, strategy: Strategy) -> None:
    assert strategy.head is not None
    version = api.get(f"{HOME}{strategy.pk}/versions/{strategy.head.content_hash}/").json()
    assert [(each["name"], each["default"]) for each in version["parameters"]] == [("cash", 100000)]
    listed = {each["name"]: each["parameters"] for each in api.get(f"{HOME}templates/").json()}
    assert [(each["name"], each["default"]) for each in listed["sma-cross"]] == [("fast", 50), ("slow", 200)]
    # Rules may well have none.
    assert all(parameters for name, parameters in listed.items() if not name.startswith("rules-"))


@pytest.mark.parametrize(
    ("asked", "default"),
    [
        ("self.get_parameter('a', 1e999)", None),
        ("float(self.get_parameter('a', 'nan'))", None),
        (f"self.get_parameter('a', 0x{'f' * 5000})", None),
        (r"self.get_parameter('a', 'x\ud800')", "x?"),
        (r"self.get_parameter('a\ud800', 5)", 5),
    ],
)
def test_parameters_that_json_has_no_words_for(asked: str, default: object, api: APIClient) -> None:
    source = QUICK.replace('int(self.get_parameter("cash", "100000"))', asked)
    answer = api.post(f"{HOME}check/", {"files": {"main.py": source}}, format="json")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert [each["default"] for each in body["parameters"]] == [default]
    assert body["findings"] == []


def test_files_without_parameters_are_not_read(api: APIClient, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited.subprocess, "run", None)
    plain = strategy_create(owner=owner, name="Plain", files={"main.py": "x = 1"})
    assert plain.head is not None
    assert api.get(f"{HOME}{plain.pk}/versions/{plain.head.content_hash}/").json()["parameters"] == []


def test_files_that_take_too_much_are_a_finding(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "_TIMEOUT_S", 0.01)
    answer = api.post(f"{HOME}check/", {"files": {"main.py": "x = 1"}}, format="json")
    assert [each["code"] for each in answer.json()["findings"]] == ["too_complex"]


def test_a_fault_of_the_check_is_a_finding_that_is_not_kept(
    api: APIClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    body = {"files": {"main.py": QUICK + "# checked while the check fails"}}
    with monkeypatch.context() as broken:
        broken.setattr(limited.sys, "executable", shutil.which("false"))
        answer = api.post(f"{HOME}check/", body, format="json")
    assert [each["code"] for each in answer.json()["findings"]] == ["check_failed"]
    assert "check_process failed" in caplog.text
    assert api.post(f"{HOME}check/", body, format="json").json()["findings"] == []


def test_too_many_checks_at_once_are_refused(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "_PATIENCE_S", 0.01)
    assert checking._places.acquire()
    assert checking._places.acquire()
    try:
        answer = api.post(f"{HOME}check/", {"files": {"main.py": "y = 1"}}, format="json")
    finally:
        checking._places.release()
        checking._places.release()
    assert (answer.status_code, answer.json()["code"]) == (429, "check_busy")
    assert 0 < int(answer.headers["Retry-After"]) <= 60


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "files"),
        ({"files": {"a.py": ""}}, "files"),
        ({"files": {"main.py": "a\0"}}, "files.main.py"),
        ({"x": 1}, "x"),
    ],
)
def test_files_that_cannot_be_checked(body: object, field: str, api: APIClient) -> None:
    answer = api.post(f"{HOME}check/", body, format="json")
    assert answer.status_code == 400
    assert field in [each["field"] for each in answer.json()["errors"]]
