"""The steps of a backtest at QuantConnect, and what becomes of one that cannot be taken.

Each step may be taken twice: what it makes there has an id that is stored, or a name with a token by which it is found.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
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
from tradinglab.quantconnect.models.backtests import Backtest as RemoteBacktest
from tradinglab.server.backtests.engines import Fallback
from tradinglab.server.backtests.services import backtest_run_here
from tradinglab.server.cloud.collecting import results_collect
from tradinglab.server.cloud.compiling import compile_message
from tradinglab.server.cloud.credentials import account_note
from tradinglab.server.cloud.errors import CloudCredentialsError, cloud_error
from tradinglab.server.cloud.models import Step
from tradinglab.server.cloud.projects import (
    files_send,
    project_hold,
    project_is_held,
    project_is_there,
    project_release,
)
from tradinglab.server.cloud.remote import client_of
from tradinglab.server.cloud.stopping import backtest_is_there, delete, ends_since, stop_there
from tradinglab.server.cloud.work import Over, Work, WorkLost, work_get, work_release
from tradinglab.server.errors import SealError, ServerError

_log = logging.getLogger(__name__)
_COMPILE_LASTS: Final = timedelta(minutes=15)
_RESULTS_LATE: Final = timedelta(seconds=90)
_PERFORMANCE_LATE: Final = timedelta(seconds=30)
_NODE_WAIT_S, _HELD_WAIT_S = 20.0, 2.0
_FIRST_WAIT_S, _MOST_WAIT_S = 2.0, 60.0
_MOST_UNREADABLE: Final = 20
#: So often in a row one that runs there may be refused, or its build not be found, before that is believed.
_MOST_REFUSED: Final = 4
_MOST_UNKNOWN: Final = 3
_TOLD_FAILURES: Final = (1, 5, 20, 100, 500)
_LONGEST_TEXT: Final = 20_000
#: Before these nothing of a backtest can be there.
_BEFORE_START: Final = (Step.PROJECT, Step.FILES, Step.COMPILE, Step.COMPILING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What comes next, after how long, and what was learnt."""

    step: Step
    after_s: float = 0.0
    learnt: Mapping[str, Any] = field(default_factory=dict)


def step_carry_out(*, run_id: UUID, fence: int) -> None:
    """Take a backtest's next step, and those that need not wait, under a claim."""
    work = work_get(run_id=run_id, fence=fence)
    if work is None:
        return
    try:
        with client_of(work.row.account, is_patient=True, cancel=work.is_to_stop) as client:
            _take(work, client)
    except WorkLost:
        return
    except Over as outcome:
        _finish(work, outcome)
    except CancelledError:
        # Its owner has cancelled it, or it is another's by now: the next step begins with that question.
        _again(work, 0.0)
    except SealError as error:
        _finish(work, Over("quantconnect_credentials", str(error)))
    except QuantConnectError as error:
        _failed(work, error)
    except ServerError as error:
        _finish(work, Over(error.code, str(error)))
    work_release(run_id=run_id, fence=fence)


def _take(work: Work, client: QuantConnect) -> None:
    while True:
        since = ends_since(work)
        if since is not None:
            outcome = stop_there(work, client, since)
            if outcome is not None:
                raise outcome
            # The wish is known: it is no reason any more to come before it is time.
            _again(work, 5.0, step_at=timezone.now())
            return
        step = Step(work.row.step)
        came = _step(step, work, client)
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
                _tell_step(work, came.step)
        if came.after_s:
            return


def _step(step: Step, work: Work, client: QuantConnect) -> Next | None:
    try:
        return _STEPS[step](work, client)
    except (NotFoundError, OutcomeUnknownError) as error:
        # In a project that is gone, what may have been started is looked for in vain.
        if step not in _BEFORE_START and _is_gone(work, client):
            what = "backtest or its project" if work.row.backtest_id else "project"
            raise Over("quantconnect_deleted", f"The {what} was deleted at QuantConnect: {error.reason}") from None
        raise


def _is_gone(work: Work, client: QuantConnect) -> bool:
    """Say whether what was not found is not in the lists either; what was made just now may not be known everywhere."""
    if not work.row.backtest_id:
        return not project_is_there(client, _project_id(work))
    if backtest_is_there(client, _project_id(work), work.row.backtest_id):
        return False
    is_new = timezone.now() - work.row.step_at < _RESULTS_LATE
    return not is_new or work.row.failures >= _MOST_REFUSED


def _tell_step(work: Work, step: Step) -> None:
    row = work.row
    known = {"project_id": row.project_id, "compile_id": row.compile_id, "backtest_id": row.backtest_id}
    work.tell("step", step=str(step), **{name: value for name, value in known.items() if value})


