"""What a locked-down child does to find what a strategy will read: it calls ``initialize``, no more.

Everything here shares its process with the strategy, so nothing that it says is trusted; ``needs`` is the other end.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from tradinglab.data.preflight import DataNeed
from tradinglab.engine.data_needs import DataNeeds, data_needs
from tradinglab.sandbox.guest import plain_text, set_up_answer

#: What a request names to be answered here.
WORK: Final = "tradinglab.sandbox.needs_guest"


def answer(request: dict[str, Any]) -> dict[str, object]:
    """Set the strategy up and return what it will read."""
    return set_up_answer(request, partial(data_needs, timeout_s=request["timeout_s"]), _told)


def _told(found: DataNeeds) -> dict[str, object]:
    return {
        "start": None if found.start is None else found.start.isoformat(),
        "end": None if found.end is None else found.end.isoformat(),
        "needs": [_packed(each) for each in found.needs],
        "notes": [plain_text(each) for each in found.notes],
        "problem": plain_text(found.problem),
    }


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
