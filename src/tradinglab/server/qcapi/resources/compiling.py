"""``compile/…``: check and load a project's files."""

from __future__ import annotations

from typing import Any

from tradinglab.server.accounts.models import Scope
from tradinglab.server.qcapi.asking import Ask, Whole
from tradinglab.server.qcapi.compiles import compile_create, compile_outcome
from tradinglab.server.qcapi.endpoints import Answer, Call, endpoint
from tradinglab.server.qcapi.files import CONFIG
from tradinglab.server.qcapi.models import Compile, CompileState
from tradinglab.server.qcapi.selectors import compile_get, project_get


class CreateAsk(Ask):
    """The project that is to be compiled."""

    project_id: Whole


class ReadAsk(Ask):
    """A compile of a project."""

    project_id: Whole
    compile_id: str


@endpoint("compile/create", CreateAsk, scope=Scope.RUN)
def create(call: Call, asked: CreateAsk) -> Answer:
    """Start a compile of the files as they are now."""
    project = project_get(user=call.user, project_id=asked.project_id, to_write=False)
    compiled = compile_create(project=project, by=call.user)
    # Clients read on, whatever is known already.
    return _shown(compiled, CompileState.IN_QUEUE, [])


@endpoint("compile/read", ReadAsk)
def read(call: Call, asked: ReadAsk) -> Answer:
    """Say how far a compile is, and what it says."""
    project = project_get(user=call.user, project_id=asked.project_id)
    compiled = compile_get(project=project, compile_id=asked.compile_id)
    return _shown(compiled, *compile_outcome(compiled))


def _shown(compiled: Compile, state: CompileState, logs: list[str]) -> dict[str, Any]:
    return {
        "compileId": compiled.pk,
        "state": str(state),
        "projectId": compiled.project_id,
        "parameters": [],
        "signature": compiled.signature,
        "signatureOrder": sorted(name for name in compiled.version.files if name != CONFIG),
        "logs": logs,
    }
