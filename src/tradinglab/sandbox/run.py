"""A backtest in the sandbox: the strategy runs inside, what it claims is replayed outside."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from datetime import date
from decimal import Decimal
from pathlib import Path

from tradinglab.core.decimals import Number
from tradinglab.core.errors import TradingLabError
from tradinglab.data.source import DataSource, open_source
from tradinglab.engine.errors import UsageError
from tradinglab.engine.loop import Progress
from tradinglab.engine.result import BacktestResult
from tradinglab.sandbox.answer import printable
from tradinglab.sandbox.author_modules import author_files
from tradinglab.sandbox.limits import Limits
from tradinglab.sandbox.news import News
from tradinglab.sandbox.places import data_places
from tradinglab.sandbox.request import Check, RunRequest, result_of
from tradinglab.sandbox.supervisor import Sandbox
from tradinglab.sandbox.watch import Reply, Task, Watch


def sandboxed_backtest(
    strategy: str | Path,
    *,
    data: str = "sample",
    start: date | str | None = None,
    end: date | str | None = None,
    cash: Number | None = None,
    parameters: Mapping[str, object] | None = None,
    import_paths: Iterable[str | Path] = (),
    class_name: str | None = None,
    timeout_s: float | None = None,
    limits: Limits | None = None,
    sandbox: Sandbox | None = None,
    allow_weak: bool = False,
    replay: bool = True,
    replay_source: DataSource | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    seed: int | None = None,
) -> BacktestResult:
    """Run a strategy over historical bars, where it can do no harm.

    Takes and returns what :func:`tradinglab.engine.run.backtest` does; the data must be named by a spec. What the
    strategy prints is printed when it has ended.

    Parameters
    ----------
    limits
        What the run may take; a time limit is *timeout_s*.
    sandbox
        Where to run, which must be able to read the data; by default one is made for this run.
    allow_weak
        Whether to run where only a weak sandbox can be had.
    replay
        Whether to replay the run's requests outside, over the bars: the result's ``verification`` says what came of
        it, and its figures, orders and trades are those of the replay. Without, they are as the run says.
    replay_source
        Where the replay reads bars, in place of what *data* says: the same ones.
    on_progress
        Called now and then while the run goes on.

    Raises
    ------
    StrategyError, TimeLimitError
        As without the sandbox.
    RefusedError
        If the engine cannot use what it was given.
    SandboxError
        If there is no sandbox, or the run ended without an answer.
    """
    request = run_request(
        strategy, data=data, start=start, end=end, cash=cash, parameters=parameters, import_paths=import_paths,
        class_name=class_name, timeout_s=timeout_s, seed=seed,
    )  # fmt: skip
    bounds = request.bounds(limits or Limits())
    with ExitStack() as stack:
        if sandbox is None:
            open_source(data)  # a sandbox is not started for what is not there
            sandbox = stack.enter_context(Sandbox(readable=data_places(data), allow_weak=allow_weak, spares=0))
        task = Task(request=request.as_bytes(), limits=bounds, on_news=_listener(on_progress))
        terms = request.terms()
        watch = stack.enter_context(sandbox.watching(task))
        source = replay_source or open_source(data)  # while the run goes on
        check = Check(data=source, terms=terms) if replay else None
        return _result(watch, limits=bounds, data_name=source.name, check=check)


def run_request(
    strategy: str | Path,
    *,
    data: str,
    start: date | str | None,
    end: date | str | None,
    cash: Number | None,
    parameters: Mapping[str, object] | None,
    import_paths: Iterable[str | Path],
    class_name: str | None,
    timeout_s: float | None,
    seed: int | None = None,
    work: str = "",
) -> RunRequest:
    """Return the request for a strategy in a file, with the files that it imports.

    Raises
    ------
    UsageError
        If there is no such file or folder.
    """
    folders = [Path(folder).expanduser().resolve() for folder in import_paths]
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"--import-path: there is no folder {folder}")
    path = Path(strategy).expanduser()
    return RunRequest(
        strategy=str(path),
        files=author_files(path, [path.resolve().parent, *folders]),
        folders=[str(folder) for folder in (path.resolve().parent, *folders)],
        data=data,
        start=None if start is None else str(start),
        end=None if end is None else str(end),
        cash=None if cash is None else str(Decimal(str(cash))),
        parameters={name: str(value) for name, value in (parameters or {}).items()},
        class_name=class_name,
        timeout_s=timeout_s,
        seed=seed,
        work=work,
    )


def _result(watch: Watch, *, limits: Limits, data_name: str, check: Check | None) -> BacktestResult:
    # The end of so large a process takes milliseconds, in which its answer is read and replayed.
    answer = watch.answer()
    try:
        result = result_of(answer, limits=limits, data_name=data_name, check=check)
    except TradingLabError:
        _print(watch.outcome())  # which raises the better reason if the run ended before its answer was complete
        raise
    _print(watch.outcome())
    return result


def _listener(on_progress: Callable[[Progress], None] | None) -> Callable[[News], None] | None:
    if on_progress is None:
        return None

    def hear(news: News) -> None:
        if news.progress is not None:
            on_progress(news.progress)

    return hear


def _print(reply: Reply) -> None:
    for stream, held in ((sys.stdout, reply.output), (sys.stderr, reply.errors)):
        if held:
            stream.write(printable(held.decode("utf-8", "replace")))
            stream.flush()
