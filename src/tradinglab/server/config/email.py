"""Where letters go, from one address: ``EMAIL_URL``."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


class EmailSettings(NamedTuple):
    """What Django's mail settings come to."""

    backend: str
    folder: str | None = None
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    is_starttls: bool = False
    is_tls: bool = False


def read_email_url(url: str) -> EmailSettings:
    """Return the settings that an address names.

    Raises
    ------
    ValueError
        If it names none.
    """
    parts = urlsplit(url)
    if parts.scheme == "console":
        return EmailSettings("console")
    if parts.scheme == "file" and parts.path.startswith("/"):
        return EmailSettings("filebased", folder=unquote(parts.path))
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(
            "write it as smtp+tls://USER:PASSWORD@HOST:587 (STARTTLS), smtps://USER:PASSWORD@HOST:465, smtp://HOST:25, "
            "file:///FOLDER or console:"
        )
    return EmailSettings(
        "smtp",
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        is_starttls=parts.scheme == "smtp+tls",
        is_tls=parts.scheme == "smtps",
    )
