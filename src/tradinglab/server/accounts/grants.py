"""What a key or token may be made to do: no more, and no longer, than who makes it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.utils import timezone

from tradinglab.server.accounts.models import ApiKey, Scope
from tradinglab.server.errors import InputError


def check_scopes(scopes: Collection[str], *, by: Collection[str]) -> None:
    """Refuse scopes that are unknown, or beyond those of the caller (*by*).

    Raises
    ------
    InputError
        Names the scope.
    """
    for scope in scopes:
        if scope not in Scope.values:
            raise InputError("scopes", scope, f"There is no scope '{scope}'. Choose from: {', '.join(Scope.values)}.")
        if scope not in by:
            raise InputError("scopes", scope, f"The scope '{scope}' is more than you have: {', '.join(sorted(by))}.")
    if not scopes:
        raise InputError("scopes", [], f"Name at least one scope: {', '.join(Scope.values)}.")


def granted_until(expires_at: datetime | None, *, maker: ApiKey | None) -> datetime | None:
    """Return when what is made ends: no later than the key that makes it.

    Raises
    ------
    InputError
        If the moment has passed.
    """
    if expires_at is not None and expires_at <= timezone.now():
        raise InputError("expires_at", expires_at.isoformat(), "That moment has passed; give one to come.")
    if maker is not None and maker.expires_at is not None:
        return min(maker.expires_at, expires_at or maker.expires_at)
    return expires_at
