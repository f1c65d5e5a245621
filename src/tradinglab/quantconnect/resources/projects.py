"""Projects."""

from __future__ import annotations

from datetime import UTC, datetime

from tradinglab.quantconnect.creating import Creation, bears, create, read_token, sweep
from tradinglab.quantconnect.errors import NotFoundError
from tradinglab.quantconnect.exchange import Call, Repeat
from tradinglab.quantconnect.models.projects import Project
from tradinglab.quantconnect.operations import D, Resource, operation
from tradinglab.quantconnect.reading import many, nothing, part
from tradinglab.quantconnect.steps import Plan

_LAST = datetime.max.replace(tzinfo=UTC)


class Projects(Resource[D]):
    """The projects of an account."""

    @operation
    def create(
        self,
        name: str,
        language: str = "Py",
        *,
        organization_id: str | None = None,
        token: str | None = None,
        is_retry: bool = False,
    ) -> Plan[Project]:
        """Create a project once, whatever becomes of the answers.

        Parameters
        ----------
        name
            Its name; the token is appended to it. `update` can take it off when the project's id is stored.
        language
            ``"Py"`` or ``"C#"``.
        organization_id
            Where; by default in the preferred organization.
        token
            By what the project can be found again, also by other processes and after a restart: 8 to 64 letters, digits
            and hyphens that nothing else has. One of its own by default.
        is_retry
            Whether a project with this token may have been asked for before, elsewhere.

        Raises
        ------
        OutcomeUnknownError
            If it may exist and cannot be found.
        """
        creation = self._creation(name, language, organization_id, read_token(token))
        return (yield from create(self._exchange, creation, is_shared=token is not None, is_retry=is_retry))

    @operation
    def read(self, project_id: int) -> Plan[Project]:
        """Return a project."""
        return (yield from self._read(project_id))

    @operation
    def list(self, start: int | None = None, end: int | None = None) -> Plan[tuple[Project, ...]]:
        """Return all projects, or those from one place in the list up to another."""
        call = Call(path="projects/read", read=many(Project, "projects"), body={"start": start, "end": end})
        return (yield from self._exchange.carry(call))

    @operation
    def find(self, token: str) -> Plan[tuple[Project, ...]]:
        """Return the projects that bear a token in name or description, the oldest first."""
        return (yield from self._find(token))

    @operation
    def sweep(self, token: str, *, keep: int | None = None) -> Plan[Project | None]:
        """Delete all projects that bear a token but one, by default the oldest, and return that.

        If the list does not show the one to keep, nothing is deleted.
        """
        kept = None if keep is None else str(keep)
        return (yield from sweep(self._creation("", "Py", None, token), kept))

    @operation
    def update(
        self,
        project_id: int,
        *,
        name: str | None = None,
        description: str | None = None,
        parameters: dict[str, str | int | float] | None = None,
    ) -> Plan[None]:
        """Change a project's name, description or parameters."""
        listed = None if parameters is None else [{"key": each, "value": parameters[each]} for each in parameters]
        body = {"projectId": project_id, "name": name, "description": description, "parameters": listed}
        yield from self._exchange.carry(Call(path="projects/update", read=nothing, body=body))

    @operation
    def delete(self, project_id: int) -> Plan[None]:
        """Delete a project."""
        yield from self._delete(project_id)

    def _read(self, project_id: int) -> Plan[Project]:
        call = Call(path="projects/read", read=many(Project, "projects"), body={"projectId": project_id})
        found = yield from self._exchange.carry(call)
        for each in found:
            if each.project_id == project_id:
                return each
        raise NotFoundError(f"There is no project {project_id}.")

    def _find(self, token: str) -> Plan[tuple[Project, ...]]:
        every = yield from self._exchange.carry(Call(path="projects/read", read=many(Project, "projects")))
        # A deleted project may stay listed for a while, in the bin.
        found = [
            each
            for each in every
            if (bears(each.name, token) or bears(each.description, token)) and not each.name.startswith("Recycle Bin/")
        ]
        return tuple(sorted(found, key=lambda each: (each.created or _LAST, each.project_id)))

    def _delete(self, project_id: int) -> Plan[None]:
        try:
            yield from self._exchange.carry(Call(path="projects/delete", read=nothing, body={"projectId": project_id}))
        except NotFoundError as error:
            # An earlier attempt, whose answer was lost, deleted it.
            if not error.is_uncertain:
                raise

    def _creation(self, name: str, language: str, organization_id: str | None, token: str) -> Creation[Project]:
        body = {"name": f"{name} {token}", "language": language, "organizationId": organization_id}
        return Creation(
            what="project",
            token=token,
            project_id=None,
            call=Call(path="projects/create", read=part(Project, "projects"), body=body, repeat=Repeat.IF_REFUSED),
            find=lambda: self._find(token),
            fetch=lambda made: self._read(int(made)),
            id_of=lambda project: str(project.project_id),
            remove=lambda project: self._delete(project.project_id),
        )
