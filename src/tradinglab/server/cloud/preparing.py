"""The steps that lead to something compiled at QuantConnect, whatever is then started of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from tradinglab.quantconnect import QuantConnect
from tradinglab.server.backtests.engines import Fallback
from tradinglab.server.cloud.compiling import compile_message
from tradinglab.server.cloud.models import Step
from tradinglab.server.cloud.projects import files_send, project_hold, project_is_held, project_release
from tradinglab.server.cloud.stepping import Next
from tradinglab.server.cloud.work import LONGEST_TEXT, Over, Work

_COMPILE_LASTS: Final = timedelta(minutes=15)
_HELD_WAIT_S: Final = 2.0


def step_project(work: Work, client: QuantConnect) -> Next:
    """Have the strategy's project, once no other run holds it."""
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


def step_files(work: Work, client: QuantConnect) -> Next:
    """Have the project hold the version's files."""
    files_send(work=work, client=client)
    return Next(step=Step.COMPILE)


def step_compile(work: Work, client: QuantConnect) -> Next:
    """Have it compiled."""
    made = client.compiling.create(work.project_id)
    return Next(step=Step.COMPILING, after_s=0.5, learnt={"compile_id": made.compile_id})


def step_compiling(work: Work, client: QuantConnect) -> Next:
    """See whether it is compiled.

    Raises
    ------
    Over
        If it cannot be, or that takes too long.
    """
    compiled = client.compiling.read(work.project_id, work.row.compile_id)
    if compiled.has_failed:
        message = compile_message(compiled.logs)
        text = "\n".join(compiled.logs)[:LONGEST_TEXT]
        raise Over("compile_error", f"QuantConnect could not compile it: {message}", trace=text)
    if compiled.is_success:
        # What is compiled stays as it is; the next run may change the files.
        with work.held():
            project_release(work=work)
        return Next(step=Step.START)
    if work.age_s > _COMPILE_LASTS.total_seconds():
        minutes = _COMPILE_LASTS.total_seconds() / 60
        raise Over("compile_timeout", f"QuantConnect was still compiling it after {minutes:g} minutes. Run it again.")
    return Next(step=Step.COMPILING, after_s=min(5.0, 0.5 + work.age_s / 5))


PREPARING: Final = {
    Step.PROJECT: step_project,
    Step.FILES: step_files,
    Step.COMPILE: step_compile,
    Step.COMPILING: step_compiling,
}
