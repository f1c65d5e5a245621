"""Keeping secrets out of what leaves the process: logs, error reports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from tradinglab.server.config.environment import environment

MASK = "***"
_SHORTEST = 6
_LONGEST = 64_000
_WORDS = "password|passwd|secret|token|api[_-]?key|authorization|cookie|dsn|sessionid|csrf"
_IS_SECRET_NAME = re.compile(rf".*(?:{_WORDS}).*", re.IGNORECASE | re.DOTALL)
# Repetitions have bounds: what is logged may have been written to keep a pattern busy.
_NAMED = rf"((?<![a-z0-9_-])[a-z0-9_-]{{0,40}}(?:{_WORDS})[a-z0-9_-]{{0,40}})"
#: Where a secret stands, and what stays of it.
_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(bearer|basic|token)\s+[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"\btl_[A-Za-z0-9]+_[A-Za-z0-9_-]+"), f"tl_{MASK}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{1,500}\.[A-Za-z0-9_-]{1,2000}\.[A-Za-z0-9_-]*"), MASK),
    (re.compile(r"(\b[a-z][a-z0-9+.-]{0,20}://)[^\s/?#'\"]*@", re.IGNORECASE), rf"\1{MASK}@"),
    (re.compile(r"(/welcome/)[A-Za-z0-9_-]+"), rf"\1{MASK}"),
    (re.compile(rf"{_NAMED}(['\"]?\s*[:=]\s*['\"]?)(?!\*\*\*)[^\s'\"&,;)}}]+", re.IGNORECASE), rf"\1\2{MASK}"),
)


def masked(value: object, name: str = "") -> object:
    """Return *value* without what is secret in it, however deep it lies; *name* is what it is called."""
    if isinstance(value, str):
        return MASK if value and _IS_SECRET_NAME.fullmatch(name) else masked_text(value)
    if isinstance(value, Mapping):
        return {key: masked(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(inner, name) for inner in value]
    if isinstance(value, bytes):
        return masked(value.decode("utf-8", "replace"), name)
    return value


def masked_text(text: str) -> str:
    """Return *text* without passwords, keys and tokens: those of the settings, and whatever looks like one."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]} … ({len(text) - _LONGEST} more)"
    for secret in _of_the_settings():
        text = text.replace(secret, MASK)
    for shape, rest in _SHAPES:
        text = shape.sub(rest, text)
    return text


@lru_cache(maxsize=1)
def _of_the_settings() -> tuple[str, ...]:
    """Return the secrets that the environment holds; one of a few letters would black out half the log."""
    values = (getattr(environment(), name) for name in type(environment()).model_fields)
    plain: set[str] = set()
    for value in values:
        if isinstance(value, SecretStr):
            text = value.get_secret_value()
            plain |= {text, *(each.strip() for each in text.split(","))}
            # Of an address, its password alone is a secret too.
            plain |= {unquote(urlsplit(text).password or "")} if "://" in text else set()
    postgres = environment().postgres()
    plain |= {str(postgres["PASSWORD"])} if postgres else set()
    return tuple(sorted((each for each in plain if len(each) >= _SHORTEST), key=len, reverse=True))
