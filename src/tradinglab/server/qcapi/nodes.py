"""Nodes: the places in which a user's runs are carried out, as many as the user may have under way at once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.conf import settings

from tradinglab.server.accounts.models import User
from tradinglab.server.errors import InputError
from tradinglab.server.live.models import ACTIVE, Deployment
from tradinglab.server.qcapi.models import Project
from tradinglab.server.qcapi.organizations import organization_of, user_name
from tradinglab.server.runs.limits import limits_of, usage_of

_KINDS = ("backtest", "research", "live")
_MOST_SHOWN = 50
_MEGABYTES = 1000


class Node(NamedTuple):
    """A place for a run."""

    id: str
    kind: str
    number: int
    is_busy: bool


def node_list(*, user: User) -> list[Node]:
    """Return a user's nodes of every kind. There is no place for notebooks, so there are none for research."""
    limits, usage = limits_of(user=user), usage_of(user=user)
    wanted = {
        "backtest": min(limits.most_running, _MOST_SHOWN),
        "research": 0,
        "live": min(settings.ENVIRONMENT.user_deployments, _MOST_SHOWN),
    }
    deployed = Deployment.objects.filter(owner=user, status__in=ACTIVE).count()
    busy = {"backtest": usage.running, "live": deployed}
    organization = organization_of(user).id
    return [
        Node(_id(organization, kind, number), kind, number, number < busy.get(kind, 0))
        for kind in _KINDS
        for number in range(wanted[kind])
    ]


def node_get(*, user: User, node_id: str, kind: str) -> Node:
    """Return one of a user's nodes.

    Raises
    ------
    InputError
        If the user has none of that kind and id.
    """
    found = next((each for each in node_list(user=user) if each.id == node_id and each.kind == kind), None)
    if found is None:
        raise InputError("nodeId", node_id[:64], f"There is no {kind} node '{node_id[:64]}'; nodes/read lists them.")
    return found


def nodes_choose(*, project: Project, node_ids: Sequence[str]) -> None:
    """Choose nodes for a project; without any, the server chooses.

    Raises
    ------
    InputError
        If the project's owner has no such node.
    """
    known = {each.id for each in node_list(user=project.strategy.owner)}
    for each in node_ids:
        if each not in known:
            raise InputError("nodes", each[:64], f"There is no node '{each[:64]}'; projects/nodes/read lists them.")
    project.nodes = list(dict.fromkeys(node_ids))
    project.save(update_fields=["nodes"])


def nodes_shown(*, user: User, chosen: Sequence[str] = ()) -> dict[str, list[dict[str, Any]]]:
    """Return a user's nodes by their kinds, as clients expect them."""
    memory = limits_of(user=user).memory_mb / _MEGABYTES
    shown: dict[str, list[dict[str, Any]]] = {kind: [] for kind in _KINDS}
    for node in node_list(user=user):
        shown[node.kind].append(
            {
                "id": node.id,
                "name": f"{node.kind.capitalize()} node {node.number + 1}",
                "projectName": "",
                "projectId": None,
                "description": "A place for a run on this installation.",
                "usedBy": user_name(user) if node.is_busy else "",
                "userProfile": "",
                "sku": "LOCAL",
                "busy": node.is_busy,
                "price": {"monthly": 0, "yearly": 0},
                "speed": 0.0,
                "cpu": 1,
                "ram": memory,
                "assets": 0,
                "host": None,
                "active": node.id in chosen,
                "hasGpu": 0,
            }
        )
    return shown


def _id(organization: str, kind: str, number: int) -> str:
    return "LN-" + hashlib.sha256(f"{organization}/{kind}/{number}".encode()).hexdigest()[:32]
