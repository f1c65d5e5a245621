"""How a backtest is carried out: its inputs, and the figures that are kept as columns."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import IO, Any, Final

from django.conf import settings
from django.utils import timezone

from tradinglab.core.run_warnings import WarningKind
from tradinglab.sandbox.answer import Reader, parse
from tradinglab.sandbox.errors import BadAnswerError, RunEndedError, RunStoppedError, RunTimeoutError, SandboxError
from tradinglab.sandbox.limits import Limits
from tradinglab.sandbox.news import News
from tradinglab.sandbox.places import data_places
from tradinglab.sandbox.request import RunRequest
from tradinglab.sandbox.supervisor import BACKTEST
from tradinglab.sandbox.watch import Task
from tradinglab.server.backtests.data_sources import (
    NamedSource,
    data_slices,
    data_source_get,
    data_source_list,
    data_source_ready,
)
from tradinglab.server.backtests.data_states import data_state_note, slices_pin
from tradinglab.server.backtests.figures import FIGURES, WHOLE_FIGURES
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.outputs import OUTPUTS
from tradinglab.server.backtests.requests import AS_OF
from tradinglab.server.backtests.trying import backtest_note_tried
from tradinglab.server.backtests.verdicts import verdict_columns
from tradinglab.server.backtests.verifying import Outcome, verification_compare, verification_record
from tradinglab.server.config.data_sources import SAMPLE
from tradinglab.server.errors import ServerError
from tradinglab.server.runs.execution import Ended, Ending, OutputFile, SandboxKeeper, Watcher
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.patience import patiently
from tradinglab.server.strategies.files import ENTRY
from tradinglab.server.strategies.running import files_as_told

#: Where a strategy finds itself; no such folder exists.
FOLDER: Final = "/strategy"
_ENDINGS: Final = ("completed", "failed", "timed_out")
_ERROR_TEXTS: Final = ("code", "message", "phase", "time", "trace")
_LARGEST_ANSWER: Final = 64 << 20
#: How many values an answer may hold.
MOST_VALUES: Final = 2_000_000
#: Ends a run that the engine and the clock did not.
_CPU_GRACE_S: Final = 10
#: Reading the largest answer takes less; a replay comes on top of it.
READING_S: Final = 180
CLERK_LIMITS: Final = Limits(memory_mb=4096, threads=24, answer_bytes=256 << 20)
#: A replay costs what the engine costs without the strategy: it may take this long, and so many times the run's time.
_REPLAY_S: Final = 60.0
REPLAY_TIMES: Final = 2.0
_DATA_FILES: Final = "data_files"
_SLICES: Final = "slices"
_DIFFERENCES: Final = "differences"
_LONGEST_HEADER, _MOST_HEADER_VALUES = 4 << 20, 20_000
_PIECE: Final = 1 << 20
_LONGEST_REASON: Final = 300


def _readable() -> list[str]:
    # The store at home may be made while the sandbox is there already.
    places = [place for source in data_source_list() for place in data_places(source.inside)]
    if any(source.is_remote for source in data_source_list()):
        # Copies of buckets come while the sandbox is there; it reads only what was there when it was put up.
        settings.HOME.mirrors.mkdir(parents=True, exist_ok=True)
        places.append(str(settings.HOME.mirrors.resolve()))
    return [*places, str(settings.HOME.bars.resolve())]


#: Where strategies run, and where their answers are read.
STRATEGIES: Final = SandboxKeeper(BACKTEST, _readable)
CLERKS: Final = SandboxKeeper("tradinglab.server.backtests.clerk", _readable)


class BacktestKind:
    """Backtests, as runs."""

    sandboxes = (STRATEGIES, CLERKS)

    def execute(self, run: Run, folder: Path, watcher: Watcher) -> Ended:
        """Run the strategy."""
        test = Backtest.objects.select_related("version").get(run=run)
        return _execute(run, test, folder, watcher)

    def record(self, run: Run, summary: Mapping[str, Any]) -> None:
        """Keep the figures."""
        took = {} if run.started_at is None else {"duration_s": (timezone.now() - run.started_at).total_seconds()}
        columns = {name: value for name, value in summary.items() if name not in (_DATA_FILES, _SLICES)}
        # That it was run here for want of another engine is not for the run itself to say, nor to leave out.
        before = Backtest.objects.values_list("warnings", flat=True).get(run=run)
        told = [each for each in before if each["kind"] == WarningKind.ENGINE]
        columns |= {"warnings": [*told, *columns.get("warnings", [])]}
        Backtest.objects.filter(run=run).update(**columns, **took)
        _keep_slices(run, summary)
        if run.manifest["data"].get("kind") == "store":
            data_state_note(run_id=run.pk, source=run.manifest["data"]["source"], slices=summary.get(_SLICES, {}))
        backtest_note_tried(run_id=run.pk)


class VerificationKind:
    """Backtests that are run again, as runs."""

    sandboxes = (STRATEGIES, CLERKS)

    def execute(self, run: Run, folder: Path, watcher: Watcher) -> Ended:
        """Run what the backtest ran."""
        test = Backtest.objects.select_related("version", "run").get(verifications__run=run)
        ended = _execute(run, test, folder, watcher)
        if ended.ending != Ending.COMPLETED:
            return ended
        differences = patiently(lambda: verification_compare(first=test, now=_outcome(run, ended)))
        return replace(ended, summary={**ended.summary, _DIFFERENCES: differences})

    def record(self, run: Run, summary: Mapping[str, Any]) -> None:
        """Keep whether it came to the same."""
        _keep_slices(run, summary)
        verification_record(run=run, differences=summary[_DIFFERENCES])


def _outcome(run: Run, ended: Ended) -> Outcome:
    """Return what a verification is to compare."""
    return Outcome(
        manifest=_with_read(run.manifest, ended.summary),
        figures={name: ended.summary[name] for name in FIGURES},
        statistics=ended.summary["statistics"],
        tables={name.removesuffix(".parquet"): file.path for name, file in ended.files.items()},
    )


def _with_slices(ended: Ended, test: Backtest) -> Ended:
    """Hash what of its data a run has read; the sample is known as a whole."""
    if ended.ending != Ending.COMPLETED or test.data == SAMPLE:
        return ended
    source = data_source_get(name=test.data)
    slices = data_slices(source=source, files=ended.summary[_DATA_FILES])
    if source.kind == "store":
        slices_pin(source=source, slices=slices)
    return replace(ended, summary={**ended.summary, _SLICES: slices})


def _keep_slices(run: Run, summary: Mapping[str, Any]) -> None:
    """Write what of its data a run has read into its manifest."""
    if _SLICES in summary:
        Run.objects.filter(pk=run.pk).update(manifest=_with_read(run.manifest, summary))


def _with_read(manifest: Mapping[str, Any], summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest with what of its data a run has read, if that was hashed."""
    read = {_SLICES: summary[_SLICES]} if _SLICES in summary else {}
    return {**manifest, "data": {**manifest["data"], **read}}


