"""Where a request comes from."""

from __future__ import annotations

from contextvars import ContextVar
from ipaddress import ip_address
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest

_LONGEST_AGENT = 256
_FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "X-Real-IP", "Via")


class Caller(NamedTuple):
    """Who is at the other end, as far as the connection tells; empty for commands and workers."""

    address: str = ""
    agent: str = ""
    #: The server's own address as the caller wrote it, such as ``http://localhost:8000``.
    server: str = ""


_NOBODY = Caller()
#: The caller of the request that is being answered.
caller: ContextVar[Caller] = ContextVar("caller", default=_NOBODY)


def caller_of(request: HttpRequest) -> Caller:
    """Return where a request comes from."""
    agent = request.headers.get("User-Agent", "").replace("\0", "")[:_LONGEST_AGENT]
    host = str(request.META.get("HTTP_HOST") or request.META.get("SERVER_NAME", ""))
    return Caller(client_address(request), agent, f"{request.scheme}://{host}")


def client_address(request: HttpRequest) -> str:
    """Return the client's address.

    ``X-Forwarded-For`` is written by whoever likes to. Only the entries of the proxies that ``TRADINGLAB_PROXIES``
    counts are believed: the last ones.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    proxies = settings.ENVIRONMENT.proxies
    named = [each.strip() for each in request.headers.get("X-Forwarded-For", "").split(",") if each.strip()]
    if not proxies or not named:
        return direct
    try:
        return str(ip_address(named[-min(proxies, len(named))]))
    except ValueError:
        return direct


def comes_from_this_machine(request: HttpRequest) -> bool:
    """Say whether a request was made on this machine, to this machine, and not passed on by a proxy."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    host = request.get_host().rpartition(":")[0] or request.get_host()
    return _is_loopback(str(request.META.get("REMOTE_ADDR", ""))) and (host == "localhost" or _is_loopback(host))


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False
