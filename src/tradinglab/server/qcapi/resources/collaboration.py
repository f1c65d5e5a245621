"""``projects/collaboration/…``: sharing a project with other users of the installation."""

from __future__ import annotations

from typing import Any

from tradinglab.server.accounts.models import Scope
from tradinglab.server.qcapi.asking import Ask, Flag, Whole
from tradinglab.server.qcapi.endpoints import Answer, Call, endpoint
from tradinglab.server.qcapi.models import Project
from tradinglab.server.qcapi.selectors import project_get
from tradinglab.server.qcapi.services import (
    collaborator_add,
    collaborator_remove,
    collaborator_update,
    lock_acquire,
)
from tradinglab.server.qcapi.shown import collaborators_shown


class ProjectAsk(Ask):
    """One project."""

    project_id: Whole


class CreateAsk(Ask):
    """With whom a project is to be shared, and for what."""

    project_id: Whole
    collaborator_user_id: str
    collaboration_live_control: Flag = False
    collaboration_write: Flag = False


class UpdateAsk(Ask):
    """What a collaborator may do from now on."""

    project_id: Whole
    collaborator_user_id: str
    live_control: Flag = False
    write: Flag = False


class DeleteAsk(Ask):
    """With whom a project is to be shared no more."""

    project_id: Whole
    collaborator_id: str


class LockAsk(Ask):
    """The editor that takes the lock; an empty name gives it back."""

    project_id: Whole
    code_source_id: str = ""


@endpoint("projects/collaboration/create", CreateAsk, scope=Scope.RUN)
def create(call: Call, asked: CreateAsk) -> Answer:
    """Share a project."""
    project = project_get(user=call.user, project_id=asked.project_id, to_own=True)
    collaborator_add(
        project=project,
        public_id=asked.collaborator_user_id,
        can_write=asked.collaboration_write,
        has_live_control=asked.collaboration_live_control,
        by=call.user,
    )
    return _people(project)


@endpoint("projects/collaboration/read", ProjectAsk)
def read(call: Call, asked: ProjectAsk) -> Answer:
    """Say who works on a project, and what the caller may do."""
    project = project_get(user=call.user, project_id=asked.project_id)
    people = collaborators_shown(project)
    own = next((each for each in people if each["uid"] == call.user.pk), people[0])
    return {"collaborators": people, "userLiveControl": own["liveControl"], "userPermissions": own["permission"]}


@endpoint("projects/collaboration/update", UpdateAsk, scope=Scope.RUN)
def update(call: Call, asked: UpdateAsk) -> Answer:
    """Change what a collaborator may do."""
    project = project_get(user=call.user, project_id=asked.project_id, to_own=True)
    collaborator_update(
        project=project,
        public_id=asked.collaborator_user_id,
        can_write=asked.write,
        has_live_control=asked.live_control,
        by=call.user,
    )
    return _people(project)


@endpoint("projects/collaboration/delete", DeleteAsk, scope=Scope.RUN)
def delete(call: Call, asked: DeleteAsk) -> Answer:
    """Share a project with a user no more."""
    project = project_get(user=call.user, project_id=asked.project_id, to_own=True)
    collaborator_remove(project=project, public_id=asked.collaborator_id, by=call.user)
    return _people(project)


@endpoint("projects/collaboration/lock/acquire", LockAsk, scope=Scope.RUN)
def lock(call: Call, asked: LockAsk) -> Answer:
    """Let one editor alone change a project's files for a while."""
    lock_acquire(
        project=project_get(user=call.user, project_id=asked.project_id, to_write=True), source=asked.code_source_id
    )
    return {}


def _people(project: Project) -> dict[str, Any]:
    return {"collaborators": collaborators_shown(project)}
