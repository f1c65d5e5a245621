"""Making and using tickets."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from tradinglab.server.accounts.models import Scope, User
from tradinglab.server.accounts.services import digest_of
from tradinglab.server.streams.models import Ticket
from tradinglab.server.streams.standing import Standing

TICKET_VALID = timedelta(seconds=30)
_SECRET_BYTES = 32


class NewTicket(NamedTuple):
    """A ticket's secret, which is shown this once, and its end."""

    ticket: str
    expires_at: datetime


@transaction.atomic
def ticket_issue(*, user: User, standing: Standing, scopes: Collection[str]) -> NewTicket:
    """Make a ticket for a user, good for what the request may do; the user's old ones are forgotten."""
    now = timezone.now()
    Ticket.objects.filter(user=user, expires_at__lte=now).delete()
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    made = Ticket.objects.create(
        user=user,
        api_key_id=standing.api_key_id,
        sign_in_id=standing.sign_in_id,
        session_key=standing.session_key,
        digest=digest_of(secret),
        scopes=sorted(scopes),
        password_mark=standing.password_mark,
        expires_at=now + TICKET_VALID,
    )
    return NewTicket(secret, made.expires_at)


def ticket_redeem(*, secret: str) -> Standing | None:
    """Use a ticket up and return whose it was; of two that try at once, one gets it."""
    usable = Ticket.objects.filter(digest=digest_of(secret), expires_at__gt=timezone.now())
    ticket = usable.first()
    if ticket is None or not usable.filter(pk=ticket.pk).delete()[0] or Scope.READ not in ticket.scopes:
        return None
    standing = Standing(
        user_id=ticket.user_id,
        session_key=ticket.session_key,
        api_key_id=ticket.api_key_id,
        sign_in_id=ticket.sign_in_id,
        password_mark=ticket.password_mark,
    )
    return standing if standing.holds() else None
