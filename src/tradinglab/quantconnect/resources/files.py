"""The files of a project."""

from __future__ import annotations

from tradinglab.quantconnect.errors import InvalidRequestError, NotFoundError
from tradinglab.quantconnect.exchange import Call, Repeat
from tradinglab.quantconnect.models.projects import ProjectFile
from tradinglab.quantconnect.operations import D, Resource, operation
from tradinglab.quantconnect.reading import many, nothing
from tradinglab.quantconnect.steps import Plan


class Files(Resource[D]):
    """The files of a project."""

    @operation
    def create(self, project_id: int, name: str, content: str = "") -> Plan[None]:
        """Create a file.

        Raises
        ------
        InvalidRequestError
            If there is one of that name.
        """
        yield from self._create(project_id, name, content)

    @operation
    def read(self, project_id: int, name: str) -> Plan[ProjectFile]:
        """Return a file with its content."""
        return (yield from self._read(project_id, name))

    @operation
    def list(self, project_id: int) -> Plan[tuple[ProjectFile, ...]]:
        """Return all files with their content."""
        return (yield from self._list(project_id))

    @operation
    def update(self, project_id: int, name: str, content: str) -> Plan[None]:
        """Replace a file's content."""
        yield from self._exchange.carry(self._update(project_id, name, content))

    @operation
    def put(self, project_id: int, name: str, content: str) -> Plan[None]:
        """Give a file this content, and create it if there is none."""
        if not content:
            yield from self._empty(project_id, name)
            return
        try:
            yield from self._exchange.carry(self._update(project_id, name, content))
        except (NotFoundError, InvalidRequestError):
            if any(each.name == name for each in (yield from self._list(project_id))):
                raise
            yield from self._create(project_id, name, content)

    @operation
    def rename(self, project_id: int, name: str, new_name: str) -> Plan[None]:
        """Rename a file."""
        body = {"projectId": project_id, "name": name, "newName": new_name}
        try:
            yield from self._exchange.carry(Call(path="files/update", read=nothing, body=body))
        except (NotFoundError, InvalidRequestError) as error:
            names = {each.name for each in (yield from self._list(project_id))} if error.is_uncertain else set()
            if new_name not in names or name in names:
                raise

    @operation
    def patch(self, project_id: int, patch: str) -> Plan[None]:
        """Apply a unified diff, as git writes it.

        Raises
        ------
        OutcomeUnknownError
            If the answer was lost: read the files to see whether it was applied.
        """
        call = Call(
            path="files/patch",
            read=nothing,
            body={"projectId": project_id, "patch": patch},
            repeat=Repeat.IF_REFUSED,
            unknown="It is not known whether the patch was applied; read the files to see.",
        )
        yield from self._exchange.carry(call)

    @operation
    def delete(self, project_id: int, name: str) -> Plan[None]:
        """Delete a file."""
        yield from self._delete(project_id, name)

    def _delete(self, project_id: int, name: str) -> Plan[None]:
        body = {"projectId": project_id, "name": name}
        try:
            yield from self._exchange.carry(Call(path="files/delete", read=nothing, body=body))
        except (NotFoundError, InvalidRequestError) as error:
            # An earlier attempt, whose answer was lost, may have deleted it.
            if not error.is_uncertain or any(each.name == name for each in (yield from self._list(project_id))):
                raise

    def _empty(self, project_id: int, name: str) -> Plan[None]:
        """Leave an empty file: no file is updated to nothing, but one can be created without content."""
        held = [each for each in (yield from self._list(project_id)) if each.name == name]
        if held and not held[0].content:
            return
        if held:
            yield from self._delete(project_id, name)
        yield from self._create(project_id, name, "")

    def _create(self, project_id: int, name: str, content: str) -> Plan[None]:
        # An empty text is refused; none at all makes an empty file.
        body = {"projectId": project_id, "name": name, "content": content or None}
        try:
            yield from self._exchange.carry(Call(path="files/create", read=nothing, body=body))
        except InvalidRequestError as error:
            if not error.is_uncertain:
                raise
            # An earlier attempt, whose answer was lost, may have created it.
            if (yield from self._read(project_id, name)).content != content:
                raise

    def _read(self, project_id: int, name: str) -> Plan[ProjectFile]:
        body = {"projectId": project_id, "name": name}
        found = yield from self._exchange.carry(Call(path="files/read", read=many(ProjectFile, "files"), body=body))
        for each in found:
            if each.name == name:
                return each
        raise NotFoundError(f"There is no file '{name}' in project {project_id}.")

    def _list(self, project_id: int) -> Plan[tuple[ProjectFile, ...]]:
        call = Call(path="files/read", read=many(ProjectFile, "files"), body={"projectId": project_id})
        return (yield from self._exchange.carry(call))

    def _update(self, project_id: int, name: str, content: str) -> Call[None]:
        body = {"projectId": project_id, "name": name, "content": content}
        return Call(path="files/update", read=nothing, body=body)
