"""Processes that run trials, one each at a time, over bars that they share."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from tradinglab.core.values import dataclass, field
from tradinglab.data.shared import SharedSource
from tradinglab.data.source import DataSource, open_source
from tradinglab.optimize.local.trials import Done, Measure, RunTerms, Task, carry_out
from tradinglab.optimize.tried import TriedState

if TYPE_CHECKING:
    from tradinglab.engine.result import BacktestResult

_PATIENCE_S: Final = 5.0
#: What a fresh process has loaded already, where processes can be copied.
_LOADED: Final = ("tradinglab.engine.run", "tradinglab.optimize.local.workers")


@dataclass(slots=True)
class _Worker:
    """A process, the trials that it is to be handed next, and those that it is at."""

    process: BaseProcess
    pipe: Connection
    waiting: list[Task] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)


class Workers:
    """So many processes, from its enter to its exit.

    Trials that take less time than to hand them over are handed over in pieces: *piece* says how many at most.

    They are not copies of this one: what it has open, or running in threads, is not theirs. Ctrl+C reaches them not;
    if this process ends, however it does, so do they, and the bars that they shared are gone.
    """

    def __init__(self, *, terms: RunTerms, measure: Measure, count: int, piece: int = 1) -> None:
        self._terms = terms
        self._piece = piece
        self._measure = measure
        self._count = count
        self._workers: list[_Worker] = []
        self._folder = Path()
        self._context: ForkServerContext | SpawnContext
        if "forkserver" in multiprocessing.get_all_start_methods():
            self._context = multiprocessing.get_context("forkserver")
            self._context.set_forkserver_preload([*_LOADED, measure.__module__])
        else:
            self._context = multiprocessing.get_context("spawn")

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="tradinglab-bars-"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes: those that are at a trial, in its middle."""
        for worker in self._workers:
            worker.pipe.close()
            if worker.tasks:
                worker.process.kill()
        for worker in self._workers:
            worker.process.join(_PATIENCE_S)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def free(self) -> int:
        """How many trials may be given."""
        idle = [worker for worker in self._workers if not worker.tasks]
        unmade = self._count - len(self._workers)
        return sum(self._piece - len(worker.waiting) for worker in idle) + unmade * self._piece

    @property
    def busy(self) -> int:
        """How many processes are at trials, or are about to be."""
        return sum(bool(worker.tasks or worker.waiting) for worker in self._workers)

    def give(self, task: Task) -> None:
        """Have one that is free run a trial: the one with the fewest in hand."""
        if len(self._workers) < self._count and all(worker.tasks or worker.waiting for worker in self._workers):
            self._start()
        idle = [worker for worker in self._workers if not worker.tasks]
        worker = min(idle, key=lambda each: len(each.waiting))
        worker.waiting.append(task)
        if len(worker.waiting) == self._piece:
            self._hand_over(worker)

    def wait(self) -> list[Done]:
        """Return what came of the trials that end next; that of a process that died is failed."""
        for worker in self._workers:
            if worker.waiting:
                self._hand_over(worker)
        at_work = {worker.pipe: worker for worker in self._workers if worker.tasks}
        ready = connection.wait(list(at_work))
        return [done for each in ready if isinstance(each, Connection) for done in self._answer(at_work[each])]

    def _hand_over(self, worker: _Worker) -> None:
        worker.tasks, worker.waiting = worker.waiting, []
        with suppress(BrokenPipeError):  # it died while it was idle: that shows when the answer is waited for
            worker.pipe.send(worker.tasks)

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_work, args=(theirs, self._terms, self._measure, self._folder), name="tradinglab-trial", daemon=True
        )
        with _held_back():
            process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    def _answer(self, worker: _Worker) -> list[Done]:
        tasks, worker.tasks = worker.tasks, []
        try:
            done: list[Done] = worker.pipe.recv()
        except (EOFError, OSError):
            worker.pipe.close()
            worker.process.join(_PATIENCE_S)
            self._workers.remove(worker)
            text = f"The process of the trial died (exit status {worker.process.exitcode})."
            return [Done(number=task.number, state=TriedState.FAILED, error=text) for task in tasks]
        return done


@contextmanager
def _held_back() -> Iterator[None]:
    """Hold Ctrl+C back, which a process that is being made would take to be its own."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# In the processes.


def _work(pipe: Connection, terms: RunTerms, measure: Measure, folder: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, args=(folder,), daemon=True).start()
    _print_nothing()
    source = SharedSource(open_source(terms.data), folder)
    if terms.is_simulated:
        # What it takes to simulate is loaded where rules are.
        from tradinglab.optimize.local.simulating import Simulations

        carried_out = Simulations(terms, source).carry_out
    else:
        carried_out = partial(carry_out, terms=terms, run=_runner(terms, source), measure=measure)
    with suppress(EOFError, OSError):
        while True:
            pipe.send([carried_out(task) for task in pipe.recv()])
    # The other end is closed: the search is over, or the process that should clear up is gone.
    shutil.rmtree(folder, ignore_errors=True)


def _runner(terms: RunTerms, source: DataSource) -> Callable[..., BacktestResult]:
    """Return what backtests a strategy: in this process, or in a sandbox of its own."""
    if terms.confinement is None:
        from tradinglab.engine.run import backtest

        return partial(backtest, data=source)
    from tradinglab.optimize.local.confined import Confined

    return Confined(terms.confinement, terms.data, source).backtest


def _end_with_parent(folder: Path) -> None:
    """Wait until the process that all is done for has ended; then clear up what it cannot any more."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def _print_nothing() -> None:
    """Leave what strategies print out: the output is the search's."""
    sys.stdout.flush()
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.close(nothing)
