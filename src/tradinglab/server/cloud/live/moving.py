"""Moving one deployment at QuantConnect on under a claim, and what becomes of it if that fails."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.utils import timezone

from tradinglab.quantconnect import (
    AuthenticationError,
    ConfigurationError,
    InvalidRequestError,
    NoSpareNodeError,
    NotFoundError,
    QuantConnect,
    QuantConnectError,
)
from tradinglab.server.cloud.credentials import account_note
from tradinglab.server.cloud.errors import CloudCredentialsError, cloud_error
from tradinglab.server.cloud.live.ending import liquidation_give_up
from tradinglab.server.cloud.live.following import follow, note_silence
from tradinglab.server.cloud.live.models import LiveStep
from tradinglab.server.cloud.live.projects import live_project_forget
from tradinglab.server.cloud.live.steps import STEPS, Over, project_is_gone
from tradinglab.server.cloud.live.work import LiveWork, Told, live_claim, live_get, live_release, live_renew, soon
from tradinglab.server.cloud.remote import client_of
from tradinglab.server.cloud.work import WorkLost
from tradinglab.server.errors import SealError

_log = logging.getLogger(__name__)
_NODE_WAIT_S, _SEAL_WAIT_S = 20.0, 60.0
_FIRST_WAIT_S, _MOST_WAIT_S = 2.0, 60.0
#: So often in a row a step may break off here of one that is not there yet.
_MOST_BROKEN_OFF: Final = 20
_TOLD_FAILURES: Final = (1, 5, 20, 100, 500)


class Deployments:
    """Deployments, whose steps are taken under claims."""

    what = "deployment"

    def claim(self, deployment_id: UUID) -> int | None:
        """Take a deployment's next step, if it is due and nobody else is about it; return the claim's number."""
        return live_claim(deployment_id=deployment_id)

    def renew(self, deployment_id: UUID, fence: int) -> None:
        """Give a sign of life."""
        live_renew(deployment_id=deployment_id, fence=fence)

    def release(self, deployment_id: UUID, fence: int) -> None:
        """Let others take the next step."""
        live_release(deployment_id=deployment_id, fence=fence)

    def carry_out(self, deployment_id: UUID, fence: int) -> None:
        """Take a deployment's next step, and those that need not wait, under a claim."""
        work = live_get(deployment_id=deployment_id, fence=fence)
        if work is None:
            return
        try:
            _carry_out(work)
        except WorkLost:
            return
        self.release(deployment_id, fence)

    def stumbled(self, deployment_id: UUID, fence: int, error: Exception) -> None:
        """Wait ever longer after a step that broke off for a reason of our own; one that trades is never given up."""
        work = live_get(deployment_id=deployment_id, fence=fence)
        if work is None:
            return
        row = work.row
        reason = f"Its step '{row.step}' fails here ({type(error).__name__}); this server's log says more."
        if row.step == LiveStep.FOLLOW:
            _note_trouble(work, reason)
        if row.step != LiveStep.FOLLOW and not row.is_asked and row.failures >= _MOST_BROKEN_OFF:
            _over(work, "server", reason)
        else:
            _wait(work, reason, _pause_s(work))
        self.release(deployment_id, fence)


DEPLOYMENTS: Final = Deployments()


def _carry_out(work: LiveWork) -> None:
    try:
        with client_of(work.row.account, is_patient=True) as client:
            _take(work, client)
    except Over as outcome:
        work.finish(status="DeployError", message=str(outcome), error=outcome.error)
    except SealError as error:
        if work.row.step == LiveStep.FOLLOW or work.row.is_asked:
            # It trades there: with keys or credentials put right, it is followed on.
            _wait(work, str(error), _SEAL_WAIT_S)
        else:
            failure = {"code": "quantconnect_credentials", "message": str(error)}
            work.finish(status="DeployError", message=str(error), error=failure)
    except QuantConnectError as error:
        error.reason = work.masked(error.reason)
        _failed(work, error)


