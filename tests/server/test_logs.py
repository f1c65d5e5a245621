"""What is logged and reported, and that no secret is."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient
from structlog.contextvars import bound_contextvars

from tradinglab.server.accounts.models import User
from tradinglab.server.config.environment import environment
from tradinglab.server.ops import secrets
from tradinglab.server.ops.logs import line_formatter, logging_settings
from tradinglab.server.ops.secrets import masked, masked_text
from tradinglab.server.ops.sentry import scrub, start_sentry

KEY = "tl_0123456789ab_h-ush_h-ush"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Collect what the server's loggers write as JSON."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(line_formatter(is_json=True))
    logger = logging.getLogger("tradinglab")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield stream
    logger.removeHandler(handler)
    logger.setLevel(level)


def _last(lines: io.StringIO) -> dict[str, Any]:
    found = json.loads(lines.getvalue().splitlines()[-1])
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"key {KEY} used", "key tl_*** used"),
        ("Authorization: Bearer abcdef012345", "Authorization: *** ***"),
        ("a Basic dXNlcjpodXNo here", "a Basic *** here"),
        ("postgres://lab:hush@db:5432/lab", "postgres://***@db:5432/lab"),
        ("rediss://:hush@h:6380/0", "rediss://***@h:6380/0"),
        ("https://0123abc@sentry.example.com/1", "https://***@sentry.example.com/1"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "***"),
        ("password=hush&email=a", "password=***&email=a"),
        ("{'new_password': 'hush', 'name': 'n'}", "{'new_password': '***', 'name': 'n'}"),
        ("/welcome/abc-def_1", "/welcome/***"),
        ("https://lab.example.com/backtests/1", "https://lab.example.com/backtests/1"),
        ("the run was taken from box:17", "the run was taken from box:17"),
    ],
)
def test_shapes_of_secrets(text: str, expected: str) -> None:
    assert masked_text(text) == expected


@pytest.mark.parametrize("name", ["password", "X-Api-Key", "refresh_token", "Set-Cookie", "client_secret"])
def test_names_of_secrets(name: str) -> None:
    assert masked({"deep": [{name: "hush", "other": "seen"}]}) == {"deep": [{name: "***", "other": "seen"}]}


def test_the_secrets_of_the_settings_wherever_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUANTCONNECT_USER_ID", "1")
    monkeypatch.setenv("QUANTCONNECT_ACCESS_TOKEN", "0f1e2d3c4b5a6978")
    monkeypatch.setenv("DATABASE_URL", "postgres://u:sw%40rdfish@db/lab")
    environment.cache_clear()
    secrets._of_the_settings.cache_clear()
    try:
        assert masked_text("said 0f1e2d3c4b5a6978 and sw@rdfish") == "said *** and ***"
    finally:
        environment.cache_clear()
        secrets._of_the_settings.cache_clear()


@pytest.mark.parametrize("text", ["a-" * 60_000, "a://" * 60_000, "eyJa-" * 60_000, "token" * 60_000, "x" * 500_000])
def test_what_is_written_to_keep_a_pattern_busy_is_done_with(text: str) -> None:
    assert len(masked_text(text)) < 200_000


def test_a_line_for_a_request(api: APIClient, owner: User, lines: io.StringIO) -> None:
    answer = api.get("/api/v1/me/?token=hush-hush")
    line = _last(lines)
    assert (line["method"], line["path"], line["status"]) == ("GET", "/api/v1/me/", 200)
    assert line["user"] == owner.pk
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert line["duration_ms"] >= 0
    assert "hush" not in lines.getvalue()


def test_a_request_writes_no_line_of_its_own(db: None, lines: io.StringIO) -> None:
    Client().get("/a%0a{%22event%22:%22forged%22}%1b[31m")
    written = lines.getvalue()
    assert len(written.splitlines()) == 1
    assert "\x1b" not in written


def test_a_log_in_shows_no_password(owner: User, lines: io.StringIO) -> None:
    Client().post("/login/", {"username": "owner@example.com", "password": "hush-hush-hush"})
    assert "hush" not in lines.getvalue()


def test_a_run_is_named_in_its_lines(lines: io.StringIO) -> None:
    with bound_contextvars(run="17"):
        logging.getLogger("tradinglab.server.runs").warning("lost")
    assert _last(lines)["run"] == "17"


def test_a_traceback_shows_no_secret(lines: io.StringIO) -> None:
    try:
        raise ValueError(f"postgres://lab:hush@db/lab refused {KEY}")
    except ValueError:
        logging.getLogger("tradinglab.x").exception("it failed with %s", {"password": "hush"}, extra={"request": KEY})
    line = _last(lines)
    assert "Traceback" in line["exception"]
    assert "hush" not in lines.getvalue()
    assert "h-ush" not in lines.getvalue()
    assert "request" not in line


def test_text_does_nothing_to_a_terminal() -> None:
    record = logging.LogRecord("tradinglab", logging.WARNING, "", 0, "red \x1b[31m\r", (), None)
    assert "\x1b" not in (line := line_formatter(is_json=False).format(record))
    assert "\r" not in line


@pytest.mark.parametrize(("given", "is_json"), [("json", True), ("text", False), ("auto", True)])
def test_the_format_can_be_chosen(given: str, is_json: bool) -> None:
    # The standard error stream of the tests is no terminal.
    made = logging_settings(environment().model_copy(update={"log_format": given}))
    assert made["formatters"]["line"]["is_json"] is is_json


def test_nothing_is_reported_without_an_address() -> None:
    assert start_sentry(environment()) is False


def test_what_is_reported_holds_no_secret_and_nobody() -> None:
    event: Any = {
        "message": f"{KEY} failed",
        "user": {"email": "owner@example.com"},
        "request": {
            "method": "POST", "url": "https://lab.example.com/x?token=hush", "headers": {"Cookie": "hush"},
            "data": "hush", "query_string": "token=hush", "env": {"REMOTE_ADDR": "192.0.2.7"},
        },
        "exception": {"values": [{"value": "postgres://lab:hush@db/lab"}]},
        "extra": {"celery-job": {"kwargs": {"password": "hush"}}},
    }  # fmt: skip
    sent = scrub(event, {})
    assert sent["request"] == {"method": "POST", "url": "https://lab.example.com/x"}
    assert "hush" not in json.dumps(sent)
    assert "h-ush" not in json.dumps(sent)
    assert "owner@" not in json.dumps(sent)
