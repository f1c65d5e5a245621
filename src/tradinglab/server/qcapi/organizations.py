"""Organisations: every user has one alone. What is shared is a project, not an organisation."""

from __future__ import annotations

from typing import NamedTuple

from tradinglab.server.accounts.models import User
from tradinglab.server.accounts.quantconnect_tokens import quantconnect_identity
from tradinglab.server.errors import NotFoundError


class Organization(NamedTuple):
    """A user's organisation."""

    id: str
    name: str
    user_name: str


def organization_of(user: User, organization_id: str | None = None) -> Organization:
    """Return a user's organisation.

    Raises
    ------
    NotFoundError
        If another one is asked for.
    """
    identity = quantconnect_identity(user=user)
    if organization_id is not None and organization_id != identity.organization_id:
        raise NotFoundError(f"There is no organization '{organization_id[:64]}' that you are a member of.")
    name = user_name(user)
    return Organization(identity.organization_id, f"{name}'s laboratory", name)


def user_name(user: User) -> str:
    """Return what a user is called where others see it."""
    return user.email.partition("@")[0]
