"""Projects, their files and what is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

from tradinglab.quantconnect.models.base import Answered, Flag, Items, Map, Moment, Number, Whole


class Collaborator(Answered):
    """Somebody who works on a project."""

    uid: str = ""
    public_id: str = ""
    name: str = ""
    email: str = ""
    permission: str = ""
    live_control: Flag = False
    owner: Flag = False


class Library(Answered):
    """A project that another uses."""

    project_id: int
    library_name: str = ""
    owner_name: str = ""
    access: Flag = False


def _parameters(value: object) -> object:
    """Read ``{name: {value: …}}``, ``{name: value}`` and lists of either as names and values."""
    if isinstance(value, Mapping):
        read = {}
        for name, each in value.items():
            if isinstance(each, Mapping) and "value" in each:
                read[each.get("key", each.get("name", name))] = each["value"]
            else:
                read[name] = each
        return read
    return value


Parameters = Annotated[Map[str, object], BeforeValidator(_parameters)]


class Project(Answered):
    """A project."""

    project_id: int
    name: str = ""
    organization_id: str = ""
    description: str = ""
    language: str = ""
    created: Moment = None
    modified: Moment = None
    owner_id: str = ""
    owner: Flag = False
    collaborators: Items[Collaborator] = ()
    lean_version_id: Whole = None
    lean_pinned_to_master: Flag = False
    lean_environment: Whole = None
    parameters: Parameters = Field(default_factory=dict)
    libraries: Items[Library] = ()
    encrypted: Flag = False
    code_running: Flag = False
    paper_equity: Number = None


class ProjectFile(Answered):
    """A file of a project."""

    name: str
    content: str = ""
    project_id: Whole = None
    id: str = ""
    modified: Moment = None
    is_library: Flag = False
    open: Flag = False


def _lines(value: object) -> object:
    return value.splitlines() if isinstance(value, str) else value


class Compile(Answered):
    """A compilation: what a backtest is started from."""

    compile_id: str
    project_id: Whole = None
    state: str = ""
    signature: str = ""
    signature_order: Items[str] = ()
    logs: Annotated[Items[str], BeforeValidator(_lines)] = ()
    parameters: Items[dict[str, object]] = ()

    @property
    def is_finished(self) -> bool:
        """Whether it succeeded or failed."""
        return self.is_success or self.has_failed

    @property
    def is_success(self) -> bool:
        """Whether there is something to run."""
        return self.state == "BuildSuccess"

    @property
    def has_failed(self) -> bool:
        """Whether the code cannot be compiled; `logs` say why."""
        return self.state == "BuildError"
