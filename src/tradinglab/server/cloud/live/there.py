"""Live deployments at QuantConnect: looking at them, and ending them."""

from __future__ import annotations

import time
from typing import Final, NamedTuple

from tradinglab.quantconnect import QuantConnect
from tradinglab.quantconnect.models.live import LiveDeployment, LivePortfolio
from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.models import User
from tradinglab.server.cloud.browsing import asked
from tradinglab.server.errors import InputError

#: The longest that a request waits for a deployment to be flat.
MOST_WAIT_S: Final = 60.0
_LOOK_EVERY_S: Final = 3.0


class Flatness(NamedTuple):
    """A deployment that is being ended, what it holds, and how often it was told to sell."""

    deployment: LiveDeployment
    portfolio: LivePortfolio
    asked: int


def deployment_list(*, user: User) -> tuple[LiveDeployment, ...]:
    """Return the user's deployments there."""
    return asked(user, lambda client: client.live.list())


def deployment_read(*, user: User, project_id: int) -> LiveDeployment:
    """Return a project's last deployment."""
    return asked(user, lambda client: client.live.read(project_id))


def portfolio_read(*, user: User, project_id: int) -> LivePortfolio:
    """Return what a project's deployment holds, as QuantConnect last told."""
    return asked(user, lambda client: client.live_results.portfolio(project_id))


def deployment_stop(*, user: User, project_id: int, confirmation: str) -> LiveDeployment:
    """Stop a deployment; what it holds it keeps.

    Raises
    ------
    InputError
        If the confirmation is not the project's name.
    """

    def stop(client: QuantConnect) -> LiveDeployment:
        _confirmed(client, project_id, confirmation)
        client.live.stop(project_id)
        return client.live.read(project_id)

    return _noted(user, "stopped", project_id, asked(user, stop))


def deployment_liquidate(*, user: User, project_id: int, confirmation: str, wait_s: float) -> Flatness:
    """Sell what a deployment holds, and stop it; told again until QuantConnect shows it flat, or the time is over.

    Raises
    ------
    InputError
        If the confirmation is not the project's name.
    """

    def liquidate(client: QuantConnect) -> Flatness:
        _confirmed(client, project_id, confirmation)
        # Whatever comes of it: that it was asked for is known.
        _noted(user, "liquidation_asked", project_id, None)
        end = time.monotonic() + min(wait_s, MOST_WAIT_S)
        times = 0
        while True:
            found = client.live.read(project_id)
            was_over = found.is_over and not times
            if not found.is_over:
                client.live.liquidate(project_id)
                times += 1
                found = client.live.read(project_id)
            portfolio = client.live_results.portfolio(project_id)
            # One that was over before sells nothing, however long it is waited for.
            if was_over or (portfolio.is_flat and found.is_over) or time.monotonic() + _LOOK_EVERY_S > end:
                return Flatness(found, portfolio, times)
            time.sleep(_LOOK_EVERY_S)

    made = asked(user, liquidate)
    _noted(user, "liquidated" if made.portfolio.is_flat else "not_flat", project_id, made.deployment)
    return made


def _confirmed(client: QuantConnect, project_id: int, confirmation: str) -> None:
    """Refuse what is not confirmed by the name of the project that is meant."""
    name = client.projects.read(project_id).name
    if confirmation.strip() != name.strip():
        text = f"To be sure, write the name of the project as it is at QuantConnect: '{name}'."
        raise InputError("confirm", confirmation[:200], text)


def _noted(user: User, what: str, project_id: int, deployment: LiveDeployment | None) -> LiveDeployment:
    details: dict[str, object] = {"project_id": project_id}
    if deployment is not None:
        details |= {"deploy_id": deployment.deploy_id, "status": deployment.status}
    audit_note(action=f"quantconnect_deployment.{what}", actor=user, details=details)
    return deployment or LiveDeployment(deploy_id="")
