"""How often something may be asked for that costs others: letters, sign-ups."""

from __future__ import annotations

import hashlib

from django.core.cache import cache

from tradinglab.server.accounts.errors import TooManyAttemptsError
from tradinglab.server.ops.caller import caller

_WINDOW_S = 900
_MOST_PER_CALLER = 20


def attempt_is_allowed(*, what: str, most: int, window_s: int = _WINDOW_S) -> bool:
    """Count one more of *what*, and say whether it is within *most* per window."""
    key = "attempt." + hashlib.sha256(what.encode("utf-8", "replace")).hexdigest()
    cache.add(key, 0, window_s)
    try:
        return int(cache.incr(key)) <= most
    except ValueError:
        # The window ended between the two.
        return True


def attempt_from_caller(*, what: str) -> None:
    """Count one more of *what* from the caller's address.

    Raises
    ------
    TooManyAttemptsError
        If there were too many within a quarter of an hour.
    """
    if not attempt_is_allowed(what=f"{what} from {caller.get().address}", most=_MOST_PER_CALLER):
        raise TooManyAttemptsError(_WINDOW_S)
