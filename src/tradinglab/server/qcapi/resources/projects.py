"""``projects/…``: create, read, update, delete, and the libraries of a project."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from tradinglab.server.accounts.models import Scope
from tradinglab.server.errors import InputError
from tradinglab.server.qcapi.asking import Ask, OrNone, Whole
from tradinglab.server.qcapi.endpoints import Answer, Call, endpoint
from tradinglab.server.qcapi.lean_versions import versions_shown
from tradinglab.server.qcapi.models import Language, Project
from tradinglab.server.qcapi.organizations import organization_of
from tradinglab.server.qcapi.selectors import project_get, project_list, with_people_and_libraries
from tradinglab.server.qcapi.services import (
    ProjectChanges,
    library_add,
    library_remove,
    lock_check,
    project_create,
    project_delete,
    project_update,
)
from tradinglab.server.qcapi.shown import project_shown

_MOST_LISTED = 10_000


def _listed(value: object) -> object:
    """Take an empty text for an empty list, and a map whose keys are numbers for a list, as PHP's clients send them."""
    if value in ("", {}):
        return []
    if isinstance(value, dict) and all(str(key).isdigit() for key in value):
        return list(value.values())
    return value


class CreateAsk(Ask):
    """A project that is to be made."""

    name: str
    language: Language
    organization_id: OrNone[str] = None


class ReadAsk(Ask):
    """One project, or a part of the list, or all of it."""

    project_id: OrNone[Whole] = None
    start: OrNone[Whole] = None
    end: OrNone[Whole] = None
    organization_id: OrNone[str] = None


class ProjectAsk(Ask):
    """One project."""

    project_id: Whole


class FileGiven(Ask):
    """A file of the new set."""

    name: str
    content: str = ""


class ParameterGiven(Ask):
    """A parameter of the new set; clients differ in what they call its name."""

    key: str | None = None
    name: str | None = None
    value: str


class UpdateAsk(Ask):
    """What is to be changed of a project; what is left out stays."""

    project_id: Whole
    name: OrNone[str] = None
    description: str | None = None
    parameters: Annotated[list[ParameterGiven] | dict[str, str] | None, BeforeValidator(_listed)] = None
    files: Annotated[Annotated[list[FileGiven], Field(max_length=1000)] | None, BeforeValidator(_listed)] = None
    libraries: Annotated[list[Whole] | None, BeforeValidator(_listed)] = None
    version_id: OrNone[Annotated[int, Field(ge=-1, lt=2**31)]] = None
    lean_environment: OrNone[Annotated[int, Field(ge=-1, lt=2**31)]] = None
    encryption_key: OrNone[str] = None
    code_source_id: OrNone[str] = None

    @field_validator("encryption_key")
    @classmethod
    def _no_encryption(cls, value: str | None) -> str | None:
        if value is not None:
            raise ValueError("projects are not encrypted here; leave the key out")
        return value


class LibraryAsk(Ask):
    """A project, and one that it imports from."""

    project_id: Whole
    library_id: Whole


@endpoint("projects/create", CreateAsk, scope=Scope.RUN)
def create(call: Call, asked: CreateAsk) -> Answer:
    """Make a project with a strategy that runs, and a notebook."""
    organization_of(call.user, asked.organization_id)
    project = project_create(user=call.user, name=asked.name, language=asked.language)
    return _one(call, project)


@endpoint("projects/read", ReadAsk)
def read(call: Call, asked: ReadAsk) -> Answer:
    """Return one project, or those of a part of the list, the newest first."""
    if asked.project_id is not None:
        return _one(call, project_get(user=call.user, project_id=asked.project_id))
    start = asked.start or 0
    end = _MOST_LISTED if asked.end is None else asked.end
    if start < 0 or end <= start:
        raise InputError("end", end, f"The end was {end} and the start {start}: the end is to be beyond the start.")
    end = min(end, start + _MOST_LISTED)
    found = with_people_and_libraries(project_list(user=call.user))[start:end]
    return {"projects": [project_shown(each, viewer=call.user) for each in found], "versions": versions_shown()}


@endpoint("projects/update", UpdateAsk, scope=Scope.RUN)
def update(call: Call, asked: UpdateAsk) -> Answer:
    """Change what is given; a set of files takes the place of the old one."""
    project = project_get(user=call.user, project_id=asked.project_id, to_write=True)
    lock_check(project=project, source=asked.code_source_id)
    libraries = asked.libraries
    if libraries is None and asked.files is not None:
        # A form cannot hold an empty list: who pushes all files pushes all libraries, too.
        libraries = []
    changes = ProjectChanges(
        name=asked.name,
        description=asked.description,
        parameters=_parameters(asked),
        files=_files(asked),
        libraries=libraries,
        lean_version=asked.version_id,
        lean_environment=asked.lean_environment,
    )
    return _one(call, project_update(project=project, by=call.user, changes=changes))


@endpoint("projects/delete", ProjectAsk, scope=Scope.RUN)
def delete(call: Call, asked: ProjectAsk) -> Answer:
    """Take a project out of every list."""
    project_delete(project=project_get(user=call.user, project_id=asked.project_id, to_own=True))
    return {}


@endpoint("projects/library/create", LibraryAsk, scope=Scope.RUN)
def library_create(call: Call, asked: LibraryAsk) -> Answer:
    """Let a project import from another one."""
    project = project_get(user=call.user, project_id=asked.project_id, to_write=True)
    library_add(project=project, by=call.user, library_id=asked.library_id)
    return _one(call, project)


@endpoint("projects/library/delete", LibraryAsk, scope=Scope.RUN)
def library_delete(call: Call, asked: LibraryAsk) -> Answer:
    """Let a project import from another one no more."""
    project = project_get(user=call.user, project_id=asked.project_id, to_write=True)
    library_remove(project=project, library_id=asked.library_id)
    return _one(call, project)


def _one(call: Call, project: Project) -> dict[str, Any]:
    project.strategy.refresh_from_db()
    return {"projects": [project_shown(project, viewer=call.user)], "versions": versions_shown()}


def _files(asked: UpdateAsk) -> dict[str, str] | None:
    if asked.files is None:
        return None
    found = {each.name: each.content for each in asked.files}
    if len(found) < len(asked.files):
        raise InputError("files", len(asked.files), "files: two of them have one name.")
    return found


def _parameters(asked: UpdateAsk) -> dict[str, str] | None:
    given = asked.parameters
    if given is None or isinstance(given, dict):
        return given
    found: dict[str, str] = {}
    for each in given:
        name = each.key or each.name
        if not name:
            raise InputError("parameters", each.value[:100], "parameters: one of them has neither 'key' nor 'name'.")
        found[name] = each.value
    return found
