"""Writes about deployments as their owners ask for them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from tradinglab.data.feeds.spec import FeedKind
from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.parameters import parameters_check
from tradinglab.server.config.data_sources import SAMPLE
from tradinglab.server.errors import ConflictError, IdempotencyKeyReusedError, InputError, LimitReachedError
from tradinglab.server.honesty.errors import SealedDaysError
from tradinglab.server.honesty.selectors import hold_out_sealed
from tradinglab.server.live.events import live_event_store
from tradinglab.server.live.feeds import feed_wanted
from tradinglab.server.live.models import ACTIVE, Deployment, DeploymentCommand, Status
from tradinglab.server.runs.limits import owner_lock
from tradinglab.server.strategies.models import StrategyVersion
from tradinglab.server.strategies.project import project_parameters
from tradinglab.server.strategies.running import files_run

MOST_SPEED = 1_000_000.0
_MOST_AMOUNT = 10**12
_CURRENCY = re.compile(r"[A-Z0-9]{2,10}", re.ASCII)
_LARGEST_COMMAND = 16_384
_MOST_WAITING_COMMANDS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentRequest:
    """What is to be deployed.

    Attributes
    ----------
    data
        The feed: a source whose bars are replayed, or a feed's name, as :class:`FeedSpec` reads it.
    start_at, speed
        Where the strategy's clock starts and how fast it goes; without a start it is the present, at the pace of the
        present.
    cash
        Amounts by currency; empty for the strategy's own.
    holdings
        What the account holds: ``symbol_id``, ``ticker``, ``quantity`` and ``average_price`` as texts.
    automatic_redeploy
        Whether to go on, from the last snapshot, if the process is lost.
    """

    version: StrategyVersion
    name: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    data: str = SAMPLE
    start_at: datetime | None = None
    speed: float = 1.0
    cash: Mapping[str, Decimal] = field(default_factory=dict)
    holdings: Sequence[Mapping[str, str]] = ()
    automatic_redeploy: bool = False
    notification: Mapping[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse what cannot be deployed.

        Raises
        ------
        InputError
            Names field, value, and what to do.
        """
        feed = feed_wanted(name=self.data)
        files_run(self.version.files)
        if not 0 < self.speed <= MOST_SPEED:
            raise InputError("speed", self.speed, f"The speed is above 0 and up to {MOST_SPEED:,.0f}.")
        if self.start_at is not None and feed.kind != FeedKind.REPLAY:
            text = f"The feed '{feed}' brings the bars of the present; leave 'start' out, or replay a data source."
            raise InputError("start", self.start_at.isoformat(), text)
        if self.start_at is None and self.speed != 1.0:
            text = "A feed of the present goes at its own pace; name a 'start' to replay the past faster."
            raise InputError("speed", self.speed, text)
        if self.start_at is not None and self.start_at > timezone.now():
            text = "That time is to come; name one in the past, or leave it out."
            raise InputError("start", self.start_at.isoformat(), text)
        self._check_sealed()
        self._check_account()

    def _check_sealed(self) -> None:
        """Refuse a replay that would come to sealed days, as it goes on as long as there are bars."""
        if self.start_at is None:
            return
        sealed = hold_out_sealed(strategy=self.version.strategy)
        if sealed is not None and self.start_at.date() <= sealed.last_day:
            text = (
                f"The days of this strategy from {sealed.first_day} to {sealed.last_day} are sealed as its hold-out, "
                "and a replay would come to them. Start after them, or open the hold-out first."
            )
            raise SealedDaysError("start", self.start_at.isoformat(), text)

    def _check_account(self) -> None:
        """Refuse money and positions that no account has."""
        for currency, amount in self.cash.items():
            if not _CURRENCY.fullmatch(currency):
                raise InputError("cash", currency[:20], "That is no currency; write USD or BTC.")
            if not amount.is_finite() or not 0 <= amount <= _MOST_AMOUNT:
                text = f"A paper account starts with 0 to {_MOST_AMOUNT:,} of a currency; give such an amount."
                raise InputError(f"cash.{currency}", _shown(amount), text)
        for place, each in enumerate(self.holdings):
            for name, least in (("quantity", -_MOST_AMOUNT), ("average_price", 0)):
                amount = Decimal(each[name])
                if not amount.is_finite() or not least <= amount <= _MOST_AMOUNT:
                    text = f"Give a number from {least:,} to {_MOST_AMOUNT:,}."
                    raise InputError(f"holdings.{place}.{name}", _shown(amount), text)

    def values(self) -> dict[str, Any]:
        """Return the columns."""
        return {
            "version": self.version,
            "name": self.name,
            "parameters": project_parameters(self.version.files) | dict(self.parameters),
            "data": self.data,
            "start_at": self.start_at,
            "speed": self.speed,
            "cash": {name: str(amount) for name, amount in self.cash.items()},
            "holdings": [dict(each) for each in self.holdings],
            "automatic_redeploy": self.automatic_redeploy,
            "notification": dict(self.notification),
        }

    def fingerprint(self) -> str:
        """Return a hash by which the same request is known again."""
        wanted = {**self.values(), "version": str(self.version.pk), "start_at": str(self.start_at)}
        return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()


def _shown(amount: Decimal) -> str:
    return f"{amount.normalize():f}"[:50] if amount.is_finite() else str(amount)


