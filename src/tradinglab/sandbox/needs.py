"""What a strategy will read, found where it can do no harm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Final

from tradinglab.core.decimals import Number
from tradinglab.core.enums import Resolution, TickType
from tradinglab.core.errors import TradingLabError
from tradinglab.core.security_identifier import SecurityIdentifier
from tradinglab.core.symbol import Symbol
from tradinglab.data.preflight import DataNeed, NeedRole
from tradinglab.engine.data_needs import DataNeeds
from tradinglab.sandbox.answer import Reader
from tradinglab.sandbox.errors import BadAnswerError
from tradinglab.sandbox.limits import Limits
from tradinglab.sandbox.needs_guest import WORK
from tradinglab.sandbox.set_up import read_set_up, set_up_apart

_MOST_ITEMS: Final = 200_000
_MOST_NEEDS: Final = 10_000
_LONGEST_TEXT: Final = 2_000
_RESOLUTIONS: Final = [each.name for each in Resolution]
_TICK_TYPES: Final = [each.name for each in TickType]
_ROLES: Final = [str(each) for each in NeedRole]
#: No bar is older or later: 1800 and 2200, in nanoseconds since 1970.
_FIRST_NS, _LAST_NS = -5_364_662_400_000_000_000, 7_258_118_400_000_000_000


def sandboxed_data_needs(
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
) -> DataNeeds:
    """Return what :func:`tradinglab.engine.data_needs.data_needs` does; ``initialize`` is called in a sandbox.

    Parameters
    ----------
    limits
        What the call may take; a time limit is *timeout_s*.
    allow_weak
        Whether to call it where only a weak sandbox can be had.

    Raises
    ------
    StrategyError
        If the strategy raises before it has subscribed to anything.
    RefusedError
        If the engine cannot use what it was given.
    SandboxError
        If there is no sandbox, or the call ended without an answer.
    """
    found = set_up_apart(
        strategy, work=WORK, data=data, start=start, end=end, cash=cash, parameters=parameters,
        import_paths=import_paths, class_name=class_name, timeout_s=timeout_s, limits=limits, allow_weak=allow_weak,
    )  # fmt: skip
    return needs_of(found.answer, limits=found.limits)


def needs_of(answer: bytes, *, limits: Limits) -> DataNeeds:
    """Return what an answer says that a strategy will read.

    Raises
    ------
    StrategyError
        If the strategy raised before it had subscribed to anything, or did not come back in time.
    RefusedError
        If the engine could not use what it was given.
    RunMemoryError, RunStoppedError, BadAnswerError
        If there is no answer, or one that cannot be.
    """
    source = read_set_up(answer, limits=limits, most_items=_MOST_ITEMS)
    return DataNeeds(
        start=_day(source.member("start")),
        end=_day(source.member("end")),
        needs=tuple(_need(each) for each in source.member("needs").items()[:_MOST_NEEDS]),
        notes=tuple(text[:_LONGEST_TEXT] for text in source.member("notes").texts()),
        problem=source.member("problem").text()[:_LONGEST_TEXT],
    )


def _day(said: Reader) -> date | None:
    if said.is_null:
        return None
    try:
        return date.fromisoformat(said.text())
    except ValueError:
        raise BadAnswerError("start or end: it is no date") from None


def _need(said: Reader) -> DataNeed:
    start_ns, end_ns = (said.member(name).whole(_FIRST_NS, _LAST_NS) for name in ("start_ns", "end_ns"))
    kinds = [TickType[each.one_of(_TICK_TYPES)] for each in said.member("tick_types").items()]
    return DataNeed(
        symbol=_symbol(said.member("id").text(), said.member("ticker").text()),
        resolution=Resolution[said.member("resolution").one_of(_RESOLUTIONS)],
        tick_types=tuple(kinds),
        role=NeedRole(said.member("role").one_of(_ROLES)),
        start_ns=start_ns,
        end_ns=max(start_ns, end_ns),
    )


def _symbol(identifier: str, ticker: str) -> Symbol:
    try:
        return Symbol(SecurityIdentifier.parse(identifier), ticker)
    except (TradingLabError, ValueError) as problem:
        raise BadAnswerError(f"id: {problem}") from None
