"""Stops and targets that rest in the market, written as Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.rules.generator.positions import distance
from tradinglab.rules.plans import has_unit_fees, rests
from tradinglab.rules.schema import AtrAway

if TYPE_CHECKING:
    from tradinglab.rules.generator.writing import Writer
    from tradinglab.rules.schema import Away, Rules

RESTING = '''
class Resting({base}):
    """Lets a resting order see each bar once, and fill only while it closes a position."""

    def __init__(self):
        super().__init__()
        self.seen = {{}}

    def stop_market_fill(self, asset, order):
        return self.once(asset, order, super().stop_market_fill(asset, order))

    def limit_fill(self, asset, order):
        return self.once(asset, order, super().limit_fill(asset, order))

    def once(self, asset, order, fill):
        ended = asset.get_last_data().end_time
        if self.seen.get(order.id) == ended or {position} * order.quantity >= 0:
            fill.status = order.status
            fill.fill_quantity = 0
            fill.fill_price = 0
        self.seen[order.id] = ended
        return fill
'''

STATE = [
    "# The orders that rest in the market to close the position; the trailing stop of them.",
    "self.resting = []",
    "self.trail = None",
    "self.trail_price = 0.0",
]
CANCEL = [
    "for ticket in watch.resting:",
    "    ticket.cancel()",
    "watch.resting = []",
]
FOLLOW = [
    "        for watch in closed:",
    "            if watch.resting:",
    "                watch.follow()",
]
EVENTS = [
    "        if any(ticket.order_id == order_event.order_id for ticket in watch.resting):",
    "            # One of the orders has closed the position: the others have nothing left to close.",
    "            for ticket in watch.resting:",
    "                if ticket.order_id != order_event.order_id:",
    "                    ticket.cancel()",
    "            watch.resting = []",
    "            watch.target = 0.0",
    "            # The bar that closes now is the one of the exit.",
    "            watch.bars_since_exit = -1",
    "        elif watch.target != 0:",
    "            watch.protect(rounded(order_event.fill_price))",
]


def resting_model(rules: Rules, base: str) -> str:
    """Return the class of the fill model."""
    # Holdings do not know what fees have taken; after many they are far from what there is.
    return RESTING.format(
        base=base, position="self.watch.target" if has_unit_fees(rules) else "asset.holdings.quantity"
    )


def has_resting(rules: Rules) -> bool:
    """Return whether any stop or target is an order in the market."""
    return any(rests(each) for each in (rules.stop_loss, rules.take_profit, rules.trailing_stop))


def tick_lines(rules: Rules) -> list[str]:
    """Return the line that keeps the step of prices, where there is one."""
    if rules.universe[0].type == "equity":
        return []
    return ["self.tick = float(security.symbol_properties.minimum_price_variation)"]


def noted_lines(rules: Rules, writer: Writer) -> list[str]:
    """Return the lines that note the ranges that are known when a position is ordered."""
    lines = []
    for name, away in _resting(rules):
        if isinstance(away, AtrAway):
            lines.append(f"self.{name}_range = {writer.true_range(away.period)}")
    return [] if not lines else ["", "    def note(self):", '        """Note the ranges that are known now."""',
                                 *(f"        {line}" for line in lines)]  # fmt: skip


def unknown_lines(rules: Rules, writer: Writer) -> list[str]:
    """Return the lines of a review that enter nothing while a range is not known."""
    found = dict.fromkeys(
        writer.true_range(away.period).replace("self.", "watch.") for _, away in _resting(rules)
        if isinstance(away, AtrAway)
    )  # fmt: skip
    return [line for each in found for line in (f"if math.isnan({each}):", "    side = 0")]


def protection_lines(rules: Rules, writer: Writer) -> list[str]:
    """Return the methods that place the orders, move the trailing one, and bring prices on their grid."""
    writer.helpers.add("rounded")
    lines = [
        "side = 1 if self.target > 0 else -1",
        "stop, limit = self.algorithm.stop_market_order, self.algorithm.limit_order",
    ]
    sold = "-self.target"
    if has_unit_fees(rules):
        sold = "-self.whole()"
        lines = ["self.resting = []", "if self.whole() == 0:", "    return", *lines]
    used = {name for name, _ in _resting(rules)}
    if "target" not in used:
        lines[-1] = "stop = self.algorithm.stop_market_order"
    elif used == {"target"}:
        lines[-1] = "limit = self.algorithm.limit_order"
    placed = []
    for name, away in _resting(rules):
        sign = "+" if name == "target" else "-"
        gap = _noted(away, name, "average", writer)
        lines += [f"gap = {gap}", f"price = self.priced(average {sign} side * gap)"]
        if name == "trail":
            lines += ["self.best = average", "self.trail_price = price",
                      f"self.trail = stop(self.symbol, {sold}, price)"]  # fmt: skip
            placed.append("self.trail")
        elif name == "stop":
            lines.append(f"loss = stop(self.symbol, {sold}, price)")
            placed.append("loss")
        else:
            lines.append(f"profit = limit(self.symbol, {sold}, price)")
            placed.append("profit")
    lines.append(f"self.resting = [{', '.join(placed)}]")
    return [
        "",
        "    def protect(self, average):",
        '        """Place the orders that close the position which was opened at a price."""',
        *(f"        {line}" for line in lines),
        *_follow(rules, writer),
        *_priced(rules),
    ]


def _follow(rules: Rules, writer: Writer) -> list[str]:
    away = rules.trailing_stop
    if away is None or not away.resting:
        return []
    gap = distance(away, "self.best", writer)
    return [
        "",
        "    def follow(self):",
        '        """Move the trailing stop after the best close; it never moves back."""',
        "        side = 1 if self.target > 0 else -1",
        "        if (self.bar.close - self.best) * side > 0:",
        "            self.best = self.bar.close",
        f"        price = self.priced(self.best - side * {gap})",
        "        if (price - self.trail_price) * side > 0:",
        "            self.trail_price = price",
        "            self.trail.update_stop_price(price)",
    ]


def _priced(rules: Rules) -> list[str]:
    head = ["", "    def priced(self, price):"]
    if rules.universe[0].type == "equity":
        return [
            *head,
            '        """Return a price without what is finer than a hundred-millionth, which it is at least."""',
            "        return max(rounded(price), 1e-8)",
        ]
    return [
        *head,
        '        """Return a price in whole ticks, at least one."""',
        "        if self.tick >= 1:",
        "            return max(math.floor(price / self.tick + 0.5), 1) * self.tick",
        "        per_unit = round(1 / self.tick)",
        "        return max(math.floor(price * per_unit + 0.5), 1) / per_unit",
    ]


def _noted(away: Away, name: str, price: str, writer: Writer) -> str:
    if isinstance(away, AtrAway):
        return f"(self.{name}_range * {writer.number(away.multiple)})"
    return distance(away, price, writer)


def _resting(rules: Rules) -> list[tuple[str, Away]]:
    """Return what rests, in the order in which it is placed: a bar that meets two fills the first."""
    parts = (("stop", rules.stop_loss), ("trail", rules.trailing_stop), ("target", rules.take_profit))
    return [(name, away) for name, away in parts if away is not None and away.resting]
