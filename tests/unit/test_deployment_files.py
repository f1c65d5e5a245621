"""Dockerfile, compose.yaml, Procfile and app.json say what the tree can do."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from tradinglab.cli.main import parser
from tradinglab.server.config.environment import Environment

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {str(field.validation_alias) for field in Environment.model_fields.values()}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found = yaml.safe_load((ROOT / "compose.yaml").read_text())
    assert isinstance(found, dict)
    return found


def _is_command(words: list[str]) -> bool:
    assert words[0] == "tradinglab"
    parser(words[1]).parse_args([each.replace("$PORT", "5000") for each in words[1:]])
    return True


def test_the_commands_of_compose(compose: dict[str, Any]) -> None:
    ours = {name: each for name, each in compose["services"].items() if each.get("image") == "tradinglab"}
    assert set(ours) == {"migrate", "web", "worker", "live", "beat"}
    assert all(_is_command(each["command"]) for each in ours.values())
    for each in ours.values():
        assert {line.split(":")[0] for line in each["volumes"]} <= set(compose["volumes"])
        assert set(each["depends_on"]) <= set(compose["services"])
        assert set(each["environment"]) <= SETTINGS


def test_no_secret_has_a_value_in_compose(compose: dict[str, Any]) -> None:
    text = (ROOT / "compose.yaml").read_text()
    assert "${SECRET_KEY:?" in text
    assert text.count("${POSTGRES_PASSWORD:?") == 2
    assert compose["services"]["postgres"]["environment"]["POSTGRES_PASSWORD"].startswith("${")
    assert "ports" not in compose["services"]["postgres"]
    assert "ports" not in compose["services"]["valkey"]


def test_the_commands_of_the_procfile() -> None:
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    assert set(lines) == {"release", "web", "worker", "live", "beat"}
    assert all(_is_command(shlex.split(each)) for each in lines.values())


def test_the_settings_of_heroku() -> None:
    found = json.loads((ROOT / "app.json").read_text())
    assert set(found["env"]) - {"DISABLE_COLLECTSTATIC"} <= SETTINGS
    procfile = (ROOT / "Procfile").read_text()
    assert all(f"{name}:" in procfile for name in found["formation"])
    assert (ROOT / "bin" / "post_compile").stat().st_mode & 0o100


def test_the_image_is_not_root_s_and_is_locked() -> None:
    text = (ROOT / "Dockerfile").read_text()
    last = text[text.rindex("\nFROM ") :]
    assert re.search(r"^USER tradinglab$", last, re.MULTILINE)
    assert "--require-hashes" in text
    assert "HEALTHCHECK" in last
    assert _is_command(json.loads(re.findall(r"^CMD (.*)$", last, re.MULTILINE)[-1]))
    variables = set(re.findall(r"\b(TRADINGLAB_[A-Z_]+)=", last))
    assert variables <= SETTINGS
    # Every file that is copied is let through by .dockerignore, and is there.
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE)
    for source in " ".join(copied).split():
        assert source in allowed
        assert (ROOT / source).exists()
