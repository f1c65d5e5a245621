"""Setting a strategy up to see whether that works, without running it: a run that somebody waits for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tradinglab.sandbox.errors import RunStoppedError
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.carrying_out import STRATEGIES
from tradinglab.server.qcapi.compiles import problem_line, strategy_try_out
from tradinglab.server.qcapi.errors import BusyError
from tradinglab.server.runs.awaiting import WorkersBusyError, run_awaited
from tradinglab.server.runs.execution import Ended, Ending, Watcher
from tradinglab.server.runs.models import Priority, Run, RunEvent, RunState
from tradinglab.server.runs.services import Wishes, run_create
from tradinglab.server.strategies.files import check_files
from tradinglab.server.strategies.running import files_run

_KIND: Final = "trial"


def strategy_trial(*, user: User, files: Mapping[str, str]) -> str:
    """Load files and call ``initialize``; return what is wrong, or an empty text.

    Raises
    ------
    InputError
        If the files can be no strategy.
    BusyError
        If no worker was free in time, or too many wait already.
    """
    check_files(files)
    manifest = {"files": files_run(files)}
    try:
        run = run_awaited(
            start=lambda: run_create(
                owner=user, kind=_KIND, manifest=manifest, wishes=Wishes(priority=Priority.INTERACTIVE)
            ),
            what="to try a strategy out",
        )
    except WorkersBusyError as error:
        raise BusyError(str(error), retry_after_s=error.wait) from None
    if run.state != RunState.COMPLETED:
        return str(run.error.get("message", "The trial was cancelled."))
    ended = RunEvent.objects.filter(run=run, kind="finished").latest("sequence")
    return str(ended.data.get("problem", ""))


class TrialKind:
    """Trials, as runs."""

    sandboxes = (STRATEGIES,)

    def execute(self, run: Run, folder: Path, watcher: Watcher) -> Ended:
        """Set the strategy up; what is wrong with it is the outcome, and no failure of the run."""
        try:
            trial = strategy_try_out(files=run.manifest["files"], watcher=watcher, initializes=True)
        except RunStoppedError:
            return Ended(ending=Ending.CANCELLED)
        told = {"problem": problem_line(trial) if trial.problem else ""}
        return Ended(ending=Ending.COMPLETED, told=told, grade=STRATEGIES.grade)

    def record(self, run: Run, summary: Mapping[str, Any]) -> None:
        """Keep nothing: the event of the end says all."""
        Run.objects.filter(pk=run.pk).update(manifest={})
