"""Tokens for QuantConnect's clients: made, listed and revoked over REST and on the command line."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from tests.server.qcapi.client import Signed

from tradinglab.cli import token as command
from tradinglab.cli.main import main
from tradinglab.server.accounts.models import ApiKey, AuditEntry, QuantConnectToken, User
from tradinglab.server.accounts.quantconnect_tokens import MOST_TOKENS

pytestmark = pytest.mark.django_db
_TOKENS = "/api/v1/quantconnect-tokens/"


def client_with(made: dict[str, Any]) -> Signed:
    return Signed(made["user_id"], made["token"], made["organization_id"], made["collaborator_id"])


def test_a_token_is_made_listed_and_revoked(api: APIClient, owner: User) -> None:
    answer = api.post(_TOKENS, {"name": "laptop", "scopes": ["read"]}, format="json")
    made = answer.json()
    assert (answer.status_code, made["user_id"], made["scopes"]) == (201, owner.pk, ["read"])
    assert re.fullmatch("[a-f0-9]{64}", made["token"])
    qc = client_with(made)
    assert qc.done("organizations/list")["organizations"][0]["id"] == made["organization_id"]
    (listed,) = api.get(_TOKENS).json()["results"]
    assert listed["last_used_at"] is not None
    assert made["token"] not in json.dumps(listed)
    assert api.delete(f"{_TOKENS}{made['id']}/").status_code == 204
    assert qc.raw("authenticate").status_code == 401
    assert api.get(_TOKENS).json()["results"] == []
    assert api.delete(f"{_TOKENS}{made['id']}/").status_code == 404
    entries = AuditEntry.objects.filter(target_kind="quantconnecttoken").order_by("id")
    assert [each.action for each in entries] == ["quantconnect_token.created", "quantconnect_token.revoked"]
    assert made["token"] not in str([each.details for each in entries])


def test_identities_stay(api: APIClient) -> None:
    first, second = (api.post(_TOKENS, {"name": name}, format="json").json() for name in ("one", "two"))
    assert first["token"] != second["token"]
    for name in ("user_id", "organization_id", "collaborator_id"):
        assert first[name] == second[name]


def test_a_key_makes_no_token_that_may_more_or_lasts_longer(owner: User, client_of: Callable[..., APIClient]) -> None:
    reader = client_of(owner, scopes=("read",))
    assert reader.post(_TOKENS, {"name": "x", "scopes": ["run"]}, format="json").status_code == 400
    assert reader.post(_TOKENS, {"name": "x"}, format="json").json()["scopes"] == ["read"]
    end = timezone.now() + timedelta(hours=1)
    ApiKey.objects.update(expires_at=end)
    reader.post(_TOKENS, {"name": "y", "expires_at": None}, format="json")
    assert QuantConnectToken.objects.get(name="y").expires_at == end
    strong = QuantConnectToken.objects.create(user=owner, name="strong", sealed_token="", scopes=["read", "run"])
    assert reader.delete(f"{_TOKENS}{strong.pk}/").status_code == 403


def test_a_role_that_shrinks_shrinks_its_tokens(owner: User, qc: Signed) -> None:
    User.objects.filter(pk=owner.pk).update(role="viewer")
    assert "scope 'run'" in qc.refused("projects/create", name="x", language="Py")


def test_there_is_a_most(api: APIClient) -> None:
    for _ in range(MOST_TOKENS):
        assert api.post(_TOKENS, {"name": "x"}, format="json").status_code == 201
    assert api.post(_TOKENS, {"name": "x"}, format="json").json()["code"] == "limit_reached"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run a command in the database of the test."""
    monkeypatch.setattr(command, "open_installation", lambda: None)

    def call(*words: str) -> tuple[int, str]:
        status = main(list(words))
        told = capsys.readouterr()
        return status, told.out + told.err

    return call


def test_the_command_line_makes_lists_and_revokes(owner: User, run: Callable[..., tuple[int, str]]) -> None:
    whose = ("--user", owner.email, "--kind", "quantconnect")
    status, told = run("token", "create", *whose, "--json")
    made = json.loads(told)
    assert (status, set(made)) == (0, {"user_id", "token", "organization_id", "collaborator_id"})
    assert client_with(made).raw("authenticate").status_code == 200
    assert "command line" in run("token", "list", *whose)[1]
    (listed,) = json.loads(run("token", "list", *whose, "--json")[1])
    assert "is revoked" in run("token", "revoke", *whose, "--id", str(listed["id"]))[1]
    assert client_with(made).raw("authenticate").status_code == 401
    status, told = run("token", "create", "--user", owner.email)
    assert (status, "--scope" in told) == (2, True)


@pytest.mark.django_db(transaction=True)
def test_the_request_of_the_documentation_is_signed_rightly(qc: Signed, live_server: Any) -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "quantconnect.md").read_text(encoding="utf-8")
    (walk,) = (block for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) if "v2/authenticate" in block)
    known = {"SERVER": live_server.url, "QC_USER": str(qc.user_id), "QC_TOKEN": qc.token, "PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", walk], env=known, capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(done.stdout) == {"success": True, "errors": []}
