"""Deployments whose answers get lost: money is at stake, so none is asked for twice."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from tests.quantconnect.canned import Canned

from tradinglab.quantconnect.errors import InvalidRequestError, NotFoundError, OutcomeUnknownError
from tradinglab.quantconnect.models.optimizations import Search, SearchRange

_NONE = {"success": False, "errors": ["No live deployment found"]}


class Exchange:
    """The live part of an account with one project."""

    def __init__(self, *, deployed: str = "", late: int = 0) -> None:
        self.deployed = [deployed] if deployed else []
        self.late = late
        self.hidden = 0
        self.status = "Running"

    def create(self, body: dict[str, Any]) -> dict[str, Any]:
        self.deployed.append(f"L-{len(self.deployed) + 1}")
        live = {"deployId": self.deployed[-1], "status": "InQueue", "launched": "2024-01-01 00:00:00", "stopped": None}
        return {"live": live, "deployId": self.deployed[-1], "projectId": 1, "source": "api-v2"}

    def lost(self, body: dict[str, Any]) -> Exception:
        self.create(body)
        self.hidden = self.late
        return httpx2.ReadTimeout("timed out")

    def read(self, body: dict[str, Any]) -> dict[str, Any]:
        shown = self.deployed[:-1] if self.hidden else self.deployed
        self.hidden = max(0, self.hidden - 1)
        return {"deployId": shown[-1], "status": self.status} if shown else _NONE

    def stop_lost(self, body: dict[str, Any]) -> Exception:
        self.status = "Stopped"
        return httpx2.ReadTimeout("timed out")


def test_deployment_is_read_from_what_is_created() -> None:
    here = Exchange()
    canned = Canned({"live/create": here.create, "live/read": here.read})
    made = canned.client.live.create(1, "c", "LN-1")
    assert (made.deploy_id, made.status, made.project_id) == ("L-1", "InQueue", 1)
    body = canned.bodies()[-1]
    assert (body["brokerage"], body["versionId"]) == ({"id": "QuantConnectBrokerage"}, "-1")


@pytest.mark.parametrize("deployed", ["", "L-0"])
@pytest.mark.parametrize("late", [0, 3])
def test_deployment_whose_answer_was_lost_is_found(deployed: str, late: int) -> None:
    here = Exchange(deployed=deployed, late=late)
    canned = Canned({"live/create": here.lost, "live/read": here.read})
    assert canned.client.live.create(1, "c", "LN-1").deploy_id == here.deployed[-1]
    assert sum(each.url.path.endswith("live/create") for each in canned.requests) == 1


@pytest.mark.parametrize("deployed", ["", "L-0"])
def test_deployment_that_is_not_there_is_not_asked_for_again(deployed: str) -> None:
    here = Exchange(deployed=deployed)
    canned = Canned({"live/create": httpx2.ReadError("reset"), "live/read": here.read})
    with pytest.raises(OutcomeUnknownError, match="live deployment") as caught:
        canned.client.live.create(1, "c", "LN-1")
    assert caught.value.project_id == 1
    assert sum(each.url.path.endswith("live/create") for each in canned.requests) == 1
    # Whoever asks again first has the earlier one looked for.
    here.deployed.append("L-late")
    assert canned.client.live.create(1, "c", "LN-1").deploy_id == "L-late"
    assert sum(each.url.path.endswith("live/create") for each in canned.requests) == 1


def test_refused_deployment_is_refused() -> None:
    here = Exchange()
    refusal = {"success": False, "errors": ["The brokerage settings are wrong."]}
    canned = Canned({"live/create": refusal, "live/read": here.read})
    with pytest.raises(InvalidRequestError, match="brokerage settings"):
        canned.client.live.create(1, "c", "LN-1")


def test_stop_whose_answer_was_lost_is_done() -> None:
    here = Exchange(deployed="L-0")
    refusal = {"success": False, "errors": ["The algorithm is not running."]}
    canned = Canned({"live/update/stop": [here.stop_lost, refusal], "live/read": here.read})
    canned.client.live.stop(1)
    here.status = "Running"
    canned = Canned({"live/update/stop": refusal, "live/read": here.read})
    with pytest.raises(InvalidRequestError, match="not running"):
        canned.client.live.stop(1)


def test_never_deployed_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="No live deployment found"):
        Canned({"live/read": _NONE}).client.live.read(1)


def test_command_is_sent_once() -> None:
    canned = Canned({"live/commands/create": httpx2.ReadError("reset")})
    with pytest.raises(OutcomeUnknownError, match="command"):
        canned.client.live.command(1, {"$type": "Sell"})
    assert len(canned.requests) == 1


def test_optimization_that_is_not_there_is_not_started_again() -> None:
    canned = Canned({"optimizations/create": httpx2.ReadError("reset"), "optimizations/list": {"optimizations": []}})
    search = Search(parameters=(SearchRange(name="fast", min=1, max=5, step=1),))
    with pytest.raises(OutcomeUnknownError, match="optimization"):
        canned.client.optimizations.create(1, "c", "Grid", search)
    assert sum(each.url.path.endswith("/create") for each in canned.requests) == 1