# What each step does


def _project(work: Work, client: QuantConnect) -> Next:
    may_fall_back = work.run.manifest.get("elsewhere", {}).get("fallback") == Fallback.LOCAL
    if project_is_held(work=work) and not may_fall_back:
        # However many wait for the same project, they leave the account's requests to the one that has it.
        return Next(step=Step.PROJECT, after_s=_HELD_WAIT_S)
    # A QuantConnect that is away, or does not accept the credentials, is found out before anything is looked for.
    client.account.check()
    project = project_hold(work=work, client=client)
    if project is None:
        return Next(step=Step.PROJECT, after_s=_HELD_WAIT_S)
    return Next(step=Step.FILES, learnt={"project_id": project})


def _files(work: Work, client: QuantConnect) -> Next:
    files_send(work=work, client=client)
    return Next(step=Step.COMPILE)


def _compile(work: Work, client: QuantConnect) -> Next:
    made = client.compiling.create(_project_id(work))
    return Next(step=Step.COMPILING, after_s=0.5, learnt={"compile_id": made.compile_id})


def _compiling(work: Work, client: QuantConnect) -> Next:
    compiled = client.compiling.read(_project_id(work), work.row.compile_id)
    if compiled.has_failed:
        message = compile_message(compiled.logs)
        text = "\n".join(compiled.logs)[:_LONGEST_TEXT]
        raise Over("compile_error", f"QuantConnect could not compile it: {message}", trace=text)
    if compiled.is_success:
        # What is compiled stays as it is; the next run may change the files.
        with work.held():
            project_release(work=work)
        return Next(step=Step.START)
    if timezone.now() - work.row.step_at > _COMPILE_LASTS:
        minutes = _COMPILE_LASTS.total_seconds() / 60
        raise Over("compile_timeout", f"QuantConnect was still compiling it after {minutes:g} minutes. Run it again.")
    return Next(step=Step.COMPILING, after_s=min(5.0, 0.5 + _age_s(work) / 5))


def _start(work: Work, client: QuantConnect) -> Next:
    row, was_asked = work.row, work.row.is_asked
    # Before it is sent, it has to be known that it may have been.
    work.keep(is_asked=True, is_lost=row.is_lost or was_asked)
    name = work.test.name or work.test.version.strategy.name
    try:
        made = client.backtests.create(
            _project_id(work),
            row.compile_id,
            name,
            parameters=dict(work.test.parameters),
            token=row.token,
            is_retry=was_asked,
        )
    except QuantConnectError as error:
        if not error.is_uncertain and not was_asked:
            # Refused, or never sent: there is nothing to be looked for.
            work.keep(is_asked=False)
        raise
    return Next(step=Step.RUNNING, after_s=1.0, learnt={"backtest_id": made.backtest_id})


def _running(work: Work, client: QuantConnect) -> Next:
    found = client.backtests.read(_project_id(work), work.row.backtest_id)
    if found.is_finished:
        return Next(step=Step.RESULTS)
    _tell_progress(work, found)
    return Next(step=Step.RUNNING, after_s=min(10.0, 1.0 + _age_s(work) / 20))


def _tell_progress(work: Work, found: RemoteBacktest) -> None:
    fraction = min(max(found.progress or 0.0, 0.0), 1.0)
    if fraction > work.run.progress:
        with work.held():
            type(work.run).objects.filter(pk=work.run.pk).update(progress=fraction, heartbeat_at=timezone.now())
            work.tell("progress", fraction=fraction, date="")
        work.run.progress = fraction


def _results(work: Work, client: QuantConnect) -> Next | None:
    found = client.backtests.read(_project_id(work), work.row.backtest_id)
    late = timezone.now() - work.row.step_at
    if not found.has_failed:
        is_whole = found.total_performance is not None and bool(found.total_performance.portfolio_statistics)
        if (not found.has_results and late < _RESULTS_LATE) or (not is_whole and late < _PERFORMANCE_LATE):
            return Next(step=Step.RESULTS, after_s=2.0)
    _remove_others(work, client)
    work.begin()
    # What is refused once may be handed out the next time; what is refused again and again is left out.
    results_collect(work=work, client=client, found=found, is_last_time=work.row.failures >= _MOST_REFUSED)
    return None


_STEPS: Final[Mapping[Step, Callable[[Work, QuantConnect], Next | None]]] = {
    Step.PROJECT: _project,
    Step.FILES: _files,
    Step.COMPILE: _compile,
    Step.COMPILING: _compiling,
    Step.START: _start,
    Step.RUNNING: _running,
    Step.RESULTS: _results,
}


def _project_id(work: Work) -> int:
    assert work.row.project_id is not None
    return work.row.project_id


