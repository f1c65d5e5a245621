"""Reads about projects; what is neither the caller's nor shared with the caller does not exist here."""

from __future__ import annotations

from django.db.models import Prefetch, Q, QuerySet

from tradinglab.server.accounts.models import User
from tradinglab.server.errors import NotFoundError
from tradinglab.server.qcapi.errors import ForbiddenError
from tradinglab.server.qcapi.models import Collaborator, Compile, Language, Project
from tradinglab.server.runs.models import Run
from tradinglab.server.strategies.models import Strategy

CSHARP_ENTRY = "Main.cs"


def project_list(*, user: User) -> QuerySet[Project]:
    """Return a user's projects, and those that are shared with the user, the newest first.

    A strategy that was made elsewhere becomes a project when it is first looked at.
    """
    _number_strategies(user)
    shared = Collaborator.objects.filter(user=user).values("project")
    found = Project.objects.filter(Q(strategy__owner=user) | Q(pk__in=shared), strategy__deleted_at=None)
    related = found.select_related("strategy__owner__quantconnect_identity", "strategy__head")
    return related.order_by("-strategy__created_at", "-id")


def with_people_and_libraries(projects: QuerySet[Project]) -> QuerySet[Project]:
    """Return projects with all that a list shows of them, in few queries."""
    people = Prefetch("collaborators", Collaborator.objects.select_related("user__quantconnect_identity"))
    there = Project.objects.filter(strategy__deleted_at=None).select_related("strategy__owner")
    return projects.prefetch_related(people, Prefetch("libraries", there.prefetch_related("collaborators")))


def project_get(
    *, user: User, project_id: int, to_write: bool = False, to_trade: bool = False, to_own: bool = False
) -> Project:
    """Return one of the projects that a user sees.

    Parameters
    ----------
    to_write, to_trade, to_own
        What for: to change it, to control its live deployments, or to do what its owner alone may.

    Raises
    ------
    NotFoundError
        If there is none, or it is not shared with the user.
    ForbiddenError
        If it is shared, but not for that.
    """
    project = project_list(user=user).filter(pk=project_id).first()
    if project is None:
        raise NotFoundError(f"There is no project {project_id}.")
    if project.strategy.owner_id == user.pk:
        return project
    share = Collaborator.objects.filter(project=project, user=user).first()
    if to_own:
        raise ForbiddenError(f"Only the owner of project {project_id} may do that.")
    if to_write and (share is None or not share.can_write):
        raise ForbiddenError(f"You have no write permission on project {project_id}; its owner can give it.")
    if to_trade and (share is None or not share.has_live_control):
        raise ForbiddenError(f"You have no live control of project {project_id}; its owner can give it.")
    return project


def run_check_ending(*, user: User, project: Project, run: Run) -> None:
    """Let a run of a project be stopped or deleted by who has started it, and by the project's owner.

    Raises
    ------
    ForbiddenError
        If the user is neither.
    """
    if user.pk not in (run.owner_id, project.strategy.owner_id):
        raise ForbiddenError(
            f"This was started by another collaborator of project {project.pk}: who has started it and the project's "
            "owner may stop or delete it."
        )


def project_of_strategy(*, strategy: Strategy) -> Project:
    """Return the project that a strategy is; it gets its number if it has none."""
    known: Project | None = getattr(strategy, "quantconnect_project", None)
    if known is not None:
        return known
    return Project.objects.get_or_create(strategy=strategy, defaults={"language": _language(strategy)})[0]


def compile_get(*, project: Project, compile_id: str) -> Compile:
    """Return one of a project's compiles.

    Raises
    ------
    NotFoundError
        If it has none with that id.
    """
    found = Compile.objects.filter(project=project, pk=compile_id[:65]).select_related("version", "run").first()
    if found is None or found.pk != compile_id:
        raise NotFoundError(f"Project {project.pk} has no compile '{compile_id[:65]}'.")
    return found


def _number_strategies(user: User) -> None:
    """Give a number to those of a user's strategies that have none."""
    without = Strategy.objects.filter(owner=user, deleted_at=None, quantconnect_project=None)
    made = [
        Project(strategy=each, language=_language(each))
        for each in without.select_related("head").order_by("created_at", "id")
    ]
    if made:
        Project.objects.bulk_create(made, ignore_conflicts=True)


def _language(strategy: Strategy) -> Language:
    files = {} if strategy.head is None else strategy.head.files
    return Language.CSHARP if CSHARP_ENTRY in files else Language.PYTHON