def deployment_create(
    *, owner: User, request: DeploymentRequest, actor: User | None = None, request_key: str | None = None
) -> tuple[Deployment, bool]:
    """Store a deployment that a process is to take up; return it, and whether this request made it.

    Parameters
    ----------
    actor
        Who asks, if it is not the owner.

    Raises
    ------
    InputError
        If feed, speed, cash or a parameter cannot be used.
    LimitReachedError
        If the owner has as many deployments under way as one may have.
    IdempotencyKeyReusedError
        If the key came with another request.
    """
    request.check()
    parameters_check(files=request.version.files, parameters=request.parameters)
    if (known := _known(owner, request_key, request)) is not None:
        return known, False
    try:
        return _create(owner, request, actor or owner, request_key), True
    except IntegrityError:
        first = _known(owner, request_key, request)
        if first is None:
            raise
        return first, False


@transaction.atomic
def _create(owner: User, request: DeploymentRequest, actor: User, key: str | None) -> Deployment:
    owner_lock(user_id=owner.pk)
    most = settings.ENVIRONMENT.user_deployments
    current = Deployment.objects.filter(owner=owner, status__in=ACTIVE).count()
    if current >= most:
        text = f"You have {current} deployments under way, and may have {most}; stop one, then deploy another."
        raise LimitReachedError(text, limit=most, current=current)
    made = Deployment.objects.create(
        owner=owner,
        request_key=key,
        request_hash=request.fingerprint() if key is not None else "",
        **request.values(),
    )
    live_event_store(deployment_id=made.pk, kind="status", data={"status": str(Status.IN_QUEUE)})
    audit_note(action="deployment.created", actor=actor, target=made, details={"data": made.data})
    made.refresh_from_db()
    return made


def _known(owner: User, key: str | None, request: DeploymentRequest) -> Deployment | None:
    found = None if key is None else Deployment.objects.filter(owner=owner, request_key=key).first()
    if found is not None and found.request_hash != request.fingerprint():
        raise IdempotencyKeyReusedError(
            "The Idempotency-Key came before, with another request; send a new key with a new request."
        )
    return found


@transaction.atomic
def deployment_stop(*, deployment: Deployment, actor: User) -> Deployment:
    """Stop a deployment, and leave its positions as they are; one that is over stays as it is."""
    now = timezone.now()
    waiting = Deployment.objects.filter(pk=deployment.pk, status=Status.IN_QUEUE)
    if waiting.update(status=Status.STOPPED, stop_requested_at=now, stopped_at=now):
        data = {"status": str(Status.STOPPED), "message": "", "error": None}
        live_event_store(deployment_id=deployment.pk, kind="finished", data=data)
    elif Deployment.objects.filter(pk=deployment.pk, status__in=ACTIVE, stop_requested_at=None).update(
        stop_requested_at=now
    ):
        live_event_store(deployment_id=deployment.pk, kind="stop_requested")
    else:
        deployment.refresh_from_db()
        return deployment
    audit_note(action="deployment.stopped", actor=actor, target=deployment)
    deployment.refresh_from_db()
    return deployment


@transaction.atomic
def deployment_liquidate(*, deployment: Deployment, actor: User) -> Deployment:
    """Sell all that a deployment holds, then stop it.

    Raises
    ------
    ConflictError
        If it is over.
    """
    now = timezone.now()
    active = Deployment.objects.filter(pk=deployment.pk, status__in=ACTIVE)
    if not active.exists():
        deployment.refresh_from_db()
        raise ConflictError(f"The deployment is over: it is {deployment.status}.")
    if active.filter(liquidate_requested_at=None).update(liquidate_requested_at=now):
        live_event_store(deployment_id=deployment.pk, kind="liquidate_requested")
        audit_note(action="deployment.liquidated", actor=actor, target=deployment)
    deployment.refresh_from_db()
    return deployment


@transaction.atomic
def deployment_command(*, deployment: Deployment, body: Mapping[str, Any], actor: User) -> DeploymentCommand:
    """Send a command: with ``$type`` to the class of that name, else to ``on_command``.

    Raises
    ------
    ConflictError
        If the deployment is over, or does not take up the commands that it was sent before.
    InputError
        If the command is too large.
    """
    if len(json.dumps(dict(body))) > _LARGEST_COMMAND:
        raise InputError("command", "…", f"A command has up to {_LARGEST_COMMAND:,} characters.")
    if not Deployment.objects.filter(pk=deployment.pk, status__in=ACTIVE).exists():
        deployment.refresh_from_db()
        raise ConflictError(f"The deployment is over: it is {deployment.status}.")
    if DeploymentCommand.objects.filter(deployment=deployment, sent_at=None).count() >= _MOST_WAITING_COMMANDS:
        raise ConflictError(f"{_MOST_WAITING_COMMANDS} commands wait already; send more when they were taken up.")
    made = DeploymentCommand.objects.create(deployment=deployment, body=dict(body))
    audit_note(action="deployment.commanded", actor=actor, target=deployment, details={"command": made.pk})
    return made


@transaction.atomic
def deployments_command(*, deployments: Iterable[Deployment], body: Mapping[str, Any], actor: User) -> None:
    """Send a command to several deployments, to all or to none: who is refused may send it again.

    Raises
    ------
    ConflictError
        If one of them is over, or does not take up the commands that it was sent before.
    InputError
        If the command is too large.
    """
    for each in deployments:
        deployment_command(deployment=each, body=body, actor=actor)