def _age_s(work: Work) -> float:
    return (timezone.now() - work.row.step_at).total_seconds()


def _remove_others(work: Work, client: QuantConnect) -> None:
    """Where an answer was lost, there may be two of what was to be one: delete those that are not the run's."""
    row = work.row
    if not row.is_lost:
        return
    for each in client.backtests.find(_project_id(work), row.token):
        if each.backtest_id != row.backtest_id:
            delete(client, _project_id(work), each.backtest_id)


# What cannot be done


def _finish(work: Work, outcome: Over) -> None:
    with suppress(WorkLost), work.held():
        project_release(work=work)
        work.finish(outcome.state, outcome.error or None)


def _again(work: Work, after_s: float, **changes: object) -> None:
    with suppress(WorkLost):
        work.keep(next_at=timezone.now() + timedelta(seconds=after_s), **changes)


def _failed(work: Work, error: QuantConnectError) -> None:
    """Decide what becomes of a backtest whose step failed: it waits, is taken elsewhere, or fails."""
    step, failures = Step(work.row.step), work.row.failures
    if step == Step.START and error.is_uncertain:
        work.row.is_lost = True
    if isinstance(error, AuthenticationError):
        refusal = cloud_error(error)
        account_note(account=work.row.account, error=CloudCredentialsError(str(refusal)))
    is_there = step not in _BEFORE_START
    match error:
        case _ if ends_since(work) is not None:
            _wait(work, error)
        case NotFoundError():
            _not_found(work, error, step)
        case AuthenticationError() if not is_there:
            _finish(work, Over(CloudCredentialsError.code, str(cloud_error(error))))
        case InvalidRequestError() if step in (Step.RUNNING, Step.RESULTS) and failures < _MOST_REFUSED:
            # It runs there: what is refused now may be answered when it is asked again.
            _wait(work, error)
        case InvalidRequestError() | ConfigurationError():
            _finish(work, Over("quantconnect_refused", f"QuantConnect refused: {error.reason}"))
        case MalformedAnswerError(is_garbled=False) if failures >= _MOST_UNREADABLE:
            _finish(work, Over("quantconnect_unreadable", f"QuantConnect's answer cannot be read: {error.reason}"))
        case _:
            # Also where it runs there, and the credentials are refused: with new ones its end is still learnt.
            _wait(work, error)


def _not_found(work: Work, error: NotFoundError, step: Step) -> None:
    """Begin again where that is possible: there the project is made anew if somebody has deleted it."""
    is_new_build = step == Step.COMPILING and work.row.failures < _MOST_UNKNOWN
    may_run = work.row.is_asked or step in (Step.RUNNING, Step.RESULTS)
    if may_run and work.row.failures >= _MOST_UNREADABLE:
        text = f"QuantConnect lists it, and does not find it when it is asked for: {error.reason}"
        _finish(work, Over("quantconnect_unreadable", text))
    else:
        _wait(work, error, back_to=None if may_run or is_new_build else Step.PROJECT)


def _wait(work: Work, error: QuantConnectError, back_to: Step | None = None) -> None:
    """Try again later, and say so; or run it here, if that was asked for and nothing was started there."""
    row, elsewhere, step = work.row, work.run.manifest.get("elsewhere", {}), Step(work.row.step)
    is_away = not isinstance(error, (NoSpareNodeError, RateLimitError, NotFoundError))
    with suppress(WorkLost), work.held():
        if is_away and elsewhere.get("fallback") == Fallback.LOCAL and step in _BEFORE_START:
            project_release(work=work)
            if backtest_run_here(test=work.test, why=error.reason):
                return
        failures = row.failures + 1
        wait_s = _wait_s(error, failures)
        work.keep(next_at=timezone.now() + timedelta(seconds=wait_s), failures=failures, is_lost=row.is_lost)
        if failures in _TOLD_FAILURES:
            work.tell("waiting", step=str(step), reason=error.reason[:1000], failures=failures)
        if back_to not in (None, step):
            work.keep(step=back_to, step_at=timezone.now())
            _tell_step(work, back_to)
        _log.info("backtest %s at QuantConnect waits %.0f s: %s", work.run.pk, wait_s, error.reason)


def _wait_s(error: QuantConnectError, failures: int) -> float:
    wait_s: float = min(_MOST_WAIT_S, _FIRST_WAIT_S * 2 ** min(failures - 1, 10))
    if isinstance(error, NoSpareNodeError):
        wait_s = _NODE_WAIT_S
    asked_s: float = getattr(error, "wait_s", None) or 0.0
    return max(wait_s, min(asked_s, 10 * _MOST_WAIT_S))
