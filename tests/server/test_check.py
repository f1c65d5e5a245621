"""``tradinglab check``: what it finds, and its exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


def _command(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tradinglab.cli.main", *words],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), **variables},
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def _verdicts(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    assert not done.stderr
    return {each["name"]: each["verdict"] for each in json.loads(done.stdout)["findings"]}


def test_before_and_after_the_tables_are_made(tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    before = _command("check", "--json", TRADINGLAB_HOME=home)
    assert before.returncode == 1
    assert _verdicts(before)["database"] == "error"
    assert "migrations are not applied" in before.stdout
    subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "migrate", "-v0"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), "TRADINGLAB_HOME": home}, check=True,
    )  # fmt: skip
    after = _command("check", "--json", TRADINGLAB_HOME=home)
    assert after.returncode == 0
    found = _verdicts(after)
    assert (found["settings"], found["database"], found["worker"]) == ("ok", "ok", "warning")


def test_every_wrong_setting_is_named() -> None:
    done = _command("check", PGPORT="x", TRADINGLAB_DEBUG="maybe", TRADINGLAB_HOMES="/tmp")
    assert done.returncode == 1
    assert [line.split()[2] for line in done.stdout.splitlines()] == [
        "TRADINGLAB_DEBUG:",
        "PGPORT:",
        "TRADINGLAB_HOMES:",
    ]


def test_a_database_that_is_away_is_an_error_without_its_password(tmp_path: Path) -> None:
    done = _command(
        "check", TRADINGLAB_HOME=str(tmp_path / "home"), DATABASE_URL="postgres://u:hush-hush@127.0.0.1:1/lab",
        REDIS_URL="redis://:hush-hush@127.0.0.1:1/0",
    )  # fmt: skip
    assert done.returncode == 1
    assert "error    database    failed: OperationalError" in done.stdout
    assert "hush-hush" not in done.stdout + done.stderr


def test_a_deployment_without_a_key_of_its_own_is_warned_of(tmp_path: Path) -> None:
    deployed = {"TRADINGLAB_HOME": str(tmp_path), "DEPLOYED_BACKEND_URL": "https://lab.example.com"}
    assert "SECRET_KEY is not set" in _command("check", **deployed).stdout
    key = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert _verdicts(_command("check", "--json", SECRET_KEY=key, **deployed))["deployment"] == "ok"
