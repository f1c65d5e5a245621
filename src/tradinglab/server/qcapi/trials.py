"""Setting a strategy up to see whether that works, without running it: a run that somebody waits for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tradinglab.sandbox.errors import RunStoppedError
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.carrying_out import STRATEGIES
from tradinglab.server.qcapi.compiles import problem_line, strategy_try_out
from tradinglab.server.qcapi.errors import BusyError
from tradinglab.server.rest.waiting import waiting_place
from tradinglab.server.runs.deletion import run_delete, run_discard
from tradinglab.server.runs.execution import Ended, Ending, Watcher
from tradinglab.server.runs.models import Priority, Run, RunEvent, RunState
from tradinglab.server.runs.services import Wishes, run_create
from tradinglab.server.strategies.files import check_files
from tradinglab.server.strategies.running import files_run

_KIND: Final = "trial"
_PATIENCE_S: Final = 25.0
_LOOK_EVERY_S: Final = 0.2
_AGAIN_AFTER_S: Final = 10


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
    with waiting_place() as is_free:
        if not is_free:
            text = "Too many wait for a strategy to be tried out. Try again in a moment."
            raise BusyError(text, retry_after_s=_AGAIN_AFTER_S)
        run = run_create(
            owner=user,
            kind=_KIND,
            manifest={"files": files_run(files)},
            wishes=Wishes(priority=Priority.INTERACTIVE),
        )
        end = time.monotonic() + _PATIENCE_S
        while not run.is_final and time.monotonic() < end:
            time.sleep(_LOOK_EVERY_S)
            run.refresh_from_db()
    if not run.is_final:
        run_discard(run=run)
        text = "No worker was free to try the strategy out. Try again in a moment, or run a backtest."
        raise BusyError(text, retry_after_s=_AGAIN_AFTER_S)
    run_delete(run=run)
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
