"""The audit log: who did what, on what, from where."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Model, Q, QuerySet

from tradinglab.server.accounts.models import AuditEntry, User
from tradinglab.server.ops.caller import caller
from tradinglab.server.ops.context import request_id


def audit_note(
    *,
    action: str,
    actor: User | None,
    target: Model | None = None,
    email: str = "",
    details: Mapping[str, object] | None = None,
) -> None:
    """Add an entry. Address, user agent and request id are those of the request that is being answered.

    Call it in the transaction of what it tells of, so that both are stored or neither.

    Parameters
    ----------
    action
        Noun, dot, what was done: ``backtest.submitted``.
    actor
        Who did it; ``None`` for the server itself, a command, or somebody unknown.
    target
        What it was done to.
    email
        Who it claims to be, where the actor is not known.
    details
        What else is worth knowing, as JSON can hold it; never a secret.
    """
    where = caller.get()
    AuditEntry.objects.create(
        actor=actor,
        email=actor.email if actor else email[:254],
        action=action,
        target_kind=str(target._meta.model_name) if target else "",
        target_id=str(target.pk) if target else "",
        details=dict(details or {}),
        address=where.address[:64],
        agent=where.agent,
        request_id=request_id.get(),
    )


def audit_list(*, user: User, is_for_all: bool) -> QuerySet[AuditEntry]:
    """Return what a user did, and what was done to the user's account; everything, if it is for all."""
    if is_for_all:
        return AuditEntry.objects.all()
    return AuditEntry.objects.filter(Q(actor=user) | Q(target_kind="user", target_id=str(user.pk)))
