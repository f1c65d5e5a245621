"""Live deployments: starting and stopping them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tradinglab.quantconnect.answers import Payload
from tradinglab.quantconnect.creating import Attempt, Creation, claimed
from tradinglab.quantconnect.errors import InvalidRequestError, NotFoundError, QuantConnectError
from tradinglab.quantconnect.exchange import Call, Repeat
from tradinglab.quantconnect.models.live import LiveDeployment
from tradinglab.quantconnect.operations import D, Resource, operation
from tradinglab.quantconnect.polling import Cancel, wait_until
from tradinglab.quantconnect.reading import many, nothing
from tradinglab.quantconnect.steps import Plan, ask

#: QuantConnect's own brokerage, for paper trading, and its data.
PAPER = "QuantConnectBrokerage"


class Live(Resource[D]):
    """The live deployments of an account. What they do, `live_results` reads."""

    @operation
    def create(
        self,
        project_id: int,
        compile_id: str,
        node_id: str,
        *,
        brokerage: Mapping[str, object] | None = None,
        data_providers: Mapping[str, object] | None = None,
        version_id: int = -1,
        automatic_redeploy: bool = False,
        notification: Mapping[str, object] | None = None,
        parameters: Mapping[str, str | int | float] | None = None,
    ) -> Plan[LiveDeployment]:
        """Deploy a project once, whatever becomes of the answer.

        A deployment bears no name. If the answer was lost, one is looked for that the project did not have before; if
        there is none, it is not asked for again: money is at stake.

        Parameters
        ----------
        project_id, compile_id, node_id
            What is run, and where.
        brokerage
            Its settings; paper trading by default.
        data_providers
            Where prices come from; QuantConnect by default.
        version_id
            The version of LEAN; by default the newest.
        automatic_redeploy
            Whether QuantConnect starts it again after a failure.
        notification
            Who is told of what.
        parameters
            The algorithm's parameters.

        Raises
        ------
        OutcomeUnknownError
            If it may have been deployed and cannot be found.
        """
        body = {
            "projectId": project_id,
            "compileId": compile_id,
            "nodeId": node_id,
            "versionId": str(version_id),
            "brokerage": dict(brokerage or {"id": PAPER}),
            "dataProviders": dict(data_providers or {PAPER: {"id": PAPER}}),
            "automaticRedeploy": automatic_redeploy,
            "notification": dict(notification) if notification else None,
            "parameters": dict(parameters) if parameters else None,
        }
        return (yield from self._create(project_id, body))

    @operation
    def read(self, project_id: int, deploy_id: str | None = None) -> Plan[LiveDeployment]:
        """Return a project's deployment, by default the last.

        Raises
        ------
        NotFoundError
            If it was never deployed.
        """
        return (yield from self._read(project_id, deploy_id))

    @operation
    def list(self, status: str | None = None) -> Plan[tuple[LiveDeployment, ...]]:
        """Return all deployments, or those with a status such as ``"Running"``."""
        call = Call(path="live/list", read=many(LiveDeployment, "live"), body={"status": status})
        return (yield from self._exchange.carry(call))

    @operation
    def wait(
        self,
        project_id: int,
        is_over: Callable[[LiveDeployment], bool],
        *,
        deadline_s: float = 600.0,
        cancel: Cancel | None = None,
        on_news: Callable[[LiveDeployment], None] | None = None,
    ) -> Plan[LiveDeployment]:
        """Wait until a project's deployment is as *is_over* wants it, such as running or stopped, and return it.

        Raises
        ------
        DeadlineError
            If it took longer.
        CancelledError
            If *cancel* was set, or returned True.
        """
        return (
            yield from wait_until(
                self._exchange,
                lambda: self._read(project_id, None),
                is_over,
                what=f"the deployment of project {project_id}",
                deadline_s=deadline_s,
                cancel=cancel,
                on_news=on_news,
            )
        )

    @operation
    def stop(self, project_id: int) -> Plan[None]:
        """Stop a deployment; what it holds it keeps."""
        yield from self._end("live/update/stop", project_id)

    @operation
    def liquidate(self, project_id: int) -> Plan[None]:
        """Sell what a deployment holds, and stop it. That it is flat, the portfolio shows, minutes later."""
        yield from self._end("live/update/liquidate", project_id)

    @operation
    def command(self, project_id: int, command: Mapping[str, object]) -> Plan[None]:
        """Send a command to a deployment.

        Raises
        ------
        OutcomeUnknownError
            If the answer was lost: the algorithm may or may not have heard it.
        """
        body = {"projectId": project_id, "command": dict(command)}
        yield from self._exchange.carry(_unrepeated("live/commands/create", body))

    @operation
    def broadcast(
        self, organization_id: str, command: Mapping[str, object], *, exclude_project_id: int | None = None
    ) -> Plan[None]:
        """Send a command to all deployments of an organization.

        Raises
        ------
        OutcomeUnknownError
            If the answer was lost.
        """
        body = {
            "organizationId": organization_id,
            "command": dict(command),
            "excludeProjectId": exclude_project_id,
        }
        yield from self._exchange.carry(_unrepeated("live/commands/broadcast", body))

    def _read(self, project_id: int, deploy_id: str | None) -> Plan[LiveDeployment]:
        body = {"projectId": project_id, "deployId": deploy_id}
        return (yield from self._exchange.carry(Call(path="live/read", read=_deployment(project_id), body=body)))

    def _end(self, path: str, project_id: int) -> Plan[None]:
        try:
            yield from self._exchange.carry(Call(path=path, read=nothing, body={"projectId": project_id}))
        except (InvalidRequestError, NotFoundError) as error:
            # An earlier attempt, whose answer was lost, may have ended it.
            if not error.is_uncertain or not (yield from self._read(project_id, None)).is_over:
                raise

    def _create(self, project_id: int, body: Mapping[str, object]) -> Plan[LiveDeployment]:
        claim = yield from claimed(self._exchange, "live deployment", project_id, "")
        try:
            if claim.is_sent:
                # Whoever asked last did not hear what came of it; what it knew of before is noted.
                before = claim.made
                found = yield from self._attempt(project_id, before, body).look(self._look_for_s)
                yield from ask(claim.note)
                if found is not None:
                    return found
                raise self._attempt(project_id, before, body).unknown("An earlier request was never answered.", None)
            before = yield from self._newest(project_id)
            yield from ask(lambda: claim.note(made=before, is_sent=True))
            try:
                made = yield from self._exchange.carry(self._call(project_id, body))
            except QuantConnectError as error:
                if not error.is_uncertain:
                    yield from ask(claim.note)
                    raise
                attempt = self._attempt(project_id, before, body)
                found = yield from attempt.look(self._look_for_s, error)
                if found is None:
                    raise attempt.unknown("The project shows no new deployment.", error) from error
                made = found
            yield from ask(claim.note)
            return made
        finally:
            claim.release()

    @property
    def _look_for_s(self) -> float:
        return self._exchange.settings.lost_answers.look_for_s

    def _newest(self, project_id: int) -> Plan[str]:
        try:
            return (yield from self._read(project_id, None)).deploy_id
        except NotFoundError:
            return ""

    def _call(self, project_id: int, body: Mapping[str, object]) -> Call[LiveDeployment]:
        return Call(path="live/create", read=_deployment(project_id), body=body, repeat=Repeat.IF_REFUSED)

    def _attempt(self, project_id: int, before: str, body: Mapping[str, object]) -> Attempt[LiveDeployment]:
        def find() -> Plan[tuple[LiveDeployment, ...]]:
            try:
                found = yield from self._read(project_id, None)
            except NotFoundError:
                return ()
            return () if found.deploy_id == before else (found,)

        creation = Creation(
            what="live deployment of project",
            token=str(project_id),
            project_id=project_id,
            call=self._call(project_id, body),
            find=find,
            fetch=lambda made: self._read(project_id, made),
            id_of=lambda each: each.deploy_id,
            remove=None,
        )
        return Attempt(self._exchange, creation, None)


def _deployment(project_id: int) -> Callable[[Payload], LiveDeployment]:
    def read(payload: Payload) -> LiveDeployment:
        # What is created is told one floor lower than what is read.
        inner = payload.get("live")
        inner = inner if isinstance(inner, Mapping) else {}
        told = {name: value for name, value in payload.items() if name not in ("live", "success") and value is not None}
        return LiveDeployment.model_validate({"projectId": project_id, **inner, **told})

    return read


def _unrepeated(path: str, body: Mapping[str, object]) -> Call[None]:
    unknown = "It is not known whether the command was sent; look at what the algorithm does."
    return Call(path=path, read=nothing, body=body, repeat=Repeat.IF_REFUSED, unknown=unknown)
