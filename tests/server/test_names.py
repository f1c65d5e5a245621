"""Names and notes: what cannot be seen in them is refused, and named."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient
from tests.server.test_api import STRATEGY

from tradinglab.server.accounts.invitations import invitation_create
from tradinglab.server.accounts.models import User
from tradinglab.server.accounts.quantconnect_tokens import quantconnect_token_create
from tradinglab.server.accounts.services import api_key_create, user_create
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.services import BacktestRequest, backtest_annotate, backtest_submit
from tradinglab.server.errors import InputError
from tradinglab.server.optimizations.annotating import run_annotate
from tradinglab.server.optimizations.models import Optimization
from tradinglab.server.runs.models import Run
from tradinglab.server.strategies.imports import strategy_import
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create, strategy_duplicate, strategy_update
from tradinglab.server.strategies.versions import version_save

pytestmark = pytest.mark.django_db
V1 = "/api/v1"
# Of each kind some, with the number that the message names.
_UNSEEN = ["\0", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\u200f"]
_LINES = ["\n", "\t", "\r"]
_SEEN = ["Grüße", "日本語", "שלום", "सप्ताह", "👩\u200d💻", "می\u200cخواهم", "e\u0301", "a b"]


def refused(answer: Any, field: str, character: str) -> None:
    assert answer.status_code == 400, answer.content
    entry = json.loads(answer.content)["errors"][0]
    assert entry["field"] == field
    assert f"U+{ord(character):04X}" in entry["message"]


@pytest.mark.parametrize("character", [*_UNSEEN, *_LINES])
def test_names_are_one_line_that_reads_as_it_is(
    character: str, api: APIClient, client_of: Any, other: User, owner: User, strategy: Strategy
) -> None:
    assert strategy.head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run
    for name in (f"a{character}b", f"{character}a", f"a{character}"):
        for where, body in (("strategies", STRATEGY), ("backtests", {"version": str(strategy.head.pk)})):
            refused(api.post(f"{V1}/{where}/", body | {"name": name}, format="json"), "name", character)
        for where in (f"strategies/{strategy.pk}", f"backtests/{run.pk}"):
            refused(api.patch(f"{V1}/{where}/", {"name": name}, format="json"), "name", character)
            refused(api.patch(f"{V1}/{where}/", {"tags": ["a", name]}, format="json"), "tags.1", character)
        refused(api.post(f"{V1}/strategies/{strategy.pk}/duplicate/", {"name": name}, format="json"), "name", character)
        refused(api.post(f"{V1}/api-keys/", {"name": name, "scopes": ["read"]}, format="json"), "name", character)
        body = {"role": "viewer", "email": f"{name}@example.com"}
        admin = client_of(other, ("read", "admin"))
        refused(admin.post(f"{V1}/invitations/", body, format="json"), "email", character)


@pytest.mark.parametrize("name", ["\u200b", " \u2060\ufeff ", "\u200d"])
def test_a_name_is_something_to_be_seen(name: str, api: APIClient) -> None:
    refused(api.post(f"{V1}/strategies/", STRATEGY | {"name": name}, format="json"), "name", name.strip()[0])


@pytest.mark.parametrize("name", _SEEN)
def test_every_script_can_be_written(name: str, api: APIClient, strategy: Strategy) -> None:
    answer = api.patch(f"{V1}/strategies/{strategy.pk}/", {"name": name, "tags": [name]}, format="json")
    assert answer.status_code == 200, answer.content
    assert (answer.json()["name"], answer.json()["tags"]) == (name, [name])


@pytest.mark.parametrize("character", [*_UNSEEN, "\r"])
def test_notes_have_lines_and_tabs(character: str, api: APIClient, owner: User, strategy: Strategy) -> None:
    assert strategy.head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run
    for where, field in ((f"strategies/{strategy.pk}", "description"), (f"backtests/{run.pk}", "notes")):
        refused(api.patch(f"{V1}/{where}/", {field: f"a{character}b"}, format="json"), field, character)
        answer = api.patch(f"{V1}/{where}/", {field: "a\n\tb\r\nc"}, format="json")
        assert (answer.status_code, answer.json()[field]) == (200, "a\n\tb\r\nc")


@pytest.mark.parametrize("character", _UNSEEN)
def test_services_refuse_them_whoever_calls(character: str, owner: User, strategy: Strategy) -> None:
    assert strategy.head is not None
    bad, number = f"a{character}b", f"U\\+{ord(character):04X}"
    version = strategy.head
    calls: list[Callable[[], object]] = [
        lambda: user_create(email=f"{bad}@example.com", role="viewer"),
        lambda: user_create(email=f"a@{bad}.com", role="viewer"),
        lambda: invitation_create(by=None, role="viewer", email=f"{bad}@example.com"),
        lambda: api_key_create(user=owner, name=bad, scopes=["read"], by=["read"]),
        lambda: quantconnect_token_create(user=owner, name=bad, by=["read"]),
        lambda: strategy_create(owner=owner, name=bad, files={"main.py": "1"}),
        lambda: strategy_create(owner=owner, name="n", tags=[bad], files={"main.py": "1"}),
        lambda: strategy_update(strategy=strategy, name=bad),
        lambda: strategy_update(strategy=strategy, description=bad),
        lambda: strategy_duplicate(strategy=strategy, owner=owner, name=bad),
        lambda: backtest_submit(owner=owner, request=BacktestRequest(version=version, name=bad)),
        lambda: backtest_annotate(test=Backtest(), name=bad),
        lambda: backtest_annotate(test=Backtest(), notes=bad),
        lambda: backtest_annotate(test=Backtest(), tags=["a", bad]),
        lambda: run_annotate(annotated=Optimization(), name=bad),
        lambda: version_save(strategy=strategy, author=owner, files={"main.py": "1"}, message=bad),
    ]
    for call in calls:
        with pytest.raises(InputError, match=number):
            call()
    assert (Strategy.objects.count(), User.objects.count(), Run.objects.count()) == (1, 1, 0)


def test_what_is_too_long_to_be_stored_is_refused_too(owner: User, strategy: Strategy) -> None:
    assert strategy.head is not None
    request = BacktestRequest(version=strategy.head, name="x" * 201)
    calls: list[Callable[[], object]] = [
        lambda: api_key_create(user=owner, name="x" * 101, scopes=["read"], by=["read"]),
        lambda: strategy_create(owner=owner, name="x" * 201, files={"main.py": "1"}),
        lambda: backtest_submit(owner=owner, request=request),
        lambda: backtest_annotate(test=Backtest(), notes="x" * 10_001),
        lambda: backtest_annotate(test=Backtest(), tags=["x" * 51]),
        lambda: version_save(strategy=strategy, author=owner, files={"main.py": "1"}, message="x" * 501),
    ]
    for call in calls:
        with pytest.raises(InputError, match="at most"):
            call()


@pytest.mark.parametrize("folder", ["a\u202eb", "a\x07b", "a\u2028b"])
def test_folders_and_files_in_a_zip_file(folder: str, owner: User) -> None:
    for path in (f"{folder}/main.py", f"p/{folder}.md"):
        with pytest.raises(InputError, match=r"U\+") as refused:
            strategy_import(owner=owner, archive=zipped({"p/main.py": "1", path: "1"}))
        assert folder not in str(refused.value)
    assert Strategy.objects.count() == 0


def test_what_a_zip_file_is_called_and_says_of_itself(owner: User) -> None:
    config = json.dumps({"description": "a\u202eb"})
    files = {"main.py": "1", "config.json": config}
    made = strategy_import(owner=owner, archive=zipped(files), file_name="a\u202eb\x07 👩\u200d💻").strategy
    assert (made.name, made.description) == ("ab 👩\u200d💻", "")


def zipped(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return buffer.getvalue()
