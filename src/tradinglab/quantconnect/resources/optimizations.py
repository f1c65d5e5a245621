"""Optimizations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from tradinglab.quantconnect.creating import Creation, bears, create, read_token
from tradinglab.quantconnect.errors import InvalidRequestError, NotFoundError
from tradinglab.quantconnect.exchange import Call, Repeat
from tradinglab.quantconnect.models.optimizations import Estimate, Optimization, Search
from tradinglab.quantconnect.operations import D, Resource, operation
from tradinglab.quantconnect.polling import Cancel, wait_until
from tradinglab.quantconnect.reading import many, nothing, part
from tradinglab.quantconnect.steps import Plan

_LAST = datetime.max.replace(tzinfo=UTC)


class Optimizations(Resource[D]):
    """The optimizations of a project."""

    @operation
    def estimate(self, project_id: int, name: str, search: Search, *, compile_id: str | None = None) -> Plan[Estimate]:
        """Return what an optimization would take; needs a backtest of the project."""
        body = {"projectId": project_id, "name": name, "compileId": compile_id, **search.body()}
        call = Call(path="optimizations/estimate", read=part(Estimate, "estimate"), body=body)
        return (yield from self._exchange.carry(call))

    @operation
    def create(
        self,
        project_id: int,
        compile_id: str,
        name: str,
        search: Search,
        *,
        node_type: str = "O2-8",
        parallel_nodes: int = 1,
        estimated_cost: float = 0.0,
        token: str | None = None,
        is_retry: bool = False,
        on_send: Callable[[], None] | None = None,
    ) -> Plan[Optimization]:
        """Start an optimization once, whatever becomes of the answers.

        It costs money: if the answer was lost and it cannot be found, it is not asked for again.

        Parameters
        ----------
        project_id, compile_id
            What is run.
        name
            Its name; the token is appended to it.
        search
            What is looked for.
        node_type, parallel_nodes
            On which machines, and on how many.
        estimated_cost
            As `estimate` said.
        token, is_retry
            As for backtests.
        on_send
            Is called right before the request is sent: from then on it may have been started.

        Raises
        ------
        OutcomeUnknownError
            If it may have been started and cannot be found.
        """
        word = read_token(token)
        body = {
            "projectId": project_id,
            "compileId": compile_id,
            "name": f"{name} {word}",
            "nodeType": node_type,
            "parallelNodes": parallel_nodes,
            "estimatedCost": estimated_cost,
            **search.body(),
        }
        creation = self._creation(project_id, word, body, on_send)
        return (yield from create(self._exchange, creation, is_shared=token is not None, is_retry=is_retry))

    @operation
    def read(self, optimization_id: str) -> Plan[Optimization]:
        """Return an optimization with its backtests."""
        return (yield from self._read(optimization_id))

    @operation
    def list(self, project_id: int) -> Plan[tuple[Optimization, ...]]:
        """Return a project's optimizations."""
        return (yield from self._list(project_id))

    @operation
    def find(self, project_id: int, token: str) -> Plan[tuple[Optimization, ...]]:
        """Return the optimizations that bear a token in their name, the oldest first."""
        return (yield from self._find(project_id, token))

    @operation
    def wait(
        self,
        optimization_id: str,
        *,
        deadline_s: float = 6 * 3600.0,
        cancel: Cancel | None = None,
        on_news: Callable[[Optimization], None] | None = None,
    ) -> Plan[Optimization]:
        """Wait until an optimization is over or aborted, and return it.

        Raises
        ------
        DeadlineError
            If it took longer; it goes on.
        CancelledError
            If *cancel* was set, or returned True.
        """
        return (
            yield from wait_until(
                self._exchange,
                lambda: self._read(optimization_id),
                lambda each: each.is_finished,
                what=f"optimization {optimization_id}",
                deadline_s=deadline_s,
                cancel=cancel,
                on_news=on_news,
            )
        )

    @operation
    def rename(self, optimization_id: str, name: str) -> Plan[None]:
        """Rename an optimization."""
        body = {"optimizationId": optimization_id, "name": name}
        yield from self._exchange.carry(Call(path="optimizations/update", read=nothing, body=body))

    @operation
    def abort(self, optimization_id: str) -> Plan[None]:
        """Stop an optimization; what is done is kept.

        Raises
        ------
        InvalidRequestError
            If it is over.
        """
        body = {"optimizationId": optimization_id}
        try:
            yield from self._exchange.carry(Call(path="optimizations/abort", read=nothing, body=body))
        except InvalidRequestError as error:
            # An earlier attempt, whose answer was lost, may have aborted it.
            if not error.is_uncertain or not (yield from self._read(optimization_id)).is_finished:
                raise

    @operation
    def delete(self, optimization_id: str) -> Plan[None]:
        """Delete an optimization."""
        body = {"optimizationId": optimization_id}
        try:
            yield from self._exchange.carry(Call(path="optimizations/delete", read=nothing, body=body))
        except NotFoundError as error:
            if not error.is_uncertain:
                raise

    def _read(self, optimization_id: str) -> Plan[Optimization]:
        call = Call(
            path="optimizations/read", read=part(Optimization, "optimization"), body={"optimizationId": optimization_id}
        )
        return (yield from self._exchange.carry(call))

    def _list(self, project_id: int) -> Plan[tuple[Optimization, ...]]:
        read = many(Optimization, "optimizations", projectId=project_id)
        call = Call(path="optimizations/list", read=read, body={"projectId": project_id})
        return (yield from self._exchange.carry(call))

    def _find(self, project_id: int, token: str) -> Plan[tuple[Optimization, ...]]:
        found = [each for each in (yield from self._list(project_id)) if bears(each.name, token)]
        return tuple(sorted(found, key=lambda each: (each.created or _LAST, each.optimization_id)))

    def _creation(
        self, project_id: int, token: str, body: Mapping[str, object], on_send: Callable[[], None] | None
    ) -> Creation[Optimization]:
        read = part(Optimization, "optimizations", projectId=project_id)
        return Creation(
            what="optimization",
            token=token,
            project_id=project_id,
            call=Call(path="optimizations/create", read=read, body=body, repeat=Repeat.IF_REFUSED),
            find=lambda: self._find(project_id, token),
            fetch=self._read,
            id_of=lambda each: each.optimization_id,
            # Two would cost twice as much.
            remove=None,
            on_send=on_send,
        )
