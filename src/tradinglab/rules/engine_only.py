"""What of rules the engine alone carries out, whatever their bars are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.rules.errors import RulesBarsError
from tradinglab.rules.schema import MarketImpactSlippage

if TYPE_CHECKING:
    from tradinglab.rules.schema import Rules


def check_simulated(rules: Rules) -> None:
    """Refuse rules that only the engine can carry out, whatever their bars are.

    Raises
    ------
    RulesBarsError
        If slippage is LEAN's market impact.
    """
    if isinstance(rules.slippage, MarketImpactSlippage):
        raise RulesBarsError(
            "LEAN's market impact draws noise from one sequence, so that each price depends on all orders before it: "
            "the vectorised simulator does not follow that, the engine does, in backtests",
            path="slippage",
        )
