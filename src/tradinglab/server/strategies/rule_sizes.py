"""How many bars rules are about, before any is read. Knows no Django."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tradinglab.rules.warm_ups import A_DAY, warm_up_days

if TYPE_CHECKING:
    from tradinglab.rules import Rules

MOST_SYMBOLS: Final = 100
MOST_BARS: Final = 1_000_000


def too_many_bars(rules: Rules) -> str:
    """Return why rules are about more bars than are simulated here; empty if they are not."""
    count = len(rules.universe)
    if count > MOST_SYMBOLS:
        return f"{count:,} securities are simulated at once; at most {MOST_SYMBOLS} may be. Run a backtest of them."
    share = rules.universe[0].type == "equity"
    days = (rules.end - rules.start).days + 1 + warm_up_days(rules)
    bars = count * days * A_DAY[rules.resolution][0 if share else 1] * (5 / 7 if share else 1)
    if bars > MOST_BARS:
        warmed = " and in the warm-up before" if rules.warm_up is not None else ""
        return (
            f"From {rules.start} to {rules.end}{warmed} there are about {bars:,.0f} {rules.resolution} bars of {count} "
            f"securities; at most {MOST_BARS:,} are simulated at once. Choose fewer days, fewer securities or longer "
            "bars, or run a backtest."
        )
    return ""
