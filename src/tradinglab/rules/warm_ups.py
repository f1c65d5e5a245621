"""How far back warm-ups go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tradinglab.rules.schema import WarmUpDays

if TYPE_CHECKING:
    from tradinglab.rules.schema import Rules

#: Bars at most of a day in which a market is open, by resolution: of shares, and of what is traded around the clock.
A_DAY: Final = {"minute": (390, 1440), "hour": (7, 24), "daily": (1, 1)}
_WEEK: Final = 7 / 5


def warm_up_days(rules: Rules) -> float:
    """Return about how many days of the calendar a warm-up goes back; zero without one."""
    given = rules.warm_up
    if given is None:
        return 0.0
    if isinstance(given, WarmUpDays):
        return float(given.days)
    kind = rules.universe[0].type
    days = given.bars / A_DAY[rules.resolution][0 if kind == "equity" else 1]
    return days if kind == "crypto" else days * _WEEK
