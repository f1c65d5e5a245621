"""How projects look to QuantConnect's clients."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from tradinglab.server.accounts.models import User
from tradinglab.server.accounts.quantconnect_tokens import quantconnect_identity
from tradinglab.server.qcapi.answers import moment
from tradinglab.server.qcapi.files import files_of, parameters_of
from tradinglab.server.qcapi.lean_versions import NEWEST, VERSION
from tradinglab.server.qcapi.models import Project
from tradinglab.server.qcapi.organizations import user_name


def project_shown(project: Project, *, viewer: User) -> dict[str, Any]:
    """Return a project as *viewer* sees it."""
    strategy = project.strategy
    is_newest = project.lean_version == NEWEST
    return {
        "projectId": project.pk,
        "organizationId": quantconnect_identity(user=strategy.owner).organization_id,
        "name": strategy.name,
        "description": strategy.description,
        "modified": moment(strategy.updated_at),
        "created": moment(strategy.created_at),
        "ownerId": strategy.owner_id,
        "owner": strategy.owner_id == viewer.pk,
        "language": project.language,
        "collaborators": collaborators_shown(project),
        "leanVersionId": VERSION if is_newest else project.lean_version,
        "leanPinnedToMaster": is_newest,
        "leanEnvironment": project.lean_environment,
        "channelId": f"{strategy.owner_id}/{project.pk}",
        "parameters": [
            {"key": name, "name": name, "value": value, "min": None, "max": None, "step": None, "type": None}
            for name, value in parameters_of(project).items()
        ],
        "libraries": [
            _library_shown(each, viewer) for each in project.libraries.all() if each.strategy.deleted_at is None
        ],
        "encrypted": False,
        "codeRunning": False,
    }


def collaborators_shown(project: Project) -> list[dict[str, Any]]:
    """Return who works on a project: its owner first."""
    owner = project.strategy.owner
    return [
        _person(owner, is_owner=True, can_write=True, has_live_control=True),
        *(
            _person(each.user, is_owner=False, can_write=each.can_write, has_live_control=each.has_live_control)
            for each in project.collaborators.all()
        ),
    ]


def files_shown(project: Project, names: Iterable[str] | None = None) -> list[dict[str, Any]]:
    """Return files of a project: those that are named, or all."""
    files = files_of(project)
    head = project.strategy.head
    modified = moment(project.strategy.updated_at if head is None else head.created_at)
    return [
        {
            "id": _file_id(project, name),
            "projectId": project.pk,
            "name": name,
            "content": files[name],
            "modified": modified,
            "open": False,
            "isLibrary": False,
        }
        for name in (files if names is None else names)
    ]


def _library_shown(library: Project, viewer: User) -> dict[str, Any]:
    owner = library.strategy.owner
    is_own = owner.pk == viewer.pk
    return {
        "projectId": library.pk,
        "libraryName": library.strategy.name,
        "ownerName": user_name(owner),
        "access": is_own or any(each.user_id == viewer.pk for each in library.collaborators.all()),
    }


def _person(user: User, *, is_owner: bool, can_write: bool, has_live_control: bool) -> dict[str, Any]:
    return {
        "uid": user.pk,
        "publicId": quantconnect_identity(user=user).public_id,
        "name": user_name(user),
        "email": user.email,
        "bio": "",
        "profileImage": "",
        "owner": is_owner,
        "permission": "write" if can_write else "read",
        "liveControl": has_live_control,
    }


def _file_id(project: Project, name: str) -> int:
    """Return a number that stays with the name."""
    return int.from_bytes(hashlib.sha256(f"{project.pk}/{name}".encode()).digest()[:6])
