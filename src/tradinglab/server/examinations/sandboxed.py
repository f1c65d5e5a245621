"""Running a backtest's strategy again and again, each time in a child of the sandbox, read by a child of another."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from tradinglab.doctor import guest, reader
from tradinglab.engine.errors import StrategyError, TimeLimitError
from tradinglab.sandbox.answer import Reader, parse
from tradinglab.sandbox.limits import Limits
from tradinglab.sandbox.request import RunRequest
from tradinglab.sandbox.watch import Task
from tradinglab.server.backtests.carrying_out import (
    CLERK_LIMITS,
    CLERKS,
    MOST_VALUES,
    READING_S,
    REPLAY_TIMES,
    STRATEGIES,
    carried_out,
    run_limits,
    run_request,
    without_places,
)
from tradinglab.server.backtests.data_sources import NamedSource, data_source_get
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.runs.execution import Watcher
from tradinglab.server.runs.models import Run

_LONGEST_ANSWER, _MOST_ANSWERED = 1 << 20, 100_000
_PIECE: Final = 1 << 20


class NotRunError(Exception):
    """The strategy could not be run, or did not answer; ``code`` is the stable name of why."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class Steps:
    """Tells of several runs as of one: how far they are altogether."""

    def __init__(self, watcher: Watcher, total: int) -> None:
        self._watcher = watcher
        self.total = total
        self.done = 0

    def hear(self, *, fraction: float | None, date: str, lines: Sequence[str]) -> None:
        """Hear how far the present run is. Its log is that of the backtest, and is not told again."""
        if fraction is not None:
            self._watcher.hear(fraction=min((self.done + fraction) / max(self.total, 1), 1.0), date=date, lines=())

    def is_cancelled(self) -> bool:
        """Say whether to stop."""
        return self._watcher.is_cancelled()

    def keep(self, write: Callable[[], None]) -> None:
        """Have a part of what came of it written down."""
        self._watcher.keep(write)

    def next(self) -> None:
        """Go on to the next run; there may be more than was thought."""
        self.done += 1
        self.hear(fraction=0.0, date="", lines=())


@dataclass(frozen=True, slots=True)
class _Handed:
    """What the reader reads: its order, and answers that nobody has looked at."""

    order: Mapping[str, Any]
    answers: Sequence[Path]

    def __iter__(self) -> Iterator[bytes]:
        yield json.dumps(self.order).encode() + b"\n"
        for path in self.answers:
            with path.open("rb") as answer:
                while piece := answer.read(_PIECE):
                    yield piece


class Laboratory:
    """Has a backtest's strategy run on other terms, and what it answers read.

    Parameters
    ----------
    run
        The examination's: its time and memory are those of each single run.
    folder
        Takes the answers.
    """

    def __init__(self, test: Backtest, run: Run, folder: Path, steps: Steps) -> None:
        self._request = run_request(test, run)
        self._source: NamedSource = data_source_get(name=test.data)
        self._run = run
        self._folder = folder
        self.steps = steps

    def ask(
        self,
        name: str,
        order: Mapping[str, Any],
        *,
        cash: str | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> Path:
        """Run the strategy as an order says, and return where its answer is.

        Cash and parameters are those of the backtest, unless others are given.

        Raises
        ------
        SandboxError
            If there is no sandbox, or the run ended without an answer.
        """
        request = replace(
            self._request,
            work=guest.WORK,
            order=dict(order),
            cash=cash or self._request.cash,
            parameters=self._request.parameters if parameters is None else parameters,
        )
        path = self._folder / name
        with path.open("w+b") as answer:
            task = Task(request=request.as_bytes(), limits=self._limits(request))
            carried_out(STRATEGIES, task, answer, self.steps)
        self.steps.next()
        return path

    def read(self, asks: str, answers: Sequence[Path], **order: Any) -> Reader:
        """Return what the reader says of answers.

        Raises
        ------
        StrategyError, TimeLimitError
            If that is what a run came to.
        NotRunError
            If it could not be begun.
        SandboxError
            If the reader ended without an answer.
        """
        request = self._request
        order |= {
            "work": reader.WORK,
            "asks": asks,
            "sizes": [path.stat().st_size for path in answers],
            "limits": {"memory_mb": self._run.memory_mb, "answer_items": MOST_VALUES},
            "data": request.data_inside,
            "data_name": self._source.name,
            "start": request.start,
            "end": request.end,
            "cash": request.cash,
            "timeout_s": REPLAY_TIMES * self._run.timeout_s,
        }
        seconds = READING_S + order["timeout_s"]
        limits = replace(CLERK_LIMITS, cpu_s=math.ceil(seconds), wall_s=seconds)
        with (self._folder / "read").open("w+b") as said:
            carried_out(CLERKS, Task(request=_Handed(order, answers), limits=limits), said, self.steps)
            found = Reader(parse(said.readline(_LONGEST_ANSWER), most_items=_MOST_ANSWERED))
        self._raise(found.member("error"))
        return found

    def _limits(self, request: RunRequest) -> Limits:
        return run_limits(self._run, request)

    def _raise(self, error: Reader) -> None:
        if error.is_null:
            return
        code = error.member("code").text()
        message = without_places(error.member("message").text(), self._source)
        if error.member("is_strategy").flag():
            raise StrategyError(message, phase="", time="", trace="")
        if code == TimeLimitError.code:
            raise TimeLimitError(message, phase="", time="", trace="")
        raise NotRunError(code, message)
