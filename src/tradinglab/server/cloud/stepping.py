"""Taking the steps of a job at QuantConnect, and what becomes of one that cannot be taken.

Each step may be taken twice: what it makes there has an id that is stored, or a name with a token by which it is found.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from django.utils import timezone

from tradinglab.quantconnect import (
    AuthenticationError,
    CancelledError,
    ConfigurationError,
    InvalidRequestError,
    MalformedAnswerError,
    NoSpareNodeError,
    NotFoundError,
    OutcomeUnknownError,
    QuantConnect,
    QuantConnectError,
    RateLimitError,
)
from tradinglab.server.backtests.engines import Fallback
from tradinglab.server.cloud.credentials import account_note
from tradinglab.server.cloud.errors import CloudCredentialsError, cloud_error
from tradinglab.server.cloud.models import CloudJob, Step
from tradinglab.server.cloud.projects import project_release
from tradinglab.server.cloud.remote import client_of
from tradinglab.server.cloud.stopping import ends_since, stop_there
from tradinglab.server.cloud.work import Over, Work, WorkLost, work_claim, work_release, work_renew
from tradinglab.server.errors import SealError, ServerError

_log = logging.getLogger(__name__)
_NODE_WAIT_S = 20.0
_FIRST_WAIT_S, _MOST_WAIT_S = 2.0, 60.0
_MOST_UNREADABLE: Final = 20
#: So often in a row one that runs there may be refused, or its build not be found, before that is believed.
MOST_REFUSED: Final = 4
_MOST_UNKNOWN: Final = 3
_TOLD_FAILURES: Final = (1, 5, 20, 100, 500)
#: Before these nothing of a job can be there.
_BEFORE_START: Final = (Step.PROJECT, Step.FILES, Step.COMPILE, Step.COMPILING)
W = TypeVar("W", bound=Work)


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What comes next, after how long, and what was learnt."""

    step: Step
    after_s: float = 0.0
    learnt: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow(Generic[W]):
    """How the jobs of a kind go their way.

    Attributes
    ----------
    what
        What they are called in sentences.
    rows
        Where their entries are.
    lasts_s
        How long one may take that does not say so itself.
    most_unknown_s
        How long one is looked for of which nobody knows whether it was started; without end if none.
    version_of
        Returns the id of the version that a run is of.
    work
        Returns the job that a claim is on; none if it is another's by now.
    steps
        What is done at each step; none once it has its outcome.
    remove
        Has nothing go on there of one that is to be over since then; returns whether that is sure.
    is_gone
        Says whether what was not found is not in the lists either.
    end
        Gives one its outcome.
    run_here
        Has one run here instead; returns whether it is.
    """

    what: str
    rows: type[CloudJob]
    lasts_s: float
    most_unknown_s: float | None = None
    version_of: Callable[[UUID], UUID]
    work: Callable[[UUID, int], W | None]
    steps: Mapping[Step, Callable[[W, QuantConnect], Next | None]]
    remove: Callable[[W, QuantConnect, datetime], bool]
    is_gone: Callable[[W, QuantConnect], bool]
    end: Callable[[W, Over], None]
    run_here: Callable[[W, str], bool]

    def claim(self, run_id: UUID) -> int | None:
        """Take a job's next step, if it is due and nobody else is about it; return the claim's number."""
        return work_claim(run_id=run_id, rows=self.rows, version_of=self.version_of)

    def renew(self, run_id: UUID, fence: int) -> None:
        """Give a sign of life."""
        work_renew(run_id=run_id, rows=self.rows, fence=fence)

    def release(self, run_id: UUID, fence: int) -> None:
        """Let others take the next step."""
        work_release(run_id=run_id, rows=self.rows, fence=fence)

    def carry_out(self, run_id: UUID, fence: int) -> None:
        """Take a job's next step, and those that need not wait, under a claim."""
        work = self.work(run_id, fence)
        if work is None:
            return
        try:
            with client_of(work.row.account, is_patient=True, cancel=work.is_to_stop) as client:
                self._take(work, client)
        except WorkLost:
            return
        except Over as outcome:
            self._finish(work, outcome)
        except CancelledError:
            # Its owner has cancelled it, or it is another's by now: the next step begins with that question.
            step_again(work, 0.0)
        except SealError as error:
            self._finish(work, Over("quantconnect_credentials", str(error)))
        except QuantConnectError as error:
            self._failed(work, error)
        except ServerError as error:
            self._finish(work, Over(error.code, str(error)))
        self.release(run_id, fence)

    def stumbled(self, run_id: UUID, fence: int, error: Exception) -> None:
        """Count a step that broke off for a reason of our own; a job whose step always does so is over."""
        work = self.work(run_id, fence)
        if work is None:
            return
        failures = work.row.failures + 1
        if failures > _MOST_UNREADABLE:
            text = (
                f"Its step '{work.row.step}' fails here again and again ({type(error).__name__}); this server's log "
                "says more. If it was started at QuantConnect, it may still run there: look at quantconnect.com."
            )
            self._finish(work, Over("server", text))
        else:
            wait_s = min(_MOST_WAIT_S, _FIRST_WAIT_S * 2 ** min(failures - 1, 10))
            step_again(work, wait_s, failures=failures)
        self.release(run_id, fence)

    def _take(self, work: W, client: QuantConnect) -> None:
        while True:
            since = ends_since(work, self.lasts_s)
            if since is not None:
                outcome = stop_there(work, client, since, what=self.what, lasts_s=self.lasts_s, remove=self.remove)
                if outcome is not None:
                    raise outcome
                # The wish is known: it is no reason any more to come before it is time.
                step_again(work, 5.0, step_at=timezone.now())
                return
            step = Step(work.row.step)
            came = self._step(step, work, client)
            if came is None:
                return
            # From the first answer on there may be something there that is to be cleared away.
            work.begin()
            now = timezone.now()
            changes = {**came.learnt, "failures": 0, "next_at": now + timedelta(seconds=came.after_s)}
            with work.held():
                if came.step == step:
                    work.keep(**changes)
                else:
                    work.keep(**changes, step=came.step, step_at=now)
                    self._tell_step(work, came.step)
            if came.after_s:
                return

    def _step(self, step: Step, work: W, client: QuantConnect) -> Next | None:
        try:
            return self.steps[step](work, client)
        except (NotFoundError, OutcomeUnknownError) as error:
            # In a project that is gone, what may have been started is looked for in vain.
            if step not in _BEFORE_START and self.is_gone(work, client):
                what = f"{self.what} or its project" if work.row.started_id else "project"
                raise Over("quantconnect_deleted", f"The {what} was deleted at QuantConnect: {error.reason}") from None
            raise

    def _tell_step(self, work: W, step: Step) -> None:
        row = work.row
        known = {"project_id": row.project_id, "compile_id": row.compile_id, f"{self.what}_id": row.started_id}
        work.tell("step", step=str(step), **{name: value for name, value in known.items() if value})

    def _finish(self, work: W, outcome: Over) -> None:
        with suppress(WorkLost), work.held():
            project_release(work=work)
            self.end(work, outcome)

    def _failed(self, work: W, error: QuantConnectError) -> None:
        """Decide what becomes of a job whose step failed: it waits, is taken elsewhere, or fails."""
        step, failures = Step(work.row.step), work.row.failures
        if step == Step.START and error.is_uncertain and work.row.is_asked and not self._note_lost(work):
            return
        if isinstance(error, AuthenticationError):
            refusal = cloud_error(error)
            account_note(account=work.row.account, error=CloudCredentialsError(str(refusal)))
        is_there = step not in _BEFORE_START
        match error:
            case _ if ends_since(work, self.lasts_s) is not None:
                self._wait(work, error)
            case NotFoundError():
                self._not_found(work, error, step)
            case AuthenticationError() if not is_there:
                self._finish(work, Over(CloudCredentialsError.code, str(cloud_error(error))))
            case InvalidRequestError() if step in (Step.RUNNING, Step.RESULTS) and failures < MOST_REFUSED:
                # It runs there: what is refused now may be answered when it is asked again.
                self._wait(work, error)
            case InvalidRequestError() | ConfigurationError():
                self._finish(work, Over("quantconnect_refused", f"QuantConnect refused: {error.reason}"))
            case MalformedAnswerError(is_garbled=False) if failures >= _MOST_UNREADABLE:
                text = f"QuantConnect's answer cannot be read: {error.reason}"
                self._finish(work, Over("quantconnect_unreadable", text))
            case OutcomeUnknownError() if self.most_unknown_s is not None and work.age_s > self.most_unknown_s:
                text = f"{error.reason} It is not started twice. Run it again if it is not there."
                self._finish(work, Over("quantconnect_outcome_unknown", text))
            case _:
                # Also where it runs there, and the credentials are refused: with new ones its end is still learnt.
                self._wait(work, error)

    def _not_found(self, work: W, error: NotFoundError, step: Step) -> None:
        """Begin again where that is possible: there the project is made anew if somebody has deleted it."""
        is_new_build = step == Step.COMPILING and work.row.failures < _MOST_UNKNOWN
        may_run = work.row.is_asked or step in (Step.RUNNING, Step.RESULTS)
        if may_run and work.row.failures >= _MOST_UNREADABLE:
            text = f"QuantConnect lists it, and does not find it when it is asked for: {error.reason}"
            self._finish(work, Over("quantconnect_unreadable", text))
        else:
            self._wait(work, error, back_to=None if may_run or is_new_build else Step.PROJECT)

    def _note_lost(self, work: W) -> bool:
        """Write down that an answer was lost, and since when; return whether the job is still this process's."""
        if work.row.is_lost:
            return True
        try:
            work.keep(is_lost=True, step_at=timezone.now())
        except WorkLost:
            return False
        return True

    def _wait(self, work: W, error: QuantConnectError, back_to: Step | None = None) -> None:
        """Try again later, and say so; or run it here, if that was asked for and nothing was started there."""
        row, elsewhere, step = work.row, work.run.manifest.get("elsewhere", {}), Step(work.row.step)
        is_away = not isinstance(error, (NoSpareNodeError, RateLimitError, NotFoundError))
        with suppress(WorkLost), work.held():
            if is_away and elsewhere.get("fallback") == Fallback.LOCAL and step in _BEFORE_START:
                project_release(work=work)
                if self.run_here(work, error.reason):
                    return
            failures = row.failures + 1
            wait_s = _wait_s(error, failures)
            work.keep(next_at=timezone.now() + timedelta(seconds=wait_s), failures=failures)
            if failures in _TOLD_FAILURES:
                work.tell("waiting", step=str(step), reason=error.reason[:1000], failures=failures)
            if back_to not in (None, step):
                work.keep(step=back_to, step_at=timezone.now())
                self._tell_step(work, back_to)
            _log.info("%s %s at QuantConnect waits %.0f s: %s", self.what, work.run.pk, wait_s, error.reason)


def _wait_s(error: QuantConnectError, failures: int) -> float:
    wait_s: float = min(_MOST_WAIT_S, _FIRST_WAIT_S * 2 ** min(failures - 1, 10))
    if isinstance(error, NoSpareNodeError):
        wait_s = _NODE_WAIT_S
    asked_s: float = getattr(error, "wait_s", None) or 0.0
    return max(wait_s, min(asked_s, 10 * _MOST_WAIT_S))


def step_again(work: Work, after_s: float, **changes: object) -> None:
    """Have the same step taken again in a while, unless the job is another's by now."""
    try:
        work.keep(next_at=timezone.now() + timedelta(seconds=after_s), **changes)
    except WorkLost:
        return
