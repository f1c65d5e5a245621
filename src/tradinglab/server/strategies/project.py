"""What ``config.json`` says, the file that QuantConnect's command line keeps beside a strategy."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tradinglab.server.texts import notes_problem

_CONFIG = "config.json"
_LONGEST_DESCRIPTION = 10_000
_MOST_PARAMETERS = 200
_LONGEST_VALUE = 1_000
_NAME = re.compile(r"[\w.-]{1,100}")


def project_description(files: Mapping[str, str]) -> str:
    """Return what the project's file says of the strategy; empty if it says nothing, or something unseen is in it."""
    found = _config(files).get("description")
    if not isinstance(found, str):
        return ""
    description = found.encode("utf-8", "replace").decode()[:_LONGEST_DESCRIPTION]
    return "" if notes_problem(description) else description


def project_parameters(files: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that the project's file sets for every run; what can be none is left out."""
    found = _config(files).get("parameters")
    if not isinstance(found, dict):
        return {}
    texts = {name: _text(value) for name, value in found.items() if _NAME.fullmatch(name)}
    kept = {name: text for name, text in texts.items() if text is not None}
    return dict(list(kept.items())[:_MOST_PARAMETERS])


def _config(files: Mapping[str, str]) -> dict[str, Any]:
    try:
        config = json.loads(files.get(_CONFIG, "{}"))
    except (ValueError, RecursionError):
        return {}
    return config if isinstance(config, dict) else {}


def _text(value: object) -> str | None:
    """Return a parameter as the command line would give it."""
    if not isinstance(value, (str, int, float)):
        return None
    text = str(value)
    is_fit = len(text) <= _LONGEST_VALUE and "\0" not in text and text.encode("utf-8", "replace").decode() == text
    return text if is_fit else None
