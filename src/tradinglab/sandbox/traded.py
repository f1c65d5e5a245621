"""The days that a strategy can trade on, found where it can do no harm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Final

from tradinglab.core.decimals import Number
from tradinglab.engine.traded_days import TradedDays
from tradinglab.sandbox.errors import BadAnswerError
from tradinglab.sandbox.limits import Limits
from tradinglab.sandbox.set_up import SetUp, read_set_up, set_up_apart
from tradinglab.sandbox.traded_guest import WORK

_MOST_ITEMS: Final = 100_000
_DAYS_OF_A_YEAR: Final = 366


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
    found = set_up_apart(
        strategy, work=WORK, data=data, start=start, end=end, cash=cash, parameters=parameters,
        import_paths=import_paths, class_name=class_name, timeout_s=timeout_s, limits=limits, allow_weak=allow_weak,
    )  # fmt: skip
    return _days_of(found, start, end)


def _days_of(found: SetUp, start: date | None, end: date | None) -> TradedDays:
    source = read_set_up(found.answer, limits=found.limits, most_items=_MOST_ITEMS)
    try:
        days = [date.fromisoformat(text) for text in source.member("days").texts()]
    except ValueError:
        raise BadAnswerError("days: one of them is no date") from None
    if days != sorted(set(days)) or (days and not (start or days[0]) <= days[0] <= days[-1] <= (end or days[-1])):
        raise BadAnswerError("days: they are not in their order, or outside of those that were asked for")
    return TradedDays(days, source.member("per_year").whole(1, _DAYS_OF_A_YEAR))
