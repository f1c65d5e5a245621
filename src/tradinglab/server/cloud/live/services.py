"""Writes about deployments at QuantConnect, as their owners ask for them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from tradinglab.quantconnect import QuantConnect
from tradinglab.quantconnect.models.live import LiveDeployment
from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.models import User
from tradinglab.server.cloud.browsing import asked
from tradinglab.server.cloud.credentials import account_get
from tradinglab.server.cloud.errors import CloudUnknownError
from tradinglab.server.cloud.live.cleaning import cleaned
from tradinglab.server.cloud.live.events import cloud_event_store
from tradinglab.server.cloud.live.models import CloudDeployment, Liquidation, LiveProject, LiveStep
from tradinglab.server.cloud.live.requests import DeployRequest
from tradinglab.server.cloud.live.selectors import under_way
from tradinglab.server.cloud.live.terms import Terms
from tradinglab.server.cloud.live.work import terms_seal
from tradinglab.server.errors import ConflictError, IdempotencyKeyReusedError, InputError, LimitReachedError
from tradinglab.server.runs.limits import owner_lock
from tradinglab.server.strategies.project import project_parameters

#: How long a liquidation is tried for, if nothing else is asked for, and at most.
USUAL_LIQUIDATION_S: Final = 900.0
MOST_LIQUIDATION_S: Final = 7 * 86_400.0
_LARGEST_COMMAND: Final = 16_384


def cloud_deploy(*, user: User, request: DeployRequest, request_key: str | None = None) -> tuple[CloudDeployment, bool]:
    """Store what is to be deployed at QuantConnect; a worker does it. Return it, and whether this request made it.

    Raises
    ------
    NotFoundError
        If the user has no QuantConnect account connected.
    InputError
        If brokerage, data provider, a setting or a parameter cannot be used; no secret is repeated.
    LimitReachedError
        If the user has as many deployments under way there as one may have.
    IdempotencyKeyReusedError
        If the key came with another request.
    """
    account_get(user=user)
    terms = request.check()
    fingerprint = request.fingerprint(terms) if request_key is not None else ""
    if (known := _known(user, request_key, fingerprint)) is not None:
        return known, False
    try:
        return _create(user, request, terms, request_key, fingerprint), True
    except IntegrityError:
        first = _known(user, request_key, fingerprint)
        if first is None:
            raise
        return first, False


def _known(user: User, key: str | None, fingerprint: str) -> CloudDeployment | None:
    found = None if key is None else CloudDeployment.objects.filter(owner=user, request_key=key).first()
    if found is not None and found.request_hash != fingerprint:
        raise IdempotencyKeyReusedError(
            "The Idempotency-Key came before, with another request; send a new key with a new request."
        )
    return found


@transaction.atomic
def _create(user: User, request: DeployRequest, terms: Terms, key: str | None, fingerprint: str) -> CloudDeployment:
    _check_limit(user)
    made = CloudDeployment.objects.create(
        owner=user,
        account=account_get(user=user),
        version=request.version,
        name=request.name or request.version.strategy.name,
        parameters=project_parameters(request.version.files) | dict(request.parameters),
        brokerage=terms.brokerage["id"],
        environment=terms.environment,
        data_providers=sorted(terms.data_providers),
        sealed_settings=terms_seal(terms),
        automatic_redeploy=request.automatic_redeploy,
        lean_version=request.lean_version,
        node_wanted=request.node_id,
        request_key=key,
        request_hash=fingerprint,
    )
    cloud_event_store(deployment_id=made.pk, kind="queued", data={"brokerage": made.brokerage})
    details = {"brokerage": made.brokerage, "environment": made.environment, "version": str(request.version.pk)}
    audit_note(action="quantconnect_deployment.requested", actor=user, target=made, details=details)
    made.refresh_from_db()
    return made


def _check_limit(user: User) -> None:
    owner_lock(user_id=user.pk)
    most, current = settings.ENVIRONMENT.user_deployments, under_way(user=user).count()
    if current >= most:
        text = f"You have {current} deployments under way at QuantConnect, and may have {most}; stop one first."
        raise LimitReachedError(text, limit=most, current=current)


def cloud_follow(*, user: User, project_id: int) -> tuple[CloudDeployment, bool]:
    """Follow a project's deployment that was not deployed from here; return it, and whether it was not followed yet.

    Raises
    ------
    NotFoundError
        If there is no such project, or it was never deployed.
    ConflictError
        If the deployment is over, or the project is about to be deployed from here.
    """
    account = account_get(user=user)

    def read(client: QuantConnect) -> tuple[LiveDeployment, str]:
        return client.live.read(project_id), client.projects.read(project_id).name

    found, name = asked(user, read)
    mine = CloudDeployment.objects.filter(account=account)
    known = mine.filter(deploy_id=found.deploy_id).first()
    if known is not None:
        return known, False
    if found.is_over:
        raise ConflictError(f"The project's last deployment is over: it is {found.status}. There is nothing to follow.")
    if LiveProject.objects.filter(account=account, remote_id=project_id, held_by__is_ended=False).exists():
        raise ConflictError("The project is being deployed from here; it is among the deployments already.")
    try:
        with transaction.atomic():
            _check_limit(user)
            made = _followed(user, found, name, project_id)
    except IntegrityError:
        return mine.get(deploy_id=found.deploy_id), False
    return made, True


def _followed(user: User, found: LiveDeployment, name: str, project_id: int) -> CloudDeployment:
    now = timezone.now()
    made = CloudDeployment.objects.create(
        owner=user,
        account=account_get(user=user),
        name=cleaned(name)[:200] or found.deploy_id,
        brokerage=cleaned(found.brokerage)[:100],
        step=LiveStep.FOLLOW,
        remote_project=project_id,
        project_name=cleaned(name)[:300],
        deploy_id=found.deploy_id[:100],
        status=cleaned(found.status)[:40],
        launched_at=found.launched,
        reported_at=now,
        changed_at=now,
    )
    details = {"project_id": project_id, "deploy_id": found.deploy_id}
    cloud_event_store(deployment_id=made.pk, kind="followed", data=details)
    audit_note(action="quantconnect_deployment.followed", actor=user, target=made, details=details)
    made.refresh_from_db()
    return made


@transaction.atomic
def cloud_stop(*, deployment: CloudDeployment, actor: User) -> CloudDeployment:
    """Have a deployment stopped; what it holds it keeps. One that is over stays as it is.

    A liquidation that is under way is broken off.
    """
    mine = _locked(deployment).filter(is_ended=False, stop_requested_at=None)
    if mine.update(stop_requested_at=timezone.now(), is_wished=True):
        cloud_event_store(deployment_id=deployment.pk, kind="stop_requested")
        note = "It was stopped before all was sold."
        broken_off = _locked(deployment).filter(liquidation=Liquidation.UNDER_WAY)
        if broken_off.update(liquidation=Liquidation.NOT_FLAT, liquidation_note=note):
            data = {"outcome": "not_flat", "times": deployment.liquidate_told, "message": note}
            cloud_event_store(deployment_id=deployment.pk, kind="liquidation", data=data)
        audit_note(action="quantconnect_deployment.stopped", actor=actor, target=deployment, details=_ids(deployment))
    deployment.refresh_from_db()
    return deployment


@transaction.atomic
def cloud_liquidate(
    *, deployment: CloudDeployment, actor: User, confirmation: str, lasts_s: float = USUAL_LIQUIDATION_S
) -> CloudDeployment:
    """Have all sold that a deployment holds, and the deployment stopped: told again until QuantConnect shows it flat.

    Parameters
    ----------
    confirmation
        The deployment's name.
    lasts_s
        After so long without success it is said why.

    Raises
    ------
    InputError
        If the confirmation is not the deployment's name.
    ConflictError
        If it is over, not there yet, or to be stopped.
    """
    if confirmation.strip() != deployment.name.strip():
        text = f"All positions are sold. To confirm, write the deployment's name: '{deployment.name}'."
        raise InputError("confirm", confirmation[:200], text)
    current = _tradable(deployment)
    if current.stop_requested_at is not None:
        raise ConflictError("The deployment is being stopped; stopped, it sells nothing any more.")
    now = timezone.now()
    idle = _locked(deployment).filter(is_ended=False, stop_requested_at=None)
    started = idle.exclude(liquidation=Liquidation.UNDER_WAY).update(
        liquidation=Liquidation.UNDER_WAY,
        liquidation_note="",
        liquidate_requested_at=now,
        liquidate_until=now + timedelta(seconds=lasts_s),
        liquidate_told=0,
        liquidate_told_at=None,
        is_wished=True,
    )
    if started:
        cloud_event_store(deployment_id=deployment.pk, kind="liquidate_requested", data={"lasts_s": lasts_s})
        action = "quantconnect_deployment.liquidation_asked"
        audit_note(action=action, actor=actor, target=deployment, details=_ids(deployment))
    deployment.refresh_from_db()
    return deployment


def cloud_command(*, deployment: CloudDeployment, command: Mapping[str, Any], actor: User) -> None:
    """Send a command to a deployment: with ``$type`` to the class of that name, else to ``on_command``.

    Raises
    ------
    ConflictError
        If it is over or not there yet.
    InputError
        If the command is too large.
    CloudUnknownError
        If the answer was lost: the algorithm may have heard it or not, and it is not sent again.
    """
    if len(json.dumps(dict(command))) > _LARGEST_COMMAND:
        raise InputError("command", "…", f"A command has up to {_LARGEST_COMMAND:,} characters.")
    project = _tradable(deployment).remote_project
    assert project is not None
    # Whatever comes of it: that it was sent is known.
    audit_note(action="quantconnect_deployment.commanded", actor=actor, target=deployment, details=_ids(deployment))
    shown = cleaned(dict(command))
    try:
        asked(actor, lambda client: client.live.command(project, command))
    except CloudUnknownError:
        cloud_event_store(deployment_id=deployment.pk, kind="command", data={"command": shown, "outcome": "unknown"})
        raise
    cloud_event_store(deployment_id=deployment.pk, kind="command", data={"command": shown, "outcome": "sent"})


def _tradable(deployment: CloudDeployment) -> CloudDeployment:
    """Return the deployment as it is now, if QuantConnect trades for it.

    Raises
    ------
    ConflictError
        If it does not.
    """
    current = CloudDeployment.objects.get(pk=deployment.pk)
    if current.is_ended or current.is_over:
        raise ConflictError(f"The deployment is over: it is {current.status or 'Stopped'}.")
    if current.step != LiveStep.FOLLOW:
        raise ConflictError(f"The deployment is not at QuantConnect yet; its next step is '{current.step}'.")
    if current.is_superseded:
        raise ConflictError("The project at QuantConnect has another deployment since; that one would be meant.")
    return current


def _locked(deployment: CloudDeployment) -> Any:
    return CloudDeployment.objects.filter(pk=deployment.pk).exclude(step=LiveStep.OVER)


def _ids(deployment: CloudDeployment) -> dict[str, object]:
    return {"project_id": deployment.remote_project, "deploy_id": deployment.deploy_id, "name": deployment.name}
