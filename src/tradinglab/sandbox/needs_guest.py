"""What a locked-down child does to find what a strategy will read: it calls ``initialize``, no more.

Everything here shares its process with the strategy, so nothing that it says is trusted; ``needs`` is the other end.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Final

from tradinglab.core.errors import TradingLabError
from tradinglab.data.preflight import DataNeed
from tradinglab.engine.data_needs import DataNeeds, data_needs
from tradinglab.engine.errors import StrategyError
from tradinglab.sandbox.guest import hold_request, strategy_problem

#: What a request names to be answered here.
WORK: Final = "tradinglab.sandbox.needs_guest"


def answer(request: dict[str, Any]) -> dict[str, object]:
    """Set the strategy up and return what it will read."""
    hold_request(request)
    try:
        found = _found(request)
    except StrategyError as problem:
        return strategy_problem(problem)
    except TradingLabError as problem:
        return {"kind": "refused", "message": _plain(str(problem))}
    except KeyboardInterrupt:
        return {"kind": "stopped"}
    return {
        "kind": "finished",
        "start": None if found.start is None else found.start.isoformat(),
        "end": None if found.end is None else found.end.isoformat(),
        "needs": [_packed(each) for each in found.needs],
        "notes": [_plain(each) for each in found.notes],
        "problem": _plain(found.problem),
    }


def _found(request: dict[str, Any]) -> DataNeeds:
    start, end = (None if request[name] is None else date.fromisoformat(request[name]) for name in ("start", "end"))
    return data_needs(
        Path(request["strategy"]),
        data=request["data"],
        start=start,
        end=end,
        cash=request["cash"],
        parameters=request["parameters"],
        class_name=request["class_name"],
        timeout_s=request["timeout_s"],
    )


def _packed(need: DataNeed) -> dict[str, object]:
    return {
        "id": str(need.symbol.id),
        "ticker": need.symbol.value,
        "resolution": need.resolution.name,
        "tick_types": [each.name for each in need.tick_types],
        "role": str(need.role),
        "start_ns": int(need.start_ns),
        "end_ns": int(need.end_ns),
    }


def _plain(text: str) -> str:
    """Return a text without what JSON cannot carry: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
