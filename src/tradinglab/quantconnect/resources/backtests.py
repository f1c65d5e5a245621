"""Backtests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from tradinglab.quantconnect.creating import Creation, bears, create, read_token, sweep
from tradinglab.quantconnect.errors import NotFoundError
from tradinglab.quantconnect.exchange import Call, Repeat
from tradinglab.quantconnect.models.backtests import Backtest, BacktestSummary
from tradinglab.quantconnect.operations import D, Resource, operation
from tradinglab.quantconnect.polling import Cancel, wait_until
from tradinglab.quantconnect.reading import many, nothing, part
from tradinglab.quantconnect.steps import Plan

_LAST = datetime.max.replace(tzinfo=UTC)


class Backtests(Resource[D]):
    """The backtests of a project. What they came to, `results` reads."""

    @operation
    def create(
        self,
        project_id: int,
        compile_id: str,
        name: str,
        *,
        parameters: Mapping[str, str | int | float] | None = None,
        token: str | None = None,
        is_retry: bool = False,
    ) -> Plan[Backtest]:
        """Start a backtest once, whatever becomes of the answers.

        Parameters
        ----------
        project_id, compile_id
            What is run.
        name
            Its name; the token is appended to it. `update` can take it off when the backtest's id is stored.
        parameters
            The algorithm's parameters.
        token
            By what the backtest can be found again, also by other processes and after a restart: 8 to 64 letters,
            digits and hyphens that nothing else has. One of its own by default.
        is_retry
            Whether a backtest with this token may have been asked for before, elsewhere.

        Raises
        ------
        NoSpareNodeError
            If all nodes are busy; nothing was started.
        OutcomeUnknownError
            If it may have been started and cannot be found.
        """
        word = read_token(token)
        body = {
            "projectId": project_id,
            "compileId": compile_id,
            "backtestName": f"{name} {word}",
            "parameters": dict(parameters) if parameters else None,
            "requestSource": "TradingLab",
        }
        creation = self._creation(project_id, word, body)
        return (yield from create(self._exchange, creation, is_shared=token is not None, is_retry=is_retry))

    @operation
    def read(self, project_id: int, backtest_id: str) -> Plan[Backtest]:
        """Return a backtest as it is now."""
        return (yield from self._read(project_id, backtest_id))

    @operation
    def list(self, project_id: int, *, include_statistics: bool = False) -> Plan[tuple[BacktestSummary, ...]]:
        """Return a project's backtests."""
        body = {"projectId": project_id, "includeStatistics": include_statistics}
        call = Call(path="backtests/list", read=many(BacktestSummary, "backtests"), body=body)
        return (yield from self._exchange.carry(call))

    @operation
    def find(self, project_id: int, token: str) -> Plan[tuple[Backtest, ...]]:
        """Return the backtests that bear a token in their name, as far as the list tells them, the oldest first."""
        return (yield from self._find(project_id, token))

    @operation
    def sweep(self, project_id: int, token: str, *, keep: str | None = None) -> Plan[Backtest | None]:
        """Delete all backtests that bear a token but one, and return that.

        There are two only if one was created again because the list did not show it for longer than
        `LostAnswers.look_for_s`; `create` looks once, whoever wants to be sure looks again at the end.

        Parameters
        ----------
        project_id, token
            Which.
        keep
            The id of the one to keep; by default the oldest. If the list does not show it, nothing is deleted.
        """
        return (yield from sweep(self._creation(project_id, token, {}), keep))

    @operation
    def wait(
        self,
        project_id: int,
        backtest_id: str,
        *,
        deadline_s: float = 3600.0,
        results_s: float = 60.0,
        cancel: Cancel | None = None,
        on_news: Callable[[Backtest], None] | None = None,
    ) -> Plan[Backtest]:
        """Wait until a backtest is over, well or badly, and return it.

        Parameters
        ----------
        project_id, backtest_id
            Which; that is all there is to store for waiting on after a restart.
        deadline_s
            No longer than so many seconds.
        results_s
            Figures may arrive after the end. They are waited for so long.
        cancel
            An event, or a function, that ends the wait; the backtest goes on.
        on_news
            Called with each answer.

        Raises
        ------
        DeadlineError
            If it took longer; it goes on.
        CancelledError
            If *cancel* was set, or returned True.
        NotFoundError
            If it, or its project, was deleted.
        """
        clock = self._exchange.clock
        over_at: list[float] = []

        def is_over(each: Backtest) -> bool:
            if not each.is_finished:
                return False
            over_at.append(clock.monotonic())
            return each.has_failed or each.has_results or clock.monotonic() - over_at[0] >= results_s

        return (
            yield from wait_until(
                self._exchange,
                lambda: self._read(project_id, backtest_id),
                is_over,
                what=f"backtest {backtest_id} of project {project_id}",
                deadline_s=deadline_s,
                cancel=cancel,
                on_news=on_news,
            )
        )

    @operation
    def update(
        self, project_id: int, backtest_id: str, *, name: str | None = None, note: str | None = None
    ) -> Plan[None]:
        """Change a backtest's name or note."""
        body = {"projectId": project_id, "backtestId": backtest_id, "name": name, "note": note}
        yield from self._exchange.carry(Call(path="backtests/update", read=nothing, body=body))

    @operation
    def set_tags(self, project_id: int, backtest_id: str, tags: Sequence[str]) -> Plan[None]:
        """Give a backtest these tags, and no others."""
        body = {"projectId": project_id, "backtestId": backtest_id, "tags": [*tags]}
        yield from self._exchange.carry(Call(path="backtests/tags/update", read=nothing, body=body))

    @operation
    def delete(self, project_id: int, backtest_id: str) -> Plan[None]:
        """Delete a backtest; one that runs is stopped."""
        yield from self._delete(project_id, backtest_id)

    def _read(self, project_id: int, backtest_id: str) -> Plan[Backtest]:
        body = {"projectId": project_id, "backtestId": backtest_id}
        read = part(Backtest, "backtest", projectId=project_id)
        return (yield from self._exchange.carry(Call(path="backtests/read", read=read, body=body)))

    def _delete(self, project_id: int, backtest_id: str) -> Plan[None]:
        body = {"projectId": project_id, "backtestId": backtest_id}
        try:
            yield from self._exchange.carry(Call(path="backtests/delete", read=nothing, body=body))
        except NotFoundError as error:
            # An earlier attempt, whose answer was lost, deleted it.
            if not error.is_uncertain:
                raise

    def _find(self, project_id: int, token: str) -> Plan[tuple[Backtest, ...]]:
        body = {"projectId": project_id, "includeStatistics": False}
        read = many(Backtest, "backtests", projectId=project_id)
        every = yield from self._exchange.carry(Call(path="backtests/list", read=read, body=body))
        found = [each for each in every if bears(each.name, token)]
        return tuple(sorted(found, key=lambda each: (each.created or _LAST, each.backtest_id)))

    def _creation(self, project_id: int, token: str, body: Mapping[str, object]) -> Creation[Backtest]:
        read = part(Backtest, "backtest", projectId=project_id)
        return Creation(
            what="backtest",
            token=token,
            project_id=project_id,
            call=Call(path="backtests/create", read=read, body=body, repeat=Repeat.IF_REFUSED),
            find=lambda: self._find(project_id, token),
            fetch=lambda made: self._read(project_id, made),
            id_of=lambda backtest: backtest.backtest_id,
            remove=lambda backtest: self._delete(project_id, backtest.backtest_id),
        )
