"""Exits and sizes written as Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.rules.plans import has_unit_fees
from tradinglab.rules.schema import (
    EqualSize,
    FixedSize,
    PercentAway,
    PercentSize,
    PointsAway,
    RiskSize,
    ValueSize,
    VolatilitySize,
)

if TYPE_CHECKING:
    from tradinglab.rules.generator.writing import Writer
    from tradinglab.rules.schema import Away, KellySize, Rules


def exit_lines(rules: Rules, writer: Writer) -> list[str]:
    """Return the lines that say whether a position is to be closed."""
    lines = []
    stop, target, trail = (
        None if each is None or each.resting else each
        for each in (rules.stop_loss, rules.take_profit, rules.trailing_stop)
    )
    if any(each is not None for each in (stop, target, trail)):
        writer.helpers.add("rounded")
        average = "rounded(self.algorithm.portfolio[self.symbol].average_price)"
        if has_unit_fees(rules):
            average = "self.average"
        lines += [
            "side = 1 if self.target > 0 else -1",
            "close = self.bar.close",
            f"average = {average}",
        ]
    if trail is not None:
        lines += [
            "# The best close since the position was opened.",
            "if self.best is None:",
            "    self.best = average",
            "if (close - self.best) * side > 0:",
            "    self.best = close",
        ]
    for condition, method, sign in ((rules.exit_long, "exits_long", ">"), (rules.exit_short, "exits_short", "<")):
        if condition is not None:
            lines += [f"if self.target {sign} 0 and self.{method}():", "    return True"]
    if rules.time_stop is not None:
        lines += [f"if self.bars_held >= {writer.count(rules.time_stop)}:", "    return True"]
    if stop is not None:
        lines += [f"if (average - close) * side >= {distance(stop, 'average', writer)}:", "    return True"]
    if target is not None:
        gap = distance(target, "average", writer)
        lines += [f"if (close - average) * side >= {gap}:", "    return True"]
    if trail is not None:
        gap = distance(trail, "self.best", writer)
        lines += [f"if (self.best - close) * side >= {gap}:", "    return True"]
    return [*lines, "return False"]


def distance(away: Away, price: str, writer: Writer) -> str:
    """Return how far from a price a stop or a target is."""
    if isinstance(away, PercentAway):
        return f"{price} * ({writer.fraction(away.percent)})"
    if isinstance(away, PointsAway):
        return writer.number(away.points)
    return f"{writer.true_range(away.period)} * {writer.number(away.multiple)}"


def size_lines(rules: Rules, writer: Writer) -> list[str]:
    """Return the method that says how much money a position may take."""
    return [
        "",
        "    def money(self, equity, unit):",
        '        """Return what a position is to be worth, given the equity and the price of a unit."""',
        *(f"        {line}" for line in _money(rules, writer)),
    ]


def _money(rules: Rules, writer: Writer) -> list[str]:
    sizing, number, fraction = rules.sizing, writer.number, writer.fraction
    if isinstance(sizing, FixedSize):
        return [f"return {number(sizing.units)} * unit"]
    if isinstance(sizing, ValueSize):
        return [f"return {number(sizing.value)}"]
    if isinstance(sizing, PercentSize):
        return [f"return equity * ({fraction(sizing.percent)})"]
    if isinstance(sizing, EqualSize):
        count = str(len(rules.universe)) if rules.max_positions is None else writer.count(rules.max_positions)
        return [f"return equity * ({fraction(sizing.percent)} / {count})"]
    if isinstance(sizing, VolatilitySize):
        most = fraction(sizing.most_percent)
        return [
            f"rate = {writer.volatility(sizing.bars)}",
            "if not rate > 0:",
            "    return 0.0",
            f"return equity * min({fraction(sizing.percent)} / rate, {most})",
        ]
    if isinstance(sizing, RiskSize):
        return [
            f"rate = {writer.true_range(sizing.period)}",
            "if not rate > 0:",
            "    return 0.0",
            f"risk = rate * {number(sizing.multiple)} * self.multiplier",
            f"return equity * ({fraction(sizing.percent)}) / risk * unit",
        ]
    return _kelly(sizing, writer)


def _kelly(sizing: KellySize, writer: Writer) -> list[str]:
    """Return Kelly's formula: the chance of a win, less the chance of a loss by the odds."""
    number, fraction = writer.number, writer.fraction
    most = fraction(sizing.most_percent)
    writer.helpers.add("rounded")
    return [
        "wins, losses = self.algorithm.outcomes[True], self.algorithm.outcomes[False]",
        f"if len(wins) + len(losses) < {number(sizing.trades)}:",
        f"    return equity * ({fraction(sizing.start_percent)})",
        "if sum(losses) == 0:",
        f"    return equity * ({most})",
        "if not wins:",
        "    return 0.0",
        "odds = (sum(wins) / len(wins)) / (sum(losses) / len(losses))",
        "chance = len(wins) / (len(wins) + len(losses))",
        f"part = (chance - (1 - chance) / odds) * ({fraction(sizing.percent)})",
        f"return equity * min(max(part, 0.0), {most})",
    ]


KELLY_STATE = [
    "# What is held, at which price it was opened, and what that cost.",
    "self.held = 0.0",
    "self.average = 0.0",
    "self.entry_fee = 0.0",
]
KELLY_EVENTS = [
    "        # What closed trades have won or lost is noted for Kelly's formula.",
    "        price, fee = float(order_event.fill_price), float(order_event.order_fee.value.amount)",
    "        if watch.held != 0:",
    "            gain = (price - watch.average) * watch.held * watch.multiplier",
    "            profit = in_cents(gain - watch.entry_fee - fee)",
    "            self.outcomes[profit > 0].append(abs(profit))",
    "        watch.entry_fee = fee if watch.held == 0 else 0.0",
    "        watch.held = watch.in_lots(watch.held + float(order_event.fill_quantity))",
    "        watch.average = rounded(price)",
]