def _execute(run: Run, test: Backtest, folder: Path, watcher: Watcher) -> Ended:
    """Run a strategy in a child of one sandbox, and read its answer in a child of another."""
    return replace(_executed(run, test, folder, watcher), grade=STRATEGIES.grade)


def _executed(run: Run, test: Backtest, folder: Path, watcher: Watcher) -> Ended:
    try:
        request = run_request(test, run)
    except ServerError as error:
        return Ended(ending=Ending.FAILED, error={"code": error.code, "message": str(error)})
    limits = run_limits(run, request)
    try:
        with (folder / "answer").open("w+b") as answer, (folder / "outputs").open("w+b") as outputs:
            began = time.monotonic()
            carried_out(STRATEGIES, Task(request=request.as_bytes(), limits=limits), answer, watcher)
            replay_s = _REPLAY_S + REPLAY_TIMES * (time.monotonic() - began)
            order = {
                "limits": {"memory_mb": limits.memory_mb, "answer_items": MOST_VALUES},
                "data": test.data,
                "check": _check(request, replay_s),
                "is_slim": test.is_slim,
            }
            _read(order, answer, outputs, watcher)
            return _with_slices(_ended(outputs, folder, data_source_get(name=test.data)), test)
    except RunStoppedError:
        return Ended(ending=Ending.CANCELLED)
    except RunTimeoutError as error:
        return Ended(ending=Ending.TIMED_OUT, error={"code": "time_limit", "message": str(error)})
    except SandboxError as error:
        return Ended(ending=Ending.FAILED, error={"code": error.code, "message": str(error)})


