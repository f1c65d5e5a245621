"""``lean/versions/read``, ``lean/environments/read``."""

from __future__ import annotations

from tradinglab.server.qcapi.asking import Nothing
from tradinglab.server.qcapi.endpoints import Answer, Call, endpoint
from tradinglab.server.qcapi.lean_versions import environments_shown, versions_shown


@endpoint("lean/versions/read", Nothing)
def lean_versions(call: Call, asked: Nothing) -> Answer:
    """List the engine's versions."""
    return {"versions": versions_shown()}


@endpoint("lean/environments/read", Nothing)
def lean_environments(call: Call, asked: Nothing) -> Answer:
    """List the environments of Python."""
    return {"environments": environments_shown()}
