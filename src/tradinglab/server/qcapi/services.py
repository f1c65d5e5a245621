"""Writes about projects; their files are in :mod:`.files`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from django.db import transaction
from django.utils import timezone

from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.models import User
from tradinglab.server.errors import InputError, NotFoundError
from tradinglab.server.qcapi.errors import LockedError
from tradinglab.server.qcapi.files import files_replace, parameters_set
from tradinglab.server.qcapi.models import Collaborator, Language, Project
from tradinglab.server.qcapi.names import LONGEST_NAME, checked_description, checked_name
from tradinglab.server.qcapi.selectors import project_get
from tradinglab.server.qcapi.starting import starting_files
from tradinglab.server.strategies.selectors import strategy_list
from tradinglab.server.strategies.services import strategy_create, strategy_delete, strategy_update

#: A lock that nobody renewed for so long is none any more.
_LOCK_LASTS = timedelta(minutes=15)
_LONGEST_SOURCE = 200
_MOST_LIBRARIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectChanges:
    """What is to be changed of a project; ``None`` leaves it."""

    name: str | None = None
    description: str | None = None
    parameters: Mapping[str, str] | None = None
    files: Mapping[str, str] | None = None
    libraries: Sequence[int] | None = None
    lean_version: int | None = None
    lean_environment: int | None = None


def project_create(*, user: User, name: str, language: Language) -> Project:
    """Store a project with the files that it starts with; a name that is taken gets a number.

    Raises
    ------
    InputError
        If the name cannot be used.
    """
    wanted = checked_name(name)
    with transaction.atomic():
        # Of two that come at once, the second one waits, and finds the name taken.
        User.objects.select_for_update().get(pk=user.pk)
        strategy = strategy_create(
            owner=user,
            name=_free_name(user, wanted),
            files=starting_files(language),
            message="A new project",
            is_draft=language == Language.CSHARP,
        )
        return Project.objects.create(strategy=strategy, language=language)


def _free_name(user: User, name: str) -> str:
    """Return the name, or the name and a number. The command line has no folders with brackets in their names."""
    taken = set(strategy_list(user=user).values_list("name", flat=True))
    if name not in taken:
        return name
    endings = (f" {number}" for number in count(2))
    return next(found for each in endings if (found := name[: LONGEST_NAME - len(each)] + each) not in taken)


@transaction.atomic
def project_update(*, project: Project, by: User, changes: ProjectChanges) -> Project:
    """Change what is given, all or nothing.

    Raises
    ------
    InputError
        If something cannot be stored, or another of the owner's projects has the name.
    ConflictError
        If the strategy is archived and files are to be changed.
    """
    name = None if changes.name is None else checked_name(changes.name)
    description = None if changes.description is None else checked_description(changes.description)
    if name is not None or description is not None:
        strategy_update(strategy=project.strategy, name=name, description=description)
    if changes.files is not None:
        files_replace(project=project, by=by, files=changes.files)
    if changes.parameters is not None:
        parameters_set(project=project, by=by, parameters=changes.parameters)
    if changes.libraries is not None:
        project.libraries.set(_libraries(project, by, changes.libraries))
    if changes.lean_version is not None:
        project.lean_version = changes.lean_version
    if changes.lean_environment is not None:
        project.lean_environment = changes.lean_environment
    project.save(update_fields=["lean_version", "lean_environment"])
    return project


def project_delete(*, project: Project) -> None:
    """Take a project out of every list, as the strategy that it is: it can be taken back there."""
    strategy_delete(strategy=project.strategy)


@transaction.atomic
def library_add(*, project: Project, by: User, library_id: int) -> None:
    """Let a project import from another one."""
    there = project.libraries.filter(strategy__deleted_at=None)
    wanted = [*there.values_list("pk", flat=True), library_id]
    project.libraries.set(_libraries(project, by, list(dict.fromkeys(wanted))))


def library_remove(*, project: Project, library_id: int) -> None:
    """Let a project import from another one no more.

    Raises
    ------
    NotFoundError
        If it is not among its libraries.
    """
    if not project.libraries.filter(pk=library_id).exists():
        raise NotFoundError(f"Project {project.pk} has no library {library_id}.")
    project.libraries.remove(library_id)


def _libraries(project: Project, by: User, ids: Sequence[int]) -> list[Project]:
    if project.pk in ids:
        raise InputError("libraries", project.pk, "A project cannot be its own library.")
    if len(ids) > _MOST_LIBRARIES:
        raise InputError("libraries", len(ids), f"At most {_MOST_LIBRARIES} libraries can be added.")
    return [project_get(user=by, project_id=each) for each in ids]


# Collaboration.


@transaction.atomic
def collaborator_add(
    *, project: Project, public_id: str, can_write: bool, has_live_control: bool, by: User
) -> Collaborator:
    """Share a project with a user; one with whom it is shared already gets these permissions.

    Raises
    ------
    NotFoundError
        If no active user has the public id.
    InputError
        If it is the owner's.
    """
    user = User.objects.filter(
        quantconnect_identity__public_id=public_id, quantconnect_identity__isnull=False, is_active=True
    ).first()
    if user is None:
        raise NotFoundError(f"There is no user '{public_id[:64]}'. The user's own token says the id: collaborator_id.")
    if user.pk == project.strategy.owner_id:
        raise InputError("collaboratorUserId", public_id, "The project is that user's own.")
    share, _ = Collaborator.objects.update_or_create(
        project=project, user=user, defaults={"can_write": can_write, "has_live_control": has_live_control}
    )
    _note_share("strategy.shared", project, by, share)
    return share


@transaction.atomic
def collaborator_update(
    *, project: Project, public_id: str, can_write: bool, has_live_control: bool, by: User
) -> Collaborator:
    """Change what a collaborator may do.

    Raises
    ------
    NotFoundError
        If the project is not shared with that user.
    """
    share = _share(project, public_id)
    share.can_write, share.has_live_control = can_write, has_live_control
    share.save(update_fields=["can_write", "has_live_control"])
    _note_share("strategy.shared", project, by, share)
    return share


@transaction.atomic
def collaborator_remove(*, project: Project, public_id: str, by: User) -> None:
    """Share a project with a user no more.

    Raises
    ------
    NotFoundError
        If the project is not shared with that user.
    """
    share = _share(project, public_id)
    _note_share("strategy.unshared", project, by, share)
    share.delete()


def _share(project: Project, public_id: str) -> Collaborator:
    share = (
        project.collaborators.filter(user__quantconnect_identity__public_id=public_id).select_related("user").first()
    )
    if share is None:
        raise NotFoundError(f"Project {project.pk} is not shared with a user '{public_id[:64]}'.")
    return share


def _note_share(action: str, project: Project, by: User, share: Collaborator) -> None:
    details = {
        "name": project.strategy.name,
        "with": share.user.email,
        "write": share.can_write,
        "live": share.has_live_control,
    }
    audit_note(action=action, actor=by, target=project.strategy, details=details)


def lock_acquire(*, project: Project, source: str) -> None:
    """Let one editor alone change a project's files for a while; without a name, let everybody again."""
    project.lock_source = source[:_LONGEST_SOURCE]
    project.locked_at = timezone.now() if source else None
    project.save(update_fields=["lock_source", "locked_at"])


def lock_check(*, project: Project, source: str | None) -> None:
    """Refuse an edit while another editor holds the lock; one that names no editor is let through.

    Raises
    ------
    LockedError
        Names who holds the lock.
    """
    if not source or not project.lock_source or project.locked_at is None:
        return
    now = timezone.now()
    if now - project.locked_at > _LOCK_LASTS:
        return
    if source[:_LONGEST_SOURCE] != project.lock_source:
        raise LockedError(project.lock_source)
    Project.objects.filter(pk=project.pk, lock_source=project.lock_source).update(locked_at=now)
