"""What a user may take: runs at once, runs that wait, time and memory of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.models import User
from tradinglab.server.errors import InputError, TooManyQueuedError
from tradinglab.server.runs.models import Run, RunLimit, RunState

#: With less a process does not start.
LEAST_MEMORY_MB = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one user may take.

    Attributes
    ----------
    most_running
        Runs under way at once; further ones wait.
    most_queued
        Runs that wait; further ones are refused.
    timeout_s, memory_mb
        The most that one run may take, and what it gets if it does not ask.
    """

    most_running: int
    most_queued: int
    timeout_s: float
    memory_mb: int


class LimitChanges(TypedDict, total=False):
    """Limits of a user that differ from everybody's; ``None`` takes the difference away."""

    most_running: int | None
    most_queued: int | None
    timeout_s: float | None
    memory_mb: int | None


class Usage(NamedTuple):
    """How many runs of a user are under way, and how many wait."""

    running: int
    queued: int


def limits_of(*, user: User) -> Limits:
    """Return what a user may take."""
    return limits_of_many(user_ids=[user.pk])[user.pk]


def limits_of_many(*, user_ids: Iterable[int]) -> dict[int, Limits]:
    """Return what each of several users may take, by the user's id."""
    wanted = list(user_ids)
    own = {each.user_id: each for each in RunLimit.objects.filter(user__in=wanted)}
    return {user_id: _limits(own.get(user_id)) for user_id in wanted}


def _limits(own: RunLimit | None) -> Limits:
    common = settings.ENVIRONMENT
    own = own or RunLimit()
    return Limits(
        most_running=own.most_running or common.user_running,
        most_queued=own.most_queued or common.user_queued,
        timeout_s=own.timeout_s or common.run_timeout_s,
        memory_mb=own.memory_mb or common.run_memory_mb,
    )


@transaction.atomic
def limits_set(*, user: User, changes: LimitChanges, by: User | None = None) -> Limits:
    """Change the limits that are given, leave the rest; runs that are stored already keep theirs."""
    RunLimit.objects.update_or_create(user=user, defaults=dict(changes))
    audit_note(action="user.limits_changed", actor=by, target=user, details=dict(changes))
    return limits_of(user=user)


def usage_of(*, user: User) -> Usage:
    """Return how much of the limits is used."""
    runs = Run.objects.filter(owner=user)
    return Usage(
        runs.filter(state=RunState.RUNNING, lease_until__gte=timezone.now()).count(),
        runs.filter(state=RunState.QUEUED).count(),
    )


def time_and_memory(
    *, user: User, timeout_s: float | None, memory_mb: int | None, lasts_s: float | None = None
) -> tuple[float, int]:
    """Return the seconds and megabytes of a run: what is wished for, as far as the user may have it.

    Parameters
    ----------
    lasts_s
        How long a run may take that takes nobody's time here; the user's limit does not count for it.

    Raises
    ------
    InputError
        If more is wished for.
    """
    most = limits_of(user=user)
    longest = lasts_s or most.timeout_s
    if timeout_s is not None and not 0 < timeout_s <= longest:
        whose = "Your runs" if lasts_s is None else "Elsewhere, such runs"
        text = f"{whose} may take up to {longest:g} s; ask for that or less, or leave it out."
        raise InputError("timeout_s", timeout_s, text)
    if memory_mb is not None and not min(LEAST_MEMORY_MB, most.memory_mb) <= memory_mb <= most.memory_mb:
        text = f"Your runs may take {LEAST_MEMORY_MB} to {most.memory_mb} MB; ask within that, or leave it out."
        raise InputError("memory_mb", memory_mb, text)
    return timeout_s or longest, memory_mb or most.memory_mb


def time_here(*, user: User, timeout_s: float | None) -> float:
    """Return the seconds of a run that was asked for elsewhere and is run here after all: at most the user's limit."""
    most = limits_of(user=user).timeout_s
    return most if timeout_s is None else min(timeout_s, most)


def queue_check(*, user: User) -> None:
    """Refuse a further run of a user who has as many waiting as may wait; called in the transaction that stores it.

    Raises
    ------
    TooManyQueuedError
        Names the limit and the current number.
    """
    owner_lock(user_id=user.pk)
    limit = limits_of(user=user).most_queued
    waiting = usage_of(user=user).queued
    if waiting >= limit:
        text = (
            f"You have {waiting} runs waiting, and {limit} may wait. Let some finish, or cancel some; then try again."
        )
        raise TooManyQueuedError(text, limit=limit, current=waiting)


def owner_lock(*, user_id: int) -> None:
    """Let what is counted of a user stay so until the transaction ends: whoever else counts waits."""
    list(User.objects.select_for_update(no_key=True).filter(pk=user_id).values_list("pk"))
