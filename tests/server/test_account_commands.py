"""``tradinglab user``, ``token`` and ``invite``, over an installation of the test's own."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from tests.server.conftest import set_environment

from tradinglab.cli import extras
from tradinglab.cli.main import main
from tradinglab.sandbox import Grade
from tradinglab.server.accounts.models import AuditEntry, Invitation, SignIn, User
from tradinglab.server.accounts.sign_ins import sign_in_create

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Django is set up, and the tables are the test's."""
    monkeypatch.setattr("tradinglab.server.config.startup.start_django", lambda: None)
    monkeypatch.setattr("tradinglab.server.processes.first_run.migrate", lambda: None)
    monkeypatch.setattr("tradinglab.server.accounts.services.machine_grade", lambda: Grade.STRONG)
    monkeypatch.setattr("tradinglab.cli.main.leave_quickly", lambda: None)
    monkeypatch.setattr(extras, "leave_normally", lambda: None)


def command(*words: str, monkeypatch: pytest.MonkeyPatch | None = None, stdin: str = "") -> int:
    if monkeypatch is not None:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    return main(words)


def test_users(owner: User, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    made = ("user", "create", "--email", "v@example.com", "--role", "viewer")
    assert command(*made, monkeypatch=monkeypatch, stdin="a long password 9\n") == 0
    assert command("user", "set-role", "--email", "v@example.com", "--role", "trader") == 0
    user = User.objects.get(email="v@example.com")
    assert user.check_password("a long password 9")
    sign_in_create(user=user)
    again = ("user", "set-password", "--email", "v@example.com")
    assert command(*again, monkeypatch=monkeypatch, stdin="short\n") == 2
    assert command(*again, monkeypatch=monkeypatch, stdin="a long password 8\n") == 0
    assert SignIn.objects.get().revoked_at is not None
    assert command("user", "deactivate", "--email", "v@example.com") == 0
    capsys.readouterr()
    assert command("user", "list", "--json") == 0
    assert json.loads(capsys.readouterr().out)[1] == {"email": "v@example.com", "role": "trader", "is_active": False}
    assert command("user", "activate", "--email", "v@example.com") == 0
    assert command("user", "list") == 0
    assert "active" in capsys.readouterr().out
    assert set(AuditEntry.objects.values_list("agent", flat=True)) == {"command line"}


def test_the_last_admin_stays(owner: User, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("user", "deactivate", "--email", owner.email) == 2
    assert command("user", "set-role", "--email", owner.email, "--role", "viewer") == 2
    assert "last active admin" in capsys.readouterr().err
    assert command("user", "set-role", "--email", owner.email, "--role", "king") == 2
    assert command("user", "reset-totp", "--email", owner.email) == 2
    assert command("user", "deactivate", "--email", "nobody@example.com") == 2


def test_tokens(owner: User, other: User, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("token", "create", "--user", owner.email, "--scope", "read,run", "--json") == 0
    token = json.loads(capsys.readouterr().out)["token"]
    assert command("token", "list", "--user", owner.email, "--json") == 0
    key = json.loads(capsys.readouterr().out)[0]
    assert key["scopes"] == ["read", "run"]
    assert command("token", "list", "--user", owner.email) == 0
    said = capsys.readouterr().out
    assert token[:15] in said
    assert token not in said
    assert command("token", "revoke", "--user", other.email, "--id", str(key["id"])) == 2
    assert command("token", "revoke", "--user", owner.email, "--id", str(key["id"])) == 0
    assert command("token", "revoke", "--user", owner.email, "--id", str(key["id"])) == 2


def test_invitations(owner: User, capsys: pytest.CaptureFixture[str], settings: Any) -> None:
    settings.HOME.note_address("http://localhost:9017")
    assert command("invite", "create", "--role", "viewer", "--json") == 0
    assert json.loads(capsys.readouterr().out)["link"].startswith("http://localhost:9017/sign-up/")
    assert command("invite", "create", "--role", "viewer", "--days", "0") == 2
    assert command("invite", "create", "--role", "viewer", "--email", owner.email) == 2


def test_a_link_leads_to_where_the_server_is(owner: User, capsys: pytest.CaptureFixture[str], settings: Any) -> None:
    create = ("invite", "create", "--role", "viewer")
    assert command(*create) == 2
    assert "DEPLOYED_BACKEND_URL" in capsys.readouterr().err
    assert Invitation.objects.count() == 0
    settings.HOME.note_address("http://localhost:9017")
    assert command(*create) == 0
    said = capsys.readouterr()
    assert said.out.startswith("http://localhost:9017/sign-up/")
    assert "this machine" in said.err
    set_environment(settings, backend_url="https://lab.example.com")
    assert command(*create) == 0
    assert capsys.readouterr().out.startswith("https://lab.example.com/sign-up/")
