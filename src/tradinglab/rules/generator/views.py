"""Views and the market's weights, written as Python."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from tradinglab.rules.generator.writing import WIDTH
from tradinglab.rules.portfolios import BlackLittermanShares

if TYPE_CHECKING:
    from tradinglab.rules.generator.writing import Writer
    from tradinglab.rules.portfolios import ReturnShares
    from tradinglab.rules.schema import Rules


def share_lines(weighting: ReturnShares | BlackLittermanShares, writer: Writer) -> list[str]:
    """Return the lines that work out shares of what is held at ``places``."""
    if not isinstance(weighting, BlackLittermanShares):
        return [f"shares = {weighting.kind}(returns[:, places])"]
    numbers = writer.number(weighting.risk_aversion), writer.number(weighting.tau)
    return _call(
        "shares = black_litterman(", ["returns", "places", "self.market_weights", "self.views", *numbers], ")", 8
    )


def _call(before: str, parts: list[str], after: str, indent: int) -> list[str]:
    """Return a line, or one for each part if it is too long."""
    line = before + ", ".join(parts) + after
    return [line] if len(line) + indent <= WIDTH else [before, *(f"    {part}," for part in parts), after]


def view_state(rules: Rules, writer: Writer) -> list[str]:
    """Return the lines that tell the market's weights and what is expected."""
    if rules.rebalance is None or not isinstance(rules.rebalance.weighting, BlackLittermanShares):
        return []
    weights = {each.ticker.upper(): writer.number(each.weight) for each in rules.market_weights}
    listed = ", ".join(weights[each.ticker.upper()] for each in rules.universe) if weights else ""
    written = [f"self.market_weights = np.array([{listed}], dtype=float)"]
    if not weights:
        written = [f"self.market_weights = np.ones({len(rules.universe)})"]
    elif len(written[0]) + 8 > WIDTH:
        wrapped = textwrap.wrap(listed, WIDTH - 12, break_on_hyphens=False)
        written = ["self.market_weights = np.array([", *(f"    {line}" for line in wrapped), "], dtype=float)"]
    return [
        "        # How large the securities are in the market.",
        *(f"        {line}" for line in written),
        *_views(rules, writer),
    ]


def _views(rules: Rules, writer: Writer) -> list[str]:
    if not rules.views:
        return ["        self.views = []"]
    places = {each.ticker.upper(): place for place, each in enumerate(rules.universe)}
    lines = [
        "        # What is expected: of which security, more than which one, a bar's return, and how surely.",
        "        self.views = [",
    ]
    for each in rules.views:
        over = None if each.over is None else places[each.over.upper()]
        parts = [str(places[each.ticker.upper()]), str(over), f"{writer.fraction(each.percent)} / BARS_PER_YEAR",
                 writer.fraction(each.confidence)]  # fmt: skip
        lines += [f"            {line}" for line in _call("(", parts, "),", 12)]
    return [*lines, "        ]"]
