"""The steps of a deployment at QuantConnect until it is there; the one that has it trade is sent once.

Each other step may be taken twice: what it makes there has an id that is stored, or a name with a token by which it is
found. ``live/create`` is never sent again once it may have been: what it has made is looked for in the project.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from tradinglab.quantconnect import NoSpareNodeError, NotFoundError, QuantConnect, QuantConnectError
from tradinglab.quantconnect.models.live import LiveDeployment
from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.cloud.compiling import compile_message
from tradinglab.server.cloud.live.models import CloudDeployment, LiveStep
from tradinglab.server.cloud.live.projects import live_files_send, live_project_forget, live_project_hold
from tradinglab.server.cloud.live.work import LiveWork, Told

_COMPILE_LASTS: Final = timedelta(minutes=15)
#: So long one that may have been started is looked for before it is said that nobody knows,
_LIST_LATE: Final = timedelta(seconds=90)
#: and so long after that: money may be at stake.
_UNKNOWN_LASTS: Final = timedelta(hours=24)
_LONGEST_TEXT: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What comes next, after how long, what was learnt, and the events that say so."""

    step: LiveStep
    after_s: float = 0.0
    learnt: Mapping[str, Any] = field(default_factory=dict)
    told: tuple[Told, ...] = ()


class Over(Exception):
    """It cannot be deployed, for a reason that does not pass by itself."""

    def __init__(self, code: str, message: str, **more: str) -> None:
        self.error = {"code": code, "message": message[:_LONGEST_TEXT], **more}
        super().__init__(message)


def _project(work: LiveWork, client: QuantConnect) -> Next:
    # A QuantConnect that is away, or does not accept the credentials, is found out before anything is looked for.
    client.account.check()
    project = live_project_hold(work=work, client=client)
    name = client.projects.read(project).name
    return Next(step=LiveStep.FILES, learnt={"remote_project": project, "project_name": name[:300]})


def _files(work: LiveWork, client: QuantConnect) -> Next:
    live_files_send(work=work, client=client)
    return Next(step=LiveStep.COMPILE)


def _compile(work: LiveWork, client: QuantConnect) -> Next:
    made = client.compiling.create(work.remote_project)
    return Next(step=LiveStep.COMPILING, after_s=0.5, learnt={"compile_id": made.compile_id})


def _compiling(work: LiveWork, client: QuantConnect) -> Next:
    compiled = client.compiling.read(work.remote_project, work.row.compile_id)
    if compiled.has_failed:
        text = "\n".join(compiled.logs)[:_LONGEST_TEXT]
        message = compile_message(compiled.logs)
        raise Over("compile_error", f"QuantConnect could not compile it: {message}", trace=text)
    if compiled.is_success:
        return Next(step=LiveStep.START)
    waited = timezone.now() - work.row.step_at
    if waited > _COMPILE_LASTS:
        minutes = _COMPILE_LASTS.total_seconds() / 60
        raise Over("compile_timeout", f"QuantConnect still compiled it after {minutes:g} minutes. Deploy it again.")
    return Next(step=LiveStep.COMPILING, after_s=min(5.0, 0.5 + waited.total_seconds() / 5))


def _start(work: LiveWork, client: QuantConnect) -> Next:
    row = work.row
    if row.is_asked:
        return _look_for(work, client)
    newest = newest_in(client, work.remote_project)
    if newest is not None and not newest.is_over:
        raise Over(
            "quantconnect_deployed_already",
            f"In the project {work.remote_project} at QuantConnect there is a deployment under way that was not "
            f"started from here: {newest.deploy_id} is {newest.status}. Stop it there, then deploy again.",
        )
    before = "" if newest is None else newest.deploy_id
    node, terms = _node(work, client), work.terms()
    # Before it is sent, it has to be known that it may have been: from here on it is looked for, and never sent again.
    work.keep(is_asked=True, before_id=before, node_id=node, step_at=timezone.now())
    try:
        made = client.live.create(
            work.remote_project,
            row.compile_id,
            node,
            brokerage=terms.brokerage,
            data_providers=terms.data_providers,
            version_id=row.lean_version,
            automatic_redeploy=row.automatic_redeploy,
            notification=terms.notification,
            parameters=row.parameters,
        )
    except QuantConnectError as error:
        if not error.is_uncertain:
            # Refused, or never sent: there is nothing to be looked for.
            work.keep(is_asked=False)
        raise
    if made.deploy_id == before:
        # The client had an older request to look for, and has sent nothing.
        work.keep(is_asked=False)
        return Next(step=LiveStep.START, after_s=1.0)
    return _started(work, made)


