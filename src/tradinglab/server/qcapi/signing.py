"""Who asks: a user's number, and a hash of token and time; the token itself never comes over the wire."""

from __future__ import annotations

import base64
import binascii
import re
import time
from typing import NamedTuple

from django.core.cache import cache
from django.http import HttpRequest

from tradinglab.server.accounts.models import QuantConnectToken
from tradinglab.server.accounts.quantconnect_tokens import quantconnect_token_note_use, quantconnect_token_of_hash
from tradinglab.server.ops.caller import client_address
from tradinglab.server.qcapi.errors import SignatureError, TooManyFailuresError

#: How far a client's clock may be off, and how long a signature may travel.
WINDOW_S = 600
_MOST_FAILURES = 30
_FAILURES_COUNT_S = 900
_LONGEST = 400
_SHOWN = re.compile(r"([0-9]{1,18}):([0-9a-fA-F]{64})", re.ASCII)
_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)


class _Signature(NamedTuple):
    user_id: int
    digest: str
    timestamp: str


def token_of_request(request: HttpRequest) -> QuantConnectToken:
    """Return the token with which a request is signed, in its headers or in its address.

    Raises
    ------
    SignatureError
        If it is not signed, or the signature is wrong or too old.
    TooManyFailuresError
        If too many of that user's signatures from that address were wrong.
    """
    signature = _signature(request)
    if signature is None or abs(time.time() - int(signature.timestamp)) > WINDOW_S:
        raise SignatureError
    failures = f"quantconnect.failures:{signature.user_id}:{client_address(request)}"
    failed = int(cache.get(failures) or 0)
    if failed >= _MOST_FAILURES:
        raise TooManyFailuresError
    token = quantconnect_token_of_hash(
        user_id=signature.user_id, digest=signature.digest.lower(), timestamp=signature.timestamp
    )
    if token is None:
        _count(failures)
        raise SignatureError
    if failed:
        cache.delete(failures)
    quantconnect_token_note_use(row=token)
    return token


def _signature(request: HttpRequest) -> _Signature | None:
    """Return what a request shows: two headers, or the same two values in the address for plain downloads."""
    kind, _, shown = request.headers.get("Authorization", "").partition(" ")
    timestamp = request.headers.get("Timestamp", "")
    if kind.lower() != "basic":
        shown, timestamp = request.GET.get("authorization", ""), request.GET.get("timestamp", "")
    shown = shown.strip().removeprefix("Basic ")
    if not shown or len(shown) > _LONGEST or not _TIME.fullmatch(timestamp):
        return None
    try:
        # A plus sign in an address that nobody quoted has become a space.
        text = base64.b64decode(shown.replace(" ", "+"), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    found = _SHOWN.fullmatch(text)
    return None if found is None else _Signature(int(found[1]), found[2], timestamp)


def _count(key: str) -> None:
    cache.add(key, 0, _FAILURES_COUNT_S)
    try:
        cache.incr(key)
    except ValueError:
        # The window ended between the two.
        cache.add(key, 1, _FAILURES_COUNT_S)
