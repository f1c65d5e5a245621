"""``nodes/read``, ``projects/nodes/…``: where runs are carried out."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from tradinglab.server.accounts.models import Scope
from tradinglab.server.qcapi.asking import Ask, OrNone, Texts, Whole
from tradinglab.server.qcapi.endpoints import Answer, Call, endpoint
from tradinglab.server.qcapi.models import Project
from tradinglab.server.qcapi.nodes import nodes_choose, nodes_shown
from tradinglab.server.qcapi.organizations import organization_of
from tradinglab.server.qcapi.selectors import project_get


class OrganizationAsk(Ask):
    """An organisation."""

    organization_id: OrNone[str] = None


class ReadAsk(Ask):
    """One project."""

    project_id: Whole


class UpdateAsk(Ask):
    """The nodes of a project; none for those that the server chooses."""

    project_id: Whole
    nodes: OrNone[Annotated[Texts, Field(max_length=100)]] = None


@endpoint("nodes/read", OrganizationAsk)
def nodes_read(call: Call, asked: OrganizationAsk) -> Answer:
    """List the caller's nodes."""
    organization_of(call.user, asked.organization_id)
    return nodes_shown(user=call.user)


@endpoint("projects/nodes/read", ReadAsk)
def project_nodes_read(call: Call, asked: ReadAsk) -> Answer:
    """List the nodes that a project can have, and say which it has."""
    return _of(project_get(user=call.user, project_id=asked.project_id))


@endpoint("projects/nodes/update", UpdateAsk, scope=Scope.RUN)
def project_nodes_update(call: Call, asked: UpdateAsk) -> Answer:
    """Choose a project's nodes."""
    project = project_get(user=call.user, project_id=asked.project_id, to_write=True)
    nodes_choose(project=project, node_ids=asked.nodes or [])
    return _of(project)


def _of(project: Project) -> dict[str, Any]:
    shown = nodes_shown(user=project.strategy.owner, chosen=project.nodes)
    return {"nodes": shown, "autoSelectNode": not project.nodes}
