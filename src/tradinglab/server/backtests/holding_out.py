"""What of a request the sealed days of a strategy allow, and the one run that may see them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from tradinglab.server.errors import InputError
from tradinglab.server.honesty.holding import clipped_end, hold_out_check, hold_out_lock
from tradinglab.server.honesty.selectors import hold_out_sealed
from tradinglab.server.strategies.checking import rules_read_apart
from tradinglab.server.strategies.files import RULES
from tradinglab.server.strategies.models import StrategyVersion


class SealedDays(StrEnum):
    """What becomes of a request that would touch sealed days."""

    REFUSE = "refuse"
    CLIP = "clip"


def end_allowed(
    *, version: StrategyVersion, start: date | None, end: date | None, sealed: str, field: str = "end"
) -> date | None:
    """Return the end that a request has, clipped if it is to be.

    Raises
    ------
    SealedDaysError
        If it would touch sealed days, and is not to be clipped.
    InputError
        If nothing is left of it.
    """
    if hold_out_sealed(strategy=version.strategy) is None:
        return end
    known = _known_end(version) if end is None else end
    if sealed != SealedDays.CLIP:
        hold_out_check(strategy=version.strategy, end=known, field=field)
        return end
    found = clipped_end(strategy=version.strategy, end=known)
    if start is not None and found is not None and found < start:
        text = f"The days from {found} on are sealed as this strategy's hold-out, and nothing is left; start earlier."
        raise InputError("start", start.isoformat(), text)
    return found


def sealed_days_guard(*, version: StrategyVersion, end: date | None) -> None:
    """Refuse what touches days that were sealed a moment ago; nothing is sealed until the transaction ends.

    Raises
    ------
    SealedDaysError
        If it would.
    """
    hold_out_lock(strategy=version.strategy)
    if hold_out_sealed(strategy=version.strategy) is not None:
        hold_out_check(strategy=version.strategy, end=_known_end(version) if end is None else end)


def _known_end(version: StrategyVersion) -> date | None:
    """Return the end that a strategy has of its own, if it is told without running it."""
    text = version.files.get(RULES)
    rules = None if text is None else rules_read_apart(text=text).get("rules")
    return None if rules is None else date.fromisoformat(rules["end"])
