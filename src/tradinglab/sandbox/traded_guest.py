"""What a locked-down child does to find the days that a strategy can trade on: it calls ``initialize``, no more.

Everything here shares its process with the strategy, so nothing that it says is trusted; ``traded`` is the other end.
"""

from __future__ import annotations

from typing import Any, Final

from tradinglab.engine.traded_days import TradedDays, traded_days
from tradinglab.sandbox.guest import set_up_answer

#: What a request names to be answered here.
WORK: Final = "tradinglab.sandbox.traded_guest"


def answer(request: dict[str, Any]) -> dict[str, object]:
    """Set the strategy up and return its days."""
    return set_up_answer(request, traded_days, _told)


def _told(found: TradedDays) -> dict[str, object]:
    return {"days": [day.isoformat() for day in found.days], "per_year": found.per_year}
