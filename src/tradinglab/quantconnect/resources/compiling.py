"""Compilations."""

from __future__ import annotations

from collections.abc import Callable

from tradinglab.quantconnect.exchange import Call
from tradinglab.quantconnect.models.projects import Compile
from tradinglab.quantconnect.operations import D, Resource, operation
from tradinglab.quantconnect.polling import Cancel, Rhythm, wait_until
from tradinglab.quantconnect.reading import whole
from tradinglab.quantconnect.steps import Plan


class Compiling(Resource[D]):
    """What makes something of a project's files that can be run."""

    @operation
    def create(self, project_id: int) -> Plan[Compile]:
        """Start a compilation. One too many does no harm, so this is repeated like a read."""
        call = Call(path="compile/create", read=whole(Compile), body={"projectId": project_id})
        return (yield from self._exchange.carry(call))

    @operation
    def read(self, project_id: int, compile_id: str) -> Plan[Compile]:
        """Return a compilation as it is now."""
        return (yield from self._read(project_id, compile_id))

    @operation
    def wait(
        self,
        project_id: int,
        compile_id: str,
        *,
        deadline_s: float = 300.0,
        cancel: Cancel | None = None,
        on_news: Callable[[Compile], None] | None = None,
    ) -> Plan[Compile]:
        """Wait until a compilation has succeeded or failed, and return it; `has_failed` says which.

        Raises
        ------
        DeadlineError
            If that took longer.
        CancelledError
            If *cancel* was set, or returned True.
        """
        return (
            yield from wait_until(
                self._exchange,
                lambda: self._read(project_id, compile_id),
                lambda each: each.is_finished,
                what=f"compilation {compile_id} of project {project_id}",
                deadline_s=deadline_s,
                cancel=cancel,
                on_news=on_news,
                rhythm=Rhythm(first_s=0.5, most_s=5.0),
            )
        )

    def _read(self, project_id: int, compile_id: str) -> Plan[Compile]:
        body = {"projectId": project_id, "compileId": compile_id}
        return (yield from self._exchange.carry(Call(path="compile/read", read=whole(Compile), body=body)))
