"""Looking after one deployment: its process in the sandbox, its lease, what it is asked and what it tells."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from tradinglab.data.feeds.spec import FeedKind, FeedSpec
from tradinglab.sandbox.answer import Reader, parse
from tradinglab.sandbox.errors import (
    RunStoppedError,
    SandboxError,
    SandboxLostError,
    SandboxUnavailableError,
)
from tradinglab.sandbox.limits import Limits
from tradinglab.sandbox.request import LiveTerms, RunRequest
from tradinglab.sandbox.watch import Task
from tradinglab.server.backtests.carrying_out import FOLDER, STRATEGIES
from tradinglab.server.backtests.data_sources import data_source_ready
from tradinglab.server.errors import ConflictError, NotFoundError
from tradinglab.server.live.conversation import Conversation, Told
from tradinglab.server.live.events import live_event_store
from tradinglab.server.live.feeding import Feeder
from tradinglab.server.live.feeds import feed_stored
from tradinglab.server.live.lease import LOST_TEXT, LiveLease, live_finish, live_release, live_renew
from tradinglab.server.live.models import Deployment, DeploymentCommand, DeploymentRecord, RecordKind, Status
from tradinglab.server.live.recording import Recorder
from tradinglab.server.runs.lease import LeaseLost
from tradinglab.server.runs.patience import AWAY, patiently
from tradinglab.server.strategies.files import ENTRY
from tradinglab.server.strategies.running import files_run

_log = logging.getLogger(__name__)
#: Who was asked to stop and does not is killed after this.
_STOP_PATIENCE: Final = timedelta(seconds=20)
#: A strategy that was not heard for so long is told of, and one that was not for longer is ended.
_SILENT: Final = timedelta(seconds=60)
_LOST: Final = timedelta(seconds=600)
_RENEW_EVERY_S: Final = 1.0
_ENDINGS: Final = {"Stopped": Status.STOPPED, "Liquidated": Status.LIQUIDATED, "RuntimeError": Status.RUNTIME_ERROR}
#: LEAN's numbers of the states in which an order may still be filled: new, submitted, partially filled, about to be
#: cancelled, updated.
_OPEN: Final = (0, 1, 2, 8, 9)
_KINDS: Final = ("ended", "refused", "memory")


class Supervisor:
    """Looks after one deployment, under one claim.

    Parameters
    ----------
    is_closing
        Says whether this process is to end: the deployment is left to the next one then.
    """

    def __init__(self, lease: LiveLease, is_closing: Any) -> None:
        self._lease = lease
        self._is_closing = is_closing
        self._recorder = Recorder(lease)
        self._conversation: Conversation | None = None
        self._feeder: Feeder | None = None
        self._next_renewal = 0.0
        self._asked: set[str] = set()
        self._end: tuple[Status, str, dict[str, str]] | None = None

    def listen(self, descriptor: int) -> Conversation:
        """Speak with the process by a descriptor."""
        self._conversation = Conversation(descriptor, self._hear)
        return self._conversation

    def _hear(self, told: list[Told]) -> None:
        if self._feeder is not None:
            told = self._feeder.heard(told)
        patiently(lambda: self._recorder.store(told))

    def _feed(self) -> None:
        """Hand on what the feed has brought, and store what happened to it."""
        if self._feeder is None or self._conversation is None:
            return
        notices = self._feeder.hand_on(self._conversation)
        if notices:
            patiently(lambda: self._recorder.feed(notices))

    def is_cancelled(self) -> bool:
        """Renew the lease and hand on what is asked of the strategy, now and then; say whether to kill it."""
        self._feed()
        now = time.monotonic()
        if now < self._next_renewal:
            return False
        self._next_renewal = now + min(_RENEW_EVERY_S, settings.ENVIRONMENT.lease_s / 4)
        row = patiently(lambda: live_renew(lease=self._lease))
        if self._is_closing():
            return True
        self._hand_on(row)
        return self._is_given_up(row)

    def _hand_on(self, row: Deployment) -> None:
        if row.stop_requested_at is not None:
            self._ask("stop")
        elif row.liquidate_requested_at is not None:
            self._ask("liquidate")
        if self._conversation is None or row.status not in (Status.RUNNING, Status.HISTORY):
            return
        for command in DeploymentCommand.objects.filter(deployment=row, sent_at=None)[:20]:
            if self._conversation.is_behind:
                return
            DeploymentCommand.objects.filter(pk=command.pk).update(sent_at=timezone.now())
            self._conversation.say({"kind": "command", "id": command.pk, "body": command.body})

    def _ask(self, kind: str) -> None:
        if kind not in self._asked and self._conversation is not None:
            self._asked.add(kind)
            self._conversation.say({"kind": kind})

    def _is_given_up(self, row: Deployment) -> bool:
        now = timezone.now()
        if row.stop_requested_at is not None and now - row.stop_requested_at > _STOP_PATIENCE:
            self._end = (Status.STOPPED, "The strategy did not stop when it was asked to; it was ended.", {})
            return True
        quiet = now - (row.reported_at or now)
        if quiet > _LOST:
            text = f"The strategy was not heard for {int(quiet.total_seconds())} s; it was ended."
            self._end = (Status.RUNTIME_ERROR, text, {"code": "silent", "message": text})
            return True
        if quiet > _SILENT and not row.is_silent:
            self._lease.held().update(is_silent=True)
            text = f"The strategy has reported nothing for {int(quiet.total_seconds())} s."
            live_event_store(deployment_id=row.pk, kind="alert", data={"code": "silent", "message": text})
        return False

    def carry_out(self) -> None:
        """Let the strategy run until it ends, and store how."""
        row = patiently(lambda: Deployment.objects.select_related("version").get(pk=self._lease.deployment_id))
        try:
            status, message, error = self._run(row)
        except (LeaseLost, *AWAY) as problem:
            _log.warning("deployment %s is left to who takes it over: %r", row.deploy_id, problem)
            return
        if status is None:
            patiently(lambda: live_release(lease=self._lease))
            return
        self._finish(row, status, message, error)

    def _finish(self, row: Deployment, status: Status, message: str, error: Mapping[str, str]) -> None:
        line = f"{row.deploy_id}: {status.label}" + (f": {message}" if message else "")
        try:
            patiently(lambda: self._recorder.note([line, *error.get("trace", "").splitlines()]))
            patiently(lambda: live_finish(lease=self._lease, status=status, message=message, error=error))
        except LeaseLost:
            _log.warning("deployment %s was taken from this process", row.deploy_id)

    def _run(self, row: Deployment) -> tuple[Status | None, str, dict[str, str]]:
        """Run the strategy; the status is ``None`` if another process is to go on."""
        try:
            request = _request(row)
            sandbox = STRATEGIES.sandbox()
        except (ConflictError, NotFoundError) as problem:
            return Status.DEPLOY_ERROR, str(problem), {"code": problem.code, "message": str(problem)}
        except SandboxUnavailableError as problem:
            return Status.DEPLOY_ERROR, str(problem), {"code": "sandbox", "message": str(problem)}
        Deployment.objects.filter(pk=row.pk).update(sandbox_grade=STRATEGIES.grade)
        again = f", attempt {self._lease.fence}" if self._lease.fence > 1 else ""
        spec = FeedSpec.parse(row.data)
        feed = "the present" if row.start_at is None else f"{row.start_at:%Y-%m-%d %H:%M} at speed {row.speed:g}"
        replayed = f", replayed from {feed}" if spec.kind == FeedKind.REPLAY else ""
        self._recorder.note([f"Launching {row.deploy_id} on paper{again}", f"Its feed is '{row.data}'{replayed}"])
        limits = Limits(
            memory_mb=settings.ENVIRONMENT.run_memory_mb,
            cpu_share=settings.ENVIRONMENT.live_cpu_share,
            answer_bytes=1 << 20,
            output_most_bytes=1 << 40,
        )
        task = Task(
            request=request.as_bytes(),
            limits=request.bounds(limits),
            is_cancelled=self.is_cancelled,
            listener=self.listen,
        )
        try:
            with Feeder.of(spec) as self._feeder:
                return _ending(sandbox.carry_out(task).answer)
        except RunStoppedError:
            if self._end is not None:
                return self._end
            if row.automatic_redeploy:
                return None, "", {}
            return Status.STOPPED, "The server's process was stopped.", {}
        except SandboxLostError:
            if row.automatic_redeploy:
                return None, "", {}
            return Status.RUNTIME_ERROR, LOST_TEXT, {"code": "process_lost", "message": LOST_TEXT}
        except SandboxError as problem:
            return Status.RUNTIME_ERROR, str(problem), {"code": problem.code, "message": str(problem)}


def _request(row: Deployment) -> RunRequest:
    """Return what the sandbox is asked for; a deployment that ran before goes on with the account that it had."""
    spec = FeedSpec.parse(row.data)
    source = feed_stored(spec=spec)
    positions: list[dict[str, str]] = row.holdings
    cash: dict[str, str] = row.cash
    if row.portfolio:
        cash = {name: str(each["amount"]) for name, each in row.portfolio["cash"].items()}
        positions = [
            {
                "symbol_id": symbol_id,
                "ticker": str(each["symbol"]),
                "quantity": str(each["q"]),
                "average_price": str(each["a"]),
            }
            for symbol_id, each in row.portfolio["holdings"].items()
        ]
    orders = DeploymentRecord.objects.filter(deployment=row, kind=RecordKind.ORDER)
    # What was at the last instant that was told was told, too: the feed goes on behind it.
    start = row.start_at if row.clock_at is None else row.clock_at + timedelta(microseconds=1)
    return RunRequest(
        strategy=f"{FOLDER}/{ENTRY}",
        files={f"{FOLDER}/{name}": text for name, text in files_run(row.version.files).items()},
        folders=[FOLDER],
        data=data_source_ready(name=source.name).inside,
        parameters=row.parameters,
        live=LiveTerms(
            deployment_id=row.deploy_id,
            start_ns=None if row.start_at is None or start is None else int(start.timestamp() * 1_000_000) * 1000,
            speed=row.speed,
            cash=cash,
            positions=positions,
            orders_before=max((int(key) for key in orders.values_list("key", flat=True)), default=0),
            feed="" if spec.kind == FeedKind.REPLAY else str(spec),
            open_orders=[each.data for each in orders if each.data.get("status") in _OPEN],
        ),
    )


def _ending(answer: bytes) -> tuple[Status | None, str, dict[str, str]]:
    """Return how a strategy says that it has ended."""
    said = Reader(parse(answer, most_items=100))
    kind = said.member("kind").one_of(_KINDS)
    if kind == "memory":
        text = "The strategy needed more memory than it was given."
        return Status.RUNTIME_ERROR, text, {"code": "memory", "message": text}
    message = said.member("message").text()
    if kind == "refused":
        return Status.DEPLOY_ERROR, message, {"code": "refused", "message": message}
    status = _ENDINGS[said.member("status").one_of(tuple(_ENDINGS))]
    if status != Status.RUNTIME_ERROR:
        return status, message, {}
    error = {name: said.member(name).text() for name in ("message", "phase", "time", "trace")}
    return status, message, {"code": "strategy", **error}
