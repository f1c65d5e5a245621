"""The days that a strategy can trade on, found where it can do no harm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Final

from tradinglab.core.decimals import Number
from tradinglab.data.source import open_source
from tradinglab.engine.errors import StrategyError
from tradinglab.engine.traded_days import TradedDays
from tradinglab.sandbox.answer import Reader, parse
from tradinglab.sandbox.errors import BadAnswerError, RunMemoryError, RunStoppedError
from tradinglab.sandbox.limits import Limits
from tradinglab.sandbox.places import data_places
from tradinglab.sandbox.request import RefusedError
from tradinglab.sandbox.run import run_request
from tradinglab.sandbox.supervisor import Sandbox
from tradinglab.sandbox.traded_guest import WORK
from tradinglab.sandbox.watch import Task

_MOST_ITEMS: Final = 100_000
_DAYS_OF_A_YEAR: Final = 366
_KINDS: Final = ("finished", "strategy", "time_limit", "refused", "stopped", "memory")


def sandboxed_traded_days(
    strategy: str | Path,
    *,
    data: str = "sample",
    start: date | None = None,
    end: date | None = None,
    cash: Number | None = None,
    parameters: Mapping[str, str] | None = None,
    import_paths: Iterable[str | Path] = (),
    class_name: str | None = None,
    timeout_s: float | None = None,
    limits: Limits | None = None,
    allow_weak: bool = False,
) -> TradedDays:
    """Return what :func:`tradinglab.engine.traded_days.traded_days` does; ``initialize`` is called in a sandbox.

    Whatever the strategy makes of them, the days are days in their order, not outside of *start* and *end*.

    Parameters
    ----------
    limits
        What the call may take; a time limit is *timeout_s*.
    allow_weak
        Whether to call it where only a weak sandbox can be had.

    Raises
    ------
    StrategyError
        If the strategy raises.
    RefusedError
        If the engine cannot use what it was given.
    SandboxError
        If there is no sandbox, or the call ended without an answer.
    """
    request = run_request(
        strategy, data=data, start=start, end=end, cash=cash, parameters=parameters, import_paths=import_paths,
        class_name=class_name, timeout_s=timeout_s, work=WORK,
    )  # fmt: skip
    open_source(data)  # a sandbox is not started for what is not there
    bounds = request.bounds(limits or Limits())
    with Sandbox(readable=data_places(data), allow_weak=allow_weak, spares=0) as sandbox:
        reply = sandbox.carry_out(Task(request=request.as_bytes(), limits=bounds))
    return _days_of(reply.answer, start, end, bounds)


def _days_of(answer: bytes, start: date | None, end: date | None, limits: Limits) -> TradedDays:
    source = Reader(parse(answer, most_items=_MOST_ITEMS))
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
    try:
        days = [date.fromisoformat(text) for text in source.member("days").texts()]
    except ValueError:
        raise BadAnswerError("days: one of them is no date") from None
    if days != sorted(set(days)) or (days and not (start or days[0]) <= days[0] <= days[-1] <= (end or days[-1])):
        raise BadAnswerError("days: they are not in their order, or outside of those that were asked for")
    return TradedDays(days, source.member("per_year").whole(1, _DAYS_OF_A_YEAR))