def _take(work: LiveWork, client: QuantConnect) -> None:
    while True:
        if work.row.step == LiveStep.FOLLOW:
            follow(work, client)
            return
        if work.row.stop_requested_at is not None and not work.row.is_asked:
            work.finish(status="Stopped", message="It was stopped before it was started.")
            return
        step = LiveStep(work.row.step)
        came = STEPS[step](work, client)
        changes = {**came.learnt, "failures": 0, "waiting_for": "", "next_at": soon(came.after_s)}
        told = list(came.told)
        if came.step != step:
            changes |= {"step": came.step, "step_at": timezone.now()}
            told.append(Told("step", {"step": str(came.step), **_known(work, came.learnt)}))
        work.record(told, changes)
        if came.after_s:
            return


def _known(work: LiveWork, learnt: Mapping[str, object]) -> dict[str, object]:
    """Return what it is called at QuantConnect, as far as that is known."""
    columns = {"project_id": "remote_project", "compile_id": "compile_id", "deploy_id": "deploy_id"}
    found = {name: learnt.get(column, getattr(work.row, column)) for name, column in columns.items()}
    return {name: each for name, each in found.items() if each}


def _failed(work: LiveWork, error: QuantConnectError) -> None:
    """Decide what becomes of a deployment whose step failed: it waits, or it cannot be deployed."""
    row, step = work.row, LiveStep(work.row.step)
    if isinstance(error, AuthenticationError):
        refusal = cloud_error(error)
        assert isinstance(refusal, CloudCredentialsError)
        account_note(account=row.account, error=refusal)
    is_there = step == LiveStep.FOLLOW or row.is_asked
    match error:
        case _ if is_there:
            # It trades there, or may: whatever is wrong, it is asked for again.
            if step == LiveStep.FOLLOW:
                _note_trouble(work, error.reason)
            _again(work, error)
        case AuthenticationError():
            _over(work, "quantconnect_credentials", f"QuantConnect does not accept the credentials: {error.reason}")
        case NotFoundError() if step == LiveStep.PROJECT or row.remote_project is None:
            _again(work, error)
        case NotFoundError():
            _not_found(work, error)
        case InvalidRequestError() | ConfigurationError():
            _over(work, "quantconnect_refused", f"QuantConnect refused: {error.reason}")
        case _:
            _again(work, error)


def _not_found(work: LiveWork, error: NotFoundError) -> None:
    """Make another project, if somebody has deleted it there; else something that was asked for is not there."""
    try:
        with client_of(work.row.account, is_patient=True) as client:
            is_gone = project_is_gone(client, work.remote_project)
    except QuantConnectError as other:
        _again(work, other)
        return
    if not is_gone:
        _over(work, "quantconnect_refused", f"QuantConnect refused: {error.reason}")
        return
    live_project_forget(work=work)
    _again(work, error, step=LiveStep.PROJECT, step_at=timezone.now(), remote_project=None, compile_id="")


def _note_trouble(work: LiveWork, reason: str) -> None:
    note_silence(work, reason)
    liquidation_give_up(work, reason)


def _over(work: LiveWork, code: str, message: str) -> None:
    work.finish(status="DeployError", message=message, error={"code": code, "message": message})


def _again(work: LiveWork, error: QuantConnectError, **changes: object) -> None:
    wait_s = _pause_s(work)
    if isinstance(error, NoSpareNodeError):
        wait_s = _NODE_WAIT_S
    # What QuantConnect asks for is waited, within reason.
    wait_s = max(wait_s, min(getattr(error, "wait_s", None) or 0.0, 10 * _MOST_WAIT_S))
    _wait(work, error.reason, wait_s, **changes)


def _pause_s(work: LiveWork) -> float:
    return min(_MOST_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(work.row.failures, 10))


def _wait(work: LiveWork, reason: str, wait_s: float, **changes: object) -> None:
    row, failures = work.row, work.row.failures + 1
    said = reason[:1000].replace("\0", "")
    told = []
    if failures in _TOLD_FAILURES:
        told.append(Told("waiting", {"step": row.step, "reason": said, "failures": failures}))
    work.record(told, {"failures": failures, "waiting_for": said, "next_at": soon(wait_s), **changes})
    _log.info("deployment %s at QuantConnect waits %.0f s: %s", row.pk, wait_s, said)