def run_limits(run: Run, request: RunRequest) -> Limits:
    """Return what a run may take, and how much it may answer."""
    return request.bounds(
        Limits(
            memory_mb=run.memory_mb,
            cpu_s=int(run.timeout_s) + _CPU_GRACE_S,
            answer_bytes=_LARGEST_ANSWER,
            answer_items=MOST_VALUES,
        )
    )


def _check(request: RunRequest, timeout_s: float) -> dict[str, Any]:
    """Return what the clerk is told of the replay: what the caller set, not what the strategy says."""
    told = {"start": request.start, "end": request.end, "cash": request.cash}
    return {"data": request.data_inside, "timeout_s": timeout_s, **told}


def _read(order: Mapping[str, Any], answer: IO[bytes], outputs: IO[bytes], watcher: Watcher) -> None:
    """Have the clerk read an answer; once more without a replay, if the replay was the end of it."""
    try:
        seconds = READING_S + order["check"]["timeout_s"]
        _clerk(order, seconds, answer, outputs, watcher)
    except RunStoppedError:
        raise
    except RunEndedError as problem:
        outputs.seek(0)
        outputs.truncate()
        without = {**order, "check": None, "why_no_check": str(problem)[:_LONGEST_REASON]}
        _clerk(without, READING_S, answer, outputs, watcher)


def _clerk(order: Mapping[str, Any], seconds: float, answer: IO[bytes], outputs: IO[bytes], watcher: Watcher) -> None:
    limits = replace(CLERK_LIMITS, cpu_s=math.ceil(seconds), wall_s=seconds)
    carried_out(CLERKS, Task(request=_Handed(order, answer), limits=limits), outputs, watcher)


def run_request(test: Backtest, run: Run) -> RunRequest:
    """Return what a run of a backtest's strategy is asked for.

    Raises
    ------
    ServerError
        If the data or the strategy's files cannot be had any more.
    """
    return RunRequest(
        strategy=f"{FOLDER}/{ENTRY}",
        files={f"{FOLDER}/{name}": text for name, text in files_as_told(test.version.files, run.manifest).items()},
        folders=[FOLDER],
        data=_spec(test, run),
        start=test.start.isoformat() if test.start else None,
        end=test.end.isoformat() if test.end else None,
        cash=str(test.cash) if test.cash is not None else None,
        parameters=test.parameters,
        timeout_s=run.timeout_s,
        seed=run.manifest.get("seed"),
    )


def _spec(test: Backtest, run: Run) -> str:
    """Return the spec of a run's data: of a run that is to read what another has read, with the pin that keeps it."""
    pin = run.manifest["data"].get(AS_OF, "")
    spec = data_source_ready(name=test.data, is_now=bool(pin)).inside
    return f"{spec}@{pin}" if pin else spec