def _node(work: LiveWork, client: QuantConnect) -> str:
    """Return the live node that is wanted, or one that is free."""
    if work.row.node_wanted:
        return work.row.node_wanted
    found = client.nodes.of_project(work.remote_project)
    usable = [each for each in found.nodes.live if each.active or found.auto_select_node]
    free = [each for each in usable if not each.busy]
    if not usable:
        raise Over(
            "quantconnect_no_live_node",
            "The QuantConnect account has no live node that the project may use. Add one at QuantConnect, under "
            "Organization > Resources, then deploy again.",
        )
    if not free:
        names = ", ".join(f"{each.name or each.id} ({each.used_by or 'busy'})" for each in usable[:5])
        raise NoSpareNodeError(f"All live nodes are busy: {names}.")
    return sorted(free, key=lambda each: not each.active)[0].id


def _look_for(work: LiveWork, client: QuantConnect) -> Next:
    """Look for what was asked for and may be there."""
    row = work.row
    newest = newest_in(client, work.remote_project)
    if newest is not None and newest.deploy_id != row.before_id:
        return _started(work, newest)
    waited = timezone.now() - row.step_at
    if waited < _LIST_LATE:
        return Next(step=LiveStep.START, after_s=5.0)
    text = (
        f"It is not known whether QuantConnect has started it: the answer was lost, and the project "
        f"{work.remote_project} shows no new deployment. It is not asked for again. Look at quantconnect.com."
    )
    if waited > _UNKNOWN_LASTS:
        live_project_forget(work=work)
        raise Over("quantconnect_outcome_unknown", text)
    told = () if row.alert else (Told("alert", {"code": "outcome_unknown", "message": text}),)
    return Next(step=LiveStep.START, after_s=30.0, learnt={"alert": "outcome_unknown"}, told=told)


def _started(work: LiveWork, made: LiveDeployment) -> Next:
    row, now = work.row, timezone.now()
    others = CloudDeployment.objects.filter(account=row.account, remote_project=row.remote_project)
    others.exclude(pk=row.pk).update(is_superseded=True)
    details = {"project_id": row.remote_project, "deploy_id": made.deploy_id, "brokerage": row.brokerage}
    audit_note(action="quantconnect_deployment.started", actor=row.owner, target=row, details=details)
    learnt = {
        "deploy_id": made.deploy_id[:100],
        "status": made.status[:40],
        "launched_at": made.launched or now,
        "reported_at": now,
        "changed_at": now,
        "alert": "",
        # QuantConnect has them now.
        "sealed_settings": "",
    }
    told = [Told("deployed", details), Told("status", {"status": made.status, "message": made.message})]
    if row.alert:
        told.insert(0, Told("recovered", {"code": row.alert}))
    return Next(step=LiveStep.FOLLOW, after_s=1.0, learnt=learnt, told=tuple(told))


def newest_in(client: QuantConnect, project_id: int) -> LiveDeployment | None:
    """Return a project's last deployment, if it was ever deployed."""
    try:
        return client.live.read(project_id)
    except NotFoundError:
        if project_is_gone(client, project_id):
            raise
        return None


def project_is_gone(client: QuantConnect, project_id: int) -> bool:
    """Say whether there is no such project, rather than no deployment in it."""
    try:
        client.projects.read(project_id)
    except NotFoundError:
        return True
    return False


STEPS: Final[Mapping[LiveStep, Callable[[LiveWork, QuantConnect], Next]]] = {
    LiveStep.PROJECT: _project,
    LiveStep.FILES: _files,
    LiveStep.COMPILE: _compile,
    LiveStep.COMPILING: _compiling,
    LiveStep.START: _start,
}
