"""A backtest in the sandbox: the strategy runs inside, what it claims is replayed outside."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple

from tradinglab.core.decimals import Number
from tradinglab.core.errors import TradingLabError
from tradinglab.data.source import open_source
from tradinglab.engine.errors import StrategyError, TimeLimitError, UsageError
from tradinglab.engine.result import BacktestResult
from tradinglab.sandbox.answer import Reader, parse, printable
from tradinglab.sandbox.author_modules import author_files
from tradinglab.sandbox.errors import RunMemoryError, RunStoppedError
from tradinglab.sandbox.limits import Limits
from tradinglab.sandbox.places import data_places
from tradinglab.sandbox.replay import read_declared, verified
from tradinglab.sandbox.supervisor import Reply, Sandbox
from tradinglab.sandbox.unpacking import unpacked

_KINDS: Final = ("finished", "strategy", "time_limit", "refused", "memory", "stopped")
#: Beyond the time that the engine itself keeps, so that a run that obeys can say what it has.
_GRACE_S: Final = 3.0
_STORE_THREADS: Final = 24


class RefusedError(TradingLabError):
    """What the engine inside the sandbox found wrong with the request: a date, a file, the data."""

    code = "refused"


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

    Raises
    ------
    StrategyError, TimeLimitError
        As without the sandbox.
    RefusedError
        If the engine cannot use what it was given.
    SandboxError
        If there is no sandbox, or the run ended without an answer.
    """
    folders = [Path(folder).expanduser().resolve() for folder in import_paths]
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"--import-path: there is no folder {folder}")
    path = Path(strategy).expanduser()
    source_name = open_source(data).name
    request = {
        "strategy": str(path),
        "files": author_files(path, [path.resolve().parent, *folders]),
        "folders": [str(folder) for folder in (path.resolve().parent, *folders)],
        "data": _absolute(data),
        "start": None if start is None else str(start),
        "end": None if end is None else str(end),
        "cash": None if cash is None else str(Decimal(str(cash))),
        "parameters": {name: str(value) for name, value in (parameters or {}).items()},
        "class_name": class_name,
        "timeout_s": timeout_s,
    }
    bounds = _bounds(limits or Limits(), timeout_s, data)
    with ExitStack() as stack:
        if sandbox is None:
            sandbox = stack.enter_context(Sandbox(readable=data_places(data), allow_weak=allow_weak))
        reply = sandbox.run(json.dumps(request).encode(), bounds)
    _print(reply)
    return _result(reply, bounds, _Replayer(data, source_name, is_asked=replay))


def _absolute(data: str) -> str:
    kind, _, _ = data.partition(":")
    places = data_places(data)
    return f"{kind}:{places[0]}" if places else data


def _bounds(limits: Limits, timeout_s: float | None, data: str) -> Limits:
    """Return limits that end a run which overstays its time, and let polars, which reads a store, have its threads."""
    wall_s = limits.wall_s if timeout_s is None else min(timeout_s + _GRACE_S, limits.wall_s or float("inf"))
    threads = max(limits.threads, _STORE_THREADS) if data.startswith("store:") else limits.threads
    return replace(limits, wall_s=wall_s, threads=threads)


def _print(reply: Reply) -> None:
    for stream, held in ((sys.stdout, reply.output), (sys.stderr, reply.errors)):
        if held:
            stream.write(printable(held.decode("utf-8", "replace")))
            stream.flush()


class _Replayer(NamedTuple):
    """Makes results of what came back, and checks them."""

    data: str
    source_name: str
    is_asked: bool

    def result(self, answer: Reader) -> BacktestResult:
        """Return the result of an answer, checked if that was asked for."""
        result = unpacked(answer.member("result"), data=self.source_name)
        if not self.is_asked:
            return result
        return verified(result, read_declared(answer.member("declared")), data=self.data)


def _result(reply: Reply, limits: Limits, replayer: _Replayer) -> BacktestResult:
    answer = Reader(parse(reply.answer, most_items=limits.answer_items))
    kind = answer.member("kind").one_of(_KINDS)
    if kind == "finished":
        return replayer.result(answer)
    if kind == "memory":
        raise RunMemoryError(f"the run needed more than the {limits.memory_mb:,} MB that it was given")
    if kind == "stopped":
        raise RunStoppedError("the run was stopped before the strategy was set up")
    message = answer.member("message").text()
    if kind == "refused":
        raise RefusedError(message)
    raise _failure(answer, message, TimeLimitError if kind == "time_limit" else StrategyError, replayer)


def _failure(answer: Reader, message: str, error: type[StrategyError], replayer: _Replayer) -> StrategyError:
    return error(
        message,
        phase=answer.member("phase").text(),
        time=answer.member("time").text(),
        trace=answer.member("trace").text(),
        result=None if answer.member("result").is_null else replayer.result(answer),
    )