def carried_out(keeper: SandboxKeeper, task: Task, answer: IO[bytes], watcher: Watcher) -> None:
    """Have a sandbox do a task, tell the watcher of it, and leave the answer where it is to be read.

    Raises
    ------
    SandboxError
        If there is no sandbox, the task was stopped, or it ended without an answer.
    """

    def tell(news: News) -> None:
        progress = news.progress
        watcher.hear(
            fraction=None if progress is None else progress.fraction,
            date="" if progress is None else progress.date,
            lines=news.lines,
        )

    keeper.carry_out(replace(task, answer_file=answer, is_cancelled=watcher.is_cancelled, on_news=tell))
    answer.seek(0)


@dataclass(frozen=True, slots=True)
class _Handed:
    """What the clerk reads: its order, and an answer that nobody has looked at."""

    order: Mapping[str, Any]
    answer: IO[bytes]

    def __iter__(self) -> Iterator[bytes]:
        self.answer.seek(0)
        yield json.dumps(self.order).encode() + b"\n"
        while piece := self.answer.read(_PIECE):
            yield piece


def _ended(outputs: IO[bytes], folder: Path, source: NamedSource) -> Ended:
    """Read the clerk's header, and give each of the files that follow it its own place.

    Raises
    ------
    BadAnswerError
        If there is another thing there.
    """
    header = Reader(parse(outputs.readline(_LONGEST_HEADER), most_items=_MOST_HEADER_VALUES))
    ending = Ending(header.member("ending").one_of(_ENDINGS))
    files = {}
    for name, size in (each.items(2) for each in header.member("files").items()):
        file = OutputFile(folder / name.one_of([*OUTPUTS]), OUTPUTS[name.raw_text()])
        _copy(outputs, file.path, size.whole(low=0))
        files[file.path.name] = file
    if ending == Ending.COMPLETED:
        verdict = verdict_columns(header.member("verification"))
        summary = {**_columns(header.member("summary")), **verdict}
        told = {"verification": verdict["verification"], "findings": len(verdict["findings"])}
        return Ended(ending=ending, summary=summary, told=told, files=files)
    # A strategy's message may name the folder it ran in, which means nothing to anybody.
    texts = {name: without_places(text.text(), source) for name, text in header.member("error").members()}
    return Ended(ending=ending, error={name: texts.get(name, "") for name in _ERROR_TEXTS}, files=files)


def without_places(text: str, source: NamedSource) -> str:
    """Return a text without the server's folders: a strategy's files have none, and a source has its name."""
    for place in data_places(source.inside):
        text = text.replace(f"{source.kind}:{place}", source.name).replace(place, source.name)
    return text.replace(source.spec, source.name).replace(f"{FOLDER}/", "")


def _copy(source: IO[bytes], path: Path, size: int) -> None:
    with path.open("wb") as target:
        while size:
            piece = source.read(min(_PIECE, size))
            if not piece:
                raise BadAnswerError(f"{path.name} is cut off")
            target.write(piece)
            size -= len(piece)


def _columns(summary: Reader) -> dict[str, Any]:
    """Return the columns of a backtest that its figures go to; what is no finite number is left empty."""
    figures = dict(summary.member("figures").members())
    columns: dict[str, Any] = {name: figures[name].number() if name in figures else None for name in FIGURES}
    columns |= {name: _whole(columns[name]) for name in WHOLE_FIGURES}
    columns |= {name: date.fromisoformat(summary.member(name).text()) for name in ("first_day", "last_day")}
    columns[_DATA_FILES] = [each.raw_text() for each in summary.member(_DATA_FILES).items()]
    columns["total_orders"] = summary.member("total_orders").whole(low=0, high=(1 << 31) - 1)
    columns["warnings"] = [_warning(each) for each in summary.member("warnings").items()]
    columns["statistics"] = {name: text.text() for name, text in summary.member("statistics").members()}
    return columns


def _warning(said: Reader) -> dict[str, str]:
    texts = {name: said.member(name).text() for name in ("text", "no_bars_of")}
    return {"kind": said.member("kind").one_of([*WarningKind]), **texts}


def _whole(number: float | None) -> int | None:
    return None if number is None or not 0 <= number < 1 << 31 else int(number)
