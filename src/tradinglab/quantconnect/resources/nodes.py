"""The machines that things run on, and the versions of LEAN that they run."""

from __future__ import annotations

from collections.abc import Sequence

from tradinglab.quantconnect.exchange import Call
from tradinglab.quantconnect.models.account import LeanEnvironment, LeanVersion, Nodes, ProjectNodes
from tradinglab.quantconnect.operations import D, Resource, operation
from tradinglab.quantconnect.reading import many, whole
from tradinglab.quantconnect.steps import Plan


class NodesResource(Resource[D]):
    """The nodes of organizations and projects."""

    @operation
    def read(self, organization_id: str) -> Plan[Nodes]:
        """Return the nodes of an organization."""
        call = Call(path="nodes/read", read=whole(Nodes), body={"organizationId": organization_id})
        return (yield from self._exchange.carry(call))

    @operation
    def of_project(self, project_id: int) -> Plan[ProjectNodes]:
        """Return the nodes that a project may run on."""
        call = Call(path="projects/nodes/read", read=whole(ProjectNodes), body={"projectId": project_id})
        return (yield from self._exchange.carry(call))

    @operation
    def choose(self, project_id: int, node_ids: Sequence[str] = ()) -> Plan[ProjectNodes]:
        """Have a project run on these nodes only; on any, without some."""
        body = {"projectId": project_id, "nodes": [*node_ids]}
        call = Call(path="projects/nodes/update", read=whole(ProjectNodes), body=body)
        return (yield from self._exchange.carry(call))


class Lean(Resource[D]):
    """LEAN, as QuantConnect offers it."""

    @operation
    def versions(self) -> Plan[tuple[LeanVersion, ...]]:
        """Return the versions of LEAN."""
        return (yield from self._exchange.carry(Call(path="lean/versions/read", read=many(LeanVersion, "versions"))))

    @operation
    def environments(self) -> Plan[tuple[LeanEnvironment, ...]]:
        """Return the sets of libraries that algorithms can run with."""
        call = Call(path="lean/environments/read", read=many(LeanEnvironment, "environments"))
        return (yield from self._exchange.carry(call))
