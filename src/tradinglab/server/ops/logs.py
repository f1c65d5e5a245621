"""Logs: one line of JSON for each event in production, lines for people on a terminal, and no secret in either."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from tradinglab.server.config.environment import Environment
from tradinglab.server.ops.context import request_id
from tradinglab.server.ops.secrets import masked, masked_text

#: What a log call may say beside its text. Anything else could hold a request, and with it what it sends.
_SAID = {
    "method",
    "path",
    "route",
    "status",
    "duration_ms",
    "user",
    "client",
    "run",
    "worker",
    "task",
    "seconds",
    "state",
}


def logging_settings(environment: Environment) -> dict[str, Any]:
    """Return Django's ``LOGGING``."""
    is_json = environment.log_format == "json" or (environment.log_format == "auto" and not sys.stderr.isatty())
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "tradinglab.server.ops.logs.line_formatter", "is_json": is_json}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {
            "tradinglab": {"level": environment.log_level},
            # Every request has a line of ours already.
            "django.request": {"level": "ERROR"},
            # Django's own handlers for development.
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True, "level": "ERROR"},
        },
    }


def line_formatter(*, is_json: bool) -> logging.Formatter:
    """Return what makes a line of a log record."""
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(allow=_SAID),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request_id,
        structlog.processors.format_exc_info,
    ]
    last: Processor = _as_json if is_json else _as_text
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _mask, last]
    )


def _add_request_id(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    if (number := request_id.get()) != "-":
        event["request_id"] = number
    return event


def _mask(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {key: masked(value, key) for key, value in event.items()}


_json = structlog.processors.JSONRenderer(default=lambda value: masked_text(str(value)))


def _as_json(logger: WrappedLogger, name: str, event: EventDict) -> str | bytes:
    return _json(logger, name, event)


_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def _visible(text: str) -> str:
    """Return text that does nothing to a terminal; a new line stays one."""
    return _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def _as_text(_: WrappedLogger, __: str, event: EventDict) -> str:
    time = str(event.pop("timestamp"))[11:19]
    level, logger, text = str(event.pop("level")), str(event.pop("logger", "")), str(event.pop("event"))
    trace = event.pop("exception", None)
    rest = " ".join(f"{key}={value}" for key, value in event.items())
    line = f"{time} {level:<7} {text}" + (f"  {rest}" if rest else "") + (f"  [{logger}]" if level != "info" else "")
    return _visible(f"{line}\n{trace}" if trace else line)
