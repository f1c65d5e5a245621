"""What a locked-down child does to find the days that a strategy can trade on: it calls ``initialize``, no more.

Everything here shares its process with the strategy, so nothing that it says is trusted; ``traded`` is the other end.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Final

from tradinglab.core.errors import TradingLabError
from tradinglab.engine.errors import StrategyError
from tradinglab.engine.traded_days import TradedDays, traded_days
from tradinglab.sandbox.guest import hold_request, strategy_problem

#: What a request names to be answered here.
WORK: Final = "tradinglab.sandbox.traded_guest"


def answer(request: dict[str, Any]) -> dict[str, object]:
    """Set the strategy up and return its days."""
    hold_request(request)
    try:
        found = _found(request)
    except StrategyError as problem:
        return strategy_problem(problem)
    except TradingLabError as problem:
        return {"kind": "refused", "message": str(problem).encode("utf-8", "replace").decode()}
    except KeyboardInterrupt:
        return {"kind": "stopped"}
    return {"kind": "finished", "days": [day.isoformat() for day in found.days], "per_year": found.per_year}


def _found(request: dict[str, Any]) -> TradedDays:
    start, end = (None if request[name] is None else date.fromisoformat(request[name]) for name in ("start", "end"))
    return traded_days(
        Path(request["strategy"]),
        data=request["data"],
        start=start,
        end=end,
        cash=request["cash"],
        parameters=request["parameters"],
        class_name=request["class_name"],
    )
