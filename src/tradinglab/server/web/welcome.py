"""Links that log the owner in once: who starts the server on this machine sees a result, not a form.

A link is a file in the home folder, named by the hash of its token. Making one takes the rights of the server's own
system user, taking the file away is atomic, so that a link works once, and nothing of it can be read from the database.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from tradinglab.server.accounts.models import User

#: Seconds for which a link works.
WELCOME_VALID_S = 600
_TOKEN_BYTES = 32


class Welcome(NamedTuple):
    """Who a link logs in, and which page it leads to."""

    user: User
    page: str


def welcome_create(*, user: User, page: str) -> str:
    """Make a link for a user, and return its token; links of which the time is over are forgotten."""
    folder = _folder()
    folder.mkdir(mode=0o700, exist_ok=True)
    for old in folder.iterdir():
        if old.stat().st_mtime < time.time() - WELCOME_VALID_S:
            old.unlink(missing_ok=True)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    text = json.dumps({"user": user.pk, "page": page, "until": time.time() + WELCOME_VALID_S})
    _file(token).write_text(text, encoding="utf-8")
    return token


def welcome_redeem(*, token: str) -> Welcome | None:
    """Use a link up, and return what it leads to; ``None`` if there is no such link, or no longer."""
    path = _file(token)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        path.unlink()  # of two that come at once, one finds nothing to remove
    except FileNotFoundError:
        return None
    user = User.objects.filter(pk=content["user"], is_active=True).first()
    return Welcome(user, content["page"]) if user is not None and time.time() < content["until"] else None


def _folder() -> Path:
    return Path(settings.HOME.folder) / "welcome"


def _file(token: str) -> Path:
    return _folder() / hashlib.sha256(token.encode()).hexdigest()
