"""Who may open a WebSocket, and from where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.http import parse_cookie
from django.http.request import split_domain_port, validate_host

from tradinglab.server.accounts.models import Scope
from tradinglab.server.streams.errors import RefusedError
from tradinglab.server.streams.services import ticket_redeem
from tradinglab.server.streams.standing import Standing, session_user, standing_of

BAD_MESSAGE = 4400
NOBODY = 4401
BAD_ORIGIN = 4403
NOT_FOUND = 4404
TOO_MANY = 4429
_DEFAULT_PORTS = {"http": 80, "https": 443}


def headers_of(scope: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers of the opening request, by names in small letters."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def query_of(scope: Mapping[str, Any]) -> dict[str, str]:
    """Return what the address asks; of a name that is given twice, the last."""
    asked = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=20)
    return {name: values[-1] for name, values in asked.items()}


def check_origin(headers: Mapping[str, str], *, is_needed: bool) -> None:
    """Refuse a page of somebody else's: browsers send the cookie whoever asks, and say who does.

    Raises
    ------
    RefusedError
        If the origin is neither the server's own address nor one that the settings name.
    """
    origin = headers.get("origin", "")
    if not origin and not is_needed:
        return
    host = headers.get("host", "")
    allowed = [*settings.CSRF_TRUSTED_ORIGINS, *settings.CORS_ALLOWED_ORIGINS]
    is_here = validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS) and _same_host(origin, host)
    if not is_here and origin not in allowed:
        raise RefusedError(BAD_ORIGIN, "This page's origin is not allowed; see TRADINGLAB_CORS_ORIGINS.")


def _same_host(origin: str, host: str) -> bool:
    try:
        parts, own = urlsplit(origin), urlsplit(f"//{host}")
        default = _DEFAULT_PORTS.get(parts.scheme)
        return (
            default is not None and parts.hostname == own.hostname and (parts.port or default) == (own.port or default)
        )
    except ValueError:
        return False


def enter(scope: Mapping[str, Any]) -> Standing:
    """Return whose connection this is: by its ticket, else by the page's session.

    Raises
    ------
    RefusedError
        If it is nobody's, or comes from a page of somebody else's.
    """
    headers, query = headers_of(scope), query_of(scope)
    if (secret := query.get("ticket")) is not None:
        check_origin(headers, is_needed=False)
        standing = ticket_redeem(secret=secret)
        if standing is None:
            raise RefusedError(NOBODY, "The ticket is wrong, used or expired; ask for another.")
        return standing
    session_key = parse_cookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME, "")
    user = session_user(session_key) if session_key else None
    if user is None:
        raise RefusedError(NOBODY, "Log in, or open with a ticket of /api/v1/ws-tickets/.")
    check_origin(headers, is_needed=True)
    if Scope.READ not in user.scopes:
        raise RefusedError(NOBODY, "Your role may not read.")
    return standing_of(user, None, session_key)
