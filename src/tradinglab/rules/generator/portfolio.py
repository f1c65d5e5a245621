"""Portfolios that are put together anew on schedule, written as Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.rules.schema import CalmShares

if TYPE_CHECKING:
    from tradinglab.rules.generator.writing import Writer
    from tradinglab.rules.schema import Rebalance, Rules

_PERIODS = {"weekly": "end.isocalendar()[:2]", "monthly": "(end.year, end.month)"}


def weight_lines(portfolio: Rebalance, writer: Writer) -> list[str]:
    """Return the method that says how large the share of a security is, compared with others."""
    lines = ["return 1.0"]
    if isinstance(portfolio.weighting, CalmShares):
        rate = writer.volatility(portfolio.weighting.bars)
        lines = [f"rate = {rate}", "return 1.0 / rate if rate > 0 else math.nan"]
    head = ["", "    def weight(self):", '        """Return the share, before all shares are made to add up to one."""']
    return [*head, *(f"        {line}" for line in lines)]


def portfolio_lines(rules: Rules, writer: Writer) -> list[str]:
    """Return the methods that put the portfolio together."""
    portfolio = rules.rebalance
    assert portfolio is not None
    bars = "quote_bars" if rules.universe[0].type == "forex" else "bars"
    eligible = "watch.enters_long() and " if rules.enter_long is not None else ""
    room = f"{writer.number(rules.leverage)} * (1 - {writer.fraction(rules.buffer_percent)})"
    return [
        "    def on_data(self, data):",
        f"        closed = [watch for watch in self.watches if watch.symbol in data.{bars}]",
        "        for watch in closed:",
        f"            watch.update(data.{bars}[watch.symbol])",
        "        if not closed:",
        "            return",
        "        end = closed[0].bar.end_time",
        f"        period = {_PERIODS[portfolio.schedule]}",
        "        if period != self.period:",
        "            self.period = period",
        "            self.rebalance(closed)",
        "",
        "    def rebalance(self, closed):",
        '        """Hold the securities of the highest rank; equals stay in the order of the universe."""',
        "        known = [",
        "            watch for watch in closed",
        f"            if {eligible}not math.isnan(watch.rank() + watch.weight())",
        "        ]",
        "        known.sort(key=lambda watch: -watch.rank())",
        f"        chosen = known[:{writer.count(portfolio.top)}]",
        "        total = 0.0",
        "        for watch in chosen:",
        "            total += watch.weight()",
        f"        share = min({writer.fraction(portfolio.percent)}, {room})",
        "        money = float(self.portfolio.total_portfolio_value) * share",
        "        for watch in closed:",
        "            quantity = 0.0",
        "            if watch in chosen:",
        "                unit = watch.bar.close * watch.multiplier",
        "                lots = money * watch.weight() / total / unit / watch.lot",
        "                # What falls short of a whole lot by less than a millionth counts as one.",
        "                quantity = watch.units(math.floor(lots + 1e-6)) if lots > 0 else 0.0",
        "            if quantity != watch.target:",
        "                self.order_to(watch, quantity)",
    ]
