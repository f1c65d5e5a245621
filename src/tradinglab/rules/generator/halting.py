"""The limit of an account's drawdown, written as Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tradinglab.rules.generator.writing import Writer
    from tradinglab.rules.portfolios import DrawdownLimit
    from tradinglab.rules.schema import Rules


def drawdown_of(rules: Rules) -> DrawdownLimit | None:
    """Return the limit of an account's drawdown, if there is one."""
    return None if rules.limits is None else rules.limits.drawdown


def halt_state(rules: Rules) -> list[str]:
    """Return the lines that make what is kept of the account's worth."""
    if drawdown_of(rules) is None:
        return []
    return [
        "        self.peak = 0.0",
        "        # How many bars ago the account fell to its limit; none while it has not.",
        "        self.halted = None",
    ]


def halted_lines(rules: Rules) -> list[str]:
    """Return the lines that leave it at closing positions while the account is at its limit."""
    return [] if drawdown_of(rules) is None else ["        if closed and self.is_halted(closed):", "            return"]


def halt_method(rules: Rules, writer: Writer) -> list[str]:
    """Return the method that compares the account's worth with its limit."""
    limit = drawdown_of(rules)
    if limit is None:
        return []
    waited = []
    if limit.wait_bars is not None:
        waited = [
            "        if self.halted is not None:",
            "            self.halted += 1",
            f"            if self.halted > {writer.count(limit.wait_bars)}:",
            "                # The peak counts anew.",
            "                self.halted, self.peak = None, 0.0",
        ]
    leave = "self.leave(watch)" if rules.rebalance is None else "self.order_to(watch, 0.0)"
    return [
        "    def is_halted(self, closed):",
        '        """Return whether the account is at the limit of its drawdown; close all positions then."""',
        *waited,
        "        if self.halted is None:",
        "            equity = in_cents(self.portfolio.total_portfolio_value)",
        "            self.peak = max(self.peak, equity)",
        "            # What is lacking by less than a billionth of the peak is noise.",
        f"            if equity <= self.peak * (1 - {writer.fraction(limit.percent)} + 1e-9):",
        "                self.halted = 0",
        "        if self.halted is None:",
        "            return False",
        "        for watch in closed:",
        *(["            watch.bars_since_exit += 1"] if rules.rebalance is None else []),
        "            if watch.target != 0:",
        f"                {leave}",
        "        return True",
        "",
    ]
