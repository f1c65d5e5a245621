"""Strategies that are set up, and no more, in a sandbox of their own: what one finds out by it comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

from tradinglab.data.source import open_source
from tradinglab.engine.errors import StrategyError
from tradinglab.sandbox.answer import Reader, parse
from tradinglab.sandbox.errors import RunMemoryError, RunStoppedError
from tradinglab.sandbox.limits import Limits
from tradinglab.sandbox.places import data_places
from tradinglab.sandbox.request import RefusedError
from tradinglab.sandbox.run import run_request
from tradinglab.sandbox.supervisor import Sandbox
from tradinglab.sandbox.watch import Task

_KINDS: Final = ("finished", "strategy", "time_limit", "refused", "stopped", "memory")


class SetUp(NamedTuple):
    """The answer of a child that has set a strategy up, not read yet, and what it was limited to."""

    answer: bytes
    limits: Limits


def set_up_apart(
    strategy: str | Path, *, work: str, data: str, limits: Limits | None, allow_weak: bool, **terms: Any
) -> SetUp:
    """Set a strategy up in a sandbox.

    Parameters
    ----------
    work
        The module that answers there.
    terms
        What else :func:`tradinglab.sandbox.run.run_request` takes.

    Raises
    ------
    SandboxError
        If there is no sandbox, or the call ended without an answer.
    """
    request = run_request(strategy, data=data, work=work, **terms)
    open_source(data)  # a sandbox is not started for what is not there
    bounds = request.bounds(limits or Limits())
    with Sandbox(readable=data_places(data), allow_weak=allow_weak, spares=0) as sandbox:
        reply = sandbox.carry_out(Task(request=request.as_bytes(), limits=bounds))
    return SetUp(reply.answer, bounds)


def read_set_up(answer: bytes, *, limits: Limits, most_items: int) -> Reader:
    """Return the answer of a child that set a strategy up, if it came to its end.

    Raises
    ------
    StrategyError
        If the strategy raised, or did not come back in time.
    RefusedError
        If the engine could not use what it was given.
    RunMemoryError, RunStoppedError, BadAnswerError
        If there is no answer, or one that cannot be.
    """
    source = Reader(parse(answer, most_items=most_items))
    kind = source.member("kind").one_of(_KINDS)
    if kind == "memory":
        raise RunMemoryError(f"the strategy needed more than the {limits.memory_mb:,} MB that it was given")
    if kind == "stopped":
        raise RunStoppedError("it was stopped before the strategy was set up")
    if kind == "refused":
        raise RefusedError(source.member("message").text())
    if kind != "finished":
        phase, time, trace = (source.member(name).text() for name in ("phase", "time", "trace"))
        raise StrategyError(source.member("message").text(), phase=phase, time=time, trace=trace)
    return source
