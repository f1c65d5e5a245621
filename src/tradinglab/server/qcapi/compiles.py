"""Compiling: our check of the files, and then the strategy's file is loaded in the sandbox.

A compile pins a version, so that what is backtested under its id is what was compiled, whatever became of the project.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from django.db import transaction

import tradinglab
from tradinglab.algorithm.check import Finding, Severity
from tradinglab.sandbox.errors import RunStoppedError, RunTimeoutError, SandboxError
from tradinglab.sandbox.limits import Limits
from tradinglab.sandbox.request import RunRequest, Trial, trial_of
from tradinglab.sandbox.watch import Task
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.carrying_out import FOLDER, STRATEGIES
from tradinglab.server.qcapi.errors import ForbiddenError
from tradinglab.server.qcapi.models import Compile, CompileState, Language, Project
from tradinglab.server.runs.execution import Ended, Ending, Watcher
from tradinglab.server.runs.models import Priority, Run
from tradinglab.server.runs.services import Wishes, run_create
from tradinglab.server.strategies.checking import files_check
from tradinglab.server.strategies.files import ENTRY, RULES
from tradinglab.server.strategies.models import StrategyVersion
from tradinglab.server.strategies.running import files_run
from tradinglab.server.strategies.versions import version_pin

_KIND: Final = "compile"
_TIMEOUT_S: Final = 20.0
_MEMORY_MB: Final = 2048
_GRACE_S: Final = 5.0
_LIMITS: Final = Limits(memory_mb=_MEMORY_MB, cpu_s=int(_TIMEOUT_S), answer_bytes=1 << 20)
_MOST_LOGS: Final = 200
_LAST_FRAME: Final = re.compile(rf'File "{FOLDER}/([^"]+)", line (\d+)')
_NO_CSHARP: Final = (
    "Build Error: C# is stored here, but not compiled: this installation runs strategies in Python. Write the strategy "
    "in a Python project, or push this one to quantconnect.com."
)


class Outcome(NamedTuple):
    """How far a compile is, and what it says."""

    state: CompileState
    logs: list[str]


@transaction.atomic
def compile_create(*, project: Project, by: User) -> Compile:
    """Store a compile of a project's files as they are now, to be carried out by a worker.

    Raises
    ------
    TooManyQueuedError
        If the user has as many runs waiting as may wait.
    InputError
        If the files of project and libraries together cannot be stored.
    ForbiddenError
        If a library is shared with neither the user nor the project's owner any more.
    """
    version = _pinned(project, by)
    made = Compile(id=f"{uuid.uuid4().hex}-{version.content_hash[:32]}", project=project, version=version)
    if project.language == Language.CSHARP:
        made.state, made.logs = CompileState.ERROR, [_NO_CSHARP]
    else:
        made.run = run_create(
            owner=by,
            kind=_KIND,
            manifest={"version": str(version.pk), "content_hash": version.content_hash, "project": project.pk},
            wishes=Wishes(priority=Priority.INTERACTIVE, timeout_s=None, memory_mb=None),
        )
    made.save(force_insert=True)
    return made


def compile_outcome(compiled: Compile) -> Outcome:
    """Return how far a compile is, as its run tells."""
    state = CompileState(compiled.state)
    if state != CompileState.IN_QUEUE:
        return Outcome(state, [str(each) for each in compiled.logs])
    run = compiled.run
    if run is not None and not run.is_final:
        return Outcome(state, [])
    error = {} if run is None else run.error
    why = error.get("message") or "The compile was cancelled. Compile again."
    return Outcome(CompileState.ERROR, [f"Build Error: {why}"])


def _pinned(project: Project, by: User) -> StrategyVersion:
    """Return the version that is compiled: the head, and with it the files of the libraries in folders of their own."""
    strategy = project.strategy
    head = strategy.head
    libraries = list(project.libraries.filter(strategy__deleted_at=None).select_related("strategy__head"))
    if head is not None and not libraries:
        return head
    files = {} if head is None else dict(head.files)
    _refuse_unshared(libraries, by, strategy.owner)
    for library in libraries:
        folder = _folder(library.strategy.name)
        texts = {} if library.strategy.head is None else library.strategy.head.files
        files |= {f"{folder}/__init__.py": ""}
        files |= {f"{folder}/{name}": text for name, text in texts.items() if name.endswith(".py")}
    return version_pin(strategy=strategy, author=by, files=files, message="With its libraries")


def _refuse_unshared(libraries: Iterable[Project], *readers: User) -> None:
    """Refuse libraries that are shared with none of the readers any more: what is compiled can be read."""
    ids = {each.pk for each in readers}
    for each in libraries:
        if each.strategy.owner_id not in ids and not each.collaborators.filter(user__in=ids).exists():
            raise ForbiddenError(
                f"The library {each.pk} is shared with you no more. Take it out of the project, or ask its owner."
            )


def _folder(name: str) -> str:
    """Return the name by which a library is imported: the last part of its own."""
    word = re.sub(r"\W", "_", name.rpartition("/")[2], flags=re.ASCII)
    return f"_{word}" if word[:1].isdigit() or not word else word


class CompileKind:
    """Compiles, as runs."""

    sandboxes = (STRATEGIES,)

    def execute(self, run: Run, folder: Path, watcher: Watcher) -> Ended:
        """Check and load the strategy; what is wrong with it is the outcome, and no failure of the run."""
        compiled = Compile.objects.select_related("version", "project").get(run=run)
        files: Mapping[str, str] = compiled.version.files
        try:
            outcome = _compiled(compiled, files, watcher)
        except RunStoppedError:
            return Ended(ending=Ending.CANCELLED)
        summary = {"state": str(outcome.state), "logs": outcome.logs}
        return Ended(ending=Ending.COMPLETED, summary=summary, grade=STRATEGIES.grade)

    def record(self, run: Run, summary: Mapping[str, Any]) -> None:
        """Keep state and logs."""
        Compile.objects.filter(run=run).update(**summary)


def _compiled(compiled: Compile, files: Mapping[str, str], watcher: Watcher) -> Outcome:
    if ENTRY not in files and RULES not in files:
        text = f"Build Error: there is no file '{ENTRY}', which holds the algorithm class. Create it."
        return Outcome(CompileState.ERROR, [text])
    report = files_check(files=files)
    logs = [finding_line(each) for each in report.findings[:_MOST_LOGS]]
    if any(each.severity == Severity.ERROR for each in report.findings):
        return Outcome(CompileState.ERROR, [f"Build Error for project {compiled.project_id}", *logs])
    trial = strategy_try_out(files=files_run(files), watcher=watcher)
    if trial.problem:
        return Outcome(
            CompileState.ERROR, [f"Build Error for project {compiled.project_id}", *logs, problem_line(trial)]
        )
    ready = (
        f"Build Request Successful for Project ID: {compiled.project_id}, with CompileID: {compiled.pk}, "
        f"TradingLab Version: {tradinglab.__version__}"
    )
    return Outcome(CompileState.SUCCESS, [ready, *logs])


def strategy_try_out(
    *, files: Mapping[str, str], watcher: Watcher, initializes: bool = False, data: str = "sample"
) -> Trial:
    """Load a strategy in the sandbox, and call its ``initialize`` too, if it is asked for.

    Raises
    ------
    RunStoppedError
        If the watcher wants it stopped.
    SandboxError
        If there is no sandbox.
    """
    request = RunRequest(
        strategy=f"{FOLDER}/{ENTRY}",
        files={f"{FOLDER}/{name}": text for name, text in files.items()},
        folders=[FOLDER],
        data=data,
        timeout_s=_TIMEOUT_S,
        tries_out="initialize" if initializes else "import",
    )
    limits = replace(request.bounds(_LIMITS), wall_s=_TIMEOUT_S + _GRACE_S)
    task = Task(request=request.as_bytes(), limits=limits, is_cancelled=watcher.is_cancelled)
    try:
        return trial_of(STRATEGIES.carry_out(task).answer)
    except RunStoppedError:
        raise
    except RunTimeoutError:
        return Trial(f"the strategy was still loading after {_TIMEOUT_S:g} s")
    except SandboxError as error:
        return Trial(str(error))


def finding_line(finding: Finding) -> str:
    """Return what the check has found, as a compiler would write it."""
    advice = f" {finding.suggestion}" if finding.suggestion else ""
    return f"{finding.file}:{finding.line}:{finding.column} {finding.severity.value}: {finding.message}{advice}"


def problem_line(trial: Trial) -> str:
    """Return why a strategy could not be loaded, and at which line of which file."""
    frames = _LAST_FRAME.findall(trial.trace)
    where = f"{frames[-1][0]}:{frames[-1][1]}" if frames else ENTRY
    return f"{where} error: {trial.problem.replace(f'{FOLDER}/', '')}"
