"""``files/…``: a project's files, kept to the letter."""

from __future__ import annotations

from tradinglab.server.accounts.models import Scope
from tradinglab.server.errors import InputError, NotFoundError
from tradinglab.server.qcapi.asking import Ask, OrNone, Whole
from tradinglab.server.qcapi.endpoints import Answer, Call, endpoint
from tradinglab.server.qcapi.files import file_change, file_create, file_delete, files_of, files_patch
from tradinglab.server.qcapi.models import Project
from tradinglab.server.qcapi.selectors import project_get
from tradinglab.server.qcapi.services import lock_check
from tradinglab.server.qcapi.shown import files_shown


class EditAsk(Ask):
    """A project that is to be changed."""

    project_id: Whole
    code_source_id: OrNone[str] = None


class CreateAsk(EditAsk):
    """A file that is to be made."""

    name: str
    content: str | None = None


class ReadAsk(Ask):
    """One file of a project, or all."""

    project_id: Whole
    name: str | None = None


class UpdateAsk(EditAsk):
    """A file's new name, or its new content."""

    name: str
    new_name: OrNone[str] = None
    content: str | None = None


class PatchAsk(EditAsk):
    """A unified diff."""

    patch: str


class DeleteAsk(EditAsk):
    """A file that is to be deleted."""

    name: str


@endpoint("files/create", CreateAsk, scope=Scope.RUN)
def create(call: Call, asked: CreateAsk) -> Answer:
    """Add a file."""
    project = _to_edit(call, asked)
    file_create(project=project, by=call.user, name=asked.name, content=asked.content)
    return {"files": files_shown(project, [asked.name])}


@endpoint("files/read", ReadAsk)
def read(call: Call, asked: ReadAsk) -> Answer:
    """Return one file, or all."""
    project = project_get(user=call.user, project_id=asked.project_id)
    if asked.name is None:
        return {"files": files_shown(project)}
    if asked.name not in files_of(project):
        raise NotFoundError(f"There is no file '{asked.name[:200]}' in project {project.pk}.")
    return {"files": files_shown(project, [asked.name])}


@endpoint("files/update", UpdateAsk, scope=Scope.RUN)
def update(call: Call, asked: UpdateAsk) -> Answer:
    """Give a file another name, another content, or both."""
    if asked.new_name is None and asked.content is None:
        raise InputError("content", None, "Give 'newName' or 'content'.")
    project = _to_edit(call, asked)
    file_change(project=project, by=call.user, name=asked.name, content=asked.content, new_name=asked.new_name)
    return {"files": files_shown(project, [asked.new_name or asked.name])}


@endpoint("files/patch", PatchAsk, scope=Scope.RUN)
def patch(call: Call, asked: PatchAsk) -> Answer:
    """Change files as a diff says, all or none."""
    project = _to_edit(call, asked)
    files_patch(project=project, by=call.user, patch=asked.patch)
    return {"files": files_shown(project)}


@endpoint("files/delete", DeleteAsk, scope=Scope.RUN)
def delete(call: Call, asked: DeleteAsk) -> Answer:
    """Delete a file; versions before keep it."""
    project = _to_edit(call, asked)
    file_delete(project=project, by=call.user, name=asked.name)
    return {}


def _to_edit(call: Call, asked: EditAsk) -> Project:
    project = project_get(user=call.user, project_id=asked.project_id, to_write=True)
    lock_check(project=project, source=asked.code_source_id)
    return project
